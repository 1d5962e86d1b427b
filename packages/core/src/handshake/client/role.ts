import type { CredentialRequest } from "../../config/credential.ts";
import type { PresentedIdentity } from "../../config/identity.ts";
import type { ClientSettings } from "../../config/settings.ts";
import type { Agreement, Connection } from "../../connection/connection.ts";
import type { Received } from "../../connection/types.ts";
import { fail } from "../../errors.ts";
import { type Bytes, wipe } from "../../wire/bytes.ts";
import { type HandshakeMessage, handshakeTypes } from "../../wire/handshake.ts";
import type { ProtocolVersion } from "../../wire/registry.ts";
import { decodeEmpty } from "../../wire/tls12-messages.ts";
import { checkSignature, complete, judge, respond, sign, startShares } from "../answers.ts";
import type { Paused, Role } from "../driver.ts";
import { ClientEstablished } from "../stages/established.ts";
import { ClientNeedsInput } from "../stages/input.ts";
import { NeedsCredential } from "../stages/own-identity.ts";
import { ClientNeedsSession } from "../stages/sessions.ts";
import type { ClientStage, Turn } from "../stages/stage.ts";
import { type Context, type Inputs, inputsOf, runStep } from "../table.ts";
import { agreementTls12, agreementTls13 } from "./agreement.ts";
import { chooseCredential, type Picked, readPicked, schemeFor } from "./choose-credential.ts";
import type { EarlyOffer } from "./early-data.ts";
import { clientEdges } from "./edges.ts";
import { forgetOffered } from "./psks.ts";
import { sessionKey } from "./session.ts";
import type { Goal, State } from "./states.ts";
import { steps } from "./steps.ts";
import { edgesTls12 } from "./tls12/edges.ts";
import { stepsTls12 } from "./tls12/steps.ts";
import { stepsTls13 } from "./tls13/steps.ts";

/** The client as the driver runs it. */
export class ClientRole implements Role<State, ClientStage> {
  readonly inputs: Inputs = inputs;
  readonly #context: Context;
  #ignored = 0;
  #hasShownEarly = false;

  constructor(context: Context) {
    this.#context = context;
  }

