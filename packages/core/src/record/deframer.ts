import { type Bytes, concat, copy, empty, GrowingBytes } from "../wire/bytes.ts";
import { headerLength } from "./format.ts";

/** Judges a header as soon as its five bytes are there; throws what is wrong with it. */
type HeaderCheck = (type: number, version: number, length: number, header: Uint8Array) => void;

/**
 * Cuts the byte stream into records. A record that lies whole in a chunk is a view into it; one that came in pieces is put
 * together in memory of its own. No more is held than has arrived.
 */
export class Deframer {
  readonly #check: HeaderCheck;
  /** The beginning of a record whose rest has not arrived. */
  readonly #partial = new GrowingBytes();
  /** Not yet read: the lent chunk, or after `release` a copy. */
  #unread: Uint8Array = empty;
  /** What is unread lies in the chunk that was lent, and not in memory of ours. */
  #isLent = false;
  /** The bytes of all records cut so far. */
  #consumed = 0;

  constructor(check: HeaderCheck) {
    this.#check = check;
  }

  get consumed(): number {
    return this.#consumed;
  }
  get insideRecord(): boolean {
    return this.#partial.length > 0;
  }

  /** What has arrived and was not cut; a copy. */
  get unread(): Bytes {
    return concat([this.#partial.view(), this.#unread]);
  }

  /** @param chunk lent until `release`. */
  feed(chunk: Uint8Array): void {
    this.#isLent = this.#unread.length === 0;
    this.#unread = this.#isLent ? chunk : concat([this.#unread, chunk]);
  }

  /** A whole record, header included; undefined: more bytes are needed. */
  next(): Uint8Array | undefined {
    let length: number | undefined;
    if (this.#partial.length === 0) {
      length = this.#lengthOf(this.#unread);
      if (length !== undefined && this.#unread.length >= length) return this.#cut(length);
    } else {
      this.#fill(headerLength);
      length = this.#lengthOf(this.#partial.view());
      if (length !== undefined) {
        this.#fill(length, length);
        if (this.#partial.length === length) {
          this.#consumed += length;
          return this.#partial.take();
        }
      }
    }
    this.#partial.append(this.#unread, length);
    this.#unread = empty;
    return undefined;
  }

  /** Ends the loan of the chunk: what is unread is copied. An empty view would keep the chunk's memory for an idle connection. */
  release(): void {
    // Once a chunk: a stage shows for each record of early data.
    if (this.#unread.length === 0) this.#unread = empty;
    else if (this.#isLent) this.#unread = copy(this.#unread);
    this.#isLent = false;
  }

  /** Forgets all bytes: nothing is read any more. */
  clear(): void {
    this.#partial.take();
    this.#unread = empty;
  }

  #lengthOf(bytes: Uint8Array): number | undefined {
    const [type, major, minor, high, low] = bytes;
    if (type === undefined || major === undefined || minor === undefined || high === undefined || low === undefined) {
      return undefined;
    }
    const length = high * 256 + low;
    this.#check(type, major * 256 + minor, length, bytes);
    return headerLength + length;
  }
  #cut(length: number): Uint8Array {
    const record = this.#unread.subarray(0, length);
    this.#unread = this.#unread.subarray(length);
    this.#consumed += length;
    return record;
  }
  /** Up to `length` bytes of the record, whose whole length may be known. */
  #fill(length: number, whole?: number): void {
    const missing = length - this.#partial.length;
    if (missing <= 0) return;
    this.#partial.append(this.#unread.subarray(0, missing), whole);
    this.#unread = this.#unread.subarray(missing);
  }
}
