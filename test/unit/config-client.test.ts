import { expect, test } from "vitest";
import { clientConfig, type ClientOptions, ConfigError, type NamedGroup, type SyncVerifier } from "@sallyport/core";
import { fakeProvider, group } from "../support/fake-provider.ts";
import { clientSettings } from "../support/settings.ts";

type Loose = { readonly [K in keyof ClientOptions]?: unknown } & Readonly<Record<string, unknown>>;

const verifier: SyncVerifier = {
  label: "nobody",
  schemes: ["ecdsa_secp256r1_sha256"],
  verify: () => ({ reason: "trusts nobody" }),
};
const good: ClientOptions = { provider: fakeProvider(), now: () => 1, verifier };

function kindsOf(options: Loose): string[] {
  try {
    clientConfig({ ...good, ...options } as ClientOptions);
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown.problems.map(({ kind, path }) => `${kind} ${path}`);
    throw thrown;
  }
  return [];
}
const keySharesOf = (options: Partial<ClientOptions>): string[] =>
  clientSettings(clientConfig({ ...good, ...options })).keyShares.map(({ name }) => name);

test("by default the first group gets a key share", () => {
  expect(keySharesOf({})).toEqual(["x25519"]);
  expect(keySharesOf({ groups: ["secp384r1", "x25519"] })).toEqual(["secp384r1"]);
});

test.each<[string, NamedGroup[], NamedGroup[]]>([
  ["a hybrid has the first classical group at its side", ["X25519MLKEM768", "x25519", "secp256r1"], ["X25519MLKEM768", "x25519"]],
  ["the order is that of the groups", ["SecP256r1MLKEM768", "X25519MLKEM768", "secp256r1"], ["SecP256r1MLKEM768", "secp256r1"]],
  ["a hybrid behind a classical group is left to the server", ["x25519", "X25519MLKEM768"], ["x25519"]],
  ["hybrids alone give one share", ["X25519MLKEM768", "SecP256r1MLKEM768"], ["X25519MLKEM768"]],
])("key shares by default: %s", (_, groups, expected) => {
  const provider = fakeProvider({
    groups: [group("x25519", 32), group("secp256r1", 65), group("X25519MLKEM768", 1216), group("SecP256r1MLKEM768", 1249)],
  });
  expect(keySharesOf({ provider, groups })).toEqual(expected);
});

test("a number of key shares counts hybrids like all others", () => {
  const provider = fakeProvider({ groups: [group("X25519MLKEM768", 1216), group("x25519", 32), group("secp256r1", 65)] });
  expect(keySharesOf({ provider, keyShares: 1 })).toEqual(["X25519MLKEM768"]);
  expect(keySharesOf({ provider, keyShares: 3 })).toEqual(["X25519MLKEM768", "x25519", "secp256r1"]);
});

test("key shares are so many groups from the front, or the named ones in the order of the groups", () => {
  expect(keySharesOf({ keyShares: 2 })).toEqual(["x25519", "secp256r1"]);
  expect(keySharesOf({ keyShares: ["secp384r1", "x25519"] })).toEqual(["x25519", "secp384r1"]);
});

test("with no key shares the server must ask", () => {
  expect(keySharesOf({ keyShares: 0 })).toEqual([]);
  expect(keySharesOf({ keyShares: [] })).toEqual([]);
});

test("schemes keep the order of the options, for the order is what the server is told", () => {
  const schemes = ["ed25519", "rsa_pkcs1_sha256", "ecdsa_secp256r1_sha256"] as const;
  expect([...clientSettings(clientConfig({ ...good, schemes })).verifications.keys()]).toEqual(schemes);
});

