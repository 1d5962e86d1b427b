import { createHash } from "node:crypto";
import { ConfigError, type PresentedIdentity, type SyncVerifier, VerifiedIdentity } from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import {
  dangerousPinnedKeys,
  dangerousTrustOnFirstUse,
  type KeyPin,
  keyPin,
  memoryKnownKeys,
  parseCertificate,
} from "@sallyport/x509";
import { describe, expect, test } from "vitest";
import { authority, noon, presented, server, verdict } from "../support/chains.ts";

const root = await authority("CN=Root");
const leaf = await server(root);
const other = await server(root);
const [pin, otherPin] = [leaf, other].map(({ der }) => keyPin(node, der)) as [KeyPin, KeyPin];

test("a pin is the SHA-256 of the SubjectPublicKeyInfo in base64, of PEM and of DER", () => {
  const { raw } = parseCertificate(leaf.der).publicKey;
  expect(pin).toBe(`sha256/${createHash("sha256").update(raw).digest("base64")}`);
  expect(
    keyPin(node, `-----BEGIN CERTIFICATE-----\n${Buffer.from(leaf.der).toString("base64")}\n-----END CERTIFICATE-----\n`),
  ).toBe(pin);
  expect(() => keyPin(node, leaf.der.subarray(1))).toThrow(ConfigError);
  expect(() => keyPin(node, "nothing")).toThrow(ConfigError);
});

