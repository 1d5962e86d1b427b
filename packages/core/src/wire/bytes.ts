/** Memory that we allocated: ArrayBuffer-backed, which WebCrypto and WebStreams insist on. */
export type Bytes = Uint8Array<ArrayBuffer>;

export const empty: Bytes = new Uint8Array(0);

export function copy(bytes: Uint8Array): Bytes {
  const fresh = new Uint8Array(bytes.length);
  fresh.set(bytes);
  return fresh;
}

/** From `from` up to `to`. Byte by byte where it is short: a view to copy from would cost more. */
export function copyOf(bytes: Uint8Array, from: number, to: number): Bytes {
  const fresh = new Uint8Array(to - from);
  if (fresh.length > 64) fresh.set(bytes.subarray(from, to));
  else for (let at = from; at < to; at++) fresh[at - from] = bytes[at] ?? 0;
  return fresh;
}

export function concat(parts: readonly Uint8Array[]): Bytes {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** For public values; its time tells where they differ. Secrets go through `equalSecrets`. */
export function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

/** Reads every byte of both, whatever they hold; only their lengths may be told by its time. */
export function equalSecrets(one: Uint8Array, other: Uint8Array): boolean {
  let difference = one.length ^ other.length;
  for (let at = 0; at < one.length; at++) difference |= (one[at] ?? 0) ^ (other[at] ?? 0);
  return difference === 0;
}

/**
 * For a secret that outlives its handshake: a fresh copy, the original wiped. Bytes that native code has made or seen have a store of
 * their own outside of the runtime's heap, which costs more than a key is long, for as long as the connection lives.
 */
export function stow(secret: Uint8Array): Bytes {
  const stowed = copy(secret);
  wipe(secret);
  return stowed;
}

export function wipe(secret: Uint8Array): void {
  secret.fill(0);
}

const digits = "0123456789abcdef";
export function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += digits.charAt(byte >> 4) + digits.charAt(byte & 15);
  return text;
}

/** Text whose code units are all below 256, one a byte. */
export function latin1(text: string): Bytes {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

export function latin1Text(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/**
 * A buffer that grows by what arrives, twofold: a length that a peer merely announced allocates nothing.
 */
export class GrowingBytes {
  #store: Bytes = empty;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** @param announced how much it will be in all, if that is known: room is made for it, up to twice of what has arrived. */
  append(bytes: Uint8Array, announced?: number): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#store.length) {
      const room = announced === undefined ? 2 * this.#store.length : Math.min(announced, 2 * needed);
      const larger = new Uint8Array(Math.max(needed, room));
      larger.set(this.#store.subarray(0, this.#length));
      this.#store = larger;
    }
    this.#store.set(bytes, this.#length);
    this.#length = needed;
  }

  /** Valid until the next `append`. */
  view(from = 0, to: number = this.#length): Bytes {
    return this.#store.subarray(from, Math.min(to, this.#length));
  }

  /** Hands the memory over; the buffer is empty afterwards. */
  take(): Bytes {
    const taken = this.view();
    this.clear();
    return taken;
  }
  clear(): void {
    this.#store = empty;
    this.#length = 0;
  }

  /** Grows in memory that was taken, and that nobody reads any more. */
  reuse(taken: Bytes): void {
    if (this.#length === 0) this.#store = taken;
  }
}
