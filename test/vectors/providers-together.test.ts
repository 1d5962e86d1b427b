// What one provider makes the other must take: signatures, shares, records.
import type { CryptoProvider, NamedGroup } from "@sallyport/core";
import { describe, expect, test } from "vitest";
import { hasMlDsa } from "../../packages/crypto-node/src/import-key.ts";
import { group, pattern } from "../support/provider-contract.ts";
import { signerContract } from "../support/signer-contract.ts";
import { subjects } from "../support/subjects.ts";

const noble = subjects.noble.provider;
const node = subjects.node.provider;

describe("signatures", () => {
  for (const { name, run } of signerContract()) test(name, run);
});

test("both have the same suites, groups, hashes and verifications (but for ML-DSA, which Node.js 20 lacks)", () => {
  const names = ({ suites, groups, hashes, verifications }: CryptoProvider): string[][] => [
    suites.map(({ name }) => name).sort(),
    groups.map(({ name }) => name),
    hashes.map(({ name }) => name),
    verifications.map(({ scheme }) => scheme).filter((scheme) => !scheme.startsWith("mldsa")),
  ];
  const lattices = ({ verifications }: CryptoProvider): string[] => verifications.slice(0, 3).map(({ scheme }) => scheme);
  const all = ["mldsa44", "mldsa65", "mldsa87"];
  expect(lattices(noble)).toEqual(all);
  expect(lattices(node)).toEqual(
    hasMlDsa() ? all : ["ecdsa_secp256r1_sha256", "ecdsa_secp384r1_sha384", "ecdsa_secp521r1_sha512"],
  );
  expect(names(noble)).toEqual(names(node));
});

test("noble begins with ChaCha20, node with AES-128", () => {
  expect(noble.suites[0]?.name).toBe("TLS_CHACHA20_POLY1305_SHA256");
  expect(node.suites[0]?.name).toBe("TLS_AES_128_GCM_SHA256");
});

const groupNames: readonly NamedGroup[] = [
  "X25519MLKEM768",
  "x25519",
  "secp256r1",
  "secp384r1",
  "secp521r1",
  "SecP256r1MLKEM768",
];

test("X25519MLKEM768 is preferred, the other hybrid comes last", () => {
  expect(noble.groups.map(({ name }) => name)).toEqual(groupNames);
});

test.each(groupNames)("%s: they agree with each other, in both roles", (name) => {
  for (const [initiator, responder] of [
    [noble, node],
    [node, noble],
  ] as const) {
    const { share, key } = group(initiator, name).start();
    const answer = group(responder, name).respond(share);
    expect(answer?.secret).toBeDefined();
    expect(answer?.secret).toEqual(group(initiator, name).complete(key, answer?.share ?? new Uint8Array(0)));
  }
});

test("what one seals the other opens, and both seal alike", () => {
  const message = pattern(130, 6);
  for (const suite of noble.suites) {
    const other = node.suites.find(({ name }) => name === suite.name);
    if (other === undefined) throw new Error(`crypto-node has no ${suite.name}`);
    const key = pattern(suite.keyLength, 1);
    const nonce = pattern(12, 2);
    const aad = pattern(5, 3);
    const sealed = [suite, other].map((one) => {
      const target = new Uint8Array(message.length + 16);
      one.seal(key).seal(nonce, aad, message, target, 0);
      return target;
    });
    expect(sealed[0]).toEqual(sealed[1]);
    expect(other.open(key).open(nonce, aad, Uint8Array.from(sealed[0] ?? []))).toEqual(message);
  }
});
