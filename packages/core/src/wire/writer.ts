import type { Bytes } from "./bytes.ts";
import type { Prefix } from "./reader.ts";

/** Writes one message; a vector's length is filled in when its inside is complete, so prefixes can't be wrong. */
export class Writer {
  #store: Bytes = new Uint8Array(512);
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
    this.#put(start, prefix, fitting(prefix, this.#length - start - prefix));
    return this;
  }
  opaque(prefix: Prefix, bytes: Uint8Array): this {
    return this.#integer(prefix, fitting(prefix, bytes.length)).bytes(bytes);
  }
  list<Item>(prefix: Prefix, items: readonly Item[], write: (writer: this, item: Item) => void): this {
    return this.vector(prefix, () => {
      for (const item of items) write(this, item);
    });
  }

  /** What it has room for without more memory. */
  get room(): number {
    return this.#store.length;
  }
  /** What was written, in memory of its own; the writer is empty again, and nothing is left in it: a session's state holds a secret. */
  take(): Bytes {
    const written = this.#store.slice(0, this.#length);
    this.#store.fill(0, 0, this.#length);
    this.#length = 0;
    return written;
  }

  #integer(size: number, value: number): this {
    this.#reserve(size);
    this.#put(this.#length, size, value);
    this.#length += size;
    return this;
  }
  /** A Uint8Array keeps an element's low 8 bits. */
  #put(at: number, size: number, value: number): void {
    const store = this.#store;
    for (let i = size - 1, rest = value; i >= 0; i--, rest >>>= 8) store[at + i] = rest;
  }
  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#store.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#store.length));
    larger.set(this.#store);
    this.#store.fill(0);
    this.#store = larger;
  }
}

export function write(build: (writer: Writer) => void): Bytes {
  const writer = idle ?? new Writer();
  // Whoever writes inside of `build` takes another one.
  idle = undefined;
  build(writer);
  const written = writer.take();
  if (writer.room <= mostKept) idle = writer;
  return written;
}

/** One that nobody writes with: its memory serves message after message. */
let idle: Writer | undefined;
/** Bytes. */
const mostKept = 8192;

/** Lengths come from our own configs, which are checked; an overflow here is a bug, and must not go on the wire. */
function fitting(prefix: Prefix, length: number): number {
  if (length >= 2 ** (8 * prefix)) throw new RangeError(`a vector of ${length} bytes does not fit its prefix`);
  return length;
}
