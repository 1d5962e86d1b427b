// What core reads of a certificate, against node's own reading, on certificates of every kind that is at hand.
import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { readPublicKey, schemesOf, TlsError } from "@sallyport/core";
import { parsePem } from "@sallyport/x509";
import { describe, expect, test } from "vitest";
import { expectSubjectPublicKey, subjectPublicKeyOf } from "../../packages/core/src/wire/certificate.ts";
import { decodeCertificate } from "../../packages/core/src/wire/certificate-message.ts";
import { fakeCertificate, fakePublicKey } from "../support/fake-credential.ts";
import { hexOf } from "../support/hex.ts";
import { join } from "../support/octets.ts";
import { type KeyKind, makePki } from "../support/pki.ts";
import { recordedHandshakes } from "../support/rfc8448.ts";

const kinds: readonly KeyKind[] = ["ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519", "rsa", "rsa-pss"];
const pki = await makePki();
const leaves = new Map<string, Uint8Array>();
for (const key of kinds) leaves.set(key, (await pki.leaf({ key })).certificate.der);
leaves.set("intermediate", (await pki.leaf({ issuer: "intermediate" })).chain[1] ?? new Uint8Array(0));
leaves.set("root", pki.ca.der);
for (const trace of recordedHandshakes) {
  for (const [at, message] of trace.all("certificate").entries()) {
    const [entry] = decodeCertificate(message).entries;
    if (entry !== undefined) leaves.set(`RFC 8448, ${trace.id}, ${at}`, entry.data);
  }
}
leaves.set("as little as its form allows", fakeCertificate(fakePublicKey("P-256")));

describe("the key of a certificate", () => {
  test.each([...leaves].filter(([name]) => !name.startsWith("as little")))("%s is that which node reads", (_, der) => {
    expect(hexOf(subjectPublicKeyOf(der))).toBe(hexOf(spkiByNode(der)));
  });

  test("all kinds sign what they should", () => {
    const first = (kind: KeyKind): string | undefined => {
      const key = readPublicKey(subjectPublicKeyOf(leaves.get(kind) ?? new Uint8Array(0)));
      return key && schemesOf(key)[0];
    };
    expect(kinds.map(first)).toEqual([
      "ecdsa_secp256r1_sha256",
      "ecdsa_secp384r1_sha384",
      "ecdsa_secp521r1_sha512",
      "ed25519",
      "rsa_pss_rsae_sha256",
      "rsa_pss_pss_sha256",
    ]);
  });

  const vectors = process.env["SALLYPORT_VECTORS"] ?? fileURLToPath(new URL("../../../shared/vectors", import.meta.url));
  const limbo = `${vectors}/limbo-dev.json.gz`;
  test.skipIf(!existsSync(limbo))(
    "every certificate of x509-limbo has the key that node reads (SALLYPORT_VECTORS names its folder)",
    () => {
      let compared = 0;
      for (const der of limboCertificates(limbo)) {
        let expected: Uint8Array;
        try {
          expected = spkiByNode(der);
        } catch {
          refusalOf(der);
          continue;
        }
        // Some are wrong on purpose where core looks: then the error is typed.
        const error = refusalOf(der);
        if (error === undefined) expect(hexOf(subjectPublicKeyOf(der))).toBe(hexOf(expected));
        compared += error === undefined ? 1 : 0;
      }
      expect(compared).toBeGreaterThan(200);
    },
  );
});

