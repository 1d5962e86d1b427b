// Every signature algorithm in use, in certificates written by hand and signed by node:crypto, on each synchronous provider.
import {
  constants,
  createHash,
  generateKeyPairSync,
  type KeyObject,
  type KeyPairKeyObjectResult,
  randomBytes,
  sign,
} from "node:crypto";
import { readFileSync } from "node:fs";
import type { Bytes, CryptoProvider } from "@sallyport/core";
import { noble } from "@sallyport/crypto-noble";
import { node } from "@sallyport/crypto-node";
import { parsePem, serverVerifier } from "@sallyport/x509";
import { describe, expect, test } from "vitest";
import { noon, presented, verdict } from "../support/chains.ts";
import {
  bitString,
  explicit,
  extension,
  implicit,
  integer,
  octetString,
  oid,
  sequence,
  tlv,
  utcTime,
  yes,
} from "../support/der.ts";
import { rsaPssKeys } from "../support/keys.ts";
import { changed, join, type Octets, repeat, text } from "../support/octets.ts";

interface Algorithm {
  readonly keys: KeyPairKeyObjectResult;
  readonly identifier: Bytes;
  sign(tbs: Uint8Array, key: KeyObject): Uint8Array;
}

const nothing = tlv(5);
const hashIds = { sha256: "2.16.840.1.101.3.4.2.1", sha384: "2.16.840.1.101.3.4.2.2", sha512: "2.16.840.1.101.3.4.2.3" } as const;
type HashName = keyof typeof hashIds;
const hashNames: readonly HashName[] = ["sha256", "sha384", "sha512"];

const ecdsa = (namedCurve: string, id: string, hash: HashName): Algorithm => ({
  keys: generateKeyPairSync("ec", { namedCurve }),
  identifier: sequence(oid(id)),
  sign: (tbs, key) => sign(hash, tbs, key),
});
const pkcs1 = (keys: KeyPairKeyObjectResult, hash: HashName): Algorithm => ({
  keys,
  identifier: sequence(oid(`1.2.840.113549.1.1.${11 + hashNames.indexOf(hash)}`), nothing),
  sign: (tbs, key) => sign(hash, tbs, key),
});
/** RSASSA-PSS-params (RFC 4055 §3.1). */
const pssParameters = (hash: HashName, saltLength: number): Bytes => {
  const algorithm = sequence(oid(hashIds[hash]), nothing);
  return sequence(
    explicit(0, algorithm),
    explicit(1, sequence(oid("1.2.840.113549.1.1.8"), algorithm)),
    explicit(2, integer(saltLength)),
  );
};
const pss = (
  keys: KeyPairKeyObjectResult,
  hash: HashName,
  saltLength = { sha256: 32, sha384: 48, sha512: 64 }[hash],
): Algorithm => ({
  keys,
  identifier: sequence(oid("1.2.840.113549.1.1.10"), pssParameters(hash, saltLength)),
  sign: (tbs, key) => sign(hash, tbs, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }),
});
const rsa = (modulusLength: number) => generateKeyPairSync("rsa", { modulusLength });
const [rsa2048, rsa3072, rsa4096] = [rsa(2048), rsa(3072), rsa(4096)];
const rsaPss = rsaPssKeys();
const rsaPssFor = (hash: HashName, saltLength: number) =>
  rsaPssKeys({ hashAlgorithm: hash, mgf1HashAlgorithm: hash, saltLength });

const good: readonly (readonly [string, Algorithm])[] = [
  ["ECDSA on P-256 with SHA-256", ecdsa("P-256", "1.2.840.10045.4.3.2", "sha256")],
  ["ECDSA on P-384 with SHA-384", ecdsa("P-384", "1.2.840.10045.4.3.3", "sha384")],
  ["ECDSA on P-521 with SHA-512", ecdsa("P-521", "1.2.840.10045.4.3.4", "sha512")],
  [
    "Ed25519",
    { keys: generateKeyPairSync("ed25519"), identifier: sequence(oid("1.3.101.112")), sign: (tbs, key) => sign(null, tbs, key) },
  ],
  ...hashNames.map((hash) => [`RSA of 2048 bits, PKCS#1 with ${hash}`, pkcs1(rsa2048, hash)] as const),
  ["RSA of 3072 bits, PKCS#1 with sha256", pkcs1(rsa3072, "sha256")],
  ["RSA of 4096 bits, PKCS#1 with sha512", pkcs1(rsa4096, "sha512")],
  ...hashNames.map((hash) => [`RSA of 2048 bits, PSS with ${hash}`, pss(rsa2048, hash)] as const),
  ...hashNames.map((hash) => [`an RSA-PSS key, with ${hash}`, pss(rsaPss, hash)] as const),
  ["an RSA-PSS key for SHA-384 alone", pss(rsaPssFor("sha384", 48), "sha384")],
];
/** Their signatures are right; they are made in a way that TLS has no scheme for. */
const odd: readonly (readonly [string, Algorithm])[] = [
  ["P-256 with SHA-384", ecdsa("P-256", "1.2.840.10045.4.3.3", "sha384")],
  ["P-521 with SHA-256", ecdsa("P-521", "1.2.840.10045.4.3.2", "sha256")],
  ["PSS with a salt that is not as long as the hash", pss(rsa2048, "sha256", 20)],
  [
    "an RSA-PSS key for SHA-384 that signs with SHA-256",
    { ...pss(rsaPssFor("sha384", 48), "sha256"), sign: () => new Uint8Array(256) },
  ],
  ["an RSA-PSS key that signs by PKCS#1", { ...pkcs1(rsaPss, "sha256"), sign: () => new Uint8Array(256) }],
  ["PKCS#1 without its NULL", { ...pkcs1(rsa2048, "sha256"), identifier: sequence(oid("1.2.840.113549.1.1.11")) }],
  [
    "ECDSA with parameters",
    { ...ecdsa("P-256", "1.2.840.10045.4.3.2", "sha256"), identifier: sequence(oid("1.2.840.10045.4.3.2"), nothing) },
  ],
];

