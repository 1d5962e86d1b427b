// TLS 1.2's protection of one direction: AES-GCM with an explicit nonce (RFC 5288 §3), ChaCha20-Poly1305 without (RFC 7905 §2).
import type { AeadOpener, AeadSealer, SuiteImplementation } from "../crypto/provider.ts";
import { expectLength } from "../crypto/results.ts";
import { type Bytes, stow, wipe } from "../wire/bytes.ts";
import { headerLength, tagLength } from "./format.ts";
import { Nonce } from "./nonce.ts";
import type { ExtractedKeys, ReadProtection, WriteProtection } from "./protection.ts";

/** Bytes of a key block's IV. */
export function ivLengthOf({ name }: SuiteImplementation): 4 | 12 {
  return name.includes("_GCM_") ? 4 : 12;
}

const explicitLength = 8;

/** What a record's protection is told of it, by its number. */
class Counter {
  readonly explicit: number;
  /** Of AES-GCM the salt, then the sequence number, as over an IV that ends in zeros: no other record of this key has it. */
  readonly #nonce: Nonce;

  /** @param iv is wiped. */
  constructor(iv: Bytes, sequence: number) {
    this.explicit = iv.length === 4 ? explicitLength : 0;
    this.#nonce = new Nonce(iv, sequence);
  }
  get sequence(): number {
    return this.#nonce.sequence;
  }
  /** A copy. */
  get iv(): Bytes {
    return this.explicit === 0 ? this.#nonce.iv : this.#nonce.iv.slice(0, 4);
  }
  /** Lent until the next call. */
  get ownNonce(): Bytes {
    return this.#nonce.current();
  }
  /** The same, for a record that says `explicit`, or nothing: with AES-GCM the peer may count as he likes. */
  peersNonce(explicit: Uint8Array): Bytes {
    const nonce = this.#nonce.current();
    nonce.set(explicit, 4);
    return nonce;
  }
  /** Number, type, version, length of the plaintext (RFC 5246 §6.2.3.3). Made anew for each record: an idle connection keeps none. */
  describe(type: number, length: number): Bytes {
    const data = new Uint8Array(13);
    let rest = this.sequence;
    for (let at = 7; at >= 0; at--) {
      data[at] = rest & 255;
      rest = rest < 256 ? 0 : Math.floor(rest / 256);
    }
    data[8] = type;
    data[9] = 3;
    data[10] = 3;
    data[11] = length >> 8;
    data[12] = length & 255;
    return data;
  }
  advance(): void {
    this.#nonce.advance();
  }
  destroy(): void {
    this.#nonce.destroy();
  }
}

export class WriteKeysTls12 implements WriteProtection {
  readonly overhead: number;
  readonly #aead: AeadSealer;
  readonly #counter: Counter;
  readonly #key: Bytes;

  /** @param key and @param iv are wiped. @param sequence of the next record. */
  constructor(suite: SuiteImplementation, key: Bytes, iv: Bytes, sequence = 0) {
    this.#counter = new Counter(iv, sequence);
    this.overhead = headerLength + this.#counter.explicit + tagLength;
    this.#aead = suite.seal(key);
    this.#key = stow(key);
    if (typeof this.#aead?.seal !== "function") throw new TypeError(`the provider's ${suite.name} gave nothing that seals`);
  }
  get records(): number {
    return this.#counter.sequence;
  }
  seal(type: number, content: Uint8Array, target: Uint8Array, offset: number): number {
    const counter = this.#counter;
    const nonce = counter.ownNonce;
    const length = counter.explicit + content.length + tagLength;
    target[offset] = type;
    target[offset + 1] = 3;
    target[offset + 2] = 3;
    target[offset + 3] = length >> 8;
    target[offset + 4] = length & 255;
    if (counter.explicit > 0) target.set(nonce.subarray(4), offset + headerLength);
    const start = offset + headerLength + counter.explicit;
    target.set(content, start);
    this.#aead.seal(nonce, counter.describe(type, content.length), target.subarray(start, start + content.length), target, start);
    counter.advance();
    return headerLength + length;
  }
  next(): WriteProtection {
    throw new TypeError("TLS 1.2 has no key update");
  }
  extract(): ExtractedKeys {
    return { secret: undefined, key: this.#key.slice(), iv: this.#counter.iv, sequence: this.#counter.sequence };
  }
  destroy(): void {
    wipe(this.#key);
    this.#counter.destroy();
    this.#aead.destroy();
  }
}

export class ReadKeysTls12 implements ReadProtection {
  readonly hidesType = false;
  /** RFC 5246 §6.2.3. */
  readonly maxExpansion = 2048;
  readonly #aead: AeadOpener;
  readonly #counter: Counter;
  readonly #key: Bytes;

  /** @param key and @param iv are wiped. @param sequence of the next record. */
  constructor(suite: SuiteImplementation, key: Bytes, iv: Bytes, sequence = 0) {
    this.#counter = new Counter(iv, sequence);
    this.#aead = suite.open(key);
    this.#key = stow(key);
    if (typeof this.#aead?.open !== "function") throw new TypeError(`the provider's ${suite.name} gave nothing that opens`);
  }
  get records(): number {
    return this.#counter.sequence;
  }
  open(record: Uint8Array): Uint8Array | undefined {
    const counter = this.#counter;
    const start = headerLength + counter.explicit;
    const length = record.length - start - tagLength;
    if (length < 0) return undefined;
    const nonce = counter.peersNonce(record.subarray(headerLength, start));
    const opened = this.#aead.open(nonce, counter.describe(record[0] ?? 0, length), record.subarray(start));
    if (opened === undefined) return undefined;
    counter.advance();
    return expectLength(opened, length, "opened record");
  }
  next(): ReadProtection {
    throw new TypeError("TLS 1.2 has no key update");
  }
  extract(): ExtractedKeys {
    return { secret: undefined, key: this.#key.slice(), iv: this.#counter.iv, sequence: this.#counter.sequence };
  }
  destroy(): void {
    wipe(this.#key);
    this.#counter.destroy();
    this.#aead.destroy();
  }
}
