import type { ServerSettings } from "../../config/settings.ts";
import type { Agreement } from "../../connection/connection.ts";
import { type Exporter, ExporterTls12, ExporterTls13 } from "../../connection/exporters.ts";
import type { Agreed, Info } from "../../connection/types.ts";
import type { WriteHalf } from "../../connection/write-half.ts";
import { expectSignature } from "../../negotiate/negotiate.ts";
import type { RecordSizes } from "../../record/size-limit.ts";
import { wipe } from "../../wire/bytes.ts";
import { checkSignature, complete, judge, respond, sign, startShares } from "../answers.ts";
import type { Paused, Role } from "../driver.ts";
import { EarlyData, EarlyDataEnd, type HalfRtt } from "../early-stages.ts";
import { Accepted, Established, NeedsInput, NeedsSession, type ServerStage } from "../stages.ts";
import type { Context } from "../table.ts";
import { serverEdges } from "./edges.ts";
import { infoOf, madeTls12, madeTls13 } from "./info.ts";
import { type Candidate, find } from "./sessions.ts";
import type { At, Settled, State } from "./states.ts";
import { steps } from "./steps.ts";
import { candidatesTls12 } from "./tls12/resume.ts";
import { stepsTls12 } from "./tls12/steps.ts";
import { askSingleUse } from "./tls13/early-data.ts";
import { forgetPsk } from "./tls13/psk.ts";
import { candidatesOf } from "./tls13/resume.ts";
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
        case "lookUpSession": return lookUpSession(candidatesOf(state), state.settled.settings);
        case "lookUpSessionTls12": {
          const { settings } = state.settled;
          return lookUpSession(candidatesTls12(state.hello, settings), settings);
        }
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
        case "judge": case "judgeResumed": case "judgeResumedTls12": return judge(state.verifier, state.presented);
        case "showEarlyData": {
          const { data, settled, exporter } = state;
          return { stage: (turn) => new EarlyData(turn, data, agreedOf(settled), exporter, halfRttOf(state)) };
        }
        case "tellEarlyData": return { stage: (turn) => new EarlyDataEnd(turn, state.outcome, halfRttOf(state.next)) };
        case "expectClientHello": case "expectCertificate": case "expectCertificateVerify": case "expectSecondClientHello":
        case "expectEndOfEarlyData": case "expectFinished": case "connected": case "expectClientKeyExchange": case "expectClientCertificate":
        case "expectClientCertificateVerify": case "expectChangeCipherSpec": case "expectFinishedTls12": case "connectedTls12":
        case "expectChangeCipherSpecResumed": case "expectFinishedResumed":
          throw new TypeError(`${state.kind} is no pause`);
      }
    },
    forget,
    presented: (state) => {
      if (state.kind === "judge" || state.kind === "judgeResumed" || state.kind === "judgeResumedTls12") return state.presented;
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
  if (state.kind === "exchangeKeys" || state.kind === "askSingleUse" || state.kind === "judgeResumed") {
    forgetPsk(state.psk);
  } else if (state.kind === "judgeResumedTls12") {
    wipe(state.master);
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

function lookUpSession(candidates: readonly Candidate[], settings: ServerSettings): Paused<ServerStage> {
  const { sessions } = settings;
  if (sessions === undefined) return { input: "sessions", value: [] };
  if ("findAsync" in sessions) return { stage: (turn) => new NeedsSession(turn, candidates, sessions) };
  return { input: "sessions", value: find(candidates, sessions, settings) };
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
  const info = infoOf(settled, madeTls13(peer, psk), sizes);
  return agreed(settled, info, new ExporterTls13(settled.hash, exporterSecret), writeHalf);
}

function agreementTls12(state: At<"connectedTls12">, sizes: RecordSizes): Agreement {
  const { settled, extendedMasterSecret, master, randoms, resumed } = state;
  const exporter = extendedMasterSecret ? new ExporterTls12(settled.hash, master, randoms) : undefined;
  return agreed(settled, infoOf(settled, madeTls12(state, resumed), sizes), exporter, undefined);
}

/** One literal: of a spread each connection would have a hidden class of its own. */
function agreed(
  { settings, suite }: Settled, info: Info, exporter: Exporter | undefined, writeHalf: WriteHalf | undefined,
): Agreement {
  const { limits, truncation, mayExtract } = settings;
  return { info, suite, exporter, limits, truncation, mayExtract, writeHalf };
}