const name = (common: string): Bytes => sequence(tlv(0x31, sequence(oid("2.5.4.3"), tlv(0x0c, text(common)))));
const identifier = (spki: Bytes): Bytes => Uint8Array.from(createHash("sha256").update(spki).digest().subarray(0, 20));
const spkiOf = (key: KeyObject): Bytes => Uint8Array.from(key.export({ type: "spki", format: "der" }));

function certificate(by: Algorithm, subject: string, spki: Bytes, extensions: readonly Octets[]): Bytes {
  const day = 86_400_000;
  const ids = [
    extension("2.5.29.14", false, octetString(identifier(spki))),
    extension("2.5.29.35", false, sequence(implicit(0, identifier(spkiOf(by.keys.publicKey))))),
  ];
  const tbs = sequence(
    explicit(0, integer(2)),
    integer(7),
    by.identifier,
    name("CA"),
    sequence(utcTime(noon - day), utcTime(noon + day)),
    name(subject),
    spki,
    explicit(3, sequence(...extensions, ...ids)),
  );
  return sequence(tbs, by.identifier, bitString(by.sign(tbs, by.keys.privateKey)));
}
const authority = (by: Algorithm, spki: Bytes = spkiOf(by.keys.publicKey)): Bytes =>
  certificate(by, "CA", spki, [extension("2.5.29.19", true, sequence(yes)), extension("2.5.29.15", true, tlv(3, [1, 6]))]);
const leafKey = spkiOf(generateKeyPairSync("ed25519").publicKey);
const server = (by: Algorithm): Bytes =>
  certificate(by, "server", leafKey, [
    extension("2.5.29.17", false, sequence(implicit(2, text("example.com")))),
    extension("2.5.29.37", false, sequence(oid("1.3.6.1.5.5.7.3.1"))),
  ]);

const providers: readonly CryptoProvider[] = [node, noble({ random: (length) => new Uint8Array(randomBytes(length)) })];
describe.each(providers)("$name", (provider) => {
  const judge = (root: Bytes, leaf: Bytes): string => verdict(serverVerifier({ provider, roots: [root] }), presented([leaf]));

  test.each(good)("verifies %s, and no other signature", (_, algorithm) => {
    const root = authority(algorithm);
    expect(judge(root, server(algorithm))).toBe("trusted");
    const wrong: Algorithm = {
      ...algorithm,
      sign: (tbs, key) =>
        algorithm.sign(
          Uint8Array.from(tbs, (byte, at) => (at === 9 ? byte ^ 1 : byte)),
          key,
        ),
    };
    expect(judge(root, server(wrong))).toBe("bad_certificate: bad-signature");
  });

  test.each(odd)("%s is unsupported_certificate", (_, algorithm) => {
    expect(judge(authority(algorithm), server(algorithm))).toBe("unsupported_certificate: unsupported-signature");
  });

  test("verifies RSA of 8192 bits", () => {
    const [root, leaf] = parsePem(readFileSync(new URL("../vectors/data/rsa-8192.pem", import.meta.url), "utf8"));
    if (root === undefined || leaf === undefined) throw new Error("two");
    const verifier = serverVerifier({ provider, roots: [root.der] });
    const nowMs = Date.UTC(2030, 0, 1);
    expect(verdict(verifier, presented([leaf.der], { nowMs }))).toBe("trusted");
    expect(verdict(verifier, presented([changed(leaf.der, -1)], { nowMs }))).toBe("bad_certificate: bad-signature");
  });

  test.each([1024, 2040, 8200, 16_384])("refuses RSA of %i bits before it computes with it", (bits) => {
    const modulus = join([0, 0x80], repeat(bits / 8 - 2, 3), [1]);
    const key = sequence(sequence(oid("1.2.840.113549.1.1.1"), nothing), bitString(sequence(tlv(2, modulus), integer(1, 0, 1))));
    const never: Algorithm = { ...pkcs1(rsa2048, "sha256"), sign: () => repeat(bits / 8, 1) };
    expect(judge(authority(never, key), server(never))).toBe("unsupported_certificate: weak-key");
  });
});
