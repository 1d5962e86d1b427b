// RFC 8448: the traces' messages go through both machines as templates, and all that the machines compute must come out byte for
// byte: ServerHello's and HelloRetryRequest's records, Finished, transcript hashes, secrets, keys, IVs, and every sealed record.
import { constants, createECDH, createPrivateKey, createPublicKey, verify } from "node:crypto";
import {
  type Bytes,
  type ClientConfig,
  clientConfig,
  type Connection,
  type Credential,
  dangerousAssertVerified,
  type CryptoProvider,
  type PublicKey,
  readPublicKey,
  type ServerConfig,
  serverConfig,
  type ServerStage,
  type StoredSession,
  type ClientStage,
  type SyncVerification,
  type SyncVerifier,
  type Received,
} from "@sallyport/core";
import { noble } from "@sallyport/crypto-noble";
import { node } from "@sallyport/crypto-node";
import { describe, expect, test } from "vitest";
import { resumptionPsk } from "../../packages/core/src/crypto/key-schedule.ts";
import { replayClient, replayServer } from "../support/replay.ts";
import { encodeSession, type SessionPeer, type SessionState } from "../../packages/core/src/session/state.ts";
import { decodeClientHello } from "../../packages/core/src/wire/client-hello.ts";
import { decodeCertificateVerify } from "../../packages/core/src/wire/certificate-message.ts";
import { decodeNewSessionTicket } from "../../packages/core/src/wire/post-handshake.ts";
import { schemeIds } from "../../packages/core/src/wire/registry.ts";
import { fakeCertificate, fakeCredential } from "../support/fake-credential.ts";
import { bytesOf, hexOf } from "../support/hex.ts";
import { type EphemeralKey, type Notebook, recordedProvider } from "../support/recorded-provider.ts";
import { type RecordedHandshake, recordedHandshake, type Sender, type TraceId } from "../support/rfc8448.ts";

interface Platform {
  readonly base: CryptoProvider;
  /** A raw private key in the provider's own form. */
  key(group: string, privateKey: Bytes, share: Bytes): unknown;
}
const platforms: readonly Platform[] = [
  {
    base: node,
    key: (group, privateKey, share) => {
      if (group === "secp256r1") {
        const pair = createECDH("prime256v1");
        pair.setPrivateKey(privateKey);
        return pair;
      }
      const part = (bytes: Bytes): string => Buffer.from(bytes).toString("base64url");
      return createPrivateKey({ key: { kty: "OKP", crv: "X25519", d: part(privateKey), x: part(share) }, format: "jwk" });
    },
  },
  {
    base: noble({ random: (length) => new Uint8Array(length).fill(7) }),
    key: (_, privateKey) => privateKey,
  },
];

/** The traces' RSA keys have 1024 bits, which no provider of ours takes. */
const rsaPssOfAnyLength: SyncVerification = {
  scheme: "rsa_pss_rsae_sha256",
  verify: (publicKey, message, signature) => {
    const key = createPublicKey({ key: Buffer.from(publicKey), type: "spki", format: "der" });
    return verify("sha256", message, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }, signature);
  },
};

const readAnyKey = (spki: Uint8Array): PublicKey | undefined =>
  readPublicKey(spki) ?? { kind: "rsa", modulus: new Uint8Array(128), exponent: Uint8Array.of(1, 0, 1) };
const trusting: SyncVerifier = { schemes: ["rsa_pss_rsae_sha256"], label: "trusts", verify: dangerousAssertVerified };

for (const platform of platforms) {
  describe(`on ${platform.base.name}`, () => {
    for (const id of [
      "simple-1rtt",
      "resumed-0rtt",
      "hello-retry-request",
      "client-authentication",
      "compatibility-mode",
    ] satisfies TraceId[]) {
      const trace = recordedHandshake(id);

      test(`the server of ${id} writes the trace's records and computes its values`, () => {
        const { written, notebook } = runServer(trace, platform);
        expect(hexOf(written)).toBe(hexOf(trace.sent("server")));
        expectValues(trace, notebook);
      });

      test(`the client of ${id} writes the trace's records and computes its values`, () => {
        const { written, notebook } = runClient(trace, platform);
        expect(hexOf(written)).toBe(hexOf(withOurVersions(trace, "client")));
        expectValues(trace, notebook);
      });
    }
  });
}

