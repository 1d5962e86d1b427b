import { expect, test } from "vitest";
import { type Credential, dangerousRawPsk, negotiate, type Negotiation, serverConfig, type ServerOptions } from "@sallyport/core";
import { suiteIds } from "../../packages/core/src/wire/registry.ts";
import { type Offer, offer } from "../support/client-hello.ts";
import { fakeCredential } from "../support/fake-credential.ts";
import { fakeProvider, group } from "../support/fake-provider.ts";

const base: ServerOptions = { provider: fakeProvider(), now: () => 1, credentials: [fakeCredential("P-256")] };

const outcome = (said: Offer, options: Partial<ServerOptions> = {}): Negotiation =>
  negotiate(offer(said), serverConfig({ ...base, ...options }));

function agreed(said: Offer, options: Partial<ServerOptions> = {}): Extract<Negotiation, { kind: "agreed" }> {
  const negotiation = outcome(said, options);
  if (negotiation.kind === "refused") throw new TypeError(`refused: ${negotiation.reasons.map(({ kind }) => kind).join()}`);
  return negotiation;
}
function refused(said: Offer, options: Partial<ServerOptions> = {}): readonly string[] {
  const negotiation = outcome(said, options);
  return negotiation.kind === "agreed" ? [] : [negotiation.alert, ...negotiation.reasons.map(({ kind }) => kind)];
}

const tls12: Partial<ServerOptions> = { versions: ["tls1.2"] };
const both: Partial<ServerOptions> = { versions: ["tls1.3", "tls1.2"] };
const grease = 0x4a4a;

// ── Version ─────────────────────────────────────────────────────────────────────────────────────────────────────────

test("our newest version that the client has is taken, whatever its order", () => {
  expect(agreed({ versions: [0x0303, 0x0304] }, both).version).toBe("tls1.3");
  expect(agreed({ versions: [0x0303] }, both).version).toBe("tls1.2");
  expect(agreed({ versions: [0x0304, 0x0303] }, tls12).version).toBe("tls1.2");
});

test("no common version is protocol_version, and names both sides without GREASE", () => {
  expect(outcome({ versions: [grease, 0x0302] })).toEqual({
    kind: "refused",
    alert: "protocol_version",
    reasons: [{ kind: "no-common-version", theirs: [{ id: 0x0302, name: expect.any(String) }], ours: ["tls1.3", "tls1.2"] }],
  });
});

test("a hello of SSL 3.0 or older is refused, whatever versions it lists (RFC 9846, Appendix E.5)", () => {
  const judged = (legacyVersion: number): Negotiation =>
    negotiate({ ...offer({ versions: [0x0304, 0x0303] }), legacyVersion }, serverConfig(base));
  for (const legacyVersion of [0x0300, 0x02ff]) {
    expect(judged(legacyVersion)).toMatchObject({
      alert: "protocol_version",
      reasons: [{ kind: "no-common-version", theirs: [{ id: legacyVersion }] }],
    });
  }
  expect(judged(0x0301).kind).toBe("agreed");
});

test("with no common version only name, ALPN and named groups are looked at", () => {
  const said: Offer = {
    versions: [0x0302],
    suites: [0x002f],
    schemes: null,
    shares: null,
    serverName: "other.net",
    alpn: ["h3"],
    groups: [0x0015],
  };
  expect(refused(said, { alpn: ["h2"] })).toEqual([
    "protocol_version",
    "no-common-version",
    "server-name-unknown",
    "no-common-alpn",
    "no-common-group",
  ]);
  expect(refused({ versions: [0x0302], groups: null })).toEqual(["protocol_version", "no-common-version"]);
});

test("a fallback to less than our newest is inappropriate_fallback (RFC 7507)", () => {
  expect(refused({ versions: [0x0303], suites: [0xc02b, 0x5600] }, both)).toEqual(["inappropriate_fallback", "fallback-scsv"]);
});

