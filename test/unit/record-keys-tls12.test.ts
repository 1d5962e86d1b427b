// One direction's protection in TLS 1.2, opened and sealed by node:crypto.
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import type { Bytes, CipherSuiteName } from "@sallyport/core";
import { noble } from "@sallyport/crypto-noble";
import { node } from "@sallyport/crypto-node";
import { ivLengthOf, ReadKeysTls12, WriteKeysTls12 } from "../../packages/core/src/record/keys-tls12.ts";
import { hexOf } from "../support/hex.ts";
import { ProtectionTls12, suitesTls12 } from "../support/wiretap.ts";

const names: readonly (readonly [CipherSuiteName, number])[] = [
  ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", 0xc02b],
  ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", 0xc030],
  ["TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", 0xcca9],
];
const providers = [node, noble({ random: (length) => new Uint8Array(length).fill(1) })];
const contentTypes = fc.constantFrom(20, 21, 22, 23);
const contents = fc.uint8Array({ maxLength: 400 });

describe.each(providers.flatMap((provider) => names.map(([name, id]) => ({ name, id, provider, on: provider.name }))))(
  "$name on $on",
  ({ name, id, provider }) => {
    const suite = provider.suites.find((one) => one.name === name);
    const known = suitesTls12.get(id);
    if (suite === undefined || known === undefined) throw new Error(`no ${name}`);
    const ivLength = ivLengthOf(suite);
    /** They are wiped where they are used. */
    const key = (): Bytes => new Uint8Array(suite.keyLength).map((_, at) => at + 1);
    const iv = (): Bytes => new Uint8Array(ivLength).map((_, at) => 0xa0 + at);
    const byHand = (): ProtectionTls12 => new ProtectionTls12(known, key(), iv());

    function seal(keys: WriteKeysTls12, type: number, content: Uint8Array): Uint8Array {
      const target = new Uint8Array(content.length + keys.overhead + 9);
      const length = keys.seal(type, content, target, 3);
      expect(length).toBe(content.length + keys.overhead);
      expect([...target.subarray(0, 3), ...target.subarray(3 + length)]).toEqual(new Array(9).fill(0));
      return target.slice(3, 3 + length);
    }

    test.prop([fc.array(fc.tuple(contentTypes, contents), { maxLength: 6 })], { numRuns: 40 })(
      "what is sealed is the very record that node:crypto makes, and opens",
      (records) => {
        const ours = new WriteKeysTls12(suite, key(), iv());
        const reader = byHand();
        const writer = byHand();
        for (const [type, content] of records) {
          const sealed = seal(ours, type, content);
          expect(hexOf(sealed)).toBe(hexOf(writer.seal(type, content)));
          expect(reader.open(sealed)).toEqual({ type, content });
        }
        expect(ours.records).toBe(records.length);
      },
    );

    test.prop([fc.array(fc.tuple(contentTypes, contents, fc.uint8Array({ minLength: 8, maxLength: 8 })), { maxLength: 6 })], {
      numRuns: 40,
    })("what node:crypto seals is opened, whatever explicit nonce it takes", (records) => {
      const ours = new ReadKeysTls12(suite, key(), iv());
      const writer = byHand();
      for (const [type, content, explicit] of records) expect(ours.open(writer.seal(type, content, explicit))).toEqual(content);
      expect(ours.records).toBe(records.length);
    });

    test("a record with another byte anywhere does not open, nor one out of turn; the right one opens behind them", () => {
      const sealed = byHand().seal(23, Uint8Array.of(1, 2, 3));
      const ours = new ReadKeysTls12(suite, key(), iv());
      const writer = byHand();
      writer.seal(23, Uint8Array.of(1));
      expect(ours.open(writer.seal(23, Uint8Array.of(2)))).toBeUndefined();
      for (let at = 0; at < sealed.length; at++) {
        // The version is looked at before a record is opened, and the length decides what the record is.
        if (at > 0 && at < 5) continue;
        expect(ours.open(sealed.map((byte, index) => (index === at ? byte ^ 1 : byte)))).toBeUndefined();
      }
      for (let length = 5; length < sealed.length; length++) expect(ours.open(sealed.slice(0, length))).toBeUndefined();
      expect(ours.open(Uint8Array.from(sealed))).toEqual(Uint8Array.of(1, 2, 3));
    });

    if (ivLength === 4) {
      test("the explicit nonce is the sequence number: none is used twice under a key", () => {
        const ours = new WriteKeysTls12(suite, key(), iv());
        const nonces = Array.from({ length: 300 }, () => hexOf(seal(ours, 23, Uint8Array.of(7)).subarray(5, 13)));
        expect(nonces).toEqual(nonces.map((_, at) => at.toString(16).padStart(16, "0")));
      });
    } else {
      test("there is no explicit nonce", () => {
        expect(new WriteKeysTls12(suite, key(), iv()).overhead).toBe(5 + 16);
      });
    }

    test("key and IV are wiped when they are no longer needed", () => {
      for (const Keys of [WriteKeysTls12, ReadKeysTls12]) {
        const [given, salt] = [key(), iv()];
        new Keys(suite, given, salt).destroy();
        expect([...given, ...salt].every((byte) => byte === 0)).toBe(true);
      }
    });
  },
);