test.each<[string, Loose, string[]]>([
  [
    "sessions that no version would resume",
    { versions: ["tls1.2"], resumesTls12: false, sessions: { take: () => undefined, put: () => {} } },
    ["other-version sessions"],
  ],
  [
    "more tickets than may come in a row",
    { sessions: { take: () => undefined, put: () => {} }, tickets: { new: 3, resumed: 1 }, limits: { postHandshakeInARow: 2 } },
    ["limit-too-small limits.postHandshakeInARow"],
  ],
  ["no verifier", { verifier: undefined }, ["missing-option verifier"]],
  ["a verifier that can't verify", { verifier: { label: "", schemes: ["ed25519"] } }, ["wrong-type verifier"]],
  ["a verifier without schemes", { verifier: { ...verifier, schemes: [] } }, ["empty-list verifier.schemes"]],
  ["a verifier with unknown schemes", { verifier: { ...verifier, schemes: ["rsa_md5"] } }, ["unknown-name verifier.schemes[0]"]],
  [
    "a verifier with no scheme of ours",
    { verifier: { ...verifier, schemes: ["mldsa44"] } },
    ["no-common-scheme verifier.schemes"],
  ],
  ["credentials that are none", { credentials: true }, ["wrong-type credentials"]],
  ["a picker that can't pick", { credentials: { pick: 1 } }, ["wrong-type credentials"]],
  [
    "an own credential of no kind",
    { credentials: [{}] },
    expect.arrayContaining(["unknown-name credentials[0].type"]) as unknown as string[],
  ],
  ["a verifier without a label", { verifier: { ...verifier, label: undefined } }, ["wrong-type verifier.label"]],
  [
    "a verifier that asks for what is not stapled",
    { verifier: { ...verifier, asksFor: ["crl" as never] } },
    ["unknown-name verifier.asksFor[0]"],
  ],
  ["more key shares than groups", { keyShares: 4 }, ["bad-key-shares keyShares"]],
  ["a negative number of key shares", { keyShares: -1 }, ["bad-key-shares keyShares"]],
  ["half a key share", { keyShares: 0.5 }, ["bad-key-shares keyShares"]],
  ["a key share for a group that is not offered", { groups: ["x25519"], keyShares: ["secp256r1"] }, ["not-in-groups keyShares"]],
  ["two key shares for one group", { keyShares: ["x25519", "x25519"] }, ["duplicate keyShares[1]"]],
  ["key shares that are no list", { keyShares: "x25519" }, ["wrong-type keyShares"]],
  [
    "no scheme that signs in TLS 1.3",
    { schemes: ["rsa_pkcs1_sha256", "rsa_pkcs1_sha384"], verifier: { ...verifier, schemes: ["rsa_pkcs1_sha256"] } },
    ["no-scheme-for-version schemes"],
  ],
  [
    "TLS 1.2 with schemes for other suites",
    { versions: ["tls1.2"], suites: ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"], schemes: ["ecdsa_secp256r1_sha256"] },
    ["no-scheme-for-version schemes"],
  ],
  [
    "TLS 1.2 with ECDSA on a curve that is not offered",
    { versions: ["tls1.2"], groups: ["x25519"], schemes: ["ecdsa_secp256r1_sha256"] },
    ["no-scheme-for-version schemes"],
  ],
  ["a scheme that the provider can't verify", { schemes: ["mldsa44", "ecdsa_secp256r1_sha256"] }, ["not-in-provider schemes"]],
  ["an option of the server's", { servesAnyName: true }, ["unknown-option servesAnyName"]],
  [
    "no provider, and nothing said of what it would have",
    { provider: undefined, groups: ["x25519"], keyShares: 3 },
    ["missing-option provider"],
  ],
])("refused: %s", (_, options, expected) => {
  expect(kindsOf(options)).toEqual(expected);
});

test("the id tells verifiers apart by label and schemes, and roles by name", () => {
  const id = (options: Partial<ClientOptions>): string => Buffer.from(clientConfig({ ...good, ...options }).id).toString("hex");
  const others = [
    { ...verifier, label: "somebody" },
    { ...verifier, schemes: ["ed25519"] as const },
  ];
  expect(new Set([id({}), ...others.map((other) => id({ verifier: other }))]).size).toBe(3);
  expect(id({ verifier: { ...verifier, types: ["x509"] } })).toBe(id({}));
});