test("the fallback signal means nothing at our newest version, nor where no version is common", () => {
  expect(refused({ versions: [0x0304], suites: [0x1301, 0x5600] }, both)).toEqual([]);
  expect(refused({ versions: [0x0303], suites: [0xc02b, 0x5600] }, tls12)).toEqual([]);
  expect(refused({ versions: [0x0302], suites: [0xc02b, 0x5600] }, both)).toEqual(["protocol_version", "no-common-version"]);
});

test("TLS 1.3 that can't be agreed on does not fall back to TLS 1.2", () => {
  expect(refused({ suites: [0xc02b] }, both)).toEqual(["handshake_failure", "no-common-suite"]);
});

// ── Server name ─────────────────────────────────────────────────────────────────────────────────────────────────────

test("the credential that covers the name is shown", () => {
  const [first, second] = [fakeCredential("P-256", { names: ["a.test"] }), fakeCredential("Ed25519", { names: ["b.test"] })];
  const options: Partial<ServerOptions> = { credentials: [first, second] };
  expect(agreed({ serverName: "b.test" }, options).credential?.names).toEqual(["b.test"]);
  expect(agreed({ serverName: "b.test" }, options).serverName).toBe("b.test");
  expect(agreed({}, options).credential?.names).toEqual(["a.test"]);
});

test.each<[string, string, boolean]>([
  ["example.com", "example.com", true],
  ["EXAMPLE.com", "example.com", true],
  ["example.com.", "example.com", true],
  ["example.com", "example.com.", true],
  ["*.example.com", "www.example.com", true],
  ["*.Example.com", "www.example.com", true],
  ["*.example.com", "example.com", false],
  ["*.example.com", "a.b.example.com", false],
  ["*.example.com", ".example.com", false],
  ["*.example.com", "wwwexample.com", false],
  ["w*.example.com", "www.example.com", false],
  ["www.*.com", "www.example.com", false],
  ["*", "localhost", false],
])("a certificate for %s, asked for %s: %s", (name, serverName, covered) => {
  const credentials: readonly [Credential] = [fakeCredential("P-256", { names: [name] })];
  expect(refused({ serverName }, { credentials })).toEqual(covered ? [] : ["unrecognized_name", "server-name-unknown"]);
});

test("a name that no certificate covers is served where the config says so, and then by every credential", () => {
  expect(agreed({ serverName: "other.net" }, { servesAnyName: true }).serverName).toBe("other.net");
});

test("a config that serves any name still shows the certificate that covers it", () => {
  const credentials: [Credential, Credential] = [
    fakeCredential("P-256", { names: ["a.test"] }),
    fakeCredential("Ed25519", { names: ["b.test"] }),
  ];
  expect(agreed({ serverName: "b.test" }, { servesAnyName: true, credentials }).scheme).toBe("ed25519");
});

test("a hello without a name is missing_extension where the config requires one", () => {
  expect(refused({}, { requiresServerName: true })).toEqual(["missing_extension", "server-name-missing"]);
});

test("an unknown name is told with all names that are served, each once", () => {
  const credentials: [Credential, Credential] = [
    fakeCredential("P-256", { names: ["a.test", "b.test"] }),
    fakeCredential("RSA", { names: ["b.test"] }),
  ];
  expect(outcome({ serverName: "c.test" }, { credentials })).toMatchObject({
    reasons: [{ theirs: "c.test", ours: ["a.test", "b.test"] }],
  });
});

// ── ALPN ────────────────────────────────────────────────────────────────────────────────────────────────────────────

test("our first protocol that the client has is taken", () => {
  expect(agreed({ alpn: ["http/1.1", "h2"] }, { alpn: ["h2", "http/1.1"] }).alpn).toBe("h2");
});

test("without an offer, or without protocols of ours, none is agreed on", () => {
  expect(agreed({}, { alpn: ["h2"] }).alpn).toBeUndefined();
  expect(agreed({ alpn: ["h2"] }).alpn).toBeUndefined();
});

