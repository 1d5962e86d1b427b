// Framing of messages, and every state × every message, as the machines' own tables of edges say.
import { edges as clientFront } from "../../../packages/core/src/handshake/client/edges.ts";
import { edgesTls13 as clientTls13 } from "../../../packages/core/src/handshake/client/tls13/edges.ts";
import { edges as serverFront } from "../../../packages/core/src/handshake/server/edges.ts";
import { edgesTls13 as serverTls13 } from "../../../packages/core/src/handshake/server/tls13/edges.ts";
import type { EdgeTable } from "../../../packages/core/src/handshake/table.ts";
import { handshakeTypes } from "../../../packages/core/src/wire/handshake.ts";
import { extension, join, message, repeat, replaced, text, u16, u32, v16, v24, v8 } from "../../support/octets.ts";
import {
  type ClientState,
  content,
  extensions,
  ScriptedClient,
  type ScriptedPeer,
  ScriptedServer,
  type ServerState,
  types,
} from "../../support/scripted-peer.ts";
import { all, anywhere, each, showing, type Stimuli, type Stimulus, underHandshakeKeys } from "../outcome.ts";

const clientEdges = { ...clientFront, ...clientTls13 };
const serverEdges = { ...serverFront, ...serverTls13 };
const clientStates = {
  WAIT_SH: "expectServerHello",
  WAIT_SH_AGAIN: "expectSecondServerHello",
  WAIT_EE: "expectEncryptedExtensions",
  WAIT_CERT_CR: "expectCertificateOrRequest",
  WAIT_CERT: "expectCertificate",
  WAIT_CV: "expectCertificateVerify",
  WAIT_FINISHED: "expectFinished",
  CONNECTED: undefined,
} as const satisfies Record<ClientState, keyof typeof clientEdges | undefined>;
const serverStates = {
  START: "expectClientHello",
  RETRIED: "expectSecondClientHello",
  WAIT_EOED: "expectEndOfEarlyData",
  WAIT_CERT: "expectCertificate",
  WAIT_CV: "expectCertificateVerify",
  WAIT_FINISHED: "expectFinished",
  CONNECTED: undefined,
} as const satisfies Record<ServerState, keyof typeof serverEdges | undefined>;

function stateOf(peer: ScriptedPeer): Readonly<Record<string, readonly string[]>> | undefined {
  const states: Readonly<Record<string, string | undefined>> = peer.machine.role === "client" ? clientStates : serverStates;
  const edges: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> =
    peer.machine.role === "client" ? clientEdges : serverEdges;
  return edges[states[peer.where] ?? ""];
}

/** What may come in the peer's state. */
function expectedBy(peer: ScriptedPeer): readonly string[] {
  const state = stateOf(peer);
  if (state !== undefined) return Object.keys(state);
  return peer.machine.role === "client" ? ["new_session_ticket", "key_update"] : ["key_update"];
}

function eitherVersion(): ScriptedServer {
  const suites = ["TLS_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"] as const;
  return new ScriptedServer({ config: { versions: ["tls1.3", "tls1.2"], suites } });
}

const emptyBlock = u16(0);
/** Every message of TLS 1.3 and 1.2, well-formed. Where the content counts, it comes from a peer. */
export const messages: Readonly<Record<string, () => Uint8Array>> = {
  hello_request: () => message(0),
  client_hello: () => new ScriptedClient().encodedHello(),
  server_hello: () => new ScriptedServer().serverHello(),
  hello_retry_request: () => new ScriptedServer().retryRequest(),
  new_session_ticket: () => message(types.newSessionTicket, u32(60), u32(1), v8([1]), v16(text("ticket")), emptyBlock),
  end_of_early_data: () => message(types.endOfEarlyData),
  encrypted_extensions: () => message(types.encryptedExtensions, emptyBlock),
  certificate: () => new ScriptedServer().certificate(),
  server_key_exchange: () => message(12, [3], u16(29), v8(repeat(32)), u16(0x0403), v16(repeat(70))),
  certificate_request: () => new ScriptedServer().certificateRequest(),
  server_hello_done: () => message(14),
  certificate_verify: () => message(types.certificateVerify, u16(0x0403), v16(repeat(70))),
  client_key_exchange: () => message(16, v8(repeat(32))),
  finished: () => message(types.finished, repeat(32)),
  certificate_status: () => message(22, [1], v24(repeat(4))),
  key_update: () => message(types.keyUpdate, [0]),
  compressed_certificate: () => message(25, u16(2), [0, 0, 9], v24(repeat(9))),
  message_hash: () => message(types.messageHash, repeat(32)),
};