describe("dangerousPinnedKeys", () => {
  test("trusts the key, whoever issued its certificate, for any name and at any time; no other key", () => {
    const verifier = dangerousPinnedKeys({ provider: node, pins: [pin] });
    for (const more of [{}, { serverName: "example.org" }, { nowMs: 2 * noon }, { serverName: undefined }]) {
      expect(verdict(verifier, presented([leaf.der], more))).toBe("trusted");
      expect(verdict(verifier, presented([other.der, leaf.der], more))).toBe("certificate_unknown: key-not-pinned");
    }
  });

  test("claims no name that nobody has vouched for", () => {
    const verifier = dangerousPinnedKeys({ provider: node, pins: [pin] });
    expect(verifier.verify(presented([leaf.der], { serverName: "example.org" }))).toMatchObject({ names: ["example.org"] });
    expect(verifier.verify(presented([leaf.der], { serverName: undefined }))).toMatchObject({ names: [] });
  });

  test("by name trusts each key for its server alone", () => {
    const verifier = dangerousPinnedKeys({
      provider: node,
      pins: new Map([
        ["a.test", [pin]],
        ["b.test", [otherPin, pin]],
      ]),
    });
    expect(verdict(verifier, presented([leaf.der], { serverName: "A.test" }))).toBe("trusted");
    expect(verdict(verifier, presented([other.der], { serverName: "a.test" }))).toBe("certificate_unknown: key-not-pinned");
    expect(verdict(verifier, presented([other.der], { serverName: "b.test" }))).toBe("trusted");
    for (const serverName of ["c.test", "__proto__", "constructor", undefined]) {
      expect(verdict(verifier, presented([leaf.der], { serverName }))).toBe("certificate_unknown: key-not-pinned");
    }
  });

  test("says which pin would have let the peer in", () => {
    const result = dangerousPinnedKeys({ provider: node, pins: [pin] }).verify(presented([other.der]));
    expect(result).toHaveProperty("reason", expect.stringContaining(`to mend it, if it is the right key, pin ${otherPin}`));
  });

  test("judges the role that it was made for, and nothing that is no certificate", () => {
    const clients = dangerousPinnedKeys({ provider: node, role: "client", pins: [pin] });
    expect(verdict(clients, presented([leaf.der], { role: "client", serverName: undefined }))).toBe("trusted");
    expect(verdict(clients, presented([leaf.der]))).toBe("internal_error: wrong-role");
    expect(verdict(dangerousPinnedKeys({ provider: node, pins: [pin] }), presented([leaf.der.subarray(0, -1)]))).toBe(
      "bad_certificate: malformed",
    );
  });

  test("has another label for other pins, and the same for the same in any order", () => {
    const label = (pins: readonly KeyPin[] | ReadonlyMap<string, readonly KeyPin[]>) =>
      dangerousPinnedKeys({ provider: node, pins }).label;
    expect(label([pin, otherPin])).toBe(label([otherPin, pin, pin]));
    expect(
      new Set([
        label([pin]),
        label([otherPin]),
        label([pin, otherPin]),
        label(new Map([["a", [pin]]])),
        label(new Map([["b", [pin]]])),
      ]).size,
    ).toBe(5);
  });

  test.each([
    [[], "there are no pins"],
    [["sha256/AAAA"], "is not sha256/ and the base64 of 32 bytes"],
    [["sha1/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="], "is not sha256/"],
    [["sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB="], "is not sha256/"],
    [new Map([["A.test", ["sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]]]), "not in lower case"],
    [new Map(), "there are no pins"],
  ] as const)("refuses pins that can't be meant: %j", (pins, problem) => {
    expect(() => dangerousPinnedKeys({ provider: node, pins: pins as readonly KeyPin[] })).toThrow(problem);
  });
});

describe("dangerousTrustOnFirstUse", () => {
  test("trusts the first key of a name, and from then on no other under that name", () => {
    const verifier = dangerousTrustOnFirstUse({ provider: node, known: memoryKnownKeys() });
    expect(verdict(verifier, presented([leaf.der], { serverName: "a.test" }))).toBe("trusted");
    expect(verdict(verifier, presented([leaf.der], { serverName: "A.TEST" }))).toBe("trusted");
    expect(verdict(verifier, presented([other.der], { serverName: "a.test" }))).toBe("certificate_unknown: key-changed");
    expect(verdict(verifier, presented([leaf.der], { serverName: "a.test" }))).toBe("trusted");
    expect(verdict(verifier, presented([other.der], { serverName: "b.test" }))).toBe("trusted");
  });

  test("names both keys when one has changed", () => {
    const verifier = dangerousTrustOnFirstUse({ provider: node, known: memoryKnownKeys() });
    verifier.verify(presented([leaf.der]));
    const result = verifier.verify(presented([other.der]));
    expect(result).toHaveProperty(
      "reason",
      expect.stringContaining(`first seen with the key ${pin}, and now CN=server (certificate 0) has ${otherPin}`),
    );
  });

  test("has a label of its own for each store, or the name that processes share", () => {
    const known = memoryKnownKeys();
    const label = (store = known, name?: string): string =>
      dangerousTrustOnFirstUse({ provider: node, known: store, ...(name === undefined ? {} : { name }) }).label;
    expect(label()).toBe(label());
    expect(label(memoryKnownKeys())).not.toBe(label());
    expect(label(memoryKnownKeys(), "a")).toBe(label(known, "a"));
    expect(new Set([label(), label(known, "a"), label(known, "b")]).size).toBe(3);
  });

  test("remembers nothing of what can't be read, and nothing without a name", () => {
    const seen: string[] = [];
    const known = { firstOf: (name: string, shown: KeyPin) => (seen.push(name), shown) };
    const verifier = dangerousTrustOnFirstUse({ provider: node, known });
    expect(verdict(verifier, presented([leaf.der.subarray(1)]))).toBe("bad_certificate: malformed");
    expect(verdict(verifier, presented([leaf.der], { serverName: undefined }))).toBe("internal_error: no-server-name");
    expect(seen).toEqual([]);
  });

  test("asks a store that answers later, with the signal of the connection", async () => {
    const { firstOf } = memoryKnownKeys();
    const signals: unknown[] = [];
    const verifier = dangerousTrustOnFirstUse({
      provider: node,
      known: { firstOfAsync: async (name, shown, signal) => (signals.push(signal), firstOf(name, shown)) },
    });
    const { signal } = new AbortController();
    expect(await verifier.verifyAsync(presented([leaf.der]), signal)).toBeInstanceOf(VerifiedIdentity);
    expect(await verifier.verifyAsync(presented([other.der]), signal)).toMatchObject({ alert: "certificate_unknown" });
    expect(await verifier.verifyAsync(presented([leaf.der], { role: "client" }), signal)).toMatchObject({
      alert: "internal_error",
    });
    expect(signals).toEqual([signal, signal]);
  });
});

test("without sha256 nothing can be pinned", () => {
  const provider = { ...node, hashes: [] };
  const makes: readonly (() => SyncVerifier | KeyPin)[] = [
    () => dangerousPinnedKeys({ provider, pins: [pin] }),
    () => dangerousTrustOnFirstUse({ provider, known: memoryKnownKeys() }),
    () => keyPin(provider, leaf.der),
  ];
  for (const make of makes) expect(make).toThrow("has no sha256");
});

test("an identity of a type that is no certificate is not x509", () => {
  const raw: PresentedIdentity = { ...presented([leaf.der]), type: "raw-public-key" };
  expect(verdict(dangerousPinnedKeys({ provider: node, pins: [pin] }), raw)).toBe("unsupported_certificate: not-x509");
});
