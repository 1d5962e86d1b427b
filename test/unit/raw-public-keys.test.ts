// Raw public keys (RFC 7250): a key that is trusted because it is known, in both roles and versions.
import {
  type CertificateType,
  clientConfig,
  type ClientOptions,
  ConfigError,
  type Credential,
  dangerousAssertVerified,
  memoryClientSessions,
  negotiate,
  rawPublicKey,
  rawPublicKeys,
  serverConfig,
  type ServerOptions,
  type SyncVerifier,
  ticketKeys,
} from "@sallyport/core";
import { certificateCompressors, signer } from "@sallyport/crypto-node";
import { describe, expect, test } from "vitest";
import { resumingClient, sessionOfTls12, sessions, ticketsOf } from "../alerts/sessions.ts";
import { offer } from "../support/client-hello.ts";
import { fakeCredential } from "../support/fake-credential.ts";
import { fakeProvider } from "../support/fake-provider.ts";
import { converse, establishedPair, makePair, type Pair, type PairOptions } from "../support/pair.ts";
import { extension, v8 } from "../support/octets.ts";
import { identity, ownCredential, ScriptedServer } from "../support/scripted-peer.ts";
import { ScriptedClientTls12, ScriptedServerTls12 } from "../support/scripted-tls12.ts";
import { asyncPicker, now, seededCredential, seededNoble, seededNode, seededRandom, trusting } from "../support/seeded.ts";

const versions = ["tls1.3", "tls1.2"] as const;
const own = (name: string): Credential => {
  const { signer } = seededCredential(name);
  return rawPublicKey(signer, ["localhost"]);
};
const trustsKeyOf = (...names: readonly string[]): SyncVerifier =>
  rawPublicKeys({ allowed: names.map((name) => own(name).publicKey) });
/** Takes certificates as well. */
const takesBoth: SyncVerifier = {
  ...trusting,
  types: ["raw-public-key", "x509"],
  label: "both",
  verify: (presented) =>
    presented.type === "raw-public-key" ? trustsKeyOf("server").verify(presented) : trusting.verify(presented),
};
const servedKey: Partial<ServerOptions> = { credentials: [own("server")] };
const trustsServer: Partial<ClientOptions> = { verifier: trustsKeyOf("server") };
const asksForKey: Partial<ServerOptions> = { clientAuthentication: { mode: "required", verifier: trustsKeyOf("client") } };

function met(options: PairOptions): Pair {
  const pair = makePair(options);
  converse(pair);
  return pair;
}
const typesOf = ({ client, server }: Pair): (CertificateType | undefined)[] =>
  [client, server].map(({ established: { info } }) => info.peer?.presented.type);

describe.each([
  ["node", seededNode],
  ["noble", seededNoble],
] as const)("with %s", (_, provider) => {
  test.each(versions)("%s: both sides show their keys alone, and prove them", (version) => {
    const pair = met({
      version,
      provider,
      server: { ...servedKey, ...asksForKey },
      client: { ...trustsServer, credentials: [own("client")] },
    });
    expect(pair.client.established.info.peer?.presented).toMatchObject({
      type: "raw-public-key",
      role: "server",
      chain: [own("server").publicKey],
    });
    expect(pair.server.established.info.peer?.presented).toMatchObject({
      type: "raw-public-key",
      role: "client",
      chain: [own("client").publicKey],
    });
    pair.client.send(Buffer.from("known to each other"));
    converse(pair);
    expect(Buffer.concat(pair.server.data).toString()).toBe("known to each other");
  });
});

