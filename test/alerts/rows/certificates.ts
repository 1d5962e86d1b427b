// What is wrong with the peer's certificate, and with what proves its key; in both roles.
import { type ClientOptions, dangerousAssertVerified, type ServerOptions, type SyncVerifier } from "@sallyport/core";
import { changed, join, message, type Octets, repeat, text, u16, v16, v24, v8 } from "../../support/octets.ts";
import { content, ScriptedClient, type ScriptedPeer, ScriptedServer, type Shown, types } from "../../support/scripted-peer.ts";
import { identities, type Judged, judgingClients, judgingServers, publicKeyOf } from "../identities.ts";
import type { Stimuli } from "../outcome.ts";
import { certificateForKey } from "./raw-public-keys.ts";

type Name = Exclude<keyof typeof identities.server, "staples">;
type Staple = keyof typeof identities.server.staples;

const toClient = (shown: Shown, config: Partial<ClientOptions> = {}): ScriptedServer => new ScriptedServer({ ...shown, config });
const toServer = (shows: Shown | undefined, config: Partial<ServerOptions> = {}): ScriptedClient =>
  new ScriptedClient({ config: { ...asking(trusting), ...config }, ...(shows && { shows }) });
const asking = (verifier: SyncVerifier, mode: "required" | "optional" = "required"): Partial<ServerOptions> => ({
  clientAuthentication: { mode, verifier },
});
const trusting: SyncVerifier = { schemes: ["ecdsa_secp256r1_sha256"], label: "trusts", verify: dangerousAssertVerified };

const clientJudges = (shown: Judged): ScriptedServer => toClient(shown, judgingServers(shown)).to("WAIT_FINISHED");
const serverJudges = (shown: Judged): ScriptedClient => toServer(shown, judgingClients(shown)).to("WAIT_FINISHED");
/** Machines of both roles that have judged these by x509: up to CertificateVerify, behind which the verdict comes. */
const judged = (...names: readonly Name[]): ScriptedPeer[] =>
  names.flatMap((name) => [clientJudges(identities.server[name]), serverJudges(identities.client[name])]);
/** Machines of both roles to which these were stapled. */
const stapled = (...names: readonly Staple[]): ScriptedPeer[] =>
  names.flatMap((name) => {
    const [byServer, byClient] = [identities.server.staples[name], identities.client.staples[name]];
    const message = ({ chain, staple = repeat(0) }: Judged): Uint8Array<ArrayBuffer> =>
      Uint8Array.from(
        certificate(...chain.map((der, at) => (at === 0 ? entry(der, join(u16(5), v16([1], v24(staple)))) : entry(der)))),
      );
    const server = toClient(byServer, judgingServers(byServer)).to("WAIT_CERT_CR").say(message(byServer)).skipTo("WAIT_CV");
    const client = toServer(byClient, judgingClients(byClient)).to("WAIT_CERT").say(message(byClient));
    return [server.to("WAIT_FINISHED"), client.say(client.certificateVerify())];
  });
/** Machines of both roles whose verifier answers so. */
const answered = (verify: SyncVerifier["verify"]): ScriptedPeer[] => {
  const verifier: SyncVerifier = { ...trusting, verify };
  return [toClient(good, { verifier }).to("WAIT_FINISHED"), toServer(good, asking(verifier)).to("WAIT_FINISHED")];
};

const { good, rsa } = identities.server;
const leaf = Uint8Array.from(good.chain[0] ?? []);
const certificate = (...entries: readonly Uint8Array[]): Uint8Array => message(types.certificate, v8(), v24(...entries));
const entry = (der: Uint8Array, ...block: readonly Octets[]): Uint8Array => join(v24(der), v16(...block));
const status = join(u16(5), v16([1], v24([0])));
const nothing = join(u16(0xfa5a), v16());

const sentByClients = (...messages: readonly Uint8Array[]): ScriptedClient[] =>
  messages.map((each) => toServer(good).to("WAIT_CERT").say(Uint8Array.from(each)));
const sentByServers = (...messages: readonly Uint8Array[]): ScriptedServer[] =>
  messages.map((each) => toClient(good).to("WAIT_CERT_CR").say(Uint8Array.from(each)).skipTo("WAIT_CV"));
/** Peers of both roles that sent these Certificates. */
const sent = (...messages: readonly Uint8Array[]): ScriptedPeer[] => [
  ...sentByServers(...messages),
  ...sentByClients(...messages),
];

