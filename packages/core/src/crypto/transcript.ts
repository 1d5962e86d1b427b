import { type Bytes, concat } from "../wire/bytes.ts";
import { messageHash } from "../wire/client-hello.ts";
import type { Hash, HashImplementation } from "./provider.ts";
import { expectLength } from "./results.ts";

/** The running hash over the handshake's messages as they stood on the wire (RFC 9846 §4.1). Begins when the suite is known. */
export class Transcript {
  readonly #hash: Hash;
  readonly #length: number;
  /** TLS 1.2's CertificateVerify signs the messages themselves (RFC 5246 §7.4.8); undefined: nobody will. */
  #said: Uint8Array[] | undefined;
  /** Over all messages so far, once it was asked for: keys and the next Finished are often made of the same ones. */
  #digest: Bytes | undefined;

  constructor(hash: HashImplementation, ...messages: readonly Uint8Array[]) {
    this.#hash = hash.create();
    this.#length = hash.length;
    for (const message of messages) this.add(message);
  }

  /** The first ClientHello is replaced by its hash. */
  static afterRetry(hash: HashImplementation, clientHello: Uint8Array, helloRetryRequest: Uint8Array): Transcript {
    return new Transcript(hash, messageHash(digestOf(hash, clientHello)), helloRetryRequest);
  }

  /** Keeps the messages too, for `said`. */
  static keeping(hash: HashImplementation, ...messages: readonly Uint8Array[]): Transcript {
    const transcript = new Transcript(hash);
    transcript.#said = [];
    for (const message of messages) transcript.add(message);
    return transcript;
  }

  add(message: Uint8Array): this {
    this.#hash.update(message);
    this.#said?.push(message);
    this.#digest = undefined;
    return this;
  }
  /** All messages so far, for the last time. */
  said(): Bytes {
    const said = concat(this.#said ?? []);
    this.#said = undefined;
    return said;
  }
  /** Over all messages so far, and `more`, which is not added. */
  digestWith(more: Uint8Array): Bytes {
    return expectLength(this.#hash.clone().update(more).digest(), this.#length, "transcript hash");
  }
  /** Over all messages so far. Lent. */
  digest(): Bytes {
    this.#digest ??= expectLength(this.#hash.clone().digest(), this.#length, "transcript hash");
    return this.#digest;
  }
}

export function digestOf(hash: HashImplementation, data: Uint8Array): Bytes {
  return expectLength(hash.create().update(data).digest(), hash.length, "digest", hash.name);
}
