import { generateKeyPairSync } from "node:crypto";
import { type PublicKey, readPublicKey, schemesOf } from "@sallyport/core";
import { describe, expect, test } from "vitest";
import { mlDsaKey, mlDsaPair, mlDsaSchemes } from "../support/ml-dsa.ts";
import { type PssRestriction, rsaPssKeys } from "../support/keys.ts";

const der = (key: { export(options: { type: "spki"; format: "der" }): Buffer }): Uint8Array =>
  Uint8Array.from(key.export({ type: "spki", format: "der" }));
const rsa = der(generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey);
const p256 = der(generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey);

const sequence = (...parts: Uint8Array[]): Uint8Array => element(0x30, ...parts);
const rsaEncryption = Uint8Array.of(6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 1);
const rsassaPss = Uint8Array.of(6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 10);
const none = Uint8Array.of(5, 0);
const modulusOf = (bits: number): Uint8Array => {
  const bytes = new Uint8Array(Math.ceil(bits / 8)).fill(0xa5);
  bytes[0] = 1 << ((bits - 1) % 8);
  return bytes;
};
const rsaKey = (modulus: Uint8Array, exponent: Uint8Array, algorithm: Uint8Array = sequence(rsaEncryption, none)): Uint8Array =>
  sequence(algorithm, element(3, Uint8Array.of(0), sequence(integer(modulus), integer(exponent))));
const f4 = Uint8Array.of(1, 0, 1);

describe("what is read", () => {
  test("a point on each curve of ours, without looking whether it lies there", () => {
    const curves = [
      ["P-256", "secp256r1", 65],
      ["P-384", "secp384r1", 97],
      ["P-521", "secp521r1", 133],
    ] as const;
    for (const [namedCurve, curve, length] of curves) {
      const key = readPublicKey(der(generateKeyPairSync("ec", { namedCurve }).publicKey));
      expect(key).toMatchObject({ kind: "ec", curve });
      expect(key?.kind === "ec" && key.point.length).toBe(length);
    }
    expect(readPublicKey(der(generateKeyPairSync("ed25519").publicKey))).toMatchObject({ kind: "ed25519" });
  });

  test("an RSA key's integers, without the zero that keeps them positive", () => {
    const key = readPublicKey(rsa);
    expect(key?.kind === "rsa" && [key.modulus.length, [...key.exponent]]).toEqual([256, [1, 0, 1]]);
  });

  test("the parameters of an RSA-PSS key, which bind its hash and its least salt", () => {
    const restrictionOf = (restriction: PssRestriction): unknown => {
      const key = readPublicKey(der(rsaPssKeys(restriction).publicKey));
      return key?.kind === "rsa-pss" ? [key.restriction, schemesOf(key)] : undefined;
    };
    expect(restrictionOf({})).toEqual([undefined, ["rsa_pss_pss_sha256", "rsa_pss_pss_sha384", "rsa_pss_pss_sha512"]]);
    const sha512 = { hashAlgorithm: "sha512", mgf1HashAlgorithm: "sha512" };
    expect(restrictionOf({ ...sha512, saltLength: 64 })).toEqual([{ hash: "sha512", saltLength: 64 }, ["rsa_pss_pss_sha512"]]);
    expect(restrictionOf({ ...sha512, saltLength: 20 })).toEqual([{ hash: "sha512", saltLength: 20 }, ["rsa_pss_pss_sha512"]]);
    const sha256 = { hashAlgorithm: "sha256", mgf1HashAlgorithm: "sha256" };
    expect(restrictionOf({ ...sha256, saltLength: 33 })).toEqual([{ hash: "sha256", saltLength: 33 }, []]);
    expect(restrictionOf({ hashAlgorithm: "sha256", mgf1HashAlgorithm: "sha384", saltLength: 32 })).toBeUndefined();
    expect(restrictionOf({ hashAlgorithm: "sha1", mgf1HashAlgorithm: "sha1", saltLength: 32 })).toBeUndefined();
  });

  test("an ML-DSA key of each parameter set, with no parameters beside its identifier and no byte more or less", () => {
    for (const scheme of mlDsaSchemes) {
      const { spki } = mlDsaPair(scheme, 1);
      const key = readPublicKey(spki);
      expect(key).toMatchObject({ kind: "ml-dsa", parameters: scheme });
      expect(key && schemesOf(key)).toEqual([scheme]);
      expect(readPublicKey(spki.subarray(0, -1))).toBeUndefined();
      expect(readPublicKey(Uint8Array.from([...spki, 0]))).toBeUndefined();
      for (let at = 0; at < 22; at++) {
        const other = readPublicKey(spki.with(at, (spki[at] ?? 0) ^ 1));
        expect([at, other]).toEqual([at, undefined]);
      }
    }
    const [first = "mldsa44", second = first] = mlDsaSchemes;
    expect(readPublicKey(mlDsaKey(second, new Uint8Array(1312)))).toBeUndefined();
    const withNull = sequence(
      sequence(Uint8Array.of(6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 0x11), none),
      element(3, new Uint8Array(1313)),
    );
    expect(readPublicKey(withNull)).toBeUndefined();
  });

  test("a scheme for each kind of key", () => {
    const point = new Uint8Array(0);
    const of = (key: PublicKey): readonly string[] => schemesOf(key);
    expect(of({ kind: "ec", curve: "secp384r1", point })).toEqual(["ecdsa_secp384r1_sha384"]);
    expect(of({ kind: "ed25519", point })).toEqual(["ed25519"]);
    expect(of({ kind: "rsa", modulus: point, exponent: point })[0]).toBe("rsa_pss_rsae_sha256");
  });
});