describe("what is no certificate", () => {
  test.each([...leaves])("%s with one byte changed is parsed or refused, and never another throw", (name, der) => {
    const changes = name === "ed25519" ? Array.from({ length: 255 }, (_, at) => at + 1) : [1, 0x20, 0x80, 0xff];
    for (let at = 0; at < der.length; at++) {
      for (const by of changes) refusalOf(der.with(at, (der[at] ?? 0) ^ by));
    }
  });

  test.each([...leaves])("%s cut anywhere, or with a byte behind it, is refused", (_, der) => {
    for (let length = 0; length < der.length; length++) expect(refusalOf(der.subarray(0, length))).toBeDefined();
    expect(refusalOf(join(der, [0]))).toBeDefined();
  });

  test("lengths that are indefinite, longer than they must be, or beyond the certificate", () => {
    const der = leaves.get("ecdsa-p256") ?? new Uint8Array(0);
    const [, , high = 0, low = 0] = der;
    const cases = [
      join([0x30, 0x80], der.subarray(4)),
      join([0x30, 0x83, 0, high, low], der.subarray(4)),
      join([0x30, 0x84, 0, 0, high, low], der.subarray(4)),
      join([0x30, 0x82, high, low + 1], der.subarray(4)),
      Uint8Array.of(0x30),
      Uint8Array.of(0x30, 0x82, 1),
      Uint8Array.of(0x30, 0x81, 0x7f),
      new Uint8Array(0),
    ];
    for (const wrong of cases) expect(refusalOf(wrong)).toBeDefined();
  });

  test("a length has its shortest form, and an end (X.690 §10.1)", () => {
    const taken: readonly (readonly number[])[] = [[127], [0x81, 128], [0x81, 255], [0x82, 1, 0], [0x83, 1, 0, 0]];
    for (const length of taken) expect(refusalOf(withIssuer(length, lengthOf(length)))).toBeUndefined();
    const refused: readonly (readonly [length: readonly number[], bytes: number])[] = [
      [[0x80], 128],
      [[0x81, 127], 127],
      [[0x82, 0, 255], 255],
      [[0x83, 0, 1, 0], 256],
      [[0x84, 0, 0, 1, 0], 256],
    ];
    for (const [length, bytes] of refused) expect(refusalOf(withIssuer(length, bytes)), `${length}`).toBeDefined();
  });

  test("a key that stands alone is walked like one in a certificate (RFC 7250 §3)", () => {
    const key = fakePublicKey("P-256");
    expect(() => expectSubjectPublicKey(key)).not.toThrow();
    for (const wrong of [join(key, [0]), key.subarray(1), key.subarray(0, -1), Uint8Array.of(0x30, 0), new Uint8Array(0)]) {
      expect(() => expectSubjectPublicKey(wrong)).toThrow(TlsError);
    }
  });

  test("a bare key, and a key whose inside is none", () => {
    expect(refusalOf(fakePublicKey("P-256"))).toBeDefined();
    for (const key of [
      [0x30, 0],
      [0x30, 2, 5, 0],
      [0x30, 4, 0x30, 0, 5, 0],
      [0x30, 6, 0x30, 0, 3, 0, 5, 0],
      [0x31, 4, 0x30, 0, 3, 0],
    ]) {
      expect(refusalOf(fakeCertificate(Uint8Array.from(key)))).toBeDefined();
    }
    expect(refusalOf(fakeCertificate(Uint8Array.of(0x30, 4, 0x30, 0, 3, 0)))).toBeUndefined();
  });
});

/** A certificate whose issuer has so many bytes behind a length that says it thus. */
function withIssuer(length: readonly number[], bytes: number): Uint8Array {
  const issuer = join([0x30], length, new Uint8Array(bytes));
  const key = [0x30, 4, 0x30, 0, 3, 0];
  const tbs = sequence(join([2, 1, 1], [0x30, 0], issuer, [0x30, 0], [0x30, 0], key));
  return sequence(join(tbs, [0x30, 0], [3, 0]));
}
function sequence(content: Uint8Array): Uint8Array {
  const { length } = content;
  const short = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return join([0x30], length < 0x10000 ? short : [0x83, length >> 16, (length >> 8) & 0xff, length & 0xff], content);
}
function lengthOf([first = 0, ...octets]: readonly number[]): number {
  return first < 0x80 ? first : octets.reduce((value, octet) => value * 256 + octet, 0);
}

function spkiByNode(der: Uint8Array): Uint8Array {
  return new X509Certificate(der).publicKey.export({ type: "spki", format: "der" });
}

/** @throws what is no bad-certificate with an offset inside */
function refusalOf(der: Uint8Array): TlsError | undefined {
  try {
    subjectPublicKeyOf(der);
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof TlsError) || thrown.kind !== "bad-certificate") throw thrown;
    const { offset, notDer } = thrown.context;
    if (!notDer || offset < 0 || offset > der.length) throw new Error(`offset ${offset} of ${der.length}`, { cause: thrown });
    return thrown;
  }
}

function limboCertificates(file: string): Uint8Array[] {
  interface Case {
    readonly trusted_certs: readonly string[];
    readonly untrusted_intermediates: readonly string[];
    readonly peer_certificate: string;
  }
  const { testcases } = JSON.parse(gunzipSync(readFileSync(file)).toString()) as { readonly testcases: readonly Case[] };
  const pems = testcases.flatMap(({ trusted_certs, untrusted_intermediates, peer_certificate }) => [
    ...trusted_certs.slice(0, 5),
    ...untrusted_intermediates.slice(0, 5),
    peer_certificate,
  ]);
  return pems.flatMap((pem) => parsePem(pem).map(({ der }) => der));
}
