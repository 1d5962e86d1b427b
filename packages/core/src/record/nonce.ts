import { type Bytes, wipe } from "../wire/bytes.ts";

/** The IV with the sequence number over its end (RFC 9846 §5.3; RFC 7905 §2), in place. */
export class Nonce {
  readonly #iv: Bytes;
  readonly #nonce: Bytes;
  #sequence = 0;

  /** @param iv of 12 bytes; kept. @param sequence of the next record. */
  constructor(iv: Bytes, sequence = 0) {
    this.#iv = iv;
    this.#nonce = iv.slice();
    this.#sequence = sequence;
  }
  /** A copy. */
  get iv(): Bytes {
    return this.#iv.slice();
  }
  get sequence(): number {
    return this.#sequence;
  }
  /** Lent until the next call. */
  current(): Bytes {
    const nonce = this.#nonce;
    let rest = this.#sequence;
    for (let at = 11; at >= 4; at--) {
      nonce[at] = (this.#iv[at] ?? 0) ^ (rest & 255);
      rest = rest < 256 ? 0 : Math.floor(rest / 256);
    }
    return nonce;
  }
  advance(): void {
    // RFC 9846 §5.3: never wraps. Below 2^53 each number is exact; at a record a nanosecond that is a hundred days.
    if (this.#sequence >= Number.MAX_SAFE_INTEGER) throw new RangeError("sequence number exhausted");
    this.#sequence++;
  }
  destroy(): void {
    wipe(this.#iv);
    wipe(this.#nonce);
  }
}
