import { createPublicKey, createSecretKey, diffieHellman, generateKeyPairSync } from "node:crypto";
import { ConfigError } from "@sallyport/core";
import { node, signer } from "@sallyport/crypto-node";
import { describe, expect, test } from "vitest";
import { fromJwk, fromPem } from "../../packages/crypto-node/src/x25519-share.ts";
import { run } from "../support/processes.ts";
import { root } from "../support/sources.ts";
import { rsaPssKeys } from "../support/keys.ts";
import { group, pattern, verification } from "../support/provider-contract.ts";

const message = pattern(50, 1);

describe("the signer", () => {
  test("signs with every scheme of its key, RSA-PSS before PKCS #1", () => {
    const rsa = signer(generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey);
    expect(rsa.schemes).toEqual([
      "rsa_pss_rsae_sha256",
      "rsa_pss_rsae_sha384",
      "rsa_pss_rsae_sha512",
      "rsa_pkcs1_sha256",
      "rsa_pkcs1_sha384",
      "rsa_pkcs1_sha512",
    ]);
    const pss = signer(rsaPssKeys({ hashAlgorithm: "sha384", mgf1HashAlgorithm: "sha384", saltLength: 48 }).privateKey);
    expect(pss.schemes).toEqual(["rsa_pss_pss_sha384"]);
    for (const one of [rsa, pss]) {
      for (const scheme of one.schemes) {
        expect(verification(node, scheme).verify(one.publicKey, message, one.sign(scheme, message))).toBe(true);
      }
    }
  });

  test("throws for a scheme that isn't the key's", () => {
    const ours = signer(generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey);
    expect(() => ours.sign("ed25519", message)).toThrow("signs ecdsa_secp384r1_sha384, not ed25519");
  });

  test("refuses what TLS can't sign with, and says what it is", () => {
    expect(() => signer(generateKeyPairSync("x25519").privateKey)).toThrow(/kind \(x25519\)/);
    expect(() => signer(generateKeyPairSync("ec", { namedCurve: "secp256k1" }).privateKey)).toThrow(/kind \(ec secp256k1\)/);
    expect(() => signer(generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey)).toThrow(/kind \(rsa 1024\)/);
    expect(() => signer("no PEM")).toThrow(ConfigError);
    const { privateKey } = generateKeyPairSync("ed25519");
    expect(() => signer(createPublicKey(privateKey))).toThrow(/public key; give the private one/);
    expect(() => signer(createSecretKey(new Uint8Array(32)))).toThrow(/secret key; give the private one/);
    const encrypted = privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-128-cbc", passphrase: "x" }).toString();
    expect(() => signer(encrypted)).toThrow(/createPrivateKey/);
  });
});

test("another provider's private key is the caller's mistake, and not the peer's", () => {
  for (const { name } of node.groups) {
    const { share } = group(node, name).start();
    const answer = group(node, name).respond(share);
    expect(() => group(node, name).complete(new Uint8Array(32), answer?.share ?? share)).toThrow("no private key");
  }
});

test("a share of X25519 is the same key, and gives the same secret, by whichever way a runtime takes it", () => {
  const { privateKey } = generateKeyPairSync("x25519");
  const shares = [pattern(32, 7), new Uint8Array(32).fill(9), new Uint8Array(32).fill(255), new Uint8Array(32)];
  for (const share of shares) {
    const keys = [fromJwk(share), fromPem(share)];
    for (const key of keys) expect(key.export({ format: "jwk" })).toMatchObject({ x: Buffer.from(share).toString("base64url") });
    const secrets = keys.map((publicKey) => {
      try {
        return diffieHellman({ privateKey, publicKey }).toString("hex");
      } catch {
        return "of low order";
      }
    });
    expect(secrets[0]).toBe(secrets[1]);
  }
});

test("public keys that come again, more of them than are kept, are told apart, and what failed once is judged anew", () => {
  const { verify } = verification(node, "ecdsa_secp256r1_sha256");
  const signers = Array.from({ length: 70 }, () => signer(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey));
  const signed = signers.map((one) => ({ key: one.publicKey, signature: one.sign("ecdsa_secp256r1_sha256", message) }));
  for (let round = 0; round < 2; round++) {
    for (const [at, { key, signature }] of signed.entries()) {
      const offTheCurve = key.with(-1, (key.at(-1) ?? 0) ^ 1);
      expect(verify(offTheCurve, message, signature)).toBe(false);
      expect(verify(key, message, signature)).toBe(true);
      expect(verify(key, message, signed[(at + 1) % signed.length]?.signature ?? signature)).toBe(false);
      expect(verification(node, "ecdsa_secp384r1_sha384").verify(key, message, signature)).toBe(false);
    }
  }
});

// Node.js 20 waits for ever if the collector comes while a generated key is exported as JWK: within some 10,000 keys of these.
test.each([
  ["x25519", 40_000],
  ["secp521r1", 2_000],
  ["X25519MLKEM768", 1_000],
] as const)("a collection may come at any moment while keys of %s are made", { timeout: 180_000 }, async (group, count) => {
  const flags = ["--max-semi-space-size=1", "--import", "./bench/register.mjs", "--conditions=sallyport-source"];
  const printed = await run(process.execPath, [...flags, "test/support/key-churn.ts", group, String(count)], "", {
    cwd: root,
    timeoutMs: 150_000,
  });
  expect(printed).toBe("done\n");
});
