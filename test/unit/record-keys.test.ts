// What protects one direction, in either version: its numbers, and its end.
import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import type { Bytes, CipherSuiteName, HashImplementation, SuiteImplementation } from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { ReadKeys, WriteKeys } from "../../packages/core/src/record/keys.ts";
import { ivLengthOf, ReadKeysTls12, WriteKeysTls12 } from "../../packages/core/src/record/keys-tls12.ts";
import { Nonce } from "../../packages/core/src/record/nonce.ts";
import type { ReadProtection, WriteProtection } from "../../packages/core/src/record/protection.ts";
import { Protection, ProtectionTls12, type Suite, suitesTls12 } from "../support/wiretap.ts";

const last = Number.MAX_SAFE_INTEGER;
/** Where a number gets another byte, or another word. */
const edges = [8, 16, 24, 31, 32, 33, 40, 48].flatMap((bits) => [2 ** bits - 1, 2 ** bits, 2 ** bits + 1]);
const numbers = fc.oneof(fc.constantFrom(0, 1, ...edges, last - 1), fc.nat({ max: last - 1 }));

describe("a nonce", () => {
  property.prop([fc.uint8Array({ minLength: 12, maxLength: 12 }), numbers])(
    "is the IV with the record's number over its end, to the last bit (RFC 9846 §5.3)",
    (iv, sequence) => {
      const nonce = new Nonce(Uint8Array.from(iv), sequence);
      const expected = Buffer.from(iv);
      expected.writeBigUInt64BE(expected.readBigUInt64BE(4) ^ BigInt(sequence), 4);
      expect(Buffer.from(nonce.current())).toEqual(expected);
      expect([nonce.iv, nonce.sequence]).toEqual([iv, sequence]);
    },
  );

  test("is never one that was there before: behind the last number there is none", () => {
    const nonce = new Nonce(new Uint8Array(12), last - 1);
    nonce.advance();
    expect(nonce.sequence).toBe(last);
    for (let more = 0; more < 2; more++) expect(() => nonce.advance()).toThrow(RangeError);
    expect(nonce.sequence).toBe(last);
  });

  test("is wiped with its IV, the one that was given and the one that was lent too", () => {
    const iv = new Uint8Array(12).fill(7);
    const nonce = new Nonce(iv, 3);
    const lent = nonce.current();
    nonce.destroy();
    expect([...iv, ...lent, ...nonce.iv]).toEqual(new Array(36).fill(0));
  });
});

interface Direction {
  readonly name: string;
  readonly suite: SuiteImplementation;
  write(suite: SuiteImplementation, sequence?: number): WriteProtection;
  read(suite: SuiteImplementation, sequence?: number): ReadProtection;
  /** By node:crypto. */
  byHand(): { sequence: number; seal(type: number, content: Uint8Array): Uint8Array };
}
const directions: readonly Direction[] = [
  ...(["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"] as const).map(tls13),
  tls12("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", 0xc02b),
  tls12("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", 0xcca9),
];
function tls13(name: Suite): Direction {
  const suite = suiteOf(name);
  const hash = hashOf(suite);
  const secret = (): Bytes => secretOf(hash);
  return {
    name,
    suite,
    write: (suite, sequence) => new WriteKeys(suite, hash, secret(), sequence),
    read: (suite, sequence) => new ReadKeys(suite, hash, secret(), sequence),
    byHand: () => new Protection(name, secret()),
  };
}
function tls12(name: CipherSuiteName, id: number): Direction {
  const suite = suiteOf(name);
  const known = suitesTls12.get(id);
  if (known === undefined) throw new Error(`no ${name}`);
  const [key, iv] = [() => keyOf(suite), () => ivOf(suite)];
  return {
    name,
    suite,
    write: (suite, sequence) => new WriteKeysTls12(suite, key(), iv(), sequence),
    read: (suite, sequence) => new ReadKeysTls12(suite, key(), iv(), sequence),
    byHand: () => new ProtectionTls12(known, key(), iv()),
  };
}
// They are wiped where they are used.
const secretOf = ({ length }: HashImplementation): Bytes => new Uint8Array(length).fill(9);
const keyOf = ({ keyLength }: SuiteImplementation): Bytes => new Uint8Array(keyLength).fill(5);
const ivOf = (suite: SuiteImplementation): Bytes =>
  new Uint8Array(suite.name.startsWith("TLS_ECDHE") ? ivLengthOf(suite) : 12).fill(6);
function suiteOf(name: CipherSuiteName): SuiteImplementation {
  const suite = node.suites.find((one) => one.name === name);
  if (suite === undefined) throw new Error(`no ${name}`);
  return suite;
}
function hashOf(suite: SuiteImplementation): HashImplementation {
  const hash = node.hashes.find(({ name }) => name === suite.hash);
  if (hash === undefined) throw new Error(`no ${suite.hash}`);
  return hash;
}
const sealed = (keys: WriteProtection, type: number, content: Uint8Array): Uint8Array => {
  const target = new Uint8Array(content.length + keys.overhead);
  expect(keys.seal(type, content, target, 0)).toBe(target.length);
  return target;
};

