// What protects one direction: TLS 1.3 (RFC 9846 §5.2) and TLS 1.2 (RFC 5288, RFC 7905), by a provider's AEADs.
import type { AeadOpener, AeadSealer, Bytes, HashImplementation, SuiteImplementation } from "@sallyport/core";
import { expandLabel } from "./key-schedule.ts";
import { contentTypes } from "./numbers.ts";
import { join, repeat, u16, u32 } from "./octets.ts";

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
    const inner = join(content, [type], repeat(padding));
    const record = join([contentTypes.data], u16(0x0303, inner.length + 16), repeat(inner.length + 16));
    this.#aead.seal(nonceOf(this.#iv, this.#sequence++), record.slice(0, 5), inner, record, 5);
    return record;
  }
  open(record: Uint8Array): Opened | undefined {
    if (record.length < 5 + 16) return undefined;
    this.#opener ??= this.#suite.open(this.#key);
    const inner = this.#opener.open(nonceOf(this.#iv, this.#sequence), record.slice(0, 5), record.slice(5));
    if (inner === undefined) return undefined;
    this.#sequence++;
    const end = inner.findLastIndex((byte) => byte !== 0);
    return { type: inner[end] ?? 0, content: Uint8Array.from(inner.subarray(0, Math.max(0, end))) };
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
    const counter = counterOf(this.#sequence);
    const explicit = this.#isExplicit ? counter : repeat(0);
    const record = join([type], u16(0x0303, explicit.length + content.length + 16), explicit, repeat(content.length + 16));
    const nonce = this.#isExplicit ? join(this.#iv, explicit) : nonceOf(this.#iv, this.#sequence);
    this.#aead.seal(nonce, join(counter, [type], u16(0x0303, content.length)), content, record, 5 + explicit.length);
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
    const content = this.#opener.open(nonce, join(counterOf(this.#sequence), [type], u16(0x0303, length)), record.slice(start));
    if (content === undefined) return undefined;
    this.#sequence++;
    return { type, content: Uint8Array.from(content) };
  }
  next(): KeysTls12 {
    return this;
  }
  get #isExplicit(): boolean {
    return this.#iv.length === 4;
  }
}

function counterOf(sequence: number): Bytes {
  return join(u32(Math.floor(sequence / 2 ** 32)), u32(sequence % 2 ** 32));
}
function nonceOf(iv: Bytes, sequence: number): Bytes {
  const counter = counterOf(sequence);
  return Uint8Array.from(iv, (byte, at) => byte ^ (at < 4 ? 0 : (counter[at - 4] ?? 0)));
}
