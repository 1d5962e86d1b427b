// What a client's certificate must have (RFC 9846 §4.3.5): told by the server, seen by the picker, judged by the verifier.
import * as x509 from "@peculiar/x509";
import {
  type ClientOptions,
  ConfigError,
  type CredentialRequest,
  type OidFilter,
  serverConfig,
  type ServerOptions,
  type SyncVerifier,
} from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { clientVerifier, type RequiredUsage } from "@sallyport/x509";
import { describe, expect, test } from "vitest";
import { authority, party, presented, purposes, verdict } from "../support/chains.ts";
import { fakeCredential } from "../support/fake-credential.ts";
import { fakeProvider } from "../support/fake-provider.ts";
import { bytesOf, hexOf } from "../support/hex.ts";
import { extension, join, type Octets, v16, v8 } from "../support/octets.ts";
import { converse, makePair } from "../support/pair.ts";
import { ScriptedServer } from "../support/scripted-peer.ts";
import { asyncPicker, now, seededCredential, trusting } from "../support/seeded.ts";

const oid_filters = 48;
const keyUsage = bytesOf("0603551d0f");
const purpose = bytesOf("0603551d25");
const filters: readonly OidFilter[] = [
  { oid: keyUsage, values: bytesOf("03020780") },
  { oid: purpose, values: new Uint8Array(0) },
];
const own = seededCredential("a client", ["client"]);

describe("in TLS 1.3", () => {
  test.each([false, true])("a picker is told what the server's verifier asks for, asynchronous: %s", (asynchronous) => {
    const asked: CredentialRequest[] = [];
    const picker = { pick: (request: CredentialRequest) => (asked.push(request), own) };
    expect(meet("tls1.3", { ...trusting, oidFilters: filters }, asynchronous ? asyncPicker(picker) : picker)).toBe("established");
    expect(asked.map(({ oidFilters }) => oidFilters.map(({ oid, values }) => [hexOf(oid), hexOf(values)]))).toEqual([
      [
        ["0603551d0f", "03020780"],
        ["0603551d25", ""],
      ],
    ]);
  });

  test.each<[string, readonly Octets[], string | undefined]>([
    ["none at all", [v16()], undefined],
    ["one that nobody knows", [v16(v8([6, 1, 42]), v16([1, 2, 3]))], undefined],
    ["an OID twice", [v16(v8(keyUsage), v16(), v8(keyUsage), v16([1]))], "illegal_parameter"],
    ["an empty OID", [v16(v8(), v16())], "decode_error"],
    ["values that are cut off", [v16(v8(keyUsage), [0, 9, 1])], "decode_error"],
    ["a byte behind the list", [v16(), [0]], "decode_error"],
  ])("a request with %s", (_, body, alert) => {
    const server = new ScriptedServer().to("WAIT_CERT_CR");
    server.say(server.certificateRequest(extension(oid_filters, join(...body)))).skipTo("WAIT_CERT");
    expect(server.machine.failure?.alert).toEqual(alert && { kind: "alert", level: "fatal", description: alert });
  });
});

test("in TLS 1.2 nothing is told, since there are no words for it", () => {
  const asked: CredentialRequest[] = [];
  const picker = { pick: (request: CredentialRequest) => (asked.push(request), own) };
  expect(meet("tls1.2", { ...trusting, oidFilters: filters }, picker)).toBe("established");
  expect(asked.map(({ oidFilters }) => oidFilters)).toEqual([[]]);
});

test.each<[string, unknown, string]>([
  ["no list", "2.5.29.15", "wrong-type"],
  ["an OID in dotted form", [{ oid: "2.5.29.15", values: new Uint8Array(0) }], "wrong-type"],
  ["an OID without its header", [{ oid: bytesOf("551d0f"), values: new Uint8Array(0) }], "wrong-type"],
  ["no values", [{ oid: keyUsage }], "wrong-type"],
  [
    "an OID twice",
    [
      { oid: keyUsage, values: new Uint8Array(0) },
      { oid: keyUsage, values: new Uint8Array(1) },
    ],
    "duplicate",
  ],
  ["more than there is room for", [{ oid: keyUsage, values: new Uint8Array(2 ** 13) }], "too-many-filters"],
])("a verifier with %s is refused in the config", (_, oidFilters, kind) => {
  const verifier = { ...trusting, oidFilters } as SyncVerifier;
  expect(problemsOf(verifier)).toEqual([`${kind} clientAuthentication.verifier.oidFilters`]);
});

test("another filter is another config id: a session doesn't enter where more is demanded", () => {
  const idOf = (oidFilters: readonly OidFilter[]): string =>
    hexOf(serverConfig({ ...served, clientAuthentication: { mode: "required", verifier: { ...trusting, oidFilters } } }).id);
  expect(new Set([idOf([]), idOf(filters), idOf(filters.slice(1))]).size).toBe(3);
});

