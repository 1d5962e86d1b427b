import type { Bytes } from "./bytes.ts";
import type { Prefix } from "./reader.ts";

/** Writes one message; a vector's length is filled in when its inside is complete, so prefixes can't be wrong. */
export class Writer {
  #store: Bytes = new Uint8Array(256);
  #length = 0;

  u8(value: number): this {
    return this.#integer(1, value);
  }
  u16(value: number): this {
    return this.#integer(2, value);
  }
  u24(value: number): this {
    return this.#integer(3, value);
  }
  u32(value: number): this {
    return this.#integer(4, value);
  }
  bytes(bytes: Uint8Array): this {
    this.#reserve(bytes.length);
    this.#store.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  vector(prefix: Prefix, inside: (writer: this) => void): this {
    const start = this.#length;
    this.#integer(prefix, 0);
    inside(this);
    const length = this.#length - start - prefix;
    // Lengths come from our own configs, which are checked; an overflow here is a bug, and must not go on the wire.
    if (length >= 2 ** (8 * prefix)) throw new RangeError(`a vector of ${length} bytes does not fit its prefix`);
    for (let i = 0; i < prefix; i++) this.#store[start + i] = (length / 256 ** (prefix - 1 - i)) & 255;
    return this;
  }
  opaque(prefix: Prefix, bytes: Uint8Array): this {
    return this.vector(prefix, () => this.bytes(bytes));
  }
  list<Item>(prefix: Prefix, items: readonly Item[], write: (writer: this, item: Item) => void): this {
    return this.vector(prefix, () => {
      for (const item of items) write(this, item);
    });
  }

  /** What was written, in memory of its own. */
  take(): Bytes {
    return this.#store.slice(0, this.#length);
  }

  #integer(size: number, value: number): this {
    this.#reserve(size);
    for (let i = 0; i < size; i++) this.#store[this.#length++] = (value / 256 ** (size - 1 - i)) & 255;
    return this;
  }
  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#store.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#store.length));
    larger.set(this.#store);
    this.#store = larger;
  }
}

export function write(build: (writer: Writer) => void): Bytes {
  const writer = new Writer();
  build(writer);
  return writer.take();
}
