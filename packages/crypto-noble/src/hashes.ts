import { hmac } from "@noble/hashes/hmac.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import type { Bytes, Hash, HashImplementation, HashName } from "@sallyport/core";

export const hashFunctions: {
  readonly sha256: typeof sha256;
  readonly sha384: typeof sha384;
  readonly sha512: typeof sha512;
} = { sha256, sha384, sha512 };

export const hashes: readonly HashImplementation[] = [
  { name: "sha256", length: 32, ...operations("sha256") },
  { name: "sha384", length: 48, ...operations("sha384") },
  { name: "sha512", length: 64, ...operations("sha512") },
];

function operations(name: HashName): Pick<HashImplementation, "create" | "hmac"> {
  const hash = hashFunctions[name];
  return {
    create: () => new RunningHash(hash.create()),
    hmac: (key, data) => hmac(hash, key, data),
  };
}

interface NobleHash {
  update(data: Uint8Array): unknown;
  clone(): NobleHash;
  digest(): Bytes;
}

class RunningHash implements Hash {
  readonly #hash: NobleHash;

  constructor(hash: NobleHash) {
    this.#hash = hash;
  }

  update(data: Uint8Array): this {
    this.#hash.update(data);
    return this;
  }

  clone(): Hash {
    return new RunningHash(this.#hash.clone());
  }

  digest(): Bytes {
    return this.#hash.digest();
  }
}
