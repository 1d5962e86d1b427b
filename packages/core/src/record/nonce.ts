import { type Bytes, wipe } from "../wire/bytes.ts";

/** The IV with the sequence number over its end (RFC 9846 §5.3; RFC 7905 §2), in one place, which is what a record needs of both. */
export class Nonce {
  readonly #nonce: Bytes;
  #sequence = 0;

  /** @param iv of 12 bytes; kept. @param sequence of the next record. */
  constructor(iv: Bytes, sequence = 0) {
    this.#nonce = iv;
    this.#sequence = sequence;
    toggle(iv, 0, sequence);
  }
  /** A copy. */
  get iv(): Bytes {
    const iv = this.#nonce.slice();
    toggle(iv, this.#sequence, 0);
    return iv;
  }
  get sequence(): number {
    return this.#sequence;
  }
  /** Lent until the next call. */
  current(): Bytes {
    return this.#nonce;
  }
  advance(): void {
    // RFC 9846 §5.3: never wraps. Below 2^53 each number is exact; at a record a nanosecond that is a hundred days.
    if (this.#sequence >= Number.MAX_SAFE_INTEGER) throw new RangeError("sequence number exhausted");
    toggle(this.#nonce, this.#sequence, ++this.#sequence);
  }
  destroy(): void {
    wipe(this.#nonce);
  }
}

/** Takes one number off the last 8 of 12 bytes and puts another one on; ends where they agree from there on. */
function toggle(nonce: Bytes, off: number, on: number): void {
  for (let at = 11; at >= 4 && off !== on; at--) {
    nonce[at] = (nonce[at] ?? 0) ^ (off & 255) ^ (on & 255);
    off = off < 256 ? 0 : Math.floor(off / 256);
    on = on < 256 ? 0 : Math.floor(on / 256);
  }
}
