// What the two versions' keys have in common, for records that don't care which it is.
import type { Bytes } from "../wire/bytes.ts";

/** One direction's keys for writing. */
export interface WriteProtection {
  /** What a record grows by, its header included. */
  readonly overhead: number;
  /** Records sealed so far. */
  readonly records: number;
  /**
   * Seals `content` as one record into `target` at `offset`, which has room for it.
   * @returns the record's length.
   */
  seal(type: number, content: Uint8Array, target: Uint8Array, offset: number): number;
  /** The next generation (TLS 1.3); this one is gone. */
  next(): WriteProtection;
  extract(): ExtractedKeys;
  destroy(): void;
}

/** Copies. `secret` is TLS 1.3's; `iv` has 12 bytes, but for AES-GCM of TLS 1.2 (RFC 5288 §3: 4). */
export interface ExtractedKeys {
  readonly secret: Bytes | undefined;
  readonly key: Bytes;
  readonly iv: Bytes;
  /** Records so far. */
  readonly sequence: number;
}

/** One direction's keys for reading. */
export interface ReadProtection {
  /** TLS 1.3: the content type stands behind the content, and padding behind it (RFC 9846 §5.2). */
  readonly hidesType: boolean;
  /** Records opened so far. */
  readonly records: number;
  /** What protection may add to 2^14 bytes. */
  readonly maxExpansion: number;
  /** @returns what was sealed, in the record's place or in fresh memory; undefined if it is not authentic. */
  open(record: Uint8Array): Uint8Array | undefined;
  next(): ReadProtection;
  extract(): ExtractedKeys;
  destroy(): void;
}