describe.each(versions)("in %s", (version) => {
  test("each side's type is agreed on for itself", () => {
    const keyAndCertificate = met({ version, clientAuth: true, server: servedKey, client: trustsServer });
    expect(typesOf(keyAndCertificate)).toEqual(["raw-public-key", "x509"]);
    const certificateAndKey = met({ version, server: asksForKey, client: { credentials: [own("client")] } });
    expect(typesOf(certificateAndKey)).toEqual(["x509", "raw-public-key"]);
  });

  test("a server that has both shows its first that the client takes; one that says nothing takes certificates", () => {
    const credentials = [own("server"), seededCredential("server")] as const;
    expect(typesOf(met({ version, server: { credentials } }))).toEqual(["x509", undefined]);
    expect(typesOf(met({ version, server: { credentials }, client: { verifier: takesBoth } }))).toEqual([
      "raw-public-key",
      undefined,
    ]);
    const turned = [credentials[1], credentials[0]] as const;
    expect(typesOf(met({ version, server: { credentials: turned }, client: { verifier: takesBoth } }))).toEqual([
      "x509",
      undefined,
    ]);
    expect(typesOf(met({ version, server: { credentials: turned }, client: trustsServer }))).toEqual([
      "raw-public-key",
      undefined,
    ]);
  });

  test("a client that has both shows the server's first", () => {
    const credentials = [seededCredential("client"), own("client")];
    const both: SyncVerifier = { ...trusting, types: ["raw-public-key", "x509"], label: "both" };
    const server = (verifier: SyncVerifier): PairOptions => ({
      version,
      server: { clientAuthentication: { mode: "required", verifier } },
      client: { credentials },
    });
    expect(typesOf(met(server(both)))).toEqual(["x509", "raw-public-key"]);
    expect(typesOf(met(server({ ...both, types: ["x509", "raw-public-key"] })))).toEqual(["x509", "x509"]);
    expect(typesOf(met(server(trusting)))).toEqual(["x509", "x509"]);
  });

  test("a key that is not among those allowed is certificate_unknown, at either side", () => {
    const strange = met({ version, server: servedKey, client: { verifier: trustsKeyOf("somebody") } });
    expect(strange.client.failure).toMatchObject({
      error: { kind: "identity-distrusted" },
      alert: { description: "certificate_unknown" },
    });
    const stranger = met({ version, server: asksForKey, client: { credentials: [own("somebody")] } });
    expect(stranger.server.failure).toMatchObject({
      error: { kind: "identity-distrusted" },
      alert: { description: "certificate_unknown" },
    });
  });

  test("a server that does not know of types sends a certificate, and a client that takes none leaves with unsupported_certificate", () => {
    const config = trustsServer;
    const server = version === "tls1.3" ? new ScriptedServer({ config }) : new ScriptedServerTls12({ config });
    if (server instanceof ScriptedServer) server.to("WAIT_CV");
    else server.to("WAIT_SKE");
    expect(server.machine.failure).toMatchObject({
      error: { kind: "unsupported-certificate" },
      alert: { description: "unsupported_certificate" },
    });
  });

  test("a client that says nothing, to an optional wish for a key, is let in unasked; to a required one it is not", () => {
    const verifier = trustsKeyOf("client");
    const pair = met({
      version,
      server: { clientAuthentication: { mode: "optional", verifier } },
      client: { credentials: [seededCredential("client")] },
    });
    expect(typesOf(pair)).toEqual(["x509", undefined]);
    const refused = met({ version, server: asksForKey, client: { credentials: [seededCredential("client")] } });
    expect(refused.server.failure).toMatchObject({
      error: {
        kind: "no-agreement",
        context: {
          reasons: [
            { kind: "no-common-certificate-type", whose: "client", theirs: [{ id: 0, name: "X509" }], ours: ["raw-public-key"] },
          ],
        },
      },
      alert: { description: "unsupported_certificate" },
    });
  });

  test("a client whose key the server's schemes don't fit shows none", () => {
    const server: Partial<ServerOptions> = {
      schemes: ["ecdsa_secp256r1_sha256", "ed25519"],
      clientAuthentication: { mode: "optional", verifier: trustsKeyOf("client") },
    };
    const ecdsaOnly = {
      ...seededNode("ecdsa"),
      verifications: seededNode("ecdsa").verifications.filter(({ scheme }) => scheme === "ecdsa_secp256r1_sha256"),
    };
    const pair = met({ version, server: { ...server, provider: ecdsaOnly }, client: { credentials: [own("client")] } });
    expect(typesOf(pair)).toEqual(["x509", undefined]);
  });

  test("a picker says what it may give, and is told which type was agreed on", () => {
    const asked: (readonly CertificateType[])[] = [];
    const picker = {
      types: ["raw-public-key"] as const,
      pick: ({ certificateTypes }: { readonly certificateTypes: readonly CertificateType[] }): Credential => {
        asked.push(certificateTypes);
        return own("client");
      },
    };
    expect(typesOf(met({ version, server: asksForKey, client: { credentials: picker } }))).toEqual(["x509", "raw-public-key"]);
    expect(asked).toEqual([["raw-public-key"]]);
    expect(typesOf(met({ version, server: asksForKey, client: { credentials: asyncPicker(picker) } }))).toEqual([
      "x509",
      "raw-public-key",
    ]);
    const other = met({ version, clientAuth: true, client: { credentials: { ...picker, types: ["raw-public-key", "x509"] } } });
    expect(other.client.failure).toMatchObject({ error: { kind: "local-fault" }, alert: { description: "internal_error" } });
  });

  test("types stay the same behind extraction", () => {
    const pair = met({ version, server: servedKey, client: { ...trustsServer, dangerousExtractSecrets: true } });
    const extracted = pair.client.established.extractSecrets();
    expect(extracted).toMatchObject({
      secrets: { peer: { presented: { type: "raw-public-key", chain: [own("server").publicKey] } } },
    });
  });

  test("a config that is asked why not gives the reason in its place", () => {
    const config = serverConfig({ provider: fakeProvider(), now, versions: [version], credentials: [rawFake] });
    const hello = offer({
      versions: [version === "tls1.3" ? 0x0304 : 0x0303],
      groups: [0x0100],
      alpn: ["h3"],
      schemes: [0x0708],
    });
    const result = negotiate(hello, config);
    if (result.kind !== "refused") throw new Error(result.kind);
    expect(result.reasons.map(({ kind }) => kind)).toEqual(["no-common-group", "no-common-certificate-type", "no-common-scheme"]);
    expect(result.reasons[1]).toMatchObject({ whose: "server", theirs: [{ id: 0 }], ours: ["raw-public-key"] });
    const fits = negotiate(offer({ versions: hello.versions.map(({ id }) => id), serverTypes: [3, 2] }), config);
    expect(fits).toMatchObject({ kind: "agreed", credential: { type: "raw-public-key" }, clientCertificateType: undefined });
  });

  test("a client that names types, none of which its server takes, is refused even where none is required (RFC 7250 §4.2)", () => {
    const clientAuthentication = { mode: "optional", verifier: trustsKeyOf("client") } as const;
    const config = serverConfig({
      provider: fakeProvider(),
      now,
      versions: [version],
      credentials: [rawFake],
      clientAuthentication,
    });
    const asked = { versions: [version === "tls1.3" ? 0x0304 : 0x0303], serverTypes: [2] };
    expect(negotiate(offer({ ...asked, clientTypes: [0] }), config)).toMatchObject({
      alert: "unsupported_certificate",
      reasons: [{ kind: "no-common-certificate-type", whose: "client", theirs: [{ id: 0 }], ours: ["raw-public-key"] }],
    });
    expect(negotiate(offer(asked), config)).toMatchObject({ kind: "agreed", clientCertificateType: undefined });
    expect(negotiate(offer({ ...asked, clientTypes: [2] }), config)).toMatchObject({ clientCertificateType: "raw-public-key" });
  });
});

