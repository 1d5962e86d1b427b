// The order of TLS 1.2's messages, its key exchange, its change_cipher_spec, and renegotiation.
import { edges as clientFront } from "../../../../packages/core/src/handshake/client/edges.ts";
import { edgesTls12 as clientTls12 } from "../../../../packages/core/src/handshake/client/tls12/edges.ts";
import { edges as serverFront } from "../../../../packages/core/src/handshake/server/edges.ts";
import { edgesTls12 as serverTls12 } from "../../../../packages/core/src/handshake/server/tls12/edges.ts";
import type { EdgeTable } from "../../../../packages/core/src/handshake/table.ts";
import { dangerousAssertVerified, type ServerOptions, type SyncVerifier } from "@sallyport/core";
import { fakeCertificate } from "../../../support/fake-credential.ts";
import { mlDsaPair } from "../../../support/ml-dsa.ts";
import {
  changed,
  extension,
  join,
  message,
  type Octets,
  record,
  repeat,
  text,
  u16,
  u32,
  v16,
  v24,
  v8,
} from "../../../support/octets.ts";
import { content, extensions, groups, type Outcome, type ScriptedPeer, types } from "../../../support/scripted-peer.ts";
import {
  type ClientStateTls12,
  type KeyExchangeScript,
  ScriptedClientTls12,
  type ScriptedServerTls12,
  type ScriptedServerTls12Options,
  type ServerStateTls12,
  typesTls12,
} from "../../../support/scripted-tls12.ts";
import { seededNoble } from "../../../support/seeded.ts";
import { identities, type Judged, judgingClients, judgingServers, publicKeyOf } from "../../identities.ts";
import { all, each, expectEqual, found, type Stimuli, type Stimulus, told } from "../../outcome.ts";
import { messages } from "../framing.ts";
import { certificateForKeyTls12 } from "../raw-public-keys.ts";
import { resumingClientTls12, resumingServerTls12 } from "../../sessions.ts";
import { announcing, beforeFinished, clientsInClear, connected, toClient, toServer } from "./peers.ts";

const clientStates: Readonly<Record<ClientStateTls12, string | undefined>> = {
  WAIT_SH: "expectServerHello",
  WAIT_CERT: "expectCertificateTls12",
  WAIT_STATUS: "expectCertificateStatus",
  WAIT_SKE: "expectServerKeyExchange",
  WAIT_SHD: "expectServerHelloDone",
  WAIT_SHD_ONLY: "expectServerHelloDoneOnly",
  WAIT_TICKET: "expectSessionTicket",
  WAIT_CCS: "expectChangeCipherSpec",
  WAIT_FINISHED: "expectFinishedTls12",
  CONNECTED: undefined,
};
const serverStates: Readonly<Record<ServerStateTls12, string | undefined>> = {
  START: "expectClientHello",
  WAIT_CERT: "expectClientCertificate",
  WAIT_CKE: "expectClientKeyExchange",
  WAIT_CV: "expectClientCertificateVerify",
  WAIT_CCS: "expectChangeCipherSpec",
  WAIT_FINISHED: "expectFinishedTls12",
  CONNECTED: undefined,
};
const clientEdges: EdgeTable = { ...clientFront, ...clientTls12 };
const serverEdges: EdgeTable = { ...serverFront, ...serverTls12 };

/** All that may not come there, each to a peer of its own. A HelloRequest is ignored by a client in its handshake. */
function others(peerThere: () => ScriptedPeer, edges: EdgeTable, state: string | undefined): Stimulus {
  const expected = new Set(Object.keys(edges[state ?? ""] ?? {}));
  return () =>
    Object.entries(messages)
      .filter(([name]) => !expected.has(name) && !(name === "hello_retry_request" && expected.has("server_hello")))
      .filter(([name]) => !(name === "hello_request" && edges === clientEdges))
      .map(([, make]) => peerThere().record(content.handshake, make()));
}
const client = (state: ClientStateTls12, options: ScriptedServerTls12Options = {}): Stimulus =>
  others(() => toClient(state, options), clientEdges, clientStates[state]);
