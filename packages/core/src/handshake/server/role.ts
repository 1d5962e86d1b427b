import type { Agreement } from "../../connection/connection.ts";
import { exporterTls12, exporterTls13 } from "../../connection/exporters.ts";
import type { Agreed } from "../../connection/types.ts";
import { expectSignature } from "../../negotiate/negotiate.ts";
import type { RecordSizes } from "../../record/size-limit.ts";
import { wipe } from "../../wire/bytes.ts";
import { checkSignature, complete, judge, respond, sign, startShares } from "../answers.ts";
import type { Paused, Role } from "../driver.ts";
import { EarlyData, EarlyDataEnd, type HalfRtt } from "../early-stages.ts";
import { Accepted, Established, NeedsInput, NeedsSession, type ServerStage } from "../stages.ts";
import { type Context, handshakeKind } from "../table.ts";
import { serverEdges } from "./edges.ts";
import type { At, ProvenPeer, Settled, State } from "./states.ts";
import { steps } from "./steps.ts";
import { stepsTls12 } from "./tls12/steps.ts";
import { askSingleUse } from "./tls13/early-data.ts";
import { externalOf, forgetPsk, type SelectedPsk } from "./tls13/psk.ts";
import { candidatesOf, find } from "./tls13/resume.ts";
import { stepsTls13 } from "./tls13/steps.ts";

/** The server as the driver runs it. */
export function serverRole(context: Context): Role<State, ServerStage> {
  return {
    edges: serverEdges,
    step: (state, input, value) => {
      // The driver has checked that `input` is an edge of `state`; the table's types can't be followed through a union.
      const step = (allSteps[state.kind as keyof typeof allSteps] as Readonly<Record<string, unknown>>)[input];
      return (step as (state: State, value: unknown, context: Context) => State)(state, value, context);
    },
    pause: (state) => {
      switch (state.kind) {
        case "chooseConfig": {
          const { received } = context.link;
          if (received === undefined) throw new TypeError("a config is chosen once");
          return { stage: (turn) => Accepted.make(turn, state.hello, received) };
        }
        case "lookUpSession": return lookUpSession(state);
        case "askSingleUse": return askSingleUse(state);
        case "exchangeKeys": return respond(state.settled.group, state.peerShare);
        case "startShare": return startShares([state.settled.group]);
        case "completeShare": return complete(state.settled.group, state.started, state.peerShare);
        case "sign": case "signShare": {
          const { credential, scheme } = expectSignature(state.settled.negotiated);
          return sign(credential.signer, scheme, state.message);
        }
        case "checkSignature": case "checkClientSignature": return checkSignature(state.check, state.verification);
        case "judgeClient": return judge(state.shown.verifier, state.shown.presented);
        case "judge": return judge(state.verifier, state.presented);
        case "showEarlyData": {
          const { data, settled, exporter } = state;
          return { stage: (turn) => new EarlyData(turn, data, agreedOf(settled), exporter, halfRttOf(state)) };
        }
        case "tellEarlyData": return { stage: (turn) => new EarlyDataEnd(turn, state.outcome, halfRttOf(state.next)) };
        case "expectClientHello": case "expectCertificate": case "expectCertificateVerify": case "expectSecondClientHello":
        case "expectEndOfEarlyData": case "expectFinished": case "connected": case "expectClientKeyExchange": case "expectClientCertificate":
        case "expectClientCertificateVerify": case "expectChangeCipherSpec": case "expectFinishedTls12": case "connectedTls12":
          throw new TypeError(`${state.kind} is no pause`);
      }
    },
    forget,
    presented: (state) => {
      if (state.kind === "judge") return state.presented;
      return state.kind === "judgeClient" ? state.shown.presented : undefined;
    },
    ignores: () => false,
    agreement: (state) => {
      const { recordSizes } = context.link;
      if (state.kind === "connected") return agreement(state, recordSizes);
      return state.kind === "connectedTls12" ? agreementTls12(state, recordSizes) : undefined;
    },
    needsInput: (turn, state) => new NeedsInput(turn, halfRttOf(state)),
    established: (connection, output, received) => new Established(connection, output, received),
  };
}

function forget(state: State): void {
  if (state.kind === "tellEarlyData") return forget(state.next);
  if ("exporter" in state) state.exporter.wipe();
  if (state.kind === "exchangeKeys" || state.kind === "askSingleUse") {
    forgetPsk(state.psk);
  } else if (state.kind === "sign") {
    state.schedule.end();
    wipe(state.handshakeTraffic.client);
    wipe(state.handshakeTraffic.server);
  } else if ("keys" in state) {
    wipe(state.master);
    for (const secret of Object.values(state.keys)) wipe(secret);
  } else if ("clientHandshakeTraffic" in state) {
    state.schedule.end();
    wipe(state.clientHandshakeTraffic);
    wipe(state.clientTraffic);
    wipe(state.exporterSecret);
  }
}

const allSteps = { ...steps, ...stepsTls13, ...stepsTls12 };

function lookUpSession(state: At<"lookUpSession">): Paused<ServerStage> {
  const { sessions } = state.settled.settings;
  if (sessions === undefined) return { input: "sessions", value: [] };
  if ("findAsync" in sessions) return { stage: (turn) => new NeedsSession(turn, candidatesOf(state), sessions) };
  return { input: "sessions", value: find(state, sessions) };
}

/** What may be written before the client's Finished has come. */
function halfRttOf(state: State): HalfRtt["halfRtt"] {
  if (!("writeHalf" in state) || state.writeHalf === undefined) return undefined;
  return { writer: state.writeHalf.writer, agreed: agreedOf(state.settled) };
}

function agreedOf({ negotiated: { version, suite, alpn, serverName } }: Settled): Agreed {
  return { version, suite, alpn, serverName };
}

function agreement({ settled, exporterSecret, peer, psk, writeHalf }: At<"connected">, sizes: RecordSizes): Agreement {
  return { ...common(settled, peer, sizes, true, psk), exporter: exporterTls13(settled.hash, exporterSecret), writeHalf };
}

function agreementTls12(
  { settled, extendedMasterSecret, master, randoms, peer }: At<"connectedTls12">, sizes: RecordSizes,
): Agreement {
  const exporter = extendedMasterSecret ? exporterTls12(settled.hash, master, randoms) : undefined;
  return { ...common(settled, peer, sizes, extendedMasterSecret), exporter };
}

function common(
  { settings, negotiated, suite, group, retried }: Settled,
  peer: ProvenPeer | undefined,
  maxRecordSize: RecordSizes,
  extendedMasterSecret: boolean,
  psk?: SelectedPsk,
): Omit<Agreement, "exporter"> {
  const external = externalOf(psk);
  return {
    info: {
      version: negotiated.version,
      suite: negotiated.suite,
      alpn: negotiated.alpn,
      serverName: negotiated.serverName,
      handshakeKind: handshakeKind(psk?.kind, retried),
      group: group.name,
      peer: peer?.identity,
      peerSignatureScheme: peer === undefined || peer.keyProven === "by the session" ? undefined : peer.keyProven.scheme,
      psk: external && { identity: external.identity },
      ownSignatureScheme: psk === undefined ? negotiated.scheme : undefined,
      extendedMasterSecret,
      maxRecordSize,
    },
    suite,
    limits: settings.limits,
    truncation: settings.truncation,
    mayExtract: settings.mayExtract,
  };
}