describe.each(directions)("$name", ({ suite, write, read, byHand }) => {
  property.prop([numbers, fc.constantFrom(21, 22, 23), fc.uint8Array({ maxLength: 300 })])(
    "seals and opens the record of any number as node:crypto does, and counts it",
    (sequence, type, content) => {
      const hand = byHand();
      hand.sequence = sequence;
      const record = hand.seal(type, content);
      const [writer, reader] = [write(suite, sequence), read(suite, sequence)];
      expect(sealed(writer, type, content)).toEqual(record);
      const opened = reader.open(Uint8Array.from(record));
      expect(opened?.subarray(0, content.length)).toEqual(content);
      expect(opened?.subarray(content.length)).toEqual(Uint8Array.from(reader.hidesType ? [type] : []));
      expect([writer.records, reader.records]).toEqual([sequence + 1, sequence + 1]);
    },
  );

  test("asks its cipher nothing about a record that is too short to hold anything", () => {
    const reader = read({
      ...suite,
      open: () => ({
        open: () => {
          throw new Error("asked");
        },
        destroy() {},
      }),
    });
    const least = byHand().seal(23, new Uint8Array(0)).length;
    for (let length = 5; length < least; length++) {
      const record = Uint8Array.of(23, 3, 3, (length - 5) >> 8, (length - 5) & 255, ...new Uint8Array(length - 5));
      expect(reader.open(record)).toBeUndefined();
    }
    expect(() => reader.open(byHand().seal(23, new Uint8Array(0)))).toThrow("asked");
  });

  test("does not open a record whose header is another, whatever of it was sealed", () => {
    const record = byHand().seal(23, Uint8Array.of(1, 2, 3));
    // The version of TLS 1.2 is looked at before a record is opened, and its length is what has come.
    for (const at of read(suite).hidesType ? [0, 1, 2, 3, 4] : [0]) {
      expect(read(suite).open(record.map((byte, index) => (index === at ? byte ^ 1 : byte)))).toBeUndefined();
    }
  });

  test("takes no cipher of a provider that neither seals nor opens, and says so", () => {
    for (const broken of [undefined, null, {}, { seal: 1, open: 1 }]) {
      const provider = { ...suite, seal: () => broken as never, open: () => broken as never };
      expect(() => write(provider)).toThrow(`the provider's ${suite.name} gave nothing that seals`);
      expect(() => read(provider)).toThrow(`the provider's ${suite.name} gave nothing that opens`);
    }
  });

  test("leaves nothing behind: no secret, no key, no IV, and its cipher is destroyed", () => {
    const destroyed: string[] = [];
    const watched: SuiteImplementation = {
      ...suite,
      seal: () => ({ seal() {}, destroy: () => void destroyed.push("seals") }),
      open: () => ({ open: () => undefined, destroy: () => void destroyed.push("opens") }),
    };
    for (const keys of [write(watched), read(watched)]) {
      const isTls13 = keys.extract().secret !== undefined;
      expect(isZero(isTls13 ? keys.extract().secret : keys.extract().key)).toBe(false);
      keys.destroy();
      // In TLS 1.3 both are made of the secret, anew each time.
      const { secret, key, iv } = keys.extract();
      expect(isZero(secret ?? new Uint8Array(0))).toBe(true);
      if (!isTls13) expect([isZero(key), isZero(iv)]).toEqual([true, true]);
    }
    expect(destroyed).toEqual(["seals", "opens"]);
  });

  test("gives away what it was made of, in copies", () => {
    for (const make of [write, read]) {
      const keys = make(suite, 7);
      for (let times = 0; times < 2; times++) {
        const { secret, key, iv, sequence } = keys.extract();
        expect([key.length, iv.length, sequence]).toEqual([suite.keyLength, ivOf(suite).length, 7]);
        if (secret === undefined) expect([key, iv]).toEqual([keyOf(suite), ivOf(suite)]);
        else expect(secret).toEqual(secretOf(hashOf(suite)));
        for (const part of [secret, key, iv]) part?.fill(0);
      }
    }
  });

  test("has another generation in TLS 1.3 alone", () => {
    for (const keys of [write(suite), read(suite)]) {
      if (keys.extract().secret === undefined) expect(() => keys.next()).toThrow("TLS 1.2 has no key update");
      else expect(keys.next().extract().sequence).toBe(0);
    }
  });
});

function isZero(bytes: Uint8Array | undefined): boolean {
  return bytes?.every((byte) => byte === 0) ?? false;
}