describe("what is refused", () => {
  test("every prefix and every byte behind", () => {
    for (const key of [rsa, p256]) {
      for (let length = 0; length < key.length; length++) expect(readPublicKey(key.subarray(0, length))).toBeUndefined();
      expect(readPublicKey(Uint8Array.from([...key, 0]))).toBeUndefined();
    }
  });

  test("a changed byte before the key itself", () => {
    for (const [key, start] of [
      [rsa, 32],
      [p256, 27],
    ] as const) {
      for (let at = 0; at < start; at++) {
        for (const change of [1, 0x80, 0xff]) {
          const wrong = Uint8Array.from(key, (byte, index) => (index === at ? byte ^ change : byte));
          expect([at, change, readPublicKey(wrong)]).toEqual([at, change, undefined]);
        }
      }
    }
  });

  test("an RSA modulus below 2048 or above 8192 bits, or even", () => {
    for (const [bits, read] of [
      [1024, false],
      [2047, false],
      [2048, true],
      [2049, true],
      [8192, true],
      [8193, false],
    ] as const) {
      expect([bits, readPublicKey(rsaKey(modulusOf(bits), f4)) !== undefined]).toEqual([bits, read]);
    }
    const even = modulusOf(2048);
    even[255] = 2;
    expect(readPublicKey(rsaKey(even, f4))).toBeUndefined();
  });

  test("an RSA exponent that is even, 1, or not below 2^33", () => {
    const exponents: readonly (readonly [number[], boolean])[] = [
      [[1], false],
      [[3], true],
      [[4], false],
      [[1, 0, 1], true],
      [[1, 255, 255, 255, 255], true],
      [[2, 0, 0, 0, 1], false],
      [[1, 0, 0, 0, 0, 1], false],
    ];
    for (const [exponent, read] of exponents) {
      const key = readPublicKey(rsaKey(modulusOf(2048), Uint8Array.from(exponent)));
      expect([exponent, key !== undefined]).toEqual([exponent, read]);
    }
  });

  test("integers that are negative, or longer than they must be", () => {
    const bare = (modulus: Uint8Array): Uint8Array =>
      sequence(sequence(rsaEncryption, none), element(3, Uint8Array.of(0), sequence(element(2, modulus), integer(f4))));
    const modulus = modulusOf(2048);
    expect(readPublicKey(bare(Uint8Array.from([0, ...modulus])))).toBeDefined();
    expect(readPublicKey(bare(modulus))).toBeUndefined();
    expect(readPublicKey(bare(Uint8Array.from([0, 0, ...modulus])))).toBeUndefined();
    expect(readPublicKey(bare(Uint8Array.from([0, ...modulusOf(2047)])))).toBeUndefined();
  });

  test("rsaEncryption without NULL, bits left over, a longer form of a length, and other parameters of RSA-PSS", () => {
    const modulus = modulusOf(2048);
    expect(readPublicKey(rsaKey(modulus, f4, sequence(rsaEncryption)))).toBeUndefined();
    expect(readPublicKey(rsaKey(modulus, f4, sequence(rsaEncryption, none, none)))).toBeUndefined();
    expect(readPublicKey(rsaKey(modulus, f4, sequence(rsassaPss)))).toBeDefined();
    expect(readPublicKey(rsaKey(modulus, f4, sequence(rsassaPss, none)))).toBeUndefined();
    expect(readPublicKey(rsaKey(modulus, f4, sequence(rsassaPss, sequence())))).toBeUndefined(); // SHA-1 by default
    const key = sequence(integer(modulus), integer(f4));
    expect(readPublicKey(sequence(sequence(rsaEncryption, none), element(3, Uint8Array.of(1), key)))).toBeUndefined();
    const longer = Uint8Array.from([0x30, 0x81, rsaEncryption.length + 2, ...rsaEncryption, ...none]);
    expect(readPublicKey(rsaKey(modulus, f4, longer))).toBeUndefined();
  });

  test("a compressed or hybrid point, and keys that sign nothing here", () => {
    for (const form of [0, 2, 3, 6, 7]) {
      const wrong = Uint8Array.from(p256);
      wrong[26] = form;
      expect(readPublicKey(wrong)).toBeUndefined();
    }
    for (const type of ["x25519", "ed448"] as const) {
      const { publicKey } = type === "x25519" ? generateKeyPairSync("x25519") : generateKeyPairSync("ed448");
      expect(readPublicKey(der(publicKey))).toBeUndefined();
    }
    expect(readPublicKey(der(generateKeyPairSync("ec", { namedCurve: "secp256k1" }).publicKey))).toBeUndefined();
  });
});

function element(tag: number, ...parts: Uint8Array[]): Uint8Array {
  const contents = parts.flatMap((part) => [...part]);
  const { length } = contents;
  const prefix = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Uint8Array.from([tag, ...prefix, ...contents]);
}

function integer(value: Uint8Array): Uint8Array {
  return element(2, Uint8Array.from((value[0] ?? 0) >= 0x80 ? [0, ...value] : value));
}