const provenByServers = (
  make: (server: ScriptedServer) => readonly Uint8Array[],
  shown: Shown = good,
  config: Partial<ClientOptions> = {},
): ScriptedServer[] =>
  make(toClient(shown, config).to("WAIT_CV")).map((_, at) => {
    const server = toClient(shown, config).to("WAIT_CV");
    return server.say(Uint8Array.from(make(server)[at] ?? [])).skipTo("WAIT_FINISHED");
  });
const provenByClients = (
  make: (client: ScriptedClient) => readonly Uint8Array[],
  shown: Shown = good,
  config: Partial<ServerOptions> = {},
): ScriptedClient[] =>
  make(toServer(shown, config).to("WAIT_CV")).map((_, at) => {
    const client = toServer(shown, config).to("WAIT_CV");
    return client.say(Uint8Array.from(make(client)[at] ?? []));
  });
/** Peers of both roles that sent these CertificateVerify messages. */
const proven = (
  make: (peer: ScriptedServer | ScriptedClient) => readonly Uint8Array[],
  shown: Shown = good,
  config: Pick<ServerOptions & ClientOptions, "schemes"> = {},
): ScriptedPeer[] => [...provenByServers(make, shown, config), ...provenByClients(make, shown, config)];
const signedBy =
  (...schemes: readonly number[]) =>
  (peer: ScriptedServer | ScriptedClient): readonly Uint8Array[] =>
    schemes.map((scheme) => peer.certificateVerify(scheme));
const wrongSignatures = (peer: ScriptedServer | ScriptedClient): readonly Uint8Array[] => {
  const right = peer.certificateVerify();
  return [changed(right, -1), changed(right, 20), message(types.certificateVerify, u16(0x0403), v16(repeat(70)))];
};
/** A machine of either role takes no other proof. */
const onlyP256 = { schemes: ["ecdsa_secp256r1_sha256"] } as const;
const waitingServer = (): ScriptedClient => new ScriptedClient().to("WAIT_FINISHED");

