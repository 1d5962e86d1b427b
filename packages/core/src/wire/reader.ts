import { fail } from "../errors.ts";
import { type Bytes, copyOf } from "./bytes.ts";

/** How many bytes a length prefix has. */
export type Prefix = 1 | 2 | 3;

/**
 * Reads one message and can't leave it: a length that points past its bounds, a vector outside its limits and a byte left over
 * are `malformed-message` (decode_error), with the field's name and its offset in the whole message. What it returns are views
 * unless it says copy.
 */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #message: string;
  readonly #to: number;
  #at: number;

  /** @param message its name in errors, as IANA spells it. */
  constructor(bytes: Uint8Array, message: string, from = 0, to: number = bytes.length) {
    this.#bytes = bytes;
    this.#message = message;
    this.#at = from;
    this.#to = to;
  }

  get message(): string {
    return this.#message;
  }
  get remaining(): number {
    return this.#to - this.#at;
  }
  get offset(): number {
    return this.#at;
  }

  u8(field: string): number {
    return this.#integer(1, field);
  }
  u16(field: string): number {
    return this.#integer(2, field);
  }
  u24(field: string): number {
    return this.#integer(3, field);
  }
  u32(field: string): number {
    return this.#integer(4, field);
  }

  view(length: number, field: string): Uint8Array {
    if (length > this.remaining) this.malformed(field);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
  copy(length: number, field: string): Bytes {
    if (length > this.remaining) this.malformed(field);
    this.#at += length;
    return copyOf(this.#bytes, this.#at - length, this.#at);
  }

  /** The inside of a vector, as a reader of its own. */
  vector(prefix: Prefix, field: string, least = 0, most: number = Number.POSITIVE_INFINITY): Reader {
    const length = this.#lengthOf(prefix, field, least, most);
    this.#at += length;
    return new Reader(this.#bytes, this.#message, this.#at - length, this.#at);
  }
  /** The inside of a vector, copied. */
  opaque(prefix: Prefix, field: string, least = 0, most: number = Number.POSITIVE_INFINITY): Bytes {
    return this.copy(this.#lengthOf(prefix, field, least, most), field);
  }
  list<Item>(prefix: Prefix, field: string, least: number, item: (reader: Reader) => Item): Item[] {
    const inside = this.vector(prefix, field, least);
    const items: Item[] = [];
    while (inside.remaining > 0) items.push(item(inside));
    return items;
  }

  /** The same bounds, read once more from `offset`. */
  again(offset: number): Reader {
    return new Reader(this.#bytes, this.#message, offset, this.#to);
  }

  /** What is left, under another name in errors. */
  as(message: string): Reader {
    return new Reader(this.#bytes, message, this.#at, this.#to);
  }

  /** @throws malformed-message if a byte is left. */
  end(): void {
    if (this.remaining > 0) this.malformed("bytes behind its end");
  }

  malformed(field: string, offset?: number): never {
    fail("malformed-message", { message: this.#message, field, offset: offset ?? this.#at }, "RFC 9846 §6");
  }

  #lengthOf(prefix: Prefix, field: string, least: number, most: number): number {
    const start = this.#at;
    const length = this.#integer(prefix, field);
    if (length < least || length > most || length > this.remaining) this.malformed(field, start);
    return length;
  }
  #integer(size: number, field: string): number {
    if (size > this.remaining) this.malformed(field);
    let value = 0;
    for (let i = 0; i < size; i++) value = value * 256 + (this.#bytes[this.#at++] ?? 0);
    return value;
  }
}
