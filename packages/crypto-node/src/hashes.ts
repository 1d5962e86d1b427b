import { createHash, createHmac, type Hash as NodeHash } from "node:crypto";
import type { Bytes, Hash, HashImplementation, HashName } from "@sallyport/core";
import { owned } from "./bytes.ts";

export const hashes: readonly HashImplementation[] = [
  { name: "sha256", length: 32, ...operations("sha256") },
  { name: "sha384", length: 48, ...operations("sha384") },
  { name: "sha512", length: 64, ...operations("sha512") },
];

function operations(name: HashName): Pick<HashImplementation, "create" | "hmac"> {
  return {
    create: () => new RunningHash(createHash(name)),
    hmac: (key, data) => owned(createHmac(name, key).update(data).digest()),
  };
}

class RunningHash implements Hash {
  readonly #hash: NodeHash;

  constructor(hash: NodeHash) {
    this.#hash = hash;
  }

  update(data: Uint8Array): this {
    this.#hash.update(data);
    return this;
  }

  clone(): Hash {
    return new RunningHash(this.#hash.copy());
  }

  digest(): Bytes {
    return owned(this.#hash.digest());
  }
}