test("an offer without overlap is no_application_protocol, told without GREASE", () => {
  expect(outcome({ alpn: ["\x8a\x8a", "h3"] }, { alpn: ["h2"] })).toMatchObject({
    alert: "no_application_protocol",
    reasons: [{ kind: "no-common-alpn", theirs: ["h3"], ours: ["h2"] }],
  });
});

test("a protocol is no GREASE for two letters that it begins with", () => {
  expect(agreed({ alpn: ["JJ/1"] }, { alpn: ["JJ/1"] }).alpn).toBe("JJ/1");
});

// ── Suites ──────────────────────────────────────────────────────────────────────────────────────────────────────────

test("our order of suites counts, unless the config leaves it to the client", () => {
  expect(agreed({ suites: [0x1303, 0x1302, 0x1301] }).suite).toBe("TLS_AES_128_GCM_SHA256");
  expect(agreed({ suites: [0x1303, 0x1302, 0x1301] }, { suiteOrder: "client" }).suite).toBe("TLS_CHACHA20_POLY1305_SHA256");
});

test("left to the client, its first that we have is taken, whatever stands before it and in whatever order", () => {
  const ours = [0x1301, 0x1302, 0x1303];
  const orders = ours.flatMap((one) =>
    ours.filter((id) => id !== one).map((other) => [one, other, ...ours.filter((id) => id !== one && id !== other)]),
  );
  for (const suites of orders) {
    const { suite } = agreed({ suites: [0x1399, ...suites] }, { suiteOrder: "client" });
    expect(suiteIds[suite]).toBe(suites[0]);
  }
});

test("no common suite is told without GREASE and signalling values, and with our suites of that version alone", () => {
  expect(outcome({ versions: [0x0303], suites: [grease, 0x002f, 0x00ff, 0x5600, 0x1301] }, tls12)).toMatchObject({
    alert: "handshake_failure",
    reasons: [
      {
        kind: "no-common-suite",
        theirs: [{ id: 0x002f }, { id: 0x1301 }],
        ours: expect.not.arrayContaining(["TLS_AES_128_GCM_SHA256"]),
      },
    ],
  });
});

// ── Groups ──────────────────────────────────────────────────────────────────────────────────────────────────────────

test("our first group with a share is taken, even before one that we like better and must ask for", () => {
  expect(agreed({ groups: [0x001d, 0x0017], shares: [0x0017] })).toMatchObject({ group: "secp256r1", needsRetry: false });
  expect(agreed({ groups: [0x001d, 0x0017], shares: [0x0017, 0x001d] })).toMatchObject({ group: "x25519", needsRetry: false });
});

test("with no share that we can use our first common group is asked for", () => {
  expect(agreed({ groups: [0x0018, 0x0017], shares: [] })).toMatchObject({ group: "secp256r1", needsRetry: true });
  expect(agreed({ groups: [0x0019, 0x0018], shares: [0x0019] })).toMatchObject({ group: "secp384r1", needsRetry: true });
});

test("a share for a group that the client does not list is not taken", () => {
  expect(agreed({ groups: [0x0017], shares: [0x001d] })).toMatchObject({ group: "secp256r1", needsRetry: true });
});

test("no common group is handshake_failure, told without GREASE", () => {
  expect(outcome({ groups: [grease, 0x0015], shares: [grease] })).toMatchObject({
    alert: "handshake_failure",
    reasons: [
      { kind: "no-common-group", theirs: [{ id: 0x0015, name: "secp224r1" }], ours: ["x25519", "secp256r1", "secp384r1"] },
    ],
  });
});

test.each<[string, Offer, string[]]>([
  ["supported_groups", { groups: null }, ["supported_groups"]],
  ["key_share", { shares: null }, ["key_share"]],
  ["both", { groups: null, shares: null }, ["supported_groups", "key_share"]],
  ["signature_algorithms", { schemes: null }, ["signature_algorithms"]],
])("TLS 1.3 without %s is missing_extension (RFC 9846 §9.2)", (_, said, extensions) => {
  expect(outcome(said)).toEqual({
    kind: "refused",
    alert: "missing_extension",
    reasons: extensions.map((extension) => ({ kind: "missing-extension", extension })),
  });
});