/** All that may not come there. */
function others(peers: () => readonly ScriptedPeer[]): Stimulus {
  return () =>
    Object.entries(messages).flatMap(([name, make]) => {
      const known = name === "hello_retry_request" ? "server_hello" : name;
      return all(
        peers().filter((peer) => !expectedBy(peer).includes(known)),
        (peer) => peer.record(content.handshake, make()),
      );
    });
}

const client = (state: ClientState) => (): ScriptedPeer[] => [new ScriptedServer().to(state)];
const server = (state: ServerState) => (): ScriptedPeer[] => {
  const asked = state === "WAIT_CERT" || state === "WAIT_CV";
  return [new ScriptedClient(asked ? showing : state === "RETRIED" ? { shares: [] } : {}).to(state)];
};

/** The message that is right there, with its type and its body. */
function right(peer: ScriptedPeer): { readonly type: number; readonly body: Uint8Array } {
  const raw = peer.next();
  return { type: raw[0] ?? 0, body: raw.subarray(4) };
}
/** All but where Finished is due, whose length is no syntax. */
const decoding = (): ScriptedPeer[] => anywhere().filter(({ where }) => where !== "WAIT_FINISHED");

export const framing: Stimuli = {
  "FRM-001": () => all(anywhere(), (peer) => peer.record(content.handshake, message(99, [1]))),
  "FRM-002": () => all(anywhere(), (peer) => peer.record(content.handshake, join([right(peer).type, 0xff, 0xff, 0xff]))),
  "FRM-003": () => [
    ...each([0, 1], decoding, (peer, length) => {
      const { type, body } = right(peer);
      peer.record(content.handshake, message(type, type === types.keyUpdate ? [] : body.subarray(0, length)));
    }),
    ...all(client("CONNECTED")(), (peer) => peer.record(content.handshake, message(types.newSessionTicket, repeat(8)))),
  ],
  "FRM-004": () => {
    const withLongVector = (peer: ScriptedPeer): Uint8Array => {
      const { type, body } = right(peer);
      // Offsets of a length that is made too large: session id, or the first vector.
      const at = type === types.clientHello || type === types.serverHello ? 34 : type === types.certificateVerify ? 2 : 0;
      return message(
        type,
        Uint8Array.from(body, (byte, index) => (index === at ? 0xff : byte)),
      );
    };
    return [
      ...all(
        decoding().filter(({ where }) => where !== "CONNECTED"),
        (peer) => peer.record(content.handshake, withLongVector(peer)),
      ),
      ...all(client("CONNECTED")(), (peer) =>
        peer.record(content.handshake, message(types.newSessionTicket, repeat(8), [200], repeat(4))),
      ),
    ];
  },
  "FRM-005": () => [
    ...all(decoding(), (peer) => {
      const { type, body } = right(peer);
      peer.record(content.handshake, message(type, body, [0]));
    }),
    ...all(client("CONNECTED")(), (peer) =>
      peer.record(content.handshake, message(types.newSessionTicket, u32(60), u32(1), v8([1]), v16([1]), emptyBlock, [0])),
    ),
  ],
  "FRM-006": () => {
    const known = [
      extensions.serverName,
      extensions.supportedGroups,
      extensions.signatureAlgorithms,
      extensions.alpn,
      extensions.supportedVersions,
      extensions.pskModes,
      extensions.keyShare,
    ];
    return [
      ...each(
        known,
        () => [new ScriptedClient()],
        (peer, type) => {
          const { extensions: offered = [] } = peer.hello;
          const body = offered.find((each) => each.type === type)?.body ?? [];
          peer.extend(extension(type, body, [0])).say(peer.encodedHello());
        },
      ),
      ...each(
        [extensions.supportedVersions, extensions.keyShare],
        () => [new ScriptedServer()],
        (peer, type) => {
          peer.say(
            peer.serverHello(({ extensions: answers = [] }) => ({
              extensions: replaced(answers, extension(type, answers.find((each) => each.type === type)?.body ?? [], [0])),
            })),
          );
        },
      ),
      ...all([new ScriptedServer().to("WAIT_EE")], (peer) =>
        peer.say(peer.encryptedExtensions(extension(extensions.alpn, v16(v8(text("h2"))), [0]))),
      ),
      ...all([new ScriptedServer().to("WAIT_CERT_CR")], (peer) =>
        peer.say(peer.certificateRequest(extension(extensions.signatureAlgorithms, v16(u16(0x0403)), [0]))),
      ),
    ];
  },
  "FRM-007": () =>
    each(
      [[], [1], repeat(300, 7)],
      () => [new ScriptedClient()],
      (peer, body) => peer.extend(extension(0xfa5a, body), extension(0x5a5a, body)).to("CONNECTED"),
    ),
  "FRM-008": () => [
    ...all([new ScriptedServer()], (peer) =>
      peer.record(content.handshake, join(peer.serverHello(), peer.encryptedExtensions())),
    ),
    ...all([new ScriptedServer()], (peer) =>
      peer.record(content.handshake, join(peer.serverHello(), [types.encryptedExtensions])),
    ),
    ...all([new ScriptedServer()], (peer) => peer.record(content.handshake, join(peer.retryRequest(), peer.serverHello()))),
  ],
  "FRM-009": () => [
    ...all([new ScriptedClient()], (peer) =>
      peer.record(content.handshake, join(peer.encodedHello(), message(types.finished, repeat(32)))),
    ),
    ...all([new ScriptedClient({ shares: [] }).to("RETRIED")], (peer) =>
      peer.record(content.handshake, join(peer.secondHello(), [types.finished])),
    ),
  ],
  "FRM-010": () =>
    all([new ScriptedClient().to("WAIT_FINISHED")], (peer) =>
      peer.record(content.handshake, join(peer.finished(), message(types.keyUpdate, [0]))),
    ),
  "FRM-011": () =>
    all([new ScriptedServer().to("WAIT_FINISHED")], (peer) =>
      peer.record(content.handshake, join(peer.finished(), messages["new_session_ticket"]?.() ?? [])),
    ),
  "FRM-012": () =>
    all([...client("CONNECTED")(), ...server("CONNECTED")()], (peer) =>
      peer.record(content.handshake, join(message(types.keyUpdate, [0]), message(types.keyUpdate, [0]))),
    ),
  "FRM-014": () => [
    ...all(
      anywhere().filter(({ machine }) => machine.role === "client"),
      (peer) => peer.record(content.handshake, message(0)),
    ),
    // A client of both versions passes it over as long as it may be TLS 1.2's.
    ...all([eitherVersion()], (peer) => peer.record(content.handshake, message(0)).say(peer.serverHello())),
    ...all([eitherVersion()], (peer) => peer.record(content.handshake, message(0)).say(peer.retryRequest())),
  ],
  "FRM-015": () => all(anywhere(), (peer) => peer.record(content.handshake, message(types.messageHash, repeat(32)))),

  "STM-001": others(() => [...client("WAIT_SH")(), ...client("WAIT_SH_AGAIN")()]),
  "STM-002": others(client("WAIT_EE")),
  "STM-003": others(client("WAIT_CERT_CR")),
  "STM-004": others(client("WAIT_CERT")),
  "STM-005": others(client("WAIT_CV")),
  "STM-006": others(client("WAIT_FINISHED")),
  "STM-007": others(client("CONNECTED")),
  "STM-008": others(server("START")),
  "STM-009": others(server("RETRIED")),
  "STM-011": others(server("WAIT_CERT")),
  "STM-012": others(server("WAIT_CV")),
  "STM-013": others(server("WAIT_FINISHED")),
  "STM-014": others(server("CONNECTED")),
  "STM-030": () => all(underHandshakeKeys(), (peer) => peer.record(content.data, text("too soon"))),
  "KU-001": () => all(underHandshakeKeys(), (peer) => peer.record(content.handshake, message(types.keyUpdate, [0]))),
  "ED-009": () =>
    all(
      anywhere().filter(({ machine }) => machine.role === "client"),
      (peer) => peer.record(content.handshake, message(types.endOfEarlyData)),
    ),
  "NST-001": () => all(server("CONNECTED")(), (peer) => peer.record(content.handshake, messages["new_session_ticket"]?.() ?? [])),
  "NST-002": () =>
    all(
      anywhere().filter(({ machine, where }) => machine.role === "client" && where !== "CONNECTED"),
      (peer) => peer.record(content.handshake, messages["new_session_ticket"]?.() ?? []),
    ),
  "REN-012": () => all(server("CONNECTED")(), (peer) => peer.record(content.handshake, messages["client_hello"]?.() ?? [])),
  "CMP-006": () =>
    all([...client("WAIT_CERT_CR")(), ...client("WAIT_CERT")(), ...server("WAIT_CERT")(), ...server("WAIT_FINISHED")()], (peer) =>
      peer.record(content.handshake, messages["compressed_certificate"]?.() ?? []),
    ),
};

/** States of the machines that wait for a message, and that no peer here brings them to. */
export function statesNeverTried(): string[] {
  const never = (edges: EdgeTable, tried: readonly (string | undefined)[]): string[] =>
    Object.entries(edges)
      .filter(
        ([state, inputs]) => Object.keys(inputs).some((input) => Object.hasOwn(handshakeTypes, input)) && !tried.includes(state),
      )
      .map(([state]) => state);
  return [...never(clientEdges, Object.values(clientStates)), ...never(serverEdges, Object.values(serverStates))];
}
