// Reads bytes of unknown origin: what isn't there is undefined, and nothing throws.
export class Cursor {
  readonly #bytes: Uint8Array;
  #at = 0;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }
  get at(): number {
    return this.#at;
  }
  get left(): number {
    return this.#bytes.length - this.#at;
  }
  /** Big endian. */
  number(octets: 1 | 2 | 3 | 4): number | undefined {
    const bytes = this.take(octets);
    return bytes?.reduce((value, byte) => value * 256 + byte, 0);
  }
  /** A view. */
  take(length: number): Uint8Array | undefined {
    if (length > this.left) return undefined;
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return bytes;
  }
  /** What stands behind a length of so many octets. */
  vector(octets: 1 | 2 | 3): Uint8Array | undefined {
    const length = this.number(octets);
    return length === undefined ? undefined : this.take(length);
  }
}