const trusting: SyncVerifier = { schemes: ["ecdsa_secp256r1_sha256"], label: "trusts", verify: dangerousAssertVerified };
/** A client that asks for an OCSP response, and a server that says one may come. */
const stapling: ScriptedServerTls12Options = { config: { verifier: { ...trusting, asksFor: ["ocsp"] } }, announcesStatus: true };
const clientThere = (state: string, there: () => ScriptedPeer): Stimulus => others(there, clientEdges, state);
const serverThere = (state: string, there: () => ScriptedPeer): Stimulus => others(there, serverEdges, state);
/** Behind ServerHello of a resumption: the states that wait there, and peers to machines in them. */
const resumedClients = {
  expectSessionTicketResumed: () => resumingServerTls12("ticket", { ticket: text("the next") }).to("WAIT_TICKET"),
  expectChangeCipherSpecResumed: () => resumingServerTls12("id").to("WAIT_CCS"),
  expectFinishedResumed: () => resumingServerTls12().to("WAIT_FINISHED"),
} as const;
const resumedServers = {
  expectChangeCipherSpecResumed: () => resumingClientTls12("id").to("WAIT_CCS"),
  expectFinishedResumed: () => resumingClientTls12().to("WAIT_FINISHED"),
} as const;
const server = (state: ServerStateTls12): Stimulus => others(() => toServer(state), serverEdges, serverStates[state]);

const exchange = (scripts: readonly KeyExchangeScript[], options: ScriptedServerTls12Options = {}): ScriptedServerTls12[] =>
  scripts.map((script) => {
    const peer = toClient("WAIT_SKE", options);
    return peer.say(peer.serverKeyExchange(script)).skipTo("WAIT_SHD");
  });
/** What is wrong with a point is found when the client needs it. */
const shares = (group: number, ...wrong: readonly Octets[]): ScriptedServerTls12[] =>
  exchange(
    wrong.map((share) => ({ share })),
    { group },
  ).map((peer) => peer.say(peer.serverHelloDone()));
/** Clients whose point this is, on a server that has agreed on that group. */
const points = (group: number, ...wrong: readonly Octets[]): ScriptedClientTls12[] =>
  wrong.map((share) => {
    // Behind it the certificate's curve, which must be among them as well.
    const peer = new ScriptedClientTls12()
      .extend(extension(extensions.supportedGroups, v16(u16(group, groups.secp256r1))))
      .to("WAIT_CKE");
    return peer.say(peer.clientKeyExchange(share)).skipTo("WAIT_CCS");
  });
const offCurve = join([4], repeat(64, 1));
const compressed = join([2], repeat(32, 7));
const lowOrder = [repeat(32), join([1], repeat(31))];
const helloRequest = message(typesTls12.helloRequest);
const ticket = message(types.newSessionTicket, u32(60), v16(text("a ticket")));

type Name = Exclude<keyof typeof identities.server, "staples">;
type Staple = keyof typeof identities.server.staples;

const asking = (verifier: SyncVerifier = trusting): Partial<ServerOptions> => ({
  clientAuthentication: { mode: "required", verifier },
});
const clientJudges = (shown: Judged): ScriptedServerTls12 =>
  toClient("WAIT_SHD", { chain: shown.chain, keyPem: shown.keyPem, config: judgingServers(shown) });
const serverJudges = (shown: Judged): ScriptedClientTls12 => new ScriptedClientTls12(judgingClients(shown), shown).to("WAIT_CCS");
/** Machines of both roles that have judged these by x509, directly behind the message that proves the key. */
const judged = (...names: readonly Name[]): ScriptedPeer[] =>
  names.flatMap((name) => [clientJudges(identities.server[name]), serverJudges(identities.client[name])]);
/** Clients to which these were stapled; TLS 1.2 has no way to ask a client for one. */
const stapled = (...names: readonly Staple[]): ScriptedPeer[] =>
  names.map((name) => {
    const shown = identities.server.staples[name];
    const peer = toClient("WAIT_STATUS", {
      chain: shown.chain,
      keyPem: shown.keyPem,
      config: judgingServers(shown),
      announcesStatus: true,
    });
    return peer.say(peer.certificateStatus(shown.staple)).skipTo("WAIT_SKE").to("WAIT_SHD");
  });
/** Peers of both roles that sent Certificate messages with these bodies. */
const sent = (...bodies: readonly Octets[]): ScriptedPeer[] => [
  ...bodies.map((body) => toClient("WAIT_CERT").say(message(types.certificate, body)).skipTo("WAIT_SKE")),
  ...bodies.map((body) => toServer("WAIT_CERT").say(message(types.certificate, body)).skipTo("WAIT_CKE")),
];
/** Clients that sent these CertificateVerify messages. */
const proven = (...make: readonly ((client: ScriptedClientTls12) => Uint8Array<ArrayBuffer>)[]): ScriptedClientTls12[] =>
  make.map((one) => {
    const client = toServer("WAIT_CV");
    return client.say(one(client)).skipTo("WAIT_CCS");
  });