export const certificates: Stimuli = {
  "CRT-001": () => sentByServers(certificate()),
  "CRT-003": () => sentByServers(message(types.certificate, v8([1]), v24(entry(leaf)))),
  "CRT-004": () => sentByServers(certificate(entry(leaf, status)), certificate(entry(leaf), entry(leaf, nothing))),
  "CRT-005": () => sent(certificate(entry(repeat(0))), certificate(entry(leaf), entry(repeat(0)))),
  "CRT-006": () =>
    sent(
      ...[text("garbage"), join([0x30, 0x80], leaf.subarray(4)), leaf.subarray(0, -1), join(leaf, [0])].map((der) =>
        certificate(entry(der)),
      ),
    ),
  "CRT-007": () => judged("expired"),
  "CRT-008": () => judged("notYet"),
  "CRT-009": () => judged("stranger", "selfSigned"),
  "CRT-010": () => judged("badSignature"),
  "CRT-011": () => judged("revoked"),
  "CRT-012": () => [clientJudges(identities.server.otherName)],
  "CRT-013": () => [clientJudges(identities.server.codeSigning)],
  "CRT-014": () => judged("noDigitalSignature"),
  "CRT-015": () =>
    [identities.server.p384, rsa].flatMap((shown) => [
      toClient(shown, onlyP256).to("WAIT_CV"),
      toServer(shown, onlyP256).to("WAIT_CV"),
    ]),
  "CRT-016": () => judged("md5"),
  "CRT-017": () => judged("sha1"),
  "CRT-018": () => judged("unknownCritical"),
  "CRT-019": () => judged("issuerIsNoAuthority", "pathTooLong"),
  "CRT-020": () => judged("nameNotPermitted"),
  "CRT-021": () => stapled("malformed", "unsigned", "otherKey", "otherCertificate", "outOfDate"),
  "CRT-022": () => stapled("revoked"),
  "CRT-023": () => judged("mustStaple"),
  "CRT-024": () => [...judged("statusUnknown", "listOutOfDate", "listOfAnotherKey", "notStapled"), ...stapled("unknown")],
  "CRT-025": () => answered(() => ({ reason: "I don't like it" })),
  "CRT-029": () => {
    const long = { ...good, chain: [leaf, leaf, leaf] };
    const config = { limits: { certificateMessage: 1024 } };
    return [toClient(long, config).to("WAIT_CV"), toServer(long, config).to("WAIT_CV")];
  },
  "CRT-030": () => [toServer(undefined).to("WAIT_CV")],
  "CRT-032": () => sentByClients(message(types.certificate, v8([1]), v24(entry(leaf)))),
  "CRT-033": () => sentByClients(certificate(entry(leaf, status)), certificate(entry(leaf), entry(leaf, nothing))),
  "CRT-034": () => [
    toServer(good, asking({ ...trusting, verify: () => ({ alert: "access_denied", reason: "not on the list" }) })).to(
      "WAIT_FINISHED",
    ),
  ],
  "CRT-035": () => [serverJudges(identities.client.otherUsage)],
  "CRT-036": () => [waitingServer()].map((client) => client.record(content.handshake, certificate(entry(leaf)))),
  "CRT-037": () => [toServer(good).to("WAIT_CERT")].map((client) => client.say(client.finished())),
  "CRT-039": () => [identities.client.codeSigning, { ...good, verifier: identities.client.good.verifier }].map(serverJudges),
  "CRT-040": () => [toClient(identities.server.rsa1024).to("WAIT_CV"), toServer(identities.client.rsa1024).to("WAIT_CV")],
  "CRT-041": () => sent(certificate(entry(leaf, nothing, nothing)), certificate(entry(leaf, status, status))),
  "CRT-042": () =>
    [toClient(good, { verifier: { ...trusting, asksFor: ["ocsp"] } })].map((server) =>
      server
        .to("WAIT_CERT_CR")
        .say(Uint8Array.from(certificate(entry(leaf, u16(5), v16([1], v24())))))
        .skipTo("WAIT_CV"),
    ),
  "CRT-045": () => [...sent(certificate(entry(publicKeyOf(good)))), ...certificateForKey()],

  "CV-001": () => provenByServers(wrongSignatures),
  "CV-002": () =>
    provenByClients((client) => [
      ...wrongSignatures(client),
      client.certificateVerify(0x0403, "TLS 1.3, server CertificateVerify"),
    ]),
  "CV-003": () => [...proven(signedBy(0x0708, 0xfa5a, 0x0904)), ...proven(signedBy(0x0503), good, onlyP256)],
  "CV-004": () => proven(signedBy(0x0401, 0x0501, 0x0601), rsa),
  "CV-005": () => proven(signedBy(0x0201, 0x0203)),
  "CV-006": () => [...proven(signedBy(0x0503, 0x0804, 0x0807, 0x0809)), ...proven(signedBy(0x0403, 0x0809), rsa)],
  "CV-007": () => proven(() => [message(types.certificateVerify, u16(0x0403), v16())]),
  "CV-008": () => provenByServers((server) => [server.certificateVerify(0x0403, "TLS 1.3, client CertificateVerify")]),
  "CV-009": () => [toServer(good).to("WAIT_CV")].map((client) => client.say(client.finished())),
  "CV-010": () =>
    [toServer(good, asking(trusting, "optional")).to("WAIT_CERT")].map((client) => {
      client.say(client.certificate([]));
      return client.say(client.certificateVerify());
    }),
  "CV-011": () => [toClient(good).to("WAIT_CV")].map((server) => server.say(server.finished())),

  "FIN-001": () =>
    [0, -1].map((at) => {
      const server = new ScriptedServer().to("WAIT_FINISHED");
      return server.say(changed(server.finished(), at === 0 ? 4 : at));
    }),
  "FIN-002": () =>
    [4, -1].map((at) => {
      const client = waitingServer();
      return client.say(changed(client.finished(), at));
    }),
  "FIN-003": () =>
    [new ScriptedServer().to("WAIT_FINISHED"), waitingServer()].flatMap((first) =>
      [0, 31, 33].map((length) => {
        const peer = first instanceof ScriptedServer ? new ScriptedServer().to("WAIT_FINISHED") : waitingServer();
        const right = join(peer.finished().subarray(4), [0]);
        return peer.say(message(types.finished, right.subarray(0, length)));
      }),
    ),
  "FIN-006": () => {
    const client = waitingServer();
    const finished = client.finished();
    client.useApplicationKeys();
    const server = new ScriptedServer().to("WAIT_FINISHED");
    server.write = server.write?.next();
    return [client.say(finished), server.say(server.finished())];
  },
  "FIN-007": () => {
    const server = new ScriptedServer().to("WAIT_FINISHED");
    const machine = server.machine;
    server.finish();
    return [server.record(content.data, text("early")).skipTo("CONNECTED")].filter(() => machine.data.length === 1);
  },
  "FIN-008": () => {
    const client = waitingServer();
    client.useApplicationKeys();
    return [client.record(content.data, text("too soon"))];
  },
};
