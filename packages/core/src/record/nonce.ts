import { type Bytes, wipe } from "../wire/bytes.ts";

/**
 * The IV with the sequence number over its end (RFC 9846 §5.3; RFC 7905 §2). The IV is kept as three numbers of 32 bits: an array that
 * native code has seen would hold memory outside of the heap for as long as the connection lives.
 */
export class Nonce {
  #first: number;
  #middle: number;
  #last: number;
  #sequence: number;

  /** @param iv of 12 bytes, or a beginning with zeros behind it; wiped. @param sequence of the next record. */
  constructor(iv: Bytes, sequence = 0) {
    this.#first = read(iv, 0);
    this.#middle = read(iv, 4);
    this.#last = read(iv, 8);
    this.#sequence = sequence;
    wipe(iv);
  }
  /** A copy. */
  get iv(): Bytes {
    const iv = new Uint8Array(12);
    this.#put(iv, 0);
    return iv;
  }
  get sequence(): number {
    return this.#sequence;
  }
  /** Lent until the next call, on whatever connection. */
  current(): Bytes {
    this.#put(nonce, this.#sequence);
    return nonce;
  }
  advance(): void {
    // RFC 9846 §5.3: never wraps. Below 2^53 each number is exact; at a record a nanosecond that is a hundred days.
    if (this.#sequence >= Number.MAX_SAFE_INTEGER) throw new RangeError("sequence number exhausted");
    this.#sequence++;
  }
  destroy(): void {
    this.#first = 0;
    this.#middle = 0;
    this.#last = 0;
    wipe(nonce);
  }

  #put(target: Bytes, sequence: number): void {
    write(target, 0, this.#first);
    write(target, 4, this.#middle ^ Math.floor(sequence / 2 ** 32));
    write(target, 8, this.#last ^ sequence);
  }
}

const nonce = new Uint8Array(12);

function read(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
}
function write(target: Bytes, at: number, word: number): void {
  target[at] = word >>> 24;
  target[at + 1] = word >>> 16;
  target[at + 2] = word >>> 8;
  target[at + 3] = word;
}
