// Signing by ML-DSA, which but one provider does in every runtime: signatures are compared byte for byte.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { ConfigError } from "@sallyport/core";
import { signer } from "@sallyport/crypto-noble";
import { describe, expect, test } from "vitest";
import { mlDsaLibrary, mlDsaPrivateKeys, mlDsaSchemes } from "../support/ml-dsa.ts";
import { same } from "../support/provider-contract.ts";
import { bytes, wycheproof } from "../support/wycheproof.ts";

interface Seeded {
  readonly privateSeed: string;
}
interface Expanded {
  readonly privateKey: string;
}
interface Case {
  readonly msg: string;
  readonly sig: string;
  readonly ctx?: string;
  readonly rnd?: string;
}

const checks = mlDsaSchemes.flatMap((scheme) => {
  const judge = (
    test: Case & { readonly result: string; readonly flags: readonly string[] },
    key: () => Uint8Array,
  ): string | undefined => {
    const inTls = (test.ctx ?? "") === "" && test.rnd === undefined && !test.flags.includes("Internal");
    if (!inTls) return undefined;
    try {
      const signature = signer(key()).sign(scheme, bytes(test.msg));
      if (test.result !== "valid") return "signed";
      return same(signature, bytes(test.sig)) ? undefined : "signed otherwise";
    } catch (error) {
      assert.ok(error instanceof ConfigError);
      return test.result === "valid" ? error.message : undefined;
    }
  };
  const parameters = scheme.slice(-2);
  const anySeed = new Uint8Array(32);
  return [
    wycheproof<Seeded, Case>("from the seed", `mldsa_${parameters}_sign_seed`, (test, { privateSeed }) =>
      judge(test, () => mlDsaPrivateKeys(scheme, bytes(privateSeed), anySeed).seed),
    ),
    wycheproof<Expanded, Case>("from the key of FIPS 204", `mldsa_${parameters}_sign_noseed`, (test, { privateKey }) =>
      judge(test, () => mlDsaPrivateKeys(scheme, anySeed, bytes(privateKey)).expanded),
    ),
  ];
});

describe("crypto-noble signs", () => {
  for (const { name, run } of checks) {
    test(name, async (context) => {
      const skipped = await run();
      if (skipped !== undefined) context.skip(skipped);
    });
  }
});

test("the seed of RFC 9881, Appendix C, makes its public keys, in each of the three forms of a private key", () => {
  const seed = Uint8Array.from({ length: 32 }, (_, at) => at);
  const digests = mlDsaSchemes.map((scheme) => {
    const { seed: one, expanded, both } = mlDsaPrivateKeys(scheme, seed);
    const keys = [one, expanded, both].map((form) => signer(form).publicKey);
    expect(keys[1]).toEqual(keys[0]);
    expect(keys[2]).toEqual(keys[0]);
    return createHash("sha256")
      .update(keys[0] ?? seed)
      .digest("hex");
  });
  expect(digests).toEqual(spkiDigests);
});

test("a private key whose seed and key, or whose parts, are not of one pair is refused", () => {
  const seed = new Uint8Array(32);
  for (const scheme of mlDsaSchemes) {
    const other = mlDsaLibrary[scheme].keygen(new Uint8Array(32).fill(1)).secretKey;
    expect(() => signer(mlDsaPrivateKeys(scheme, seed, other).both)).toThrow("not of one pair");
    const otherHash = Uint8Array.from(other, (byte, at) => (at === 70 ? byte ^ 1 : byte)); // in tr, the hash of the public key
    expect(() => signer(mlDsaPrivateKeys(scheme, seed, otherHash).expanded)).toThrow("don't fit each other");
    const outOfRange = Uint8Array.from(other, (byte, at) => (at === 130 ? 0xff : byte)); // in s1, whose coefficients are small
    expect(() => signer(mlDsaPrivateKeys(scheme, seed, outOfRange).expanded)).toThrow("don't fit each other");
    expect(() => signer(mlDsaPrivateKeys(scheme, seed, other.subarray(1)).expanded)).toThrow(/a key for mldsa.. of \d+ bytes/);
    expect(() => signer(mlDsaPrivateKeys(scheme, seed.subarray(1), other).seed)).toThrow("a seed of 31 bytes, not 32");
  }
});

/** SHA-256 of the SubjectPublicKeyInfo that the RFC prints. */
const spkiDigests = [
  "837832708c5236d951581f1fddf2b79991b3424a0486d16da1ddad0fd69701be",
  "b8b62131bfbe84433efb2273d7f5b87f7a22854a2cfd366fc2aead86d837c52d",
  "07e57c4f14dbad1267f621ec3777b4e2e6c4fbc4c22fbb87510ff8e0b3c6a642",
];