test("TLS 1.2 without supported_groups is refused, unless the config assumes some", () => {
  const said: Offer = { versions: [0x0303], groups: null };
  expect(refused(said, tls12)).toEqual(["handshake_failure", "no-supported-groups"]);
  expect(agreed(said, { ...tls12, assumeGroups: ["secp256r1"] })).toMatchObject({ group: "secp256r1", needsRetry: false });
});

test("TLS 1.2 never takes a hybrid group", () => {
  const provider = fakeProvider({ groups: [group("X25519MLKEM768", 1216), group("secp256r1", 65)] });
  expect(agreed({ versions: [0x0303], groups: [0x11ec, 0x0017] }, { ...tls12, provider }).group).toBe("secp256r1");
  expect(refused({ versions: [0x0303], groups: [0x11ec] }, { ...tls12, provider })).toEqual([
    "handshake_failure",
    "no-common-group",
  ]);
});

// ── Schemes and credentials ─────────────────────────────────────────────────────────────────────────────────────────

const ecdsaAndRsa: [Credential, Credential] = [fakeCredential("P-256"), fakeCredential("RSA")];

test("TLS 1.3 takes the first credential whose signer has a scheme that the client takes", () => {
  expect(agreed({ schemes: [0x0804, 0x0403] }, { credentials: ecdsaAndRsa }).scheme).toBe("ecdsa_secp256r1_sha256");
  expect(agreed({ schemes: [0x0804] }, { credentials: ecdsaAndRsa }).scheme).toBe("rsa_pss_rsae_sha256");
});

test("the signer's order of schemes counts", () => {
  const credentials: [Credential] = [fakeCredential("RSA", { schemes: ["rsa_pss_rsae_sha512", "rsa_pss_rsae_sha256"] })];
  expect(agreed({ schemes: [0x0804, 0x0806] }, { credentials }).scheme).toBe("rsa_pss_rsae_sha512");
});

test("a scheme that the config leaves out is not signed with", () => {
  const options: Partial<ServerOptions> = { credentials: [fakeCredential("RSA")], schemes: ["rsa_pss_rsae_sha384"] };
  expect(agreed({ schemes: [0x0804, 0x0805] }, options).scheme).toBe("rsa_pss_rsae_sha384");
});

test("PKCS #1 signs in TLS 1.2 and never in TLS 1.3 (RFC 9846 §4.3.3)", () => {
  const credentials: [Credential] = [fakeCredential("RSA")];
  expect(refused({ schemes: [0x0401] }, { credentials })).toEqual(["handshake_failure", "no-common-scheme"]);
  expect(agreed({ versions: [0x0303], schemes: [0x0401] }, { ...tls12, credentials }).scheme).toBe("rsa_pkcs1_sha256");
});

test("no common scheme is told with what our keys could sign with, and without GREASE", () => {
  expect(
    outcome({ schemes: [grease, 0x0203] }, { credentials: [fakeCredential("Ed25519"), fakeCredential("P-256")] }),
  ).toMatchObject({
    alert: "handshake_failure",
    reasons: [{ kind: "no-common-scheme", theirs: [{ id: 0x0203 }], ours: ["ed25519", "ecdsa_secp256r1_sha256"] }],
  });
});

test("authorities decide among credentials that fit, and are left aside where none is theirs", () => {
  const [a, b] = [Uint8Array.of(0x30, 1, 1), Uint8Array.of(0x30, 1, 2)];
  const credentials: [Credential, Credential] = [
    fakeCredential("P-256", { issuers: [a] }),
    fakeCredential("Ed25519", { issuers: [b] }),
  ];
  expect(agreed({ authorities: [b] }, { credentials }).scheme).toBe("ed25519");
  expect(agreed({ authorities: [b], schemes: [0x0403] }, { credentials }).scheme).toBe("ecdsa_secp256r1_sha256");
  expect(agreed({ authorities: [Uint8Array.of(0x30, 0)] }, { credentials }).scheme).toBe("ecdsa_secp256r1_sha256");
});