describe("x509's clientVerifier", async () => {
  const root = await authority("CN=root");
  const client = await party("CN=client", {
    by: root,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyAgreement, true),
      new x509.ExtendedKeyUsageExtension([purposes.client, purposes.mail]),
    ],
  });
  const requiring = (requires: RequiredUsage): SyncVerifier => clientVerifier({ provider: node, roots: [root.der], requires });
  const smartCard = "1.3.6.1.4.1.311.20.2.2";

  test.each<[RequiredUsage, string]>([
    [{}, "trusted"],
    [{ keyUsage: ["digitalSignature"], extendedKeyUsage: [purposes.mail] }, "trusted"],
    [{ keyUsage: ["keyAgreement", "nonRepudiation"] }, "unsupported_certificate: required-usage"],
    [{ extendedKeyUsage: [purposes.client, smartCard] }, "unsupported_certificate: required-usage"],
    [{ keyUsage: ["decipherOnly"], extendedKeyUsage: [smartCard] }, "unsupported_certificate: required-usage, required-usage"],
  ])("judges %j: %s", (requires, expected) => {
    expect(verdict(requiring(requires), presented([client.der], { role: "client", serverName: undefined }))).toBe(expected);
  });

  test("demands an extension that is missing, though its absence restricts nothing", async () => {
    const bare = await party("CN=bare", { by: root, extensions: [new x509.BasicConstraintsExtension(false, undefined, true)] });
    const identity = presented([bare.der], { role: "client", serverName: undefined });
    const lax = clientVerifier({ provider: node, roots: [root.der], profile: "rfc5280" });
    const strict = clientVerifier({
      provider: node,
      roots: [root.der],
      profile: "rfc5280",
      requires: { extendedKeyUsage: [smartCard] },
    });
    expect([verdict(lax, identity), verdict(strict, identity)]).toEqual(["trusted", "unsupported_certificate: required-usage"]);
  });

  // The extensions as another encoder writes them.
  test.each<[RequiredUsage, x509.Extension]>([
    [{ keyUsage: ["digitalSignature"] }, new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature)],
    [
      { keyUsage: ["cRLSign", "digitalSignature"] },
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature),
    ],
    [{ keyUsage: ["decipherOnly"] }, new x509.KeyUsagesExtension(x509.KeyUsageFlags.decipherOnly)],
    [{ extendedKeyUsage: [smartCard, purposes.client] }, new x509.ExtendedKeyUsageExtension([smartCard, purposes.client])],
    [{ extendedKeyUsage: ["2.999.4294967296.0"] }, new x509.ExtendedKeyUsageExtension(["2.999.4294967296.0"])],
    [
      { extendedKeyUsage: Array.from({ length: 40 }, (_, at) => `1.2.${at}.3`) },
      new x509.ExtendedKeyUsageExtension(Array.from({ length: 40 }, (_, at) => `1.2.${at}.3`)),
    ],
  ])("tells clients of %j in DER", (requires, expected) => {
    expect(requiring(requires).oidFilters?.map(({ values }) => hexOf(values))).toEqual([hexOf(new Uint8Array(expected.value))]);
  });

  test.each<[RequiredUsage, string]>([
    [{ keyUsage: ["signing" as never] }, "requires.keyUsage[0]"],
    [{ extendedKeyUsage: [purposes.mail, "clientAuth"] }, "requires.extendedKeyUsage[1]"],
    [{ extendedKeyUsage: ["2.5.29.37.0"] }, "requires.extendedKeyUsage[0]"],
    [{ extendedKeyUsage: ["1.40.1"] }, "requires.extendedKeyUsage[0]"],
  ])("refuses %j", (requires, path) => {
    expect(problemsIn(() => requiring(requires))).toEqual([`unknown-name ${path}`]);
  });

  test("has another label for other demands, in whatever order they stand", () => {
    const labels = [
      {},
      { keyUsage: ["cRLSign", "keyAgreement"] },
      { keyUsage: ["keyAgreement", "cRLSign"] },
      { extendedKeyUsage: [smartCard] },
    ];
    const [none, one, same, other] = labels.map((requires) => requiring(requires as RequiredUsage).label);
    expect(one).toBe(same);
    expect(new Set([none, one, other]).size).toBe(3);
  });
});

const served = { provider: fakeProvider(), now, credentials: [fakeCredential("P-256")] } as const satisfies ServerOptions;
function problemsOf(verifier: SyncVerifier): string[] {
  return problemsIn(() => serverConfig({ ...served, clientAuthentication: { mode: "required", verifier } }));
}
function problemsIn(make: () => unknown): string[] {
  try {
    make();
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown.problems.map(({ kind, path }) => `${kind} ${path}`);
    throw thrown;
  }
  return [];
}

function meet(version: "tls1.2" | "tls1.3", verifier: SyncVerifier, credentials: ClientOptions["credentials"]): string {
  const versions = [version];
  const pair = makePair({
    server: { versions, clientAuthentication: { mode: "required", verifier } },
    client: { versions, ...(credentials && { credentials }) },
  });
  converse(pair);
  return pair.server.stage.kind;
}
