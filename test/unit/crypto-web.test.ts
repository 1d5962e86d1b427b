import { generateKeyPairSync, type KeyExportOptions, type KeyObject } from "node:crypto";
import { ConfigError } from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { importSigner, signer } from "@sallyport/crypto-web";
import { describe, expect, test } from "vitest";
import { rsaPssKeys } from "../support/keys.ts";
import { pattern, verification } from "../support/provider-contract.ts";

const { subtle } = globalThis.crypto;
const message = pattern(50, 1);
const never = new AbortController().signal;
const pem = (key: KeyObject): string => key.export({ type: "pkcs8", format: "pem" }).toString();
const spkiOf = async ({ publicKey }: CryptoKeyPair): Promise<Uint8Array> =>
  new Uint8Array(await subtle.exportKey("spki", publicKey));

describe("signer", () => {
  const uses = ["sign", "verify"] as const;
  const ecdsa = (): Promise<CryptoKeyPair> => subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, uses);
  const publicExponent = Uint8Array.of(1, 0, 1);
  const pss = (hash: string): Promise<CryptoKeyPair> =>
    subtle.generateKey({ name: "RSA-PSS", hash, modulusLength: 2048, publicExponent }, false, uses);

  test("signs with a key that can't be taken out of WebCrypto", async () => {
    const pair = await ecdsa();
    const publicKey = await spkiOf(pair);
    const ours = signer(pair.privateKey, publicKey);
    expect(ours.schemes).toEqual(["ecdsa_secp256r1_sha256"]);
    const signature = await ours.signAsync("ecdsa_secp256r1_sha256", message, never);
    expect(verification(node, "ecdsa_secp256r1_sha256").verify(publicKey, message, signature)).toBe(true);
  });

  test("an RSA key signs by the one scheme that WebCrypto tied it to", async () => {
    const pair = await pss("SHA-384");
    const publicKey = await spkiOf(pair);
    const ours = signer(pair.privateKey, publicKey);
    expect(ours.schemes).toEqual(["rsa_pss_rsae_sha384"]);
    const signature = await ours.signAsync("rsa_pss_rsae_sha384", message, never);
    expect(verification(node, "rsa_pss_rsae_sha384").verify(publicKey, message, signature)).toBe(true);
    const other = ours.signAsync("rsa_pss_rsae_sha256", message, never);
    await expect(other).rejects.toThrow("signs rsa_pss_rsae_sha384, not rsa_pss_rsae_sha256");
  });

  test("refuses a public half, a key for another use, another algorithm, a hash that TLS lacks, and no key", async () => {
    const pair = await ecdsa();
    const publicKey = await spkiOf(pair);
    const agreeing = await subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, false, ["deriveBits"]);
    const sha1 = await pss("SHA-1");
    expect(() => signer(pair.publicKey, publicKey)).toThrow(ConfigError);
    expect(() => signer(agreeing.privateKey, publicKey)).toThrow(ConfigError);
    expect(() => signer(sha1.privateKey, publicKey)).toThrow(ConfigError);
    const rsaSpki = await spkiOf(sha1);
    expect(() => signer(sha1.privateKey, rsaSpki)).toThrow(ConfigError);
    expect(() => signer(pair.privateKey, rsaSpki)).toThrow(/not the algorithm of the public key/);
    expect(() => signer(pair.privateKey, new Uint8Array(3))).toThrow(/publicKey/);
    expect(() => signer([], publicKey)).toThrow(/empty/);
  });

  test("a signal that has fired rejects with its reason, and signs nothing", async () => {
    const pair = await ecdsa();
    const ours = signer(pair.privateKey, await spkiOf(pair));
    const reason = new Error("too late");
    await expect(ours.signAsync("ecdsa_secp256r1_sha256", message, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

describe("importSigner", () => {
  test("reads PKCS#8 in DER and PEM, and leaves the caller's bytes alone", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const der = Uint8Array.from(privateKey.export({ type: "pkcs8", format: "der" }));
    const before = Uint8Array.from(der);
    for (const form of [der, pem(privateKey)]) {
      const ours = await importSigner(form);
      expect(ours.publicKey).toEqual(Uint8Array.from(publicKey.export({ type: "spki", format: "der" })));
      expect(ours.schemes.slice(0, 3)).toEqual(["rsa_pss_rsae_sha256", "rsa_pss_rsae_sha384", "rsa_pss_rsae_sha512"]);
    }
    expect(der).toEqual(before);
  });

  const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const text = (options: Omit<KeyExportOptions<"pem">, "format">): string =>
    p256.export({ ...options, format: "pem" }).toString();
  const refusals: readonly (readonly [string, Uint8Array | string, RegExp])[] = [
    ["SEC 1, and says how to convert it", text({ type: "sec1" }), /"EC PRIVATE KEY".*openssl pkcs8/],
    ["an encrypted key", text({ type: "pkcs8", cipher: "aes-128-cbc", passphrase: "x" }), /ENCRYPTED.*openssl/],
    ["an RSA-PSS key, which WebCrypto can't read", pem(rsaPssKeys().privateKey), /PKCS#8/],
    ["an RSA key of 1024 bits", pem(generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey), /SubjectPublicKeyInfo/],
    ["X25519", pem(generateKeyPairSync("x25519").privateKey), /PKCS#8/],
    ["a cut key", p256.export({ type: "pkcs8", format: "der" }).subarray(0, 60), /refused by this runtime/],
    ["bytes that are no DER", pattern(100, 1), /PKCS#8/],
    ["text that is no PEM", "", /no PEM block/],
  ];
  test.each(refusals)("rejects %s with a ConfigError", async (_, key, expected) => {
    const error: unknown = await importSigner(key).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect(String(error)).toMatch(expected);
  });
});