const { good, ed25519, rsa } = identities.server;
const leaf = good.chain[0] ?? repeat(0);

export const handshakes: Stimuli = {
  "STM-015": client("WAIT_SH"),
  "STM-016": client("WAIT_CERT"),
  "STM-017": () => [...client("WAIT_SKE")(), ...client("WAIT_STATUS", stapling)()],
  "STM-018": () => [...client("WAIT_SHD")(), ...client("WAIT_SHD_ONLY")()],
  "STM-019": () => [
    ...client("WAIT_CCS")(),
    ...clientThere("expectSessionTicket", () => announcing().to("WAIT_TICKET"))(),
    ...clientThere("expectSessionTicketResumed", resumedClients.expectSessionTicketResumed)(),
    ...clientThere("expectChangeCipherSpecResumed", resumedClients.expectChangeCipherSpecResumed)(),
  ],
  "STM-020": () => [
    ...client("WAIT_FINISHED")(),
    ...clientThere("expectFinishedResumed", resumedClients.expectFinishedResumed)(),
  ],
  "STM-021": server("START"),
  "STM-022": server("WAIT_CERT"),
  "STM-023": server("WAIT_CKE"),
  "STM-024": server("WAIT_CV"),
  "STM-025": () => [
    ...server("WAIT_CCS")(),
    ...serverThere("expectChangeCipherSpecResumed", resumedServers.expectChangeCipherSpecResumed)(),
  ],
  "STM-026": () => [
    ...server("WAIT_FINISHED")(),
    ...serverThere("expectFinishedResumed", resumedServers.expectFinishedResumed)(),
  ],
  "STM-031": () => [
    ...each([[], [1]], beforeFinished, (peer, bytes) => peer.record(content.data, bytes)),
    ...all([toClient("WAIT_CCS"), toServer("WAIT_CCS"), toServer("WAIT_CKE")], (peer) => peer.bytes(record(content.data, [1]))),
  ],

  "T12-001": () => exchange([{ signature: repeat(70, 1) }, { signature: [] }, { hash: "sha384" }]),
  "T12-002": () => exchange([{ group: 0x0016, share: offCurve }, { group: 0x001e, share: repeat(56, 1) }, { group: 0x0015 }]),
  "T12-003": () => exchange([{ curveType: 1 }, { curveType: 2 }]),
  "T12-004": () => [
    ...shares(groups.secp256r1, offCurve, compressed, repeat(64, 4), join(offCurve, [0])),
    ...shares(groups.x25519, repeat(31, 9), repeat(33, 9)),
  ],
  "T12-005": () => [
    ...exchange([{ scheme: 0x0203 }, { scheme: 0xfa5a }]),
    ...exchange([{ scheme: 0x0503 }], { config: { schemes: ["ecdsa_secp256r1_sha256"] } }),
    ...exchange([{ scheme: 0x0904 }], { config: { provider: seededNoble("T12-005") } }), // offered, for TLS 1.3
  ],
  "T12-006": () => shares(groups.x25519, ...lowOrder),
  "T12-007": () =>
    [toClient("WAIT_SHD"), toClient("WAIT_SHD_ONLY")].map((peer) => peer.say(message(typesTls12.serverHelloDone, [0]))),
  "T12-008": () => [toClient("WAIT_SKE").record(content.handshake, message(typesTls12.certificateStatus, [1], v24([0])))],
  "T12-009": () => [
    ...points(groups.secp256r1, offCurve, compressed, repeat(64, 4), join(offCurve, [0])),
    ...points(groups.x25519, ...lowOrder, repeat(31, 9), repeat(33, 9)),
  ],
  "T12-011": () => [toServer("WAIT_CKE").bytes(record(content.changeCipherSpec, [1]))],
  "T12-012": () =>
    [
      ...(["WAIT_CERT", "WAIT_SKE", "WAIT_SHD", "WAIT_SHD_ONLY"] as const).map((state) => toClient(state)),
      // RFC 5077 §3.3: a ticket that was announced must come.
      announcing().to("WAIT_TICKET"),
      resumedClients.expectSessionTicketResumed(),
    ].map((peer) => peer.bytes(record(content.changeCipherSpec, [1]))),
  "T12-013": () =>
    [
      toClient("WAIT_CCS"),
      toServer("WAIT_CCS"),
      resumedClients.expectChangeCipherSpecResumed(),
      resumedServers.expectChangeCipherSpecResumed(),
    ].map((peer) => peer.record(content.handshake, peer.finished())),
  "T12-014": () =>
    each(
      [[2], [1, 1], []],
      () => [
        toClient("WAIT_CCS"),
        toServer("WAIT_CCS"),
        resumingServerTls12().to("WAIT_CCS"),
        resumingClientTls12().to("WAIT_CCS"),
      ],
      (peer, body) => peer.changeCipherSpec(body),
    ),
  "T12-015": () => all(beforeFinished(), (peer) => peer.record(content.changeCipherSpec, [1])),
  "T12-016": () => {
    const cut = (peer: ScriptedPeer): void =>
      void peer.record(content.handshake, peer.next().subarray(0, 5)).bytes(record(content.changeCipherSpec, [1]));
    const resumed = [...Object.values(resumedClients), ...Object.values(resumedServers)].slice(0, 2).map((there) => there());
    return all(
      [
        toClient("WAIT_CERT"),
        toClient("WAIT_CCS"),
        toServer("WAIT_CKE"),
        toServer("WAIT_CCS"),
        announcing().to("WAIT_TICKET"),
        ...resumed,
      ],
      cut,
    );
  },
  "T12-017": () => all(connected(), (peer) => peer.record(content.changeCipherSpec, [1])),
  "T12-023": () =>
    [toServer("WAIT_CKE")].map((peer) =>
      peer.say(message(typesTls12.clientKeyExchange, peer.clientKeyExchange().subarray(4), [0])),
    ),
  "T12-024": () => {
    const more = [[11], [16, 0, 0, 1, 0]] as const;
    return [
      ...each(
        more,
        () => [toServer("START")],
        (peer, bytes) => peer.record(content.handshake, join(peer.next(), bytes)),
      ),
      ...each(
        more,
        () => [toClient("WAIT_SHD"), toClient("WAIT_SHD_ONLY")],
        (peer, bytes) => peer.record(content.handshake, join(peer.serverHelloDone(), bytes)),
      ),
      ...each(more, beforeFinished, (peer, bytes) => peer.record(content.handshake, join(peer.next(), bytes))),
    ];
  },
  "T12-026": () => points(groups.x25519, []),
  "T12-027": () => exchange([{ group: 0x11ec, share: repeat(200, 1) }]),

  "REN-001": () => [refusedOnce(toClient("CONNECTED"), helloRequest)],
  "REN-002": () =>
    [
      ...clientsInClear.map((state) => toClient(state)),
      announcing().to("WAIT_TICKET"),
      ...Object.values(resumedClients).map((there) => there()),
    ].map((peer) => peer.record(content.handshake, helloRequest)),
  "REN-003": () => [toClient("CONNECTED").record(content.handshake, message(typesTls12.helloRequest, [0]))],
  "REN-004": () => [toServer("CONNECTED")].map((peer) => refusedOnce(peer, peer.encodedHello())),

  "FIN-004": () => each([4, -1], beforeFinished, (peer, at) => peer.record(content.handshake, changed(peer.next(), at))),
  "FIN-005": () =>
    each([0, 11, 13], beforeFinished, (peer, length) =>
      peer.record(content.handshake, message(types.finished, join(peer.next().subarray(4), [0]).subarray(0, length))),
    ),
  "NST-009": () =>
    [toClient("WAIT_CCS"), resumingServerTls12().to("WAIT_CCS")].map((peer) => peer.record(content.handshake, ticket)),
  "CLI-CR-010": () =>
    [join(v8(), v16(u16(0x0403)), v16()), join(v8([64]), v16(), v16())].map((body) =>
      toClient("WAIT_SHD").say(message(types.certificateRequest, body)),
    ),

  "CRT-002": () => [toClient("WAIT_CERT").say(message(types.certificate, v24())).skipTo("WAIT_SKE")],
  "CRT-006": () =>
    sent(
      ...[text("garbage"), join([0x30, 0x80], leaf.subarray(4)), leaf.subarray(0, -1), join(leaf, [0])].map((der) =>
        v24(v24(der)),
      ),
    ),
  "CRT-007": () => judged("expired"),
  "CRT-008": () => judged("notYet"),
  "CRT-009": () => judged("stranger", "selfSigned"),
  "CRT-010": () => judged("badSignature"),
  "CRT-011": () => judged("revoked"),
  "CRT-012": () => [clientJudges(identities.server.otherName)],
  "CRT-013": () => [clientJudges(identities.server.codeSigning)],
  "CRT-015": () => [
    toClient("WAIT_SKE", { chain: ed25519.chain, config: { schemes: ["ecdsa_secp256r1_sha256"] } }),
    toClient("WAIT_SKE", {
      chain: [fakeCertificate(mlDsaPair("mldsa44", 1).spki)],
      config: { provider: seededNoble("CRT-015") },
    }),
    ...[ed25519, rsa].map((shown) =>
      new ScriptedClientTls12({ ...asking(), schemes: ["ecdsa_secp256r1_sha256"] }, shown).to("WAIT_CKE"),
    ),
  ],
  "CRT-018": () => judged("unknownCritical"),
  "CRT-019": () => judged("issuerIsNoAuthority", "pathTooLong"),
  "CRT-020": () => judged("nameNotPermitted"),
  "CRT-021": () => stapled("malformed", "unsigned", "otherKey", "otherCertificate", "outOfDate"),
  "CRT-022": () => stapled("revoked"),
  "CRT-023": () => [clientJudges(identities.server.mustStaple)],
  "CRT-024": () => [
    ...judged("statusUnknown", "listOutOfDate", "listOfAnotherKey"),
    clientJudges(identities.server.notStapled),
    ...stapled("unknown"),
  ],
  "CRT-025": () => {
    const verifier: SyncVerifier = { ...trusting, verify: () => ({ reason: "I don't like it" }) };
    return [toClient("WAIT_SHD", { config: { verifier } }), new ScriptedClientTls12(asking(verifier), good).to("WAIT_CCS")];
  },
  "CRT-029": () => {
    const chain = [leaf, leaf, leaf];
    const limits = { certificateMessage: 1024 };
    return [
      toClient("WAIT_SKE", { chain, config: { limits } }),
      new ScriptedClientTls12({ ...asking(), limits }, { ...good, chain }).to("WAIT_CKE"),
    ];
  },
  "CRT-031": () => [new ScriptedClientTls12(asking()).to("WAIT_CKE")],
  "CRT-034": () => {
    const verifier: SyncVerifier = { ...trusting, verify: () => ({ alert: "access_denied", reason: "not on the list" }) };
    return [new ScriptedClientTls12(asking(verifier), good).to("WAIT_CCS")];
  },
  "CRT-036": () => [toServer("WAIT_CKE").record(content.handshake, message(types.certificate, v24(v24(leaf))))],
  "CRT-038": () => [toClient("WAIT_SKE", { chain: rsa.chain })],
  "CRT-039": () => [identities.client.codeSigning, { ...good, verifier: identities.client.good.verifier }].map(serverJudges),
  "CRT-040": () => {
    const peer = toClient("WAIT_SH", identities.server.rsa1024);
    peer
      .say(peer.serverHello({ suite: 0xc02f }))
      .skipTo("WAIT_CERT")
      .to("WAIT_SKE");
    return [peer, new ScriptedClientTls12(asking(), identities.client.rsa1024).to("WAIT_CKE")];
  },
  "CRT-042": () => {
    const peer = toClient("WAIT_STATUS", stapling);
    return [peer.say(peer.certificateStatus([])).skipTo("WAIT_SKE")];
  },
  "CRT-045": () => [...sent(v24(v24(publicKeyOf(good)))), ...certificateForKeyTls12()],
  "CV-012": () =>
    proven(
      (client) => changed(client.certificateVerify(), -1),
      (client) => changed(client.certificateVerify(), 20),
      () => message(types.certificateVerify, u16(0x0403), v16(repeat(70))),
    ),
  "CV-013": () =>
    proven(...[0x0203, 0x0708, 0xfa5a].map((scheme) => (client: ScriptedClientTls12) => client.certificateVerify(scheme))),
};

/** Refused politely: everything goes on. A second time it is refused for good. */
function refusedOnce(peer: ScriptedPeer, wish: Uint8Array): Outcome {
  const outcome = found(peer.record(content.handshake, wish), told(peer));
  expectEqual(peer.machine.events.map(({ kind }) => kind).join(), "renegotiation-refused", "the events");
  peer.proceed();
  peer.record(content.handshake, wish);
  expectEqual(peer.machine.failure?.error.kind, "renegotiation", "the second time");
  expectEqual(peer.heard.at(-1)?.bytes.join(), "2,100", "the alert of the second time");
  return outcome;
}

/** States that wait for a message, and are in no row above. */
export function statesNeverTriedTls12(): readonly string[] {
  const tried = [
    new Set<string | undefined>([...Object.values(clientStates), ...Object.keys(resumedClients)]),
    new Set<string | undefined>([...Object.values(serverStates), ...Object.keys(resumedServers)]),
  ];
  const tables = [clientTls12, serverTls12] as readonly EdgeTable[];
  return tables.flatMap((table, at) =>
    Object.keys(table).filter((state) => state.startsWith("expect") && !tried[at]?.has(state)),
  );
}
