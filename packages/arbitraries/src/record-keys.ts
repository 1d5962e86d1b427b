// What protects one direction: TLS 1.3 (RFC 9846 §5.2) and TLS 1.2 (RFC 5288, RFC 7905), by a provider's AEADs.
import type { AeadOpener, AeadSealer, Bytes, HashImplementation, SuiteImplementation } from "@sallyport/core";
import { expandLabel } from "./key-schedule.ts";
import { contentTypes } from "./numbers.ts";
import { copyOf, join, repeat, zeros } from "./octets.ts";

export type Epoch = "clear" | "early" | "handshake" | "application";

export interface Opened {
  readonly type: number;
  readonly content: Bytes;
}

export interface RecordKeys {
  readonly epoch: Epoch;
  /** Whether a record was sealed or opened. */
  readonly used: boolean;
  /** Whether every record is application_data on the outside. */
  readonly hidesType: boolean;
  /** A whole record. */
  seal(type: number, content: Uint8Array, padding: number): Bytes;
  /** undefined: not sealed by this key, or not as its next record. */
  open(record: Uint8Array): Opened | undefined;
  /** After a KeyUpdate. */
  next(): RecordKeys;
}

export class KeysTls13 implements RecordKeys {
  readonly epoch: Epoch;
  readonly hidesType = true;
  readonly secret: Bytes;
  readonly #suite: SuiteImplementation;
  readonly #hash: HashImplementation;
  readonly #iv: Bytes;
  readonly #key: Bytes;
  #aead: AeadSealer | undefined;
  #opener: AeadOpener | undefined;
  #sequence = 0;

  constructor(epoch: Epoch, suite: SuiteImplementation, hash: HashImplementation, secret: Bytes) {
    this.epoch = epoch;
    this.secret = secret;
    this.#suite = suite;
    this.#hash = hash;
    this.#key = expandLabel(hash, secret, "key", repeat(0), suite.keyLength);
    this.#iv = expandLabel(hash, secret, "iv", repeat(0), 12);
  }
  get used(): boolean {
    return this.#sequence > 0;
  }
  seal(type: number, content: Uint8Array, padding: number): Bytes {
    this.#aead ??= this.#suite.seal(this.#key);
    const inner = zeros(content.length + 1 + padding);
    inner.set(content);
    inner[content.length] = type;
    const record = header(contentTypes.data, inner.length + 16);
    this.#aead.seal(nonceOf(this.#iv, this.#sequence++), record.subarray(0, 5), inner, record, 5);
    return record;
  }
  open(record: Uint8Array): Opened | undefined {
    if (record.length < 5 + 16) return undefined;
    this.#opener ??= this.#suite.open(this.#key);
    const inner = this.#opener.open(nonceOf(this.#iv, this.#sequence), record.subarray(0, 5), copyOf(record.subarray(5)));
    if (inner === undefined) return undefined;
    this.#sequence++;
    let end = inner.length - 1;
    while (end >= 0 && inner[end] === 0) end--;
    return { type: inner[end] ?? 0, content: copyOf(inner.subarray(0, Math.max(0, end))) };
  }
  next(): KeysTls13 {
    const secret = expandLabel(this.#hash, this.secret, "traffic upd", repeat(0), this.#hash.length);
    return new KeysTls13(this.epoch, this.#suite, this.#hash, secret);
  }
}

export class KeysTls12 implements RecordKeys {
  readonly epoch = "application";
  readonly hidesType = false;
  readonly #suite: SuiteImplementation;
  readonly #key: Bytes;
  /** Four bytes: eight more stand in each record. */
  readonly #iv: Bytes;
  #aead: AeadSealer | undefined;
  #opener: AeadOpener | undefined;
  #sequence = 0;

  constructor(suite: SuiteImplementation, key: Bytes, iv: Bytes) {
    this.#suite = suite;
    this.#key = key;
    this.#iv = iv;
  }
  get used(): boolean {
    return this.#sequence > 0;
  }
  seal(type: number, content: Uint8Array): Bytes {
    this.#aead ??= this.#suite.seal(this.#key);
    const explicit = this.#isExplicit ? counterOf(this.#sequence) : none;
    const record = header(type, explicit.length + content.length + 16);
    record.set(explicit, 5);
    const nonce = this.#isExplicit ? join(this.#iv, explicit) : nonceOf(this.#iv, this.#sequence);
    this.#aead.seal(nonce, additionalData(this.#sequence, type, content.length), content, record, 5 + explicit.length);
    this.#sequence++;
    return record;
  }
  open(record: Uint8Array): Opened | undefined {
    const start = this.#isExplicit ? 13 : 5;
    const length = record.length - start - 16;
    if (length < 0) return undefined;
    this.#opener ??= this.#suite.open(this.#key);
    const nonce = this.#isExplicit ? join(this.#iv, record.subarray(5, 13)) : nonceOf(this.#iv, this.#sequence);
    const type = record[0] ?? 0;
    const content = this.#opener.open(nonce, additionalData(this.#sequence, type, length), copyOf(record.subarray(start)));
    if (content === undefined) return undefined;
    this.#sequence++;
    return { type, content: copyOf(content) };
  }
  next(): KeysTls12 {
    return this;
  }
  get #isExplicit(): boolean {
    return this.#iv.length === 4;
  }
}

const none = zeros(0);
/** A record's, with zeros behind it. */
function header(type: number, length: number): Bytes {
  const record = zeros(5 + length);
  record[0] = type;
  record[1] = 3;
  record[2] = 3;
  record[3] = length >> 8;
  record[4] = length;
  return record;
}
function additionalData(sequence: number, type: number, length: number): Bytes {
  return join(counterOf(sequence), [type, 3, 3, length >> 8, length & 255]);
}
function counterOf(sequence: number): Bytes {
  const counter = zeros(8);
  for (let at = 7, rest = sequence; rest > 0; at--, rest = Math.floor(rest / 256)) counter[at] = rest;
  return counter;
}
function nonceOf(iv: Bytes, sequence: number): Bytes {
  const nonce = copyOf(iv);
  for (let at = 11, rest = sequence; rest > 0; at--, rest = Math.floor(rest / 256)) nonce[at] = (nonce[at] ?? 0) ^ (rest & 255);
  return nonce;
}
