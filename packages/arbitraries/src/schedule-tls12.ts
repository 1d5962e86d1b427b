// What both sides of TLS 1.2 make of their secret (RFC 5246 §5, §6.3, §7.4.9, §8.1, RFC 7627): the master secret, the keys of the
// records, Finished, what is exported.
import type { Bytes, HashImplementation, SuiteImplementation } from "@sallyport/core";
import { type Directions, prf } from "./key-schedule.ts";
import { join } from "./octets.ts";
import { KeysTls12 } from "./record-keys.ts";
import type { Role } from "./script.ts";

export interface HandshakeTls12 {
  readonly hash: HashImplementation;
  /** undefined: the provider lacks it, and there are no keys. */
  readonly suite: SuiteImplementation | undefined;
  /** Of the IV in the key block. */
  readonly saltLength: 4 | 12;
  readonly randoms: Directions;
}

export class ScheduleTls12 {
  readonly master: Bytes;
  readonly keys: { readonly client: KeysTls12; readonly server: KeysTls12 } | undefined;
  readonly #handshake: HandshakeTls12;

  constructor(handshake: HandshakeTls12, master: Bytes) {
    this.#handshake = handshake;
    this.master = master;
    this.keys = keysOf(handshake, master);
  }
  /** @param sessionHash to ClientKeyExchange; undefined: without extended master secret. */
  static of(handshake: HandshakeTls12, secret: Uint8Array, sessionHash: Bytes | undefined): ScheduleTls12 {
    const { hash, randoms } = handshake;
    const master = sessionHash
      ? prf(hash, secret, "extended master secret", sessionHash, 48)
      : prf(hash, secret, "master secret", join(randoms.client, randoms.server), 48);
    return new ScheduleTls12(handshake, master);
  }
  verifyData(role: Role, transcriptHash: Bytes): Bytes {
    return prf(this.#handshake.hash, this.master, `${role} finished`, transcriptHash, 12);
  }
  /** RFC 5705 §4, with an empty context. */
  exported(label: string): Bytes {
    const { hash, randoms } = this.#handshake;
    return prf(hash, this.master, label, join(randoms.client, randoms.server, [0, 0]), 32);
  }
}

function keysOf({ hash, suite, saltLength, randoms }: HandshakeTls12, master: Bytes): ScheduleTls12["keys"] {
  if (suite === undefined) return undefined;
  const size = suite.keyLength;
  const block = prf(hash, master, "key expansion", join(randoms.server, randoms.client), 2 * (size + saltLength));
  const iv = (at: number): Bytes => block.subarray(2 * size + at * saltLength, 2 * size + (at + 1) * saltLength);
  return {
    client: new KeysTls12(suite, block.subarray(0, size), iv(0)),
    server: new KeysTls12(suite, block.subarray(size, 2 * size), iv(1)),
  };
}