test("a credential has an authority's name if one of its issuers has it", () => {
  const [root, intermediate, other] = [Uint8Array.of(0x30, 1, 1), Uint8Array.of(0x30, 1, 2), Uint8Array.of(0x30, 1, 3)];
  const credentials: [Credential, Credential] = [
    fakeCredential("P-256", { issuers: [other] }),
    fakeCredential("Ed25519", { issuers: [intermediate, root] }),
  ];
  expect(agreed({ authorities: [root] }, { credentials }).scheme).toBe("ed25519");
});

test("TLS 1.2 takes the first suite for which there is a credential, in suite order", () => {
  const rsaFirst: [Credential, Credential] = [fakeCredential("RSA"), fakeCredential("P-256")];
  const said: Offer = { versions: [0x0303], suites: [0xc02f, 0xc02b] };
  expect(agreed(said, { ...tls12, credentials: rsaFirst })).toMatchObject({
    suite: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    scheme: "ecdsa_secp256r1_sha256",
  });
  expect(agreed({ ...said, schemes: [0x0804] }, { ...tls12, credentials: rsaFirst }).suite).toBe(
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
  );
  expect(agreed(said, { ...tls12, credentials: rsaFirst, suiteOrder: "client" }).suite).toBe(
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
  );
});

test("Ed25519 goes with the ECDSA suites of TLS 1.2 (RFC 8422 §2)", () => {
  expect(agreed({ versions: [0x0303] }, { ...tls12, credentials: [fakeCredential("Ed25519")] })).toMatchObject({
    suite: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
  });
});

test("where every common suite of TLS 1.2 needs a key that we lack, each is told", () => {
  const said: Offer = { versions: [0x0303], suites: [0xc02b, 0xc02c] };
  expect(refused(said, { ...tls12, credentials: [fakeCredential("RSA")] })).toEqual([
    "handshake_failure",
    "suite-needs-other-key",
    "suite-needs-other-key",
  ]);
});

test("a suite of TLS 1.2 that needs another key is no reason where one goes with ours", () => {
  expect(outcome({ versions: [0x0303], schemes: [0x0403] }, { ...tls12, credentials: [fakeCredential("RSA")] })).toMatchObject({
    reasons: [{ kind: "no-common-scheme", theirs: [{ id: 0x0403 }], ours: fakeCredential("RSA").signer.schemes }],
  });
});

test("TLS 1.2 without signature_algorithms means SHA-1, with which nothing is signed (RFC 5246 §7.4.1.4.1)", () => {
  expect(outcome({ versions: [0x0303], schemes: null }, tls12)).toMatchObject({
    reasons: [{ kind: "no-common-scheme", theirs: [{ id: 0x0201 }, { id: 0x0203 }] }],
  });
});

test("in TLS 1.2 no common scheme is told with what could sign for a common suite, and without GREASE", () => {
  const reason = (suites: readonly number[], schemes: readonly number[]): unknown => {
    const result = outcome({ versions: [0x0303], suites, schemes }, { ...tls12, credentials: ecdsaAndRsa });
    return result.kind === "refused" && result.reasons;
  };
  expect(reason([0xc02b], [grease, 0x0401])).toEqual([
    { kind: "no-common-scheme", theirs: [expect.objectContaining({ id: 0x0401 })], ours: ["ecdsa_secp256r1_sha256"] },
  ]);
  const all = [...fakeCredential("P-256").signer.schemes, ...fakeCredential("RSA").signer.schemes];
  expect(reason([0xc02b, 0xc02f], [0x0807])).toMatchObject([{ kind: "no-common-scheme", ours: all }]);
});

test("a curve that the client lacks in TLS 1.2 is told without GREASE", () => {
  expect(outcome({ versions: [0x0303], groups: [grease, 0x001d] }, tls12)).toMatchObject({
    reasons: [{ kind: "no-common-group", theirs: [{ id: 0x001d }], ours: ["secp256r1"] }],
  });
});

