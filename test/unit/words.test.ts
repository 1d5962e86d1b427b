import type { Refusal } from "@sallyport/core";
import { alertInWords, codePoint, refusalInWords } from "@sallyport/cli";
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";

const tls12 = { id: 0x0303, name: "TLSv1.2" };
const rsa = { id: 0x0401, name: "rsa_pkcs1_sha256" };

const cases: readonly [Refusal, string][] = [
  [
    { kind: "no-common-version", theirs: [{ id: 0x0301, name: "TLSv1.0" }, tls12], ours: ["tls1.3"] },
    "The client speaks TLS 1.0, TLS 1.2; this server speaks TLS 1.3.",
  ],
  [
    { kind: "fallback-scsv", ours: "tls1.3" },
    "The client says that this is its second try, with less than it can (TLS_FALLBACK_SCSV), yet TLS 1.3 would have been there: " +
      "somebody may have broken the first.",
  ],
  [{ kind: "server-name-missing" }, "The client doesn't say which name it wants (server_name), and this server insists on one."],
  [
    { kind: "server-name-unknown", theirs: "a.example", ours: ["b.example"] },
    "The client wants a.example; the certificates here are for b.example.",
  ],
  [
    { kind: "no-common-alpn", theirs: ["h3"], ours: ["h2", "http/1.1"] },
    "The client wants to speak h3; this server speaks h2, http/1.1.",
  ],
  [
    { kind: "no-common-suite", theirs: [{ id: 0x0005, name: "TLS_RSA_WITH_RC4_128_SHA" }], ours: ["TLS_AES_128_GCM_SHA256"] },
    "The client offers 1 cipher suite, none of which is spoken here: what it has is out of date (RC4, key transport by RSA).",
  ],
  [
    { kind: "suite-needs-other-key", suite: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", ours: ["ed25519"] },
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 calls for an RSA certificate; the key here signs ed25519.",
  ],
  [
    { kind: "no-supported-groups" },
    "The client doesn't say which curves it can do (supported_groups), so none can be chosen that it is sure to know.",
  ],
  [
    { kind: "no-common-group", theirs: [{ id: 0x15, name: "secp224r1" }], ours: ["x25519"] },
    "For the key exchange the client can do nothing but secp224r1; this server can do x25519.",
  ],
  [
    { kind: "no-common-scheme", theirs: [rsa, { id: 0x0201, name: "rsa_pkcs1_sha1" }], ours: ["ed25519"] },
    "The client takes signatures by rsa_pkcs1_sha256, rsa_pkcs1_sha1; the key here signs ed25519.",
  ],
  [
    { kind: "no-common-certificate-type", whose: "server", theirs: [{ id: 2, name: "Raw Public Key" }], ours: ["x509"] },
    "For a certificate the client takes nothing but Raw Public Key; this server has x509.",
  ],
  [
    { kind: "no-common-certificate-type", whose: "client", theirs: [{ id: 0, name: "X509" }], ours: ["raw-public-key"] },
    "For a certificate the client has nothing but X509; this server takes raw-public-key.",
  ],
  [
    { kind: "no-credential-for-authorities", theirs: [new Uint8Array(2), new Uint8Array(3)] },
    "The client names 2 authorities that it trusts; no certificate here is by one of them.",
  ],
  [{ kind: "missing-extension", extension: "key_share" }, "The client left out key_share, which TLS 1.3 can't do without."],
];

describe("a refusal is a sentence", () => {
  test.each(cases)("%j", (refusal, sentence) => {
    expect(refusalInWords(refusal)).toBe(sentence);
  });
});

test.prop([fc.string({ unit: "binary" })])("what a client says reaches a terminal as printable ASCII alone", (theirs) => {
  expect(refusalInWords({ kind: "server-name-unknown", theirs, ours: [theirs] })).toMatch(/^[\x20-\x7e]*$/);
});

test("a code point is its name, its number, or GREASE", () => {
  expect(codePoint({ id: 0x001d, name: "x25519" })).toBe("x25519");
  expect(codePoint({ id: 0x0304, name: "TLSv1.3" })).toBe("TLS 1.3");
  expect(codePoint({ id: 0x6399, name: undefined })).toBe("0x6399");
  expect(codePoint({ id: 0x1a1a, name: undefined })).toBe("GREASE (0x1a1a)");
  expect(codePoint({ id: 0x1a2a, name: undefined })).toBe("0x1a2a");
});

test("an alert has words where its name says too little", () => {
  expect(alertInWords("protocol_version")).toBe("no version of TLS in common");
  expect(alertInWords("close_notify")).toBeUndefined();
});