test("behind a HelloRetryRequest the same types hold", () => {
  const pair = met({
    retry: true,
    server: { ...servedKey, ...asksForKey },
    client: { ...trustsServer, credentials: [own("client")] },
  });
  expect(pair.client.established.info.handshakeKind).toBe("full-after-retry");
  expect(typesOf(pair)).toEqual(["raw-public-key", "raw-public-key"]);
});

test.each(versions)("%s: a session remembers that its peers were keys, and shows none again", (version) => {
  const sessions = ticketKeys({ random: seededRandom("keys"), now });
  const store = memoryClientSessions();
  const options: PairOptions = {
    version,
    server: { ...servedKey, ...asksForKey, sessions },
    client: { ...trustsServer, credentials: [own("client")], sessions: store },
  };
  met(options);
  const again = met(options);
  expect(again.client.established.info.handshakeKind).toBe("resumed");
  expect(typesOf(again)).toEqual(["raw-public-key", "raw-public-key"]);
  expect(again.server.established.info.peer?.presented.chain).toEqual([own("client").publicKey]);
});

test("a resumption too answers the list of server's types, and not the client's: no certificate is asked for (RFC 7250 §4.2)", () => {
  const config: Partial<ServerOptions> = {
    credentials: [ownCredential, rawPublicKey(signer(identity.keyPem), ["localhost"])],
    clientAuthentication: { mode: "optional", verifier: { ...trusting, types: ["raw-public-key", "x509"] } },
  };
  const lists = [19, 20].map((type) => extension(type, v8([2, 0])));
  const tls13 = resumingClient({ config, sessions: ticketsOf(config).slice(0, 1) })
    .extend(...lists)
    .to("WAIT_FINISHED");
  const tls12 = new ScriptedClientTls12({ ...config, sessions })
    .offering(sessionOfTls12("ticket", config))
    .extend(...lists)
    .to("WAIT_CCS");
  for (const [type, { heard }] of [
    [8, tls13],
    [2, tls12],
  ] as const) {
    const answer = Buffer.from(heard.find(({ bytes }) => bytes[0] === type)?.bytes ?? []).toString("hex");
    expect(answer).toContain("0014000100");
    expect(answer).not.toContain("00130001");
  }
});