test("in TLS 1.2 the client must take the curve of an ECDSA certificate too (RFC 8422 §5.1)", () => {
  const said: Offer = { versions: [0x0303], groups: [0x001d] };
  expect(outcome(said, tls12)).toMatchObject({
    reasons: [{ kind: "no-common-group", theirs: [{ id: 0x001d }], ours: ["secp256r1"] }],
  });
  expect(agreed(said, { ...tls12, credentials: ecdsaAndRsa }).suite).toBe("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
  expect(agreed({ groups: [0x001d] }).scheme).toBe("ecdsa_secp256r1_sha256");
});

// ── External PSKs ───────────────────────────────────────────────────────────────────────────────────────────────────

const [psk_ke, psk_dhe_ke] = [0, 1];
const psks = [
  dangerousRawPsk({ identity: new TextEncoder().encode("ours"), key: new Uint8Array(32).fill(1), hash: "sha256" }),
] as const;

test("a PSK is taken with a key exchange beside it, and never without one (RFC 9846 §4.3.9)", () => {
  expect(agreed({ psks: ["ours"], pskModes: [psk_dhe_ke] }, { psks })).toMatchObject({
    psk: { index: 0 },
    credential: undefined,
  });
  expect(agreed({ psks: ["ours"], pskModes: [psk_ke] }, { psks })).toMatchObject({ psk: undefined, scheme: expect.anything() });
  expect(agreed({ psks: ["ours"] }, { psks })).toMatchObject({ psk: undefined, scheme: expect.anything() });
});

test("a server of PSKs alone refuses a hello that has none with a key exchange", () => {
  const alone = serverConfig({ provider: fakeProvider(), now: () => 1, versions: ["tls1.3"], psks });
  const judge = (said: Offer): unknown => negotiate(offer(said), alone);
  expect(judge({ psks: ["theirs"], pskModes: [psk_dhe_ke] })).toMatchObject({ kind: "agreed", psk: undefined });
  const reasons: readonly [Offer, string, unknown][] = [
    [{ pskModes: [psk_dhe_ke] }, "handshake_failure", { kind: "no-psk", offered: 0 }],
    [{}, "handshake_failure", { kind: "no-psk", offered: 0 }],
    [{ psks: ["ours"], pskModes: [psk_ke] }, "handshake_failure", { kind: "no-psk", offered: 1 }],
    [{ psks: ["ours"] }, "missing_extension", { kind: "missing-extension", extension: "psk_key_exchange_modes" }],
  ];
  for (const [said, alert, reason] of reasons) expect(judge(said)).toEqual({ kind: "refused", alert, reasons: [reason] });
});

// ── All together ────────────────────────────────────────────────────────────────────────────────────────────────────

test("GREASE anywhere changes nothing", () => {
  const said: Offer = {
    versions: [grease, 0x0304],
    suites: [grease, 0x1301],
    groups: [grease, 0x001d],
    shares: [grease, 0x001d],
    schemes: [grease, 0x0403],
    alpn: ["\x0a\x0a", "h2"],
  };
  expect(agreed(said, { alpn: ["h2"] })).toMatchObject({
    version: "tls1.3",
    suite: "TLS_AES_128_GCM_SHA256",
    group: "x25519",
    needsRetry: false,
    alpn: "h2",
  });
});

test("every reason is told, in protocol order, and the alert is the first one's", () => {
  const said: Offer = {
    serverName: "other.net",
    alpn: ["h3"],
    suites: [0xc02b],
    groups: [0x0015],
    shares: null,
    schemes: [0x0203],
  };
  expect(refused(said, { alpn: ["h2"] })).toEqual([
    "unrecognized_name",
    "server-name-unknown",
    "no-common-alpn",
    "no-common-suite",
    "missing-extension",
    "no-common-group",
    "no-common-scheme",
  ]);
});
