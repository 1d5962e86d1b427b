import { fail } from "../errors.ts";
import { copy, GrowingBytes } from "../wire/bytes.ts";
import { type HandshakeMessage, handshakeTypes } from "../wire/handshake.ts";
import type { Limits } from "./limits.ts";

type MessageLimits = Pick<Limits, "clientHello" | "certificateMessage" | "handshakeMessage">;

/** Joins the fragments of handshake messages that records carry (RFC 9846 §5.1). */
export class Joiner {
  readonly #fragments = new GrowingBytes();
  #at = 0;
  limits: MessageLimits;

  constructor(limits: MessageLimits) {
    this.limits = limits;
  }

  /** No byte of a message is held: keys may change here (§5.1). */
  get isEmpty(): boolean {
    return this.#at === this.#fragments.length;
  }

  append(fragment: Uint8Array): void {
    this.#fragments.append(fragment);
  }

  /** @throws limit-exceeded as soon as a message's 4-byte header says so. */
  next(): HandshakeMessage | undefined {
    if (this.isEmpty) return this.#wait(); // of every record of data
    const [type, high, middle, low] = this.#fragments.view(this.#at, this.#at + 4);
    if (type === undefined || high === undefined || middle === undefined || low === undefined) return this.#wait();
    const length = 4 + high * 65536 + middle * 256 + low;
    this.#limit(type, length);
    if (this.#fragments.length < this.#at + length) return this.#wait();
    const raw = copy(this.#fragments.view(this.#at, this.#at + length));
    this.#at += length;
    return { type, raw };
  }

  clear(): void {
    this.#fragments.take();
    this.#at = 0;
  }

  /** Drops what was read. */
  #wait(): undefined {
    if (this.#at === 0) return undefined;
    const rest = this.#fragments.take().subarray(this.#at);
    this.#at = 0;
    if (rest.length > 0) this.#fragments.append(rest);
    return undefined;
  }
  #limit(type: number, received: number): void {
    const limit =
      type === handshakeTypes.client_hello
        ? "clientHello"
        : type === handshakeTypes.certificate || type === handshakeTypes.compressed_certificate
          ? "certificateMessage"
          : "handshakeMessage";
    const allowed = this.limits[limit];
    if (received > allowed) fail("limit-exceeded", { limit, allowed, received }, "RFC 9846 §6");
  }
}
