import * as crypto from "node:crypto";
import type { Bytes, Hash, HashImplementation, HashName } from "@sallyport/core";
import { owned } from "./bytes.ts";

interface OneShot {
  (name: HashName, data: Uint8Array, encoding: "buffer"): Buffer;
  (name: HashName, data: Uint8Array, encoding: "hex"): string;
}
/** What Node.js has from 20.12 on, and other runtimes may lack. */
const digestAtOnce: OneShot | undefined = crypto.hash;

/** Bytes that HMAC's scratch has room for. A label of HKDF with its context has 70, of SHA-384 86. */
const longestInScratch = 128;

export const hashes: readonly HashImplementation[] = [
  { name: "sha256", length: 32, create: () => new RunningHash(crypto.createHash("sha256")), hmac: hmac("sha256", 64, 32) },
  { name: "sha384", length: 48, create: () => new RunningHash(crypto.createHash("sha384")), hmac: hmac("sha384", 128, 48) },
  { name: "sha512", length: 64, create: () => new RunningHash(crypto.createHash("sha512")), hmac: hmac("sha512", 128, 64) },
];

class RunningHash implements Hash {
  readonly #hash: crypto.Hash;

  constructor(hash: crypto.Hash) {
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

/**
 * RFC 2104 §2, by two hashes: an Hmac object is a stream with memory outside of the heap, and a handshake's twenty of them are a
 * fifth of its garbage collection. On Node.js 24 one costs four times as much besides.
 *
 * The first hash comes as hex, which is half the price of a Buffer. It is no secret: without the key it leads nowhere.
 *
 * @param block the hash's, in bytes
 */
function hmac(name: HashName, block: number, length: number): HashImplementation["hmac"] {
  const digest = digestAtOnce;
  if (digest === undefined) return (key, data) => owned(crypto.createHmac(name, key).update(data).digest());
  // In turn for all: what a handshake gives is short, of few lengths.
  const scratch = new Uint8Array(block + longestInScratch);
  const views: (Uint8Array | undefined)[] = [];
  const outer = new Uint8Array(block + length);
  const outerText = Buffer.from(outer.buffer);
  return (key, data) => {
    const short = key.length > block ? digest(name, key, "buffer") : key;
    let inner: Uint8Array;
    if (data.length > longestInScratch) inner = new Uint8Array(block + data.length);
    else inner = views[data.length] ??= scratch.subarray(0, block + data.length);
    inner.fill(0x36, 0, block);
    outer.fill(0x5c, 0, block);
    for (let at = 0; at < short.length; at++) {
      const byte = short[at] ?? 0;
      inner[at] = 0x36 ^ byte;
      outer[at] = 0x5c ^ byte;
    }
    inner.set(data, block);
    outerText.write(digest(name, inner, "hex"), block, "hex");
    const code = digest(name, outer, "buffer");
    inner.fill(0);
    outer.fill(0);
    return owned(code);
  };
}