test("a trace with one other byte in its ServerHello does not come out", () => {
  const trace = recordedHandshake("simple-1rtt");
  const [platform] = platforms;
  if (platform === undefined) throw new Error("no platform");
  expect(() => runServer(trace, platform, (serverHello) => serverHello.with(10, 0) as Bytes)).toThrow("bad_record_mac");
});

interface Run {
  readonly written: Bytes;
  readonly notebook: Notebook;
}

function runServer(trace: RecordedHandshake, platform: Platform, change = (serverHello: Bytes): Bytes => serverHello): Run {
  const { provider, notebook } = recorded(trace, "server", platform);
  const [asked] = trace.all("certificaterequest");
  const config: ServerConfig = serverConfig({
    provider,
    now: () => 0,
    suites: ["TLS_AES_128_GCM_SHA256"],
    servesAnyName: true,
    credentials: [credentialOf(trace, "server")],
    ...(asked && { clientAuthentication: { mode: "required" as const, verifier: trusting } }),
    ...(hasEarlyData(trace) && {
      earlyData: { maxBytes: 1024, singleUse: { use: () => "fresh" as const } },
      sessions: { find: () => encodeSession(sessionOf(trace, config)), put: () => {} },
    }),
  });
  const [first, second] = trace.all("serverhello");
  if (first === undefined) throw new Error("no ServerHello");
  const template = {
    encryptedExtensions: trace.one("encryptedextensions"),
    ...(asked && { certificateRequest: asked }),
    certificate: trace.all("certificate", "server")[0] ?? new Uint8Array(0),
    tickets: ticketsOf(trace, provider),
    publicKey: readAnyKey,
  };
  let stage: ServerStage = replayServer(
    second === undefined
      ? { ...template, serverHello: change(first) }
      : { ...template, helloRetryRequest: first, serverHello: change(second) },
  );
  const written: Uint8Array[] = [];
  const early: string[] = [];
  const arrivals = trace.records.filter(({ from }) => from === "client").map(({ bytes }) => bytes);
  for (const record of arrivals.splice(0, arrivals.length - rest(trace, "client"))) {
    stage = expectKind(stage, "needs-input").receive(record.slice());
    written.push(stage.output);
    while (stage.kind === "accepted" || stage.kind === "early-data" || stage.kind === "early-data-end") {
      if (stage.kind === "early-data") early.push(hexOf(stage.data.replayable));
      stage = stage.kind === "accepted" ? stage.choose(config) : stage.next();
      written.push(stage.output);
    }
  }
  expect(early).toEqual(earlyPayloads(trace).map(hexOf));
  const { connection } = expectKind(stage, "established");
  return { written: join([...written, ...finish(trace, "server", connection, arrivals)]), notebook };
}

function runClient(trace: RecordedHandshake, platform: Platform): Run {
  const { provider, notebook } = recorded(trace, "client", platform);
  const [shown] = trace.all("certificate", "client");
  const config: ClientConfig = clientConfig({
    provider,
    now: () => 0,
    verifier: trusting,
    suites: ["TLS_AES_128_GCM_SHA256"],
    ...(hasEarlyData(trace) && {
      earlyData: true,
      sessions: { take: () => stored(sessionOf(trace, config)), put: () => {} },
    }),
    ...(shown && { credentials: [credentialOf(trace, "client")] }),
  });
  let stage: ClientStage = replayClient(config, "server", {
    clientHellos: hasEarlyData(trace) ? [helloOf(trace)] : trace.all("clienthello"),
    tickets: ticketsOf(trace, provider),
    ...(shown && { certificate: shown }),
    publicKey: readAnyKey,
  });
  const written: Uint8Array[] = [stage.output];
  const { early } = expectKind(stage, "needs-input");
  for (const payload of earlyPayloads(trace)) written.push(early?.send(payload).output ?? new Uint8Array(0));
  const arrivals = trace.records.filter(({ from }) => from === "server").map(({ bytes }) => bytes);
  for (const record of arrivals.splice(0, arrivals.length - rest(trace, "server"))) {
    stage = expectKind(stage, "needs-input").receive(record.slice());
    written.push(stage.output);
  }
  const { connection } = expectKind(stage, "established");
  return { written: join([...written, ...finish(trace, "client", connection, arrivals)]), notebook };
}

function recorded(trace: RecordedHandshake, side: Sender, platform: Platform): ReturnType<typeof recordedProvider> {
  const others = platform.base.verifications.filter(({ scheme }) => scheme !== rsaPssOfAnyLength.scheme);
  return recordedProvider(platform.base, keysOf(trace, side, platform), [rsaPssOfAnyLength, ...others]);
}

