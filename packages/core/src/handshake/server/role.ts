import type { PresentedIdentity } from "../../config/identity.ts";
import type { ServerSettings } from "../../config/settings.ts";
import type { Agreement, Connection } from "../../connection/connection.ts";
import type { Agreed, Received } from "../../connection/types.ts";
import { expectSignature } from "../../negotiate/negotiate.ts";
import { type Bytes, wipe } from "../../wire/bytes.ts";
import { checkSignature, complete, judge, respond, sign, startShares } from "../answers.ts";
import type { Paused, Role } from "../driver.ts";
import { Accepted } from "../stages/accepted.ts";
import { EarlyData, EarlyDataEnd, type HalfRtt } from "../stages/early-data.ts";
import { Established } from "../stages/established.ts";
import { NeedsInput } from "../stages/input.ts";
import { NeedsSession } from "../stages/sessions.ts";
import type { ServerStage, Turn } from "../stages/stage.ts";
import { type Context, type Inputs, inputsOf, runStep } from "../table.ts";
import { agreementTls12, agreementTls13 } from "./agreement.ts";
import { serverEdges } from "./edges.ts";
import { type Candidate, find } from "./sessions.ts";
import type { Settled, State } from "./states.ts";
import { steps } from "./steps.ts";
import { candidatesTls12 } from "./tls12/resume.ts";
import { stepsTls12 } from "./tls12/steps.ts";
import { askSingleUse } from "./tls13/early-data.ts";
import { candidatesOf } from "./tls13/resume.ts";
import { stepsTls13 } from "./tls13/steps.ts";

/** The server as the driver runs it. */
export class ServerRole implements Role<State, ServerStage> {
  readonly inputs: Inputs = inputs;
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  step(state: State, input: string, value: unknown): State {
    return runStep(allSteps, state, input, value, this.#context);
  }

  pause(state: State): Paused<ServerStage> {
    switch (state.kind) {
      case "chooseConfig": {
        const { log } = this.#context.link;
        if (log === undefined) throw new TypeError("a config is chosen once");
        return { stage: (turn) => Accepted.make(turn, state.hello, log) };
      }
      case "lookUpSession":
        return lookUpSession(candidatesOf(state), state.settled.settings);
      case "lookUpSessionTls12": {
        const { settings } = state.settled;
        return lookUpSession(candidatesTls12(state.hello, settings), settings);
      }
      case "askSingleUse":
        return askSingleUse(state);
      case "exchangeKeys":
        return respond(state.settled.group, state.peerShare);
      case "startShare":
        return startShares([state.settled.group]);
      case "completeShare":
        return complete(state.settled.group, state.started, state.peerShare);
      case "sign":
      case "signShare": {
        const { credential, scheme } = expectSignature(state.settled.negotiated);
        return sign(credential.signer, scheme, state.message);
      }
      case "checkSignature":
      case "checkClientSignature":
        return checkSignature(state.check, state.verification);
      case "judgeClient":
        return judge(state.shown.verifier, state.shown.presented);
      case "judge":
      case "judgeResumed":
      case "judgeResumedTls12":
        return judge(state.verifier, state.presented);
      case "showEarlyData": {
        const { data, settled, exporter } = state;
        return { stage: (turn) => new EarlyData(turn, data, agreedOf(settled), exporter, halfRttOf(state)) };
      }
      case "tellEarlyData":
        return { stage: (turn) => new EarlyDataEnd(turn, state.outcome, halfRttOf(state.next)) };
      case "expectClientHello":
      case "expectCertificate":
      case "expectCertificateVerify":
      case "expectSecondClientHello":
      case "expectEndOfEarlyData":
      case "expectFinished":
      case "connected":
      case "expectClientKeyExchange":
      case "expectClientCertificate":
      case "expectClientCertificateVerify":
      case "expectChangeCipherSpec":
      case "expectFinishedTls12":
      case "connectedTls12":
      case "expectChangeCipherSpecResumed":
      case "expectFinishedResumed":
        throw new TypeError(`${state.kind} is no pause`);
    }
  }

  forget(state: State): void {
    forget(state);
  }

  presented(state: State): PresentedIdentity | undefined {
    if (state.kind === "judge" || state.kind === "judgeResumed" || state.kind === "judgeResumedTls12") return state.presented;
    return state.kind === "judgeClient" ? state.shown.presented : undefined;
  }

  ignores(): boolean {
    return false;
  }

  agreement(state: State): Agreement | undefined {
    if (state.kind === "connected") return agreementTls13(state, this.#context.link.recordSizes);
    return state.kind === "connectedTls12" ? agreementTls12(state, this.#context.link.recordSizes) : undefined;
  }

  needsInput(turn: Turn<ServerStage>, state: State): ServerStage {
    return new NeedsInput(turn, halfRttOf(state));
  }

  established(connection: Connection, output: Bytes, received: Received): ServerStage {
    return new Established(connection, output, received);
  }
}

const inputs = inputsOf(serverEdges);

function forget(state: State): void {
  if (state.kind === "tellEarlyData") return forget(state.next);
  if ("exporter" in state) state.exporter.wipe();
  if (state.kind === "exchangeKeys" || state.kind === "askSingleUse" || state.kind === "judgeResumed") {
    state.psk?.schedule.end();
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