  step(state: State, input: string, value: unknown): State {
    const next = runStep(allSteps, state, input, value, this.#context);
    if (this.#ignored > 0 && state.kind === "expectServerHello" && !Object.hasOwn(edgesTls12, next.kind)) {
      // TLS 1.3 has no HelloRequest: what came before anyone could know that it is spoken was none of TLS 1.2's.
      fail("unexpected-message", { expected: ["server_hello"], received: "hello_request" }, "RFC 9846 §4");
    }
    return next;
  }

  pause(state: State): Paused<ClientStage> {
    switch (state.kind) {
      case "takeSession":
        return takeSession(state.goal);
      case "startShares":
        return startShares(state.groups);
      case "startShareAgain":
        return startShares(state.request.group === undefined ? [] : [state.request.group]);
      case "completeKeys":
        return complete(state.settled.group, state.started, state.peerShare);
      case "checkSignature":
      case "checkShareSignature":
        return checkSignature(state.check, state.verification);
      case "judgeEarly":
        return judge(state.offer.goal.settings.verifier, state.presented);
      case "judge":
      case "judgeTls12":
      case "judgeResumed":
      case "judgeResumedTls12":
        return judge(state.settled.offer.goal.settings.verifier, state.presented);
      case "respond":
        return respond(state.group, state.peerShare);
      case "pickCredential":
        return pickCredential(state.request, "tls1.3", state.settled.offer.goal.settings);
      case "pickCredentialTls12":
        return pickCredential(state.request, "tls1.2", state.settled.offer.goal.settings);
      case "sign":
      case "signTls12":
        return sign(state.credential.signer, state.scheme, state.message);
      case "expectServerHello":
      case "expectSecondServerHello":
      case "expectEncryptedExtensions":
      case "expectCertificateOrRequest":
      case "expectCertificate":
      case "expectCertificateVerify":
      case "expectFinished":
      case "connected":
      case "expectCertificateTls12":
      case "expectCertificateStatus":
      case "expectServerKeyExchange":
      case "expectServerHelloDone":
      case "expectServerHelloDoneOnly":
      case "expectChangeCipherSpec":
      case "expectFinishedTls12":
      case "connectedTls12":
      case "expectSessionTicket":
      case "expectSessionTicketResumed":
      case "expectChangeCipherSpecResumed":
      case "expectFinishedResumed":
        throw new TypeError(`${state.kind} is no pause`);
    }
  }

  forget(state: State): void {
    if (state.kind === "startShares" && state.session !== undefined) wipe(state.session.secret);
    else if ("offer" in state) forgetOffered(state.offer);
    else if (state.kind === "completeKeys") forgetOffered(state.settled.offer);
    earlyOf(state)?.forget();
    if ("master" in state) wipe(state.master);
    if ("keys" in state) {
      for (const secret of Object.values(state.keys)) wipe(secret);
    }
    if (state.kind === "signTls12") {
      wipe(state.clientKey);
      wipe(state.clientIv);
    }
    if (!("handshakeTraffic" in state)) return;
    state.schedule.end();
    wipe(state.handshakeTraffic.client);
    wipe(state.handshakeTraffic.server);
  }

  ignores(state: State, { type, raw }: HandshakeMessage): boolean {
    if (type !== handshakeTypes.hello_request || !mayBeTls12(state)) return false;
    // RFC 5246 §7.4.1.1: "ignored by the client if the client is currently negotiating a session".
    decodeEmpty(raw, "hello_request");
    this.#ignored++;
    const allowed = this.#context.link.incoming.limits.postHandshakeInARow;
    if (this.#ignored > allowed) {
      fail("limit-exceeded", { limit: "postHandshakeInARow", allowed, received: this.#ignored }, "RFC 5246 §7.4.1.1");
    }
    return true;
  }

  presented(state: State): PresentedIdentity | undefined {
    switch (state.kind) {
      case "judgeEarly":
      case "judge":
      case "judgeTls12":
      case "judgeResumed":
      case "judgeResumedTls12":
        return state.presented;
      default:
        return undefined;
    }
  }

  agreement(state: State): Agreement | undefined {
    if (state.kind === "connected") return agreementTls13(state, this.#context.link.recordSizes);
    return state.kind === "connectedTls12" ? agreementTls12(state, this.#context.link.recordSizes) : undefined;
  }

  needsInput(turn: Turn<ClientStage>, state: State): ClientStage {
    const early = this.#hasShownEarly ? undefined : earlyOf(state);
    this.#hasShownEarly = true;
    return new ClientNeedsInput(turn, early?.writer);
  }

  established(connection: Connection, output: Bytes, received: Received, state: State): ClientStage {
    return new ClientEstablished(connection, output, received, earlyOf(state)?.outcome ?? "none");
  }
}

const inputs = inputsOf(clientEdges);

function earlyOf(state: State): EarlyOffer | undefined {
  if ("offer" in state) return state.offer.early;
  return "settled" in state ? state.settled.offer.early : undefined;
}

const allSteps = { ...steps, ...stepsTls13, ...stepsTls12 };

function takeSession(goal: Goal): Paused<ClientStage> {
  const { sessions } = goal.settings;
  if (sessions === undefined) return { input: "session", value: undefined };
  const key = sessionKey(goal);
  if (!("take" in sessions)) return { stage: (turn) => new ClientNeedsSession(turn, key, sessions) };
  return { input: "session", value: sessions.take(key) };
}

/** A list is chosen from by the server's wishes; a picker is asked. */
function pickCredential(request: CredentialRequest, version: ProtocolVersion, settings: ClientSettings): Paused<ClientStage> {
  const { credentials } = settings;
  const read = (given: unknown): Picked => readPicked(given, request, version, settings);
  if ("pickAsync" in credentials) return { stage: (turn) => new NeedsCredential(turn, request, credentials, read) };
  if (!("pick" in credentials)) {
    const fitting = credentials.filter((credential) => schemeFor(credential, request, version, settings) !== undefined);
    return { input: "credential", value: chooseCredential(fitting, request) };
  }
  const picked = read(credentials.pick(request));
  if (picked.kind === "unusable") throw new TypeError(`what the picker gave: ${picked.problem}`);
  return { input: "credential", value: picked.credential };
}

function mayBeTls12(state: State): boolean {
  if (state.kind === "expectServerHello") return state.offer.goal.settings.versions.includes("tls1.2");
  return Object.hasOwn(edgesTls12, state.kind);
}
