import { expect, test } from "vitest";
import { ConfigError, type Credential, serverConfig, type ServerOptions } from "@sallyport/core";
import { fakeCertificate, fakeCredential, fakePublicKey } from "../support/fake-credential.ts";
import { fakeProvider, fakeSigner, group, hash, suite } from "../support/fake-provider.ts";
import { serverSettings } from "../support/settings.ts";

/** What a caller without types may give. */
type Loose = { readonly [K in keyof ServerOptions]?: unknown } & Readonly<Record<string, unknown>>;

const good: ServerOptions = { provider: fakeProvider(), now: () => 1, credentials: [fakeCredential("P-256")] };

function problemsOf(options: Loose): { kind: string; path: string; remedy: string; problem: string }[] {
  try {
    serverConfig({ ...good, ...options } as ServerOptions);
  } catch (thrown) {
    if (thrown instanceof ConfigError) return [...thrown.problems];
    throw thrown;
  }
  return [];
}
const kindsOf = (options: Loose): string[] => problemsOf(options).map(({ kind, path }) => `${kind} ${path}`);
const credentialWith = (overrides: Readonly<Record<string, unknown>>): Loose => ({
  credentials: [{ ...fakeCredential("P-256"), ...overrides }],
});
const x25519Key = Uint8Array.from(Buffer.from(`302a300506032b656e032100${"11".repeat(32)}`, "hex"));
const settingsOf = (options: Partial<ServerOptions> = {}) => serverSettings(serverConfig({ ...good, ...options }));

test("the defaults are TLS 1.3 and 1.2 with the provider's suites, groups and schemes, all in the provider's order", () => {
  const settings = settingsOf();
  expect(settings.versions).toEqual(["tls1.3", "tls1.2"]);
  expect(settings.suites).toEqual(good.provider.suites);
  expect(settings.groups.map(({ name }) => name)).toEqual(["x25519", "secp256r1", "secp384r1"]);
  expect([...settings.verifications.keys()]).toEqual(good.provider.verifications.map(({ scheme }) => scheme));
  expect(settings).toMatchObject({
    alpn: [],
    truncation: "strict",
    servesAnyName: false,
    requiresServerName: false,
    requireExtendedMasterSecret: false,
    suiteOrder: "server",
    assumeGroups: undefined,
  });
  expect(settings.limits).toEqual({
    clientHello: 16384,
    certificateMessage: 65536,
    certificateChain: 10,
    handshakeMessage: 16384,
    skippedEarlyData: 16384,
    emptyRecordsInARow: 32,
    warningAlerts: 4,
    changeCipherSpecs: 2,
    postHandshakeInARow: 32,
    recordsPerKey: 2 ** 23,
  });
});

test.each<[string, Partial<ServerOptions>]>([
  ["suites", { suites: ["TLS_AES_128_GCM_SHA256"] }],
  ["groups", { groups: ["X25519MLKEM768"], provider: fakeProvider({ groups: [group("X25519MLKEM768", 1216)] }) }],
  ["a provider's suites", { provider: fakeProvider({ suites: fakeProvider().suites.slice(0, 3) }) }],
])("%s of TLS 1.3 alone leave 1.2 out of the defaults", (_, options) => {
  expect(settingsOf(options).versions).toEqual(["tls1.3"]);
});