test("a session never enters a config that takes other types", () => {
  const sessions = ticketKeys({ random: seededRandom("types"), now });
  const store = memoryClientSessions();
  const verifier: SyncVerifier = { ...trusting, types: ["raw-public-key", "x509"] };
  const credentials = [own("server"), seededCredential("server")] as const;
  const meet = (types: readonly CertificateType[]): string =>
    met({ server: { credentials, sessions }, client: { verifier: { ...verifier, types }, sessions: store } }).client.established
      .info.handshakeKind;
  expect([meet(["raw-public-key", "x509"]), meet(["x509"]), meet(["raw-public-key", "x509"])]).toEqual([
    "full",
    "full",
    "resumed",
  ]);
});

test("keys go compressed like certificates, where both do", () => {
  const certificateCompression = certificateCompressors;
  const pair = met({
    server: { ...servedKey, ...asksForKey, certificateCompression },
    client: { ...trustsServer, credentials: [own("client")], certificateCompression },
  });
  expect(typesOf(pair)).toEqual(["raw-public-key", "raw-public-key"]);
});

test("in whatever pieces it comes, and answered now or later, it is the same handshake", () => {
  for (const version of versions) {
    const options: PairOptions = {
      version,
      seed: `pieces ${version}`,
      server: { ...servedKey, ...asksForKey },
      client: { ...trustsServer, credentials: [own("client")] },
    };
    const whole = establishedPair(options);
    const pieces = makePair(options);
    for (let turn = 0; turn < 20; turn++) {
      for (const [from, to] of [
        [pieces.client, pieces.server],
        [pieces.server, pieces.client],
      ] as const) {
        const said = from.take();
        for (let at = 0; at < said.length; at += 7) to.hear(said.subarray(at, at + 7));
      }
    }
    for (const role of ["client", "server"] as const)
      expect(Buffer.from(pieces[role].output).equals(whole[role].output)).toBe(true);
  }
});