/** Signs what the trace's side signed, by its scheme; its chain is the template's. */
function credentialOf(trace: RecordedHandshake, side: Sender): Credential {
  // A resumption shows none.
  const [proof] = trace.all("certificateverify", side);
  const { scheme, signature } =
    proof === undefined ? { scheme: undefined, signature: new Uint8Array(0) } : decodeCertificateVerify(proof);
  const credential =
    scheme === schemeIds.ecdsa_secp256r1_sha256
      ? fakeCredential("P-256")
      : fakeCredential("RSA", { schemes: ["rsa_pss_rsae_sha256"] });
  return { ...credential, signer: { ...credential.signer, sign: () => signature } };
}

/** Application data and closing, as both sides of the trace do it; the other side's records must open to what the trace says. */
function finish(trace: RecordedHandshake, own: Sender, connection: Connection, arrivals: readonly Bytes[]): Bytes[] {
  const peer = own === "client" ? "server" : "client";
  const data = payloads(trace, peer, "application_data");
  const read: Received[] = arrivals.map((record) => connection.receive(record.slice()));
  expect(read.map(({ kind }) => kind)).toEqual([...arrivals.slice(1).map(() => "open"), "closed"]);
  expect(read.flatMap((received) => received.data.map(hexOf))).toEqual(data.map(hexOf));
  const sent = [...payloads(trace, own, "application_data").map((payload) => connection.send(payload)), connection.close()];
  return sent.map((step) => expectKind(step, "sent").output);
}

/** How many records of a side come behind its handshake: tickets, data, close_notify. */
function rest(trace: RecordedHandshake, from: Sender): number {
  const behind = trace.steps.filter(
    ({ actor, step, n }) => actor === from && step.startsWith("send ") && n > finishedStep(trace, from) + 1,
  );
  return behind.length;
}
function finishedStep(trace: RecordedHandshake, from: Sender): number {
  return (
    trace.steps.find(({ actor, step }) => actor === from && step === "construct a Finished handshake message")?.n ?? Number.NaN
  );
}

function payloads(trace: RecordedHandshake, from: Sender, kind: "application_data", isBehind = true): Bytes[] {
  const steps = trace.steps.filter(
    ({ actor, step, n }) => actor === from && step === `send ${kind} record` && n > finishedStep(trace, from) === isBehind,
  );
  return steps.flatMap(({ values }) => values.filter(({ name }) => name === "payload").map(({ hex }) => bytesOf(hex)));
}

/** What the client sends before it has finished. */
function earlyPayloads(trace: RecordedHandshake): Bytes[] {
  return payloads(trace, "client", "application_data", false);
}
function hasEarlyData(trace: RecordedHandshake): boolean {
  return earlyPayloads(trace).length > 0;
}

/** With its binder, which the trace prints in the record alone. */
function helloOf(trace: RecordedHandshake): Bytes {
  const [first] = trace.records;
  if (first === undefined) throw new Error("no records");
  return first.bytes.slice(5);
}

/** Of the connection before: that of RFC 8448 §3, whose ticket the hello shows; 6 ms old. */
function sessionOf(trace: RecordedHandshake, config: ServerConfig | ClientConfig): SessionState {
  const { psks, serverName } = decodeClientHello(helloOf(trace));
  const [identity] = psks?.identities ?? [];
  const [{ values } = { values: [] }] = trace.steps.filter(({ step }) => step === 'extract secret "early"');
  const secret = values.find(({ name }) => name === "ikm");
  if (identity === undefined || secret === undefined) throw new Error("no session");
  const presented: SessionPeer["presented"] = {
    role: "server",
    type: "x509",
    chain: [Uint8Array.from(fakeCertificate(fakeCredential("RSA").publicKey))],
    serverName,
    ocspResponse: undefined,
    signedCertificateTimestamps: [],
    nowMs: 0,
  };
  return {
    suite: "TLS_AES_128_GCM_SHA256",
    secret: bytesOf(secret.hex),
    alpn: undefined,
    serverName,
    configId: Uint8Array.from(config.id),
    fullHandshakeMs: 0,
    issuedMs: 0,
    lifetimeSeconds: 30,
    ageAdd: identity.obfuscatedTicketAge - 6,
    maxEarlyData: 1024,
    psk: undefined,
    peer: config.role === "client" ? { presented, path: [], names: [], validUntilMs: undefined, basis: undefined } : undefined,
    ticket: config.role === "client" ? identity.identity : undefined,
    sessionId: undefined,
    data: undefined,
  };
}
function stored(session: SessionState): StoredSession {
  return { state: encodeSession(session), lifetimeSeconds: session.lifetimeSeconds, maxEarlyData: session.maxEarlyData };
}

