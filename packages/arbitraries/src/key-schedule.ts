// The key schedule of TLS 1.3 (RFC 9846 §7.1) and the PRF of TLS 1.2 (RFC 5246 §5), once more: nothing here is core's but the
// provider's hash.
import type { Bytes, HashImplementation } from "@sallyport/core";
import { join, latin1, repeat, v8 } from "./octets.ts";

export function hashOf(hash: HashImplementation, ...parts: readonly Uint8Array[]): Bytes {
  const running = hash.create();
  for (const part of parts) running.update(part);
  return running.digest();
}

/** One block: nothing in here is longer than the hash. */
export function expandLabel(
  hash: HashImplementation,
  secret: Uint8Array,
  label: string,
  context: Uint8Array,
  length: number,
): Bytes {
  const head = heads.get(label) ?? v8(latin1(`tls13 ${label}`));
  heads.set(label, head);
  const expanded = hash.hmac(secret, join([length >> 8, length & 255], head, [context.length], context, [1]));
  return expanded.length === length ? expanded : expanded.subarray(0, length);
}
const heads = new Map<string, Bytes>();

/** §4.5.3. */
export function verifyData(hash: HashImplementation, secret: Uint8Array, transcriptHash: Uint8Array): Bytes {
  return hash.hmac(expandLabel(hash, secret, "finished", repeat(0), hash.length), transcriptHash);
}

export interface Directions {
  readonly client: Bytes;
  readonly server: Bytes;
}

export class Schedule {
  readonly #hash: HashImplementation;
  readonly #early: Bytes;
  readonly #handshake: Bytes;
  readonly #main: Bytes;

  /** @param psk none: a full handshake. */
  constructor(hash: HashImplementation, sharedSecret: Uint8Array, psk: Uint8Array = repeat(hash.length)) {
    const derived = (secret: Uint8Array): Bytes => expandLabel(hash, secret, "derived", hashOf(hash), hash.length);
    this.#hash = hash;
    this.#early = hash.hmac(repeat(hash.length), psk);
    this.#handshake = hash.hmac(derived(this.#early), sharedSecret);
    this.#main = hash.hmac(derived(this.#handshake), repeat(hash.length));
  }
  handshake(transcriptHash: Uint8Array): Directions {
    return this.#both(this.#handshake, "hs", transcriptHash);
  }
  application(transcriptHash: Uint8Array): Directions {
    return this.#both(this.#main, "ap", transcriptHash);
  }
  /** §7.5, with an empty context. @param transcriptHash to the server's Finished. */
  exported(transcriptHash: Uint8Array, label: string): Bytes {
    const hash = this.#hash;
    const exporter = expandLabel(hash, this.#main, "exp master", transcriptHash, hash.length);
    const derived = expandLabel(hash, exporter, label, hashOf(hash), hash.length);
    return expandLabel(hash, derived, "exporter", hashOf(hash), 32);
  }
  /** Of a ticket (§4.7.1). @param transcriptHash to the client's Finished. */
  session(transcriptHash: Uint8Array, nonce: Uint8Array): Bytes {
    const resumption = expandLabel(this.#hash, this.#main, "res master", transcriptHash, this.#hash.length);
    return expandLabel(this.#hash, resumption, "resumption", nonce, this.#hash.length);
  }
  #both(secret: Uint8Array, name: string, transcriptHash: Uint8Array): Directions {
    const of = (role: string): Bytes =>
      expandLabel(this.#hash, secret, `${role} ${name} traffic`, transcriptHash, this.#hash.length);
    return { client: of("c"), server: of("s") };
  }
}

/** §4.3.11.2. @param transcriptHash to the ClientHello up to its binders. */
export function binderOf(hash: HashImplementation, psk: Uint8Array, label: string, transcriptHash: Uint8Array): Bytes {
  const early = hash.hmac(repeat(hash.length), psk);
  return verifyData(hash, expandLabel(hash, early, label, hashOf(hash), hash.length), transcriptHash);
}
export function earlyTraffic(hash: HashImplementation, psk: Uint8Array, transcriptHash: Uint8Array): Bytes {
  return expandLabel(hash, hash.hmac(repeat(hash.length), psk), "c e traffic", transcriptHash, hash.length);
}

/** TLS 1.2's P_hash, with the label in front of the seed. */
export function prf(hash: HashImplementation, secret: Uint8Array, label: string, seed: Uint8Array, length: number): Bytes {
  const start = join(latin1(label), seed);
  const blocks: Bytes[] = [];
  for (let link = hash.hmac(secret, start), made = 0; made < length; link = hash.hmac(secret, link), made += hash.length) {
    blocks.push(hash.hmac(secret, join(link, start)));
  }
  return join(...blocks).subarray(0, length);
}
