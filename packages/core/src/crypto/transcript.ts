import type { Bytes } from "../wire/bytes.ts";
import { messageHash } from "../wire/client-hello.ts";
import type { Hash, HashImplementation } from "./provider.ts";
import { expectLength } from "./results.ts";

/** The running hash over the handshake's messages as they stood on the wire (RFC 9846 §4.4.1). Begins when the suite is known. */
export class Transcript {
  readonly #hash: Hash;
  readonly #length: number;

  constructor(hash: HashImplementation, ...messages: readonly Uint8Array[]) {
    this.#hash = hash.create();
    this.#length = hash.length;
    for (const message of messages) this.add(message);
  }

  /** The first ClientHello is replaced by its hash. */
  static afterRetry(hash: HashImplementation, clientHello: Uint8Array, helloRetryRequest: Uint8Array): Transcript {
    return new Transcript(hash, messageHash(digestOf(hash, clientHello)), helloRetryRequest);
  }

  add(message: Uint8Array): this {
    this.#hash.update(message);
    return this;
  }
  /** Over all messages so far. */
  digest(): Bytes {
    return expectLength(this.#hash.clone().digest(), this.#length, "transcript hash");
  }
}

export function digestOf(hash: HashImplementation, data: Uint8Array): Bytes {
  return expectLength(hash.create().update(data).digest(), hash.length, `${hash.name} digest`);
}