describe("rawPublicKeys", () => {
  const [one, other] = [own("one").publicKey, own("other").publicKey];

  test("the label names the set: neither order nor repetition make another", () => {
    const label = (...allowed: Uint8Array[]): string => rawPublicKeys({ allowed }).label;
    expect(label(one, other)).toBe(label(other, one, one));
    expect(label(one)).not.toBe(label(one, other));
    expect(label(one)).not.toBe(label(other));
  });

  test("the keys are copied: who changes them later changes nothing", () => {
    const key = Uint8Array.from(one);
    const verifier = rawPublicKeys({ allowed: [key] });
    key.fill(0);
    const presented = {
      role: "server",
      type: "raw-public-key",
      chain: [one],
      serverName: "localhost",
      ocspResponse: undefined,
      signedCertificateTimestamps: [],
      nowMs: 0,
    } as const;
    expect(verifier.verify({ ...presented, chain: [Uint8Array.from(one)] })).toMatchObject({ names: [] });
    expect(verifier.verify({ ...presented, chain: [Uint8Array.from(other)] })).toHaveProperty("reason");
    expect(verifier.verify({ ...presented, chain: [Uint8Array.from([...one, 0])] })).toHaveProperty("reason");
    // A certificate that is taken for a key by whoever asks is none.
    expect(verifier.verify({ ...presented, type: "x509", chain: [Uint8Array.from(one)] })).toHaveProperty("reason");
  });

  test.each([[[]], [[new Uint8Array(0)]], [["key"]], [undefined]])("%j is no set of keys", (allowed) => {
    expect(() => rawPublicKeys({ allowed: allowed as unknown as Uint8Array[] })).toThrow("SubjectPublicKeyInfo");
  });
});

const rawFake: Credential = { ...fakeCredential("P-256"), type: "raw-public-key", chain: [fakeCredential("P-256").publicKey] };

test.each([
  ["with a chain", { chain: [rawFake.publicKey, rawFake.publicKey] }, "certificate-has-other-key credentials[0].chain"],
  ["with another key", { chain: [fakeCredential("P-384").publicKey] }, "certificate-has-other-key credentials[0].chain"],
  ["with a certificate", { chain: fakeCredential("P-256").chain }, "certificate-has-other-key credentials[0].chain"],
  ["with an OCSP response", { ocspResponse: Uint8Array.of(1) }, "bad-staple credentials[0].ocspResponse"],
  [
    "with timestamps",
    { signedCertificateTimestamps: [Uint8Array.of(1)] },
    "bad-staple credentials[0].signedCertificateTimestamps",
  ],
] as const)("a raw public key %s is refused", (_, change, expected) => {
  const credentials = [{ ...rawFake, ...change }] as const;
  expect(problemsOf(() => serverConfig({ provider: fakeProvider(), now, credentials }))).toEqual([expected]);
  expect(problemsOf(() => clientConfig({ provider: fakeProvider(), now, verifier: trusting, credentials }))).toEqual([expected]);
});

test("a verifier names types that there are, and schemes unless it takes no certificates", () => {
  const verifier = { ...trusting, verify: dangerousAssertVerified };
  const problems = (change: Partial<SyncVerifier>): string[] =>
    problemsOf(() => clientConfig({ provider: fakeProvider(), now, verifier: { ...verifier, ...change } }));
  expect(problems({ types: ["openpgp" as CertificateType] })).toEqual(["unknown-name verifier.types[0]"]);
  expect(problems({ types: [] })).toEqual(["empty-list verifier.types"]);
  expect(problems({ types: ["x509", "x509"] })).toEqual(["duplicate verifier.types[1]"]);
  expect(problems({ types: ["x509", "raw-public-key"], schemes: [] })).toEqual(["empty-list verifier.schemes"]);
  expect(problems({ types: ["raw-public-key"], schemes: [] })).toEqual([]);
});
test("a picker names types that there are", () => {
  const picker = { types: ["pgp" as CertificateType], pick: () => undefined };
  expect(problemsOf(() => clientConfig({ provider: fakeProvider(), now, verifier: trusting, credentials: picker }))).toEqual([
    "unknown-name credentials.types[0]",
  ]);
});

function problemsOf(make: () => unknown): string[] {
  try {
    make();
    return [];
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    return thrown.problems.map(({ kind, path }) => `${kind} ${path}`);
  }
}