test("nothing leaves 1.3 out of the defaults: who wants 1.2 alone must say so", () => {
  expect(kindsOf({ suites: ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"] })).toEqual(["no-suite-for-version suites"]);
});

test("named suites and groups come in the order of the options, versions newest first", () => {
  const settings = settingsOf({
    versions: ["tls1.2", "tls1.3"],
    suites: ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"],
    groups: ["secp384r1", "x25519"],
  });
  expect(settings.versions).toEqual(["tls1.3", "tls1.2"]);
  expect(settings.suites.map(({ name }) => name)).toEqual([
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_CHACHA20_POLY1305_SHA256",
  ]);
  expect(settings.groups.map(({ name }) => name)).toEqual(["secp384r1", "x25519"]);
});

test("options are read once: changing them afterwards changes nothing", () => {
  const chain = [Uint8Array.from(fakeCredential("P-256").chain[0])] as [Uint8Array];
  const credential = fakeCredential("P-256", { chain });
  const alpn = ["h2"];
  const options = { ...good, alpn, credentials: [credential] as [Credential] };
  const settings = serverSettings(serverConfig(options));
  alpn.push("http/1.1");
  chain[0].fill(0);
  options.credentials.pop();
  expect(settings.alpn).toEqual(["h2"]);
  expect(settings.credentials).toHaveLength(1);
  expect(settings.credentials[0]?.chain).toEqual(fakeCredential("P-256").chain);
  expect(Object.isFrozen(settings) && Object.isFrozen(settings.credentials[0]) && Object.isFrozen(settings.limits)).toBe(true);
});

test("a getter is asked once", () => {
  let asked = 0;
  serverConfig({
    ...good,
    get alpn() {
      asked += 1;
      return ["h2"];
    },
  });
  expect(asked).toBe(1);
});

test("options may be inherited", () => {
  const options: ServerOptions = Object.assign(Object.create({ alpn: ["h2"] }), good);
  expect(serverSettings(serverConfig(options)).alpn).toEqual(["h2"]);
});

test("the signer of the settings is the very object that was given", () => {
  expect(settingsOf().credentials[0]?.signer).toBe(good.credentials[0].signer);
});

test("every problem is told at once, each with its remedy", () => {
  const problems = problemsOf({
    provider: undefined,
    now: () => Number.NaN,
    alpn: [""],
    sessions: {},
    limits: { clientHello: 1 },
    aplnn: 1,
  });
  expect(problems.map(({ kind }) => kind).sort()).toEqual([
    "bad-alpn",
    "limit-too-small",
    "missing-option",
    "no-clock",
    "unknown-option",
    "wrong-type",
  ]);
  for (const { problem, remedy } of problems) expect([problem, remedy]).not.toContain("");
  expect(() => serverConfig({ ...good, alpn: [""], now: () => Number.NaN })).toThrow(
    /alpn\[0\]: has 0 bytes; give a name.*\nnow: gives NaN/,
  );
});

test("no object of options is a ConfigError too", () => {
  for (const options of [undefined, null, 3, []]) expect(() => serverConfig(options as never)).toThrow(ConfigError);
});

test.each<[string, Loose, string[]]>([
  [
    "sessions that no version would resume",
    { versions: ["tls1.2"], resumesTls12: false, sessions: { find: () => undefined, put: () => {} } },
    ["other-version sessions"],
  ],
  ["a resumption in words", { resumesTls12: "no" }, ["wrong-type resumesTls12"]],
  ["no provider", { provider: undefined }, ["missing-option provider"]],
  ["a provider that is no object", { provider: 5 }, ["wrong-type provider"]],
  ["a provider without suites", { provider: fakeProvider({ suites: [] }) }, ["empty-list provider.suites"]],
  ["a provider without groups", { provider: fakeProvider({ groups: [] }) }, ["empty-list provider.groups"]],
  ["a provider whose groups are no list", { provider: { ...fakeProvider(), groups: 7 } }, ["wrong-type provider.groups"]],
  [
    "a provider with a group twice",
    { provider: fakeProvider({ groups: [group("x25519", 32), group("x25519", 32)] }) },
    ["duplicate provider.groups[1]"],
  ],
  [
    "a provider with a suite that nobody knows",
    { provider: { ...fakeProvider(), suites: [...fakeProvider().suites, { name: "TLS_NULL" }] } },
    ["unknown-name provider.suites[9]"],
  ],
  [
    "a suite without its hash",
    { suites: ["TLS_AES_256_GCM_SHA384"], provider: fakeProvider({ hashes: [hash("sha256", 32)] }) },
    ["missing-hash suites"],
  ],
  [
    "a suite with a hash that is not its own",
    { provider: fakeProvider({ suites: [suite("TLS_AES_128_GCM_SHA256", "sha384", 16)] }) },
    ["suite-mismatch provider.suites"],
  ],
  [
    "randomness of a wrong length",
    { provider: fakeProvider({ random: () => new Uint8Array(31).fill(1) }) },
    ["no-randomness provider.random"],
  ],
  [
    "randomness that is all zeros",
    { provider: fakeProvider({ random: (length) => new Uint8Array(length) }) },
    ["no-randomness provider.random"],
  ],
  [
    "randomness that throws",
    {
      provider: fakeProvider({
        random: () => {
          throw new Error("no entropy");
        },
      }),
    },
    ["no-randomness provider.random"],
  ],
  ["no randomness", { provider: { ...fakeProvider(), random: undefined } }, ["no-randomness provider.random"]],
  ["no clock", { now: undefined }, ["missing-option now"]],
  [
    "a clock that throws",
    {
      now: () => {
        throw new Error("stopped");
      },
    },
    ["no-clock now"],
  ],
  ["an unknown version", { versions: ["tls1.1"] }, ["unknown-name versions[0]"]],
  ["no version", { versions: [] }, ["empty-list versions"]],
  ["a version twice", { versions: ["tls1.3", "tls1.3"] }, ["duplicate versions[1]"]],
  ["versions that are no list", { versions: "tls1.3" }, ["wrong-type versions"]],
  ["an unknown suite", { suites: ["TLS_AES_128_GCM_SHA256", "TLS_AES_128_CCM_SHA256"] }, ["unknown-name suites[1]"]],
  ["no suite", { suites: [] }, ["empty-list suites", "no-suite-for-version suites"]],
  [
    "a suite of a version that is not named",
    { versions: ["tls1.3"], suites: ["TLS_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"] },
    ["other-version suites"],
  ],
  [
    "a version without suites",
    { versions: ["tls1.2", "tls1.3"], suites: ["TLS_AES_128_GCM_SHA256"] },
    ["no-suite-for-version suites"],
  ],
  ["a group that the provider lacks", { groups: ["x25519", "secp521r1"] }, ["not-in-provider groups"]],
  [
    "a hybrid group for TLS 1.2 alone",
    {
      versions: ["tls1.2"],
      groups: ["x25519", "X25519MLKEM768"],
      provider: fakeProvider({ groups: [group("x25519", 32), group("X25519MLKEM768", 1216)] }),
    },
    ["other-version groups"],
  ],
  [
    "a scheme that neither the provider nor a signer has",
    { schemes: ["ecdsa_secp256r1_sha256", "mldsa44"] },
    ["not-in-provider schemes"],
  ],
  ["a protocol name of no bytes", { alpn: [""] }, ["bad-alpn alpn[0]"]],
  ["a protocol name of 256 bytes", { alpn: ["x".repeat(256)] }, ["bad-alpn alpn[0]"]],
  ["a protocol name whose characters are no bytes", { alpn: ["h€"] }, ["bad-alpn alpn[0]"]],
  ["a protocol name twice", { alpn: ["h2", "h2"] }, ["duplicate alpn[1]"]],
  ["a protocol name that is no string", { alpn: [2] }, ["wrong-type alpn[0]"]],
  [
    "more protocols than an extension holds",
    { alpn: Array.from({ length: 257 }, (_, at) => String(at).padEnd(255, "x")) },
    ["bad-alpn alpn"],
  ],
  ["an unknown limit", { limits: { clienthello: 5 } }, ["unknown-option limits.clienthello"]],
  ["limits that are no object", { limits: 5 }, ["wrong-type limits"]],
  ["a limit that is no whole number", { limits: { certificateChain: 1.5 } }, ["not-a-positive-integer limits.certificateChain"]],
  ["a limit of zero", { limits: { emptyRecordsInARow: 0 } }, ["not-a-positive-integer limits.emptyRecordsInARow"]],
  [
    "a limit that no message fits into",
    { limits: { clientHello: 511, certificateMessage: 1023, handshakeMessage: 1023 } },
    [
      "limit-too-small limits.clientHello",
      "limit-too-small limits.certificateMessage",
      "limit-too-small limits.handshakeMessage",
    ],
  ],
  ["more records a key than AES-GCM bears", { limits: { recordsPerKey: 2 ** 25 } }, ["limit-too-large limits.recordsPerKey"]],
  ["an unknown policy for truncation", { truncation: "loose" }, ["unknown-name truncation"]],
  ["an unknown order of suites", { suiteOrder: "random" }, ["unknown-name suiteOrder"]],
  ["a flag that is none", { servesAnyName: "yes" }, ["wrong-type servesAnyName"]],
  ["a key log that is no function", { dangerousKeyLog: "keys.log" }, ["wrong-type dangerousKeyLog"]],
  ["a trace that is no function", { trace: {} }, ["wrong-type trace"]],
  ["a label that is no string", { label: 1 }, ["wrong-type label"]],
  ["assumed groups that are not this config's", { assumeGroups: ["secp521r1"] }, ["not-in-groups assumeGroups"]],
  ["no credentials", { credentials: undefined }, ["missing-option credentials"]],
  ["an empty list of credentials", { credentials: [] }, ["empty-list credentials"]],
  ["credentials that are no list", { credentials: fakeCredential("P-256") }, ["wrong-type credentials"]],
  ["a credential that is none", { credentials: [null] }, ["wrong-type credentials[0]"]],
  ["an empty chain", credentialWith({ chain: [] }), ["empty-list credentials[0].chain"]],
  ["a chain in PEM", credentialWith({ chain: ["-----BEGIN CERTIFICATE-----"] }), ["wrong-type credentials[0].chain"]],
  [
    "a certificate that is no DER",
    credentialWith({ chain: [Uint8Array.of(0x30, 0x82)] }),
    ["bad-certificate credentials[0].chain[0]"],
  ],
  [
    "an intermediate without bytes",
    credentialWith({ chain: [...fakeCredential("P-256").chain, new Uint8Array(0)] }),
    ["bad-certificate credentials[0].chain[1]"],
  ],
  [
    "a certificate of another key",
    credentialWith({ chain: [fakeCertificate(fakePublicKey("P-256", 2))] }),
    ["certificate-has-other-key credentials[0].publicKey"],
  ],
  [
    "a signer of another key",
    credentialWith({ signer: fakeSigner(fakePublicKey("P-256", 2), ["ecdsa_secp256r1_sha256"]) }),
    ["signer-has-other-key credentials[0].signer"],
  ],
  [
    "a signer that can't sign",
    credentialWith({ signer: { schemes: ["ecdsa_secp256r1_sha256"] } }),
    ["wrong-type credentials[0].signer"],
  ],
  [
    "a signer without schemes",
    credentialWith({ signer: fakeSigner(fakePublicKey("P-256"), []) }),
    ["empty-list credentials[0].signer.schemes"],
  ],
  [
    "a scheme that the key does not make",
    credentialWith({ signer: fakeSigner(fakePublicKey("P-256"), ["ecdsa_secp256r1_sha256", "ed25519"]) }),
    ["scheme-needs-other-key credentials[0].signer.schemes"],
  ],
  [
    "a key of a kind that no scheme signs with",
    credentialWith({ publicKey: x25519Key, chain: [fakeCertificate(x25519Key)], signer: fakeSigner(x25519Key, ["ed25519"]) }),
    ["unsupported-key credentials[0].publicKey"],
  ],
  ["names that are no list", credentialWith({ names: "example.com" }), ["wrong-type credentials[0].names"]],
  ["issuers that are no bytes", credentialWith({ issuers: ["CN=x"] }), ["wrong-type credentials[0].issuers"]],
  [
    "a certificate as a raw public key",
    credentialWith({ type: "raw-public-key" }),
    ["certificate-has-other-key credentials[0].chain"],
  ],
  ["an unknown certificate type", credentialWith({ type: "openpgp" }), ["unknown-name credentials[0].type"]],
  [
    "an OCSP response without a byte",
    credentialWith({ ocspResponse: new Uint8Array(0) }),
    ["bad-staple credentials[0].ocspResponse"],
  ],
  [
    "a key that may sign in TLS 1.2 alone",
    { versions: ["tls1.3"], credentials: [fakeCredential("RSA", { schemes: ["rsa_pkcs1_sha256"] })] },
    ["no-usable-scheme credentials[0].signer.schemes"],
  ],
  ["schemes that no signer has", { schemes: ["ed25519"] }, ["no-usable-scheme credentials[0].signer.schemes"]],
  [
    "TLS 1.2 with suites for another key",
    { versions: ["tls1.2"], suites: ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"] },
    ["no-suite-for-credentials suites"],
  ],
  [
    "a version that no credential serves",
    { versions: ["tls1.3", "tls1.2"], credentials: [fakeCredential("RSA", { schemes: ["rsa_pkcs1_sha256"] })] },
    ["no-credential-for-version credentials"],
  ],
  [
    "a name required, and none covered",
    { requiresServerName: true, credentials: [fakeCredential("P-256", { names: ["192.0.2.1", "2001:db8::1"] })] },
    ["no-name requiresServerName"],
  ],
])("refused: %s", (_, options, expected) => {
  expect(kindsOf(options)).toEqual(expected);
});

const pkcs1Alone = fakeProvider({
  verifications: good.provider.verifications.filter(({ scheme }) => scheme === "rsa_pkcs1_sha256"),
});
const judge = { label: "clients", schemes: ["ecdsa_secp256r1_sha256"], verify: () => ({ reason: "nobody" }) };
test.each<[string, Loose, string[]]>([
  ["nothing to ask by", { clientAuthentication: 1 }, ["wrong-type clientAuthentication"]],
  ["no mode", { clientAuthentication: { verifier: judge } }, ["unknown-name clientAuthentication.mode"]],
  ["no verifier", { clientAuthentication: { mode: "required" } }, ["missing-option clientAuthentication.verifier"]],
  [
    "authorities that are no bytes",
    { clientAuthentication: { mode: "optional", verifier: judge, authorities: ["CN=me"] } },
    ["wrong-type clientAuthentication.authorities"],
  ],
  [
    "a mistyped option",
    { clientAuthentication: { mode: "optional", verifier: judge, authoritys: [] } },
    ["unknown-option clientAuthentication.authoritys"],
  ],
  [
    "more authorities than go into a request",
    {
      clientAuthentication: {
        mode: "optional",
        verifier: judge,
        authorities: Array.from({ length: 110 }, () => new Uint8Array(300)),
      },
    },
    ["too-many-authorities clientAuthentication.authorities"],
  ],
  [
    // RFC 9846 §4.3.3: PKCS#1 signs certificates there, and nothing else.
    "no scheme by which a client could prove its key in one of the versions",
    { clientAuthentication: { mode: "optional", verifier: { ...judge, schemes: ["rsa_pkcs1_sha256"] } }, provider: pkcs1Alone },
    ["no-scheme-for-version clientAuthentication"],
  ],
])("client authentication is refused with %s", (_, options, expected) => {
  expect(kindsOf(options)).toEqual(expected);
});

test.each([
  [63, "limit-too-small maxRecordSize"],
  [16385, "limit-too-large maxRecordSize"],
  [0, "not-a-positive-integer maxRecordSize"],
  [100.5, "not-a-positive-integer maxRecordSize"],
  ["100", "not-a-positive-integer maxRecordSize"],
])("maxRecordSize is 64 to 16384 bytes, and not %s", (maxRecordSize, expected) => {
  expect(kindsOf({ maxRecordSize })).toEqual([expected]);
  expect([kindsOf({ maxRecordSize: 64 }), kindsOf({ maxRecordSize: 16384 })]).toEqual([[], []]);
});

test("a mistyped option is answered with the name that was meant", () => {
  expect(problemsOf({ ciphersuites: [] })).toMatchObject([{ kind: "unknown-option", remedy: "leave it out" }]);
  expect(problemsOf({ credential: [] })).toMatchObject([{ path: "credential", remedy: "write credentials, or leave it out" }]);
  expect(problemsOf({ ALPN: [] })).toMatchObject([{ remedy: "write alpn, or leave it out" }]);
});

test("a server needs no verifications, as long as it asks for no client's certificate", () => {
  expect(kindsOf({ provider: fakeProvider({ verifications: [] }) })).toEqual([]);
});

test("a scheme that only our own signer has may be named", () => {
  const verifications = good.provider.verifications.filter(({ scheme }) => scheme === "ed25519");
  const options = { provider: fakeProvider({ verifications }), schemes: ["ecdsa_secp256r1_sha256"] as const };
  expect([...settingsOf(options).verifications.keys()]).toEqual([]);
  expect(settingsOf(options).ownSchemes).toEqual(["ecdsa_secp256r1_sha256"]);
});

test.each(["P-256", "P-384", "P-521", "Ed25519", "RSA", "RSA-PSS"] as const)("a %s credential serves both versions", (key) => {
  expect(kindsOf({ versions: ["tls1.3", "tls1.2"], credentials: [fakeCredential(key)] })).toEqual([]);
});

test("the id tells configs apart by ALPN and label, and by nothing that a session may differ in", () => {
  const id = (options: Partial<ServerOptions>): string => Buffer.from(serverConfig({ ...good, ...options }).id).toString("hex");
  expect(id({})).toBe(id({ limits: { certificateChain: 4 }, groups: ["x25519"], credentials: [fakeCredential("RSA")] }));
  expect(
    new Set([
      id({}),
      id({ alpn: ["h2"] }),
      id({ alpn: ["h2", "h3"] }),
      id({ alpn: ['h2","h3'] }),
      id({ label: "" }),
      id({ label: "ä" }),
      id({ label: "Ā" }),
    ]).size,
  ).toBe(7);
});

test("the id needs no SHA-256 where no suite does", () => {
  const provider = fakeProvider({ hashes: [hash("sha384", 48)], suites: [suite("TLS_AES_256_GCM_SHA384", "sha384", 32)] });
  expect(serverConfig({ ...good, provider }).id).toHaveLength(48);
});

test("printing a config shows neither keys nor settings", () => {
  expect(JSON.parse(JSON.stringify(serverConfig(good)))).toEqual({ role: "server", id: expect.anything() });
});

test("withAlpn changes the protocols and the id, checks them, and leaves the config as it was", () => {
  const config = serverConfig({ ...good, alpn: ["h2"] });
  const other = config.withAlpn(["http/1.1", "h2"]);
  expect(serverSettings(other)).toEqual({ ...serverSettings(config), alpn: ["http/1.1", "h2"], id: other.id });
  expect(serverSettings(config).alpn).toEqual(["h2"]);
  expect(other.id).not.toEqual(config.id);
  expect(config.withAlpn(["http/1.1", "h2"]).id).toEqual(other.id);
  expect(serverConfig({ ...good, alpn: ["h2"], label: "other" }).withAlpn(["http/1.1", "h2"]).id).not.toEqual(other.id);
  for (const wrong of [[""], ["a", "a"], ["\u{100}"], "h2", [1]])
    expect(() => config.withAlpn(wrong as string[])).toThrow(ConfigError);
});