/** Each step's derivation must be among what was computed: the very inputs, and their output. */
function expectValues(trace: RecordedHandshake, { hmacs, digests }: Notebook): void {
  const computed = new Set(hmacs.map(({ key, data, output }) => `${hexOf(key)} ${hexOf(data)} ${hexOf(output)}`));
  const beginnings = (length: number): Set<string> =>
    new Set(hmacs.map(({ key, data, output }) => `${hexOf(key)} ${hexOf(data)} ${hexOf(output.subarray(0, length))}`));
  const hashes = new Set(digests.map(hexOf));
  let checked = 0;
  for (const { n, step, values } of trace.steps) {
    const value = (name: string): string => values.find((each) => each.name === name)?.hex ?? "";
    const missing: string[] = [];
    const expand = (info: string, expanded: string): void => {
      // One block of HKDF-Expand: its info and the counter (RFC 5869 §2.3).
      if (!beginnings(expanded.length / 2).has(`${value("prk")} ${info}01 ${expanded}`)) missing.push(`expand ${info}`);
      checked++;
    };
    if (step.startsWith("extract secret") && values.length > 0) {
      if (!computed.has(`${value("salt")} ${value("ikm")} ${value("secret")}`)) missing.push("extract");
      checked++;
    }
    if (value("expanded") !== "") expand(value("info"), value("expanded"));
    if (value("key_expanded") !== "") expand(value("key_info"), value("key_expanded"));
    if (value("iv_expanded") !== "") expand(value("iv_info"), value("iv_expanded"));
    if (value("hash").length === 64 && !hashes.has(value("hash"))) missing.push("transcript hash");
    if (value("finished").length === 64) {
      if (!hmacs.some(({ key, output }) => hexOf(key) === value("expanded") && hexOf(output) === value("finished")))
        missing.push("finished");
      checked++;
    }
    expect({ trace: trace.id, n, step, missing }).toEqual({ trace: trace.id, n, step, missing: [] });
  }
  expect(checked).toBeGreaterThan(20);
}

/** The server's tickets as they stand in the trace; both sides derive their PSKs. */
function ticketsOf(trace: RecordedHandshake, { hashes }: CryptoProvider): (resumptionSecret: Bytes) => Bytes[] {
  const hash = hashes.find(({ name }) => name === "sha256");
  if (hash === undefined) throw new Error("no SHA-256");
  return (resumptionSecret) => {
    const tickets = trace.all("newsessionticket");
    for (const ticket of tickets) resumptionPsk(hash, resumptionSecret, decodeNewSessionTicket(ticket).nonce);
    return tickets;
  };
}

function keysOf(trace: RecordedHandshake, side: Sender, { key }: Platform): EphemeralKey[] {
  const shares = trace.all("public_key", side);
  return trace.all("private_key", side).map((privateKey, at) => {
    const share = shares[at] ?? new Uint8Array(0);
    const group = share.length === 32 ? "x25519" : "secp256r1";
    return { group, share, key: key(group, privateKey, share) };
  });
}

/** The trace's second ClientHello says TLS 1.0, which only a first one may (RFC 9846 §5.1): ours says 1.2. */
function withOurVersions(trace: RecordedHandshake, from: Sender): Bytes {
  const ours = trace.records
    .filter((record) => record.from === from)
    .map(({ bytes }, at) => (at === 0 ? bytes : bytes.with(2, 3)));
  return join(ours);
}

function join(parts: readonly Uint8Array[]): Bytes {
  return Uint8Array.from(Buffer.concat(parts));
}

function expectKind<Step extends { readonly kind: string }, Kind extends Step["kind"]>(
  step: Step,
  kind: Kind,
): Extract<Step, { readonly kind: Kind }> {
  if (step.kind === kind) return step as Extract<Step, { readonly kind: Kind }>;
  const error = "error" in step ? step.error : undefined;
  const alert = "alert" in step ? JSON.stringify(step.alert) : "";
  throw new Error(`expected ${kind}, got ${step.kind} ${alert}: ${String(error)}`, { cause: error });
}
