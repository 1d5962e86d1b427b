import { createECDH, createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, verify } from "node:crypto";
import { ConfigError } from "@sallyport/core";
import { noble, signer } from "@sallyport/crypto-noble";
import { describe, expect, test } from "vitest";
import { rsaPssKeys } from "../support/keys.ts";
import { group, pattern } from "../support/provider-contract.ts";

const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" });
const pem = (key: KeyObject, type: "pkcs8" | "sec1" = "pkcs8"): string => key.export({ type, format: "pem" }).toString();
const message = pattern(50, 1);

describe("the provider", () => {
  test("everything it draws comes from `random`, so that a seeded one repeats a run", () => {
    const seeded = (): ReturnType<typeof noble> => {
      let drawn = 0;
      return noble({ random: (length) => pattern(length, drawn++) });
    };
    for (const { name } of seeded().groups) {
      const { share, key } = group(seeded(), name).start();
      expect(group(seeded(), name).start()).toEqual({ share, key });
      expect(group(seeded(), name).respond(share)).toEqual(group(seeded(), name).respond(share));
    }
  });

  test("`random` that gives another length, or nothing that can be a key, throws", () => {
    expect(() => noble({ random: () => new Uint8Array(31) }).random(32)).toThrow("random(32) gave 31 bytes");
    const zeros = noble({ random: (length) => new Uint8Array(length) });
    expect(() => group(zeros, "secp256r1").start()).toThrow("not random");
  });

  test("a scalar above the order is drawn again", () => {
    const draws = [new Uint8Array(32).fill(0xff), new Uint8Array(32), pattern(32, 1)];
    const provider = noble({ random: () => draws.shift() ?? new Uint8Array(0) });
    expect(group(provider, "secp256r1").start().key).toEqual(pattern(32, 1));
  });

  test("a scalar for P-521 keeps but one bit of its first byte, so that it need not be drawn again", () => {
    const provider = noble({ random: (length) => pattern(length, 1) });
    expect(pattern(66, 1)[0]).toBeGreaterThan(1);
    expect(group(provider, "secp521r1").start().key).toEqual(pattern(66, 1).fill((pattern(1, 1)[0] ?? 0) & 1, 0, 1));
  });

  test("another provider's private key is the caller's mistake, and not the peer's", () => {
    const ours = group(noble({ random: randomBytes }), "x25519");
    expect(() => ours.complete({}, pattern(32, 1))).toThrow("no private key");
  });
});

describe("the signer reads", () => {
  test.each(["P-256", "P-384", "P-521"])(
    "%s as PKCS#8 in DER and PEM, and as SEC 1 in PEM behind another block",
    (namedCurve) => {
      const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve });
      const parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
      const forms = [privateKey.export({ type: "pkcs8", format: "der" }), pem(privateKey), parameters + pem(privateKey, "sec1")];
      for (const form of forms) {
        const ours = signer(form);
        const [scheme = "ed25519"] = ours.schemes;
        expect(ours.publicKey).toEqual(Uint8Array.from(publicKey.export({ type: "spki", format: "der" })));
        expect(verify(/sha\d+$/.exec(scheme)?.[0], message, publicKey, ours.sign(scheme, message))).toBe(true);
      }
    },
  );

  test("Ed25519 as PKCS#8, in lines of either kind of ending", () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    for (const text of [pem(privateKey), pem(privateKey).replaceAll("\n", "\r\n")]) {
      expect(verify(null, message, publicKey, signer(text).sign("ed25519", message))).toBe(true);
    }
  });

  test("a scalar whose leading zeros were left out", () => {
    // Not by generateKeyPairSync: a key exported as JWK while another pair is garbage is a deadlock of Node.js 20's.
    const ecdh = createECDH("prime256v1");
    for (;;) {
      const point = ecdh.generateKeys();
      const scalar = ecdh.getPrivateKey();
      const short = scalar.subarray(scalar.findIndex((byte) => byte !== 0));
      if (short.length === 32) continue;
      const curve = Buffer.from("a00a06082a8648ce3d030107", "hex");
      const sec1 = Buffer.from([0x30, short.length + 17, 2, 1, 1, 4, short.length, ...short, ...curve]);
      const text = `-----BEGIN EC PRIVATE KEY-----\n${sec1.toString("base64")}\n-----END EC PRIVATE KEY-----\n`;
      expect(signer(text).publicKey.subarray(-65)).toEqual(Uint8Array.from(point));
      return;
    }
  });
});

describe("the signer", () => {
  test("repeats an ECDSA signature, unless it is given random bytes", () => {
    const text = pem(p256.privateKey);
    const sign = (random?: (length: number) => Uint8Array): Uint8Array =>
      signer(text, random && { random }).sign("ecdsa_secp256r1_sha256", message);
    expect(sign()).toEqual(sign());
    expect(sign(randomBytes)).not.toEqual(sign(randomBytes));
  });

  test("keeps a copy of the key", () => {
    const der = p256.privateKey.export({ type: "pkcs8", format: "der" });
    const ours = signer(der);
    der.fill(0);
    expect(verify("sha256", message, p256.publicKey, ours.sign("ecdsa_secp256r1_sha256", message))).toBe(true);
  });

  test("throws for a scheme that isn't the key's", () => {
    expect(() => signer(pem(p256.privateKey)).sign("ed25519", message)).toThrow("signs ecdsa_secp256r1_sha256, not ed25519");
  });

  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  const refusals: readonly (readonly [string, Uint8Array | string, RegExp])[] = [
    ["RSA in PKCS#8, and says where to go", pem(rsa), /RSA .*@sallyport\/crypto-node.*@sallyport\/crypto-web/],
    ["RSA in PKCS#1", rsa.export({ type: "pkcs1", format: "pem" }).toString(), /RSA .*@sallyport\/crypto-node/],
    ["RSA-PSS", pem(rsaPssKeys().privateKey), /RSA/],
    ["X25519", pem(generateKeyPairSync("x25519").privateKey), /algorithm that does not sign/],
    ["secp256k1", pem(generateKeyPairSync("ec", { namedCurve: "secp256k1" }).privateKey), /curve/],
    ["an encrypted key", encrypted("pkcs8"), /encrypted.*openssl pkcs8/],
    ["an encrypted key of the old kind", encrypted("sec1"), /encrypted/],
    ["a public key", p256.publicKey.export({ type: "spki", format: "pem" }).toString(), /no PEM block of a private key/],
    ["text that is no PEM", "", /no PEM block/],
    ["a cut PEM", pem(p256.privateKey).replace(/.\n-----END/, "\n-----END"), /base64/],
    ["bytes that are no DER", pattern(100, 1), /no DER/],
    ["a zero scalar", zeroKey(), /range/],
  ];
  test.each(refusals)("refuses %s", (_, key, expected) => {
    expect(() => signer(key)).toThrow(ConfigError);
    expect(() => signer(key)).toThrow(expected);
  });

  test("refuses every prefix of a key with a ConfigError", () => {
    const der = p256.privateKey.export({ type: "pkcs8", format: "der" });
    for (let length = 0; length < 67; length++) expect(() => signer(der.subarray(0, length))).toThrow(ConfigError);
  });
});

function encrypted(type: "pkcs8" | "sec1"): string {
  return p256.privateKey.export({ type, format: "pem", cipher: "aes-128-cbc", passphrase: "x" }).toString();
}

function zeroKey(): Uint8Array {
  const der = Uint8Array.from(createPrivateKey(pem(p256.privateKey)).export({ type: "pkcs8", format: "der" }));
  return der.fill(0, 36, 68);
}
