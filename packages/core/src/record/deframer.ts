import { type Bytes, concat, copy, empty, GrowingBytes } from "../wire/bytes.ts";
import { headerLength } from "./format.ts";

interface HeaderJudge {
  /** As soon as a header's five bytes are there, at `at` of `bytes`; throws what is wrong with it. */
  checkHeader(type: number, version: number, length: number, bytes: Uint8Array, at: number): void;
}

/**
 * Cuts the byte stream into records. A record that lies whole in a chunk is a view into it; one that came in pieces is put
 * together in memory of its own. No more is held than has arrived, of this record or of the last.
 */
export class Deframer {
  readonly #judge: HeaderJudge;
  /** The beginning of a record whose rest has not arrived. */
  readonly #partial = new GrowingBytes();
  /** The last record that was put together, until it is known whether its memory is still read. */
  #joined: Bytes | undefined;
  /** From `#at` on not yet read: the lent chunk, or after `release` a copy. */
  #chunk: Uint8Array = empty;
  #at = 0;
  /** What is unread lies in the chunk that was lent, and not in memory of ours. */
  #isLent = false;
  /** The bytes of all records cut so far. */
  #consumed = 0;

  constructor(judge: HeaderJudge) {
    this.#judge = judge;
  }

  get consumed(): number {
    return this.#consumed;
  }
  get insideRecord(): boolean {
    return this.#partial.length > 0;
  }

  /** What has arrived and was not cut; a copy. */
  get unread(): Bytes {
    return concat([this.#partial.view(), this.#rest()]);
  }

  /** @param chunk lent until `release`. */
  feed(chunk: Uint8Array): void {
    this.#isLent = this.#at === this.#chunk.length;
    this.#chunk = this.#isLent ? chunk : concat([this.#rest(), chunk]);
    this.#at = 0;
  }

  /** A whole record, header included; undefined: more bytes are needed. */
  next(): Uint8Array | undefined {
    if (this.#at === this.#chunk.length) return undefined;
    let length: number | undefined;
    if (this.#partial.length === 0) {
      length = this.#lengthOf(this.#chunk, this.#at);
      if (length !== undefined && this.#chunk.length - this.#at >= length) return this.#cut(length);
    } else {
      this.#fill(headerLength);
      length = this.#lengthOf(this.#partial.view(), 0);
      if (length !== undefined) {
        this.#fill(length, length);
        if (this.#partial.length === length) {
          this.#consumed += length;
          this.#joined = this.#partial.take();
          return this.#joined;
        }
      }
    }
    this.#partial.append(this.#rest(), length);
    this.#forget();
    return undefined;
  }

  /**
   * Nobody reads `record` any more. Was it put together, the next one is in the same memory, if it begins in this chunk: where each
   * chunk ends inside a record that is a quarter of all memory that reading asks for.
   */
  recycle(record: Uint8Array): void {
    if (this.#joined === record) this.#partial.reuse(this.#joined);
    this.#joined = undefined;
  }

  /** Ends the loan of the chunk: what is unread is copied. An empty view would keep the chunk's memory for an idle connection. */
  release(): void {
    this.#joined = undefined;
    if (this.#partial.length === 0) this.#partial.clear();
    // Once a chunk: a stage shows for each record of early data.
    if (this.#at === this.#chunk.length) {
      this.#forget();
    } else if (this.#isLent) {
      this.#chunk = copy(this.#rest());
      this.#at = 0;
    }
    this.#isLent = false;
  }

  /** Forgets all bytes: nothing is read any more. */
  clear(): void {
    this.#partial.clear();
    this.#joined = undefined;
    this.#forget();
  }

  #rest(): Uint8Array {
    return this.#chunk.subarray(this.#at);
  }
  #forget(): void {
    this.#chunk = empty;
    this.#at = 0;
  }
  #lengthOf(bytes: Uint8Array, at: number): number | undefined {
    if (bytes.length - at < headerLength) return undefined;
    const u16 = (from: number): number => (bytes[from] ?? 0) * 256 + (bytes[from + 1] ?? 0);
    const length = u16(at + 3);
    this.#judge.checkHeader(bytes[at] ?? 0, u16(at + 1), length, bytes, at);
    return headerLength + length;
  }
  #cut(length: number): Uint8Array {
    const start = this.#at;
    this.#at += length;
    this.#consumed += length;
    return this.#chunk.subarray(start, this.#at);
  }
  /** Up to `length` bytes of the record, whose whole length may be known. */
  #fill(length: number, whole?: number): void {
    const missing = length - this.#partial.length;
    if (missing <= 0) return;
    const end = Math.min(this.#at + missing, this.#chunk.length);
    this.#partial.append(this.#chunk.subarray(this.#at, end), whole);
    this.#at = end;
  }
}
