import type { Bytes } from "../wire/bytes.ts";
import { messageHash } from "../wire/client-hello.ts";
import type { Hash, HashImplementation } from "./provider.ts";

/** The running hash over the handshake's messages as they stood on the wire (RFC 9846 §4.4.1). Begins when the suite is known. */
export class Transcript {
  readonly #hash: Hash;

  constructor(hash: HashImplementation, ...messages: readonly Uint8Array[]) {
    this.#hash = hash.create();
    for (const message of messages) this.add(message);
  }

  /** The first ClientHello is replaced by its hash. */
  static afterRetry(hash: HashImplementation, clientHello: Uint8Array, helloRetryRequest: Uint8Array): Transcript {
    return new Transcript(hash, messageHash(hash.create().update(clientHello).digest()), helloRetryRequest);
  }

  add(message: Uint8Array): this {
    this.#hash.update(message);
    return this;
  }
  /** Over all messages so far. */
  digest(): Bytes {
    return this.#hash.clone().digest();
  }
}
