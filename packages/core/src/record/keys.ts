// TLS 1.3's protection of one direction (RFC 9846 §5.2, §5.3, §7.2).
import { nextTrafficSecret, trafficKey } from "../crypto/key-schedule.ts";
import type { AeadOpener, AeadSealer, HashImplementation, SuiteImplementation } from "../crypto/provider.ts";
import { expectLength } from "../crypto/results.ts";
import { type Bytes, stow, wipe } from "../wire/bytes.ts";
import { contentTypes, headerLength, maxExpansion, tagLength } from "./format.ts";
import { Nonce } from "./nonce.ts";
import type { ExtractedKeys, ReadProtection, WriteProtection } from "./protection.ts";

export class WriteKeys implements WriteProtection {
  /** Header, content type, tag. */
  readonly overhead: number = headerLength + 1 + tagLength;
  readonly #suite: SuiteImplementation;
  readonly #hash: HashImplementation;
  readonly #secret: Bytes;
  readonly #aead: AeadSealer;
  readonly #nonce: Nonce;

  /** @param secret is wiped. @param sequence of the next record. */
  constructor(suite: SuiteImplementation, hash: HashImplementation, secret: Bytes, sequence = 0) {
    const { key, iv } = trafficKey(hash, secret, suite.keyLength);
    this.#suite = suite;
    this.#hash = hash;
    this.#secret = stow(secret);
    this.#nonce = new Nonce(iv, sequence);
    this.#aead = suite.seal(key);
    wipe(key);
    if (typeof this.#aead?.seal !== "function") throw new TypeError(`the provider's ${suite.name} gave nothing that seals`);
  }

  get records(): number {
    return this.#nonce.sequence;
  }

  /**
   * Seals `content` as one record into `target` at `offset`, which has room for it.
   * @returns the record's length.
   */
  seal(type: number, content: Uint8Array, target: Uint8Array, offset: number): number {
    const inner = content.length + 1;
    const start = offset + headerLength;
    const header = headerOf(inner + tagLength);
    target.set(header, offset);
    target.set(content, start);
    target[start + content.length] = type;
    this.#aead.seal(this.#nonce.current(), header, target.subarray(start, start + inner), target, start);
    this.#nonce.advance();
    return headerLength + inner + tagLength;
  }

  /** The next generation. This one goes on until it is destroyed. */
  next(): WriteKeys {
    return new WriteKeys(this.#suite, this.#hash, nextTrafficSecret(this.#hash, this.#secret));
  }
  extract(): ExtractedKeys {
    const { key, iv } = trafficKey(this.#hash, this.#secret, this.#suite.keyLength);
    return { secret: this.#secret.slice(), key, iv, sequence: this.#nonce.sequence };
  }
  destroy(): void {
    wipe(this.#secret);
    this.#nonce.destroy();
    this.#aead.destroy();
  }
}

export class ReadKeys implements ReadProtection {
  readonly hidesType = true;
  readonly maxExpansion: number = maxExpansion;
  readonly #suite: SuiteImplementation;
  readonly #hash: HashImplementation;
  readonly #secret: Bytes;
  readonly #aead: AeadOpener;
  readonly #nonce: Nonce;

  /** @param secret is wiped. @param sequence of the next record. */
  constructor(suite: SuiteImplementation, hash: HashImplementation, secret: Bytes, sequence = 0) {
    const { key, iv } = trafficKey(hash, secret, suite.keyLength);
    this.#suite = suite;
    this.#hash = hash;
    this.#secret = stow(secret);
    this.#nonce = new Nonce(iv, sequence);
    this.#aead = suite.open(key);
    wipe(key);
    if (typeof this.#aead?.open !== "function") throw new TypeError(`the provider's ${suite.name} gave nothing that opens`);
  }

  /** Records opened so far. */
  get records(): number {
    return this.#nonce.sequence;
  }

  /**
   * The inner plaintext, padding and type included; in the record's place or in fresh memory.
   * @returns undefined if it is not authentic.
   */
  open(record: Uint8Array): Uint8Array | undefined {
    // Content, at least its type, and the tag: less can't be authentic (RFC 9846 §5.2).
    if (record.length < headerLength + 1 + tagLength) return undefined;
    const header = headerOf(record.length - headerLength);
    // §5.2: type and version are always the same, also for who seals others; a header that was changed on the way does not open.
    for (let at = 0; at < headerLength; at++) if (record[at] !== header[at]) return undefined;
    const opened = this.#aead.open(this.#nonce.current(), header, record.subarray(headerLength));
    if (opened === undefined) return undefined;
    this.#nonce.advance();
    return expectLength(opened, record.length - headerLength - tagLength, "opened record");
  }

  /** The next generation. This one goes on until it is destroyed. */
  next(): ReadKeys {
    return new ReadKeys(this.#suite, this.#hash, nextTrafficSecret(this.#hash, this.#secret));
  }
  extract(): ExtractedKeys {
    const { key, iv } = trafficKey(this.#hash, this.#secret, this.#suite.keyLength);
    return { secret: this.#secret.slice(), key, iv, sequence: this.#nonce.sequence };
  }
  destroy(): void {
    wipe(this.#secret);
    this.#nonce.destroy();
    this.#aead.destroy();
  }
}

const header = new Uint8Array(headerLength);

/** Of a protected record; lent until the next call, on whatever connection. */
function headerOf(length: number): Bytes {
  header[0] = contentTypes.application_data;
  header[1] = 3;
  header[2] = 3;
  header[3] = length >> 8;
  header[4] = length & 255;
  return header;
}

/** Where the content ends in an inner plaintext, before type and padding; -1: it is all zeros (§5.4). */
export function contentEnd(inner: Uint8Array): number {
  let end = inner.length - 1;
  while (end >= 0 && inner[end] === 0) end--;
  return end;
}
