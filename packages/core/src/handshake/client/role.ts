import type { CredentialRequest } from "../../config/credential.ts";
import type { ClientSettings } from "../../config/settings.ts";
import type { Agreement } from "../../connection/connection.ts";
import { ExporterTls12, ExporterTls13 } from "../../connection/exporters.ts";
import type { Info } from "../../connection/types.ts";
import { fail } from "../../errors.ts";
import type { RecordSizes } from "../../record/size-limit.ts";
import { wipe } from "../../wire/bytes.ts";
import { handshakeTypes } from "../../wire/handshake.ts";
import type { ProtocolVersion } from "../../wire/registry.ts";
import { decodeEmpty } from "../../wire/tls12-messages.ts";
import { checkSignature, complete, judge, respond, sign, startShares } from "../answers.ts";
import type { Paused, Role } from "../driver.ts";
import { ClientEstablished, ClientNeedsInput, ClientNeedsSession, type ClientStage, NeedsCredential } from "../stages.ts";
import { type Context, handshakeKind } from "../table.ts";
import { chooseCredential, type Picked, readPicked, schemeFor } from "./choose-credential.ts";
import type { EarlyOffer } from "./early-data.ts";
import { clientEdges } from "./edges.ts";
import { externalOf, forgetOffered } from "./psks.ts";
import { sessionKey } from "./session.ts";
import type { At, Goal, State } from "./states.ts";
import { steps } from "./steps.ts";
import { edgesTls12 } from "./tls12/edges.ts";
import { stepsTls12 } from "./tls12/steps.ts";
import { stepsTls13 } from "./tls13/steps.ts";

/** The client as the driver runs it. */
export function clientRole(context: Context): Role<State, ClientStage> {
  let ignored = 0;
  let hasShownEarly = false;
  return {
    edges: clientEdges,
    step: (state, input, value) => {
      // The driver has checked that `input` is an edge of `state`; the table's types can't be followed through a union.
      const step = (allSteps[state.kind as keyof typeof allSteps] as Readonly<Record<string, unknown>>)[input];
      return (step as (state: State, value: unknown, context: Context) => State)(state, value, context);
    },
    pause: (state) => {
      switch (state.kind) {
        case "takeSession": return takeSession(state.goal);
        case "startShares": return startShares(state.groups);
        case "startShareAgain": return startShares(state.request.group === undefined ? [] : [state.request.group]);
        case "completeKeys": return complete(state.settled.group, state.started, state.peerShare);
        case "checkSignature": case "checkShareSignature": return checkSignature(state.check, state.verification);
        case "judge": case "judgeTls12": case "judgeResumed": case "judgeResumedTls12":
          return judge(state.settled.offer.goal.settings.verifier, state.presented);
        case "respond": return respond(state.group, state.peerShare);
        case "pickCredential": return pickCredential(state.request, "tls1.3", state.settled.offer.goal.settings);
        case "pickCredentialTls12": return pickCredential(state.request, "tls1.2", state.settled.offer.goal.settings);
        case "sign": case "signTls12": return sign(state.credential.signer, state.scheme, state.message);
        case "expectServerHello": case "expectSecondServerHello": case "expectEncryptedExtensions":
        case "expectCertificateOrRequest": case "expectCertificate": case "expectCertificateVerify": case "expectFinished":
        case "connected": case "expectCertificateTls12": case "expectCertificateStatus": case "expectServerKeyExchange":
        case "expectServerHelloDone": case "expectServerHelloDoneOnly": case "expectChangeCipherSpec": case "expectFinishedTls12":
        case "connectedTls12": case "expectSessionTicket": case "expectSessionTicketResumed":
        case "expectChangeCipherSpecResumed": case "expectFinishedResumed":
          throw new TypeError(`${state.kind} is no pause`);
      }
    },
    forget: (state) => {
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
    },
    ignores: (state, { type, raw }) => {
      if (type !== handshakeTypes.hello_request || !mayBeTls12(state)) return false;
      // RFC 5246 §7.4.1.1: "ignored by the client if the client is currently negotiating a session".
      decodeEmpty(raw, "hello_request");
      ignored++;
      const allowed = context.link.incoming.limits.postHandshakeInARow;
      if (ignored > allowed) {
        fail("limit-exceeded", { limit: "postHandshakeInARow", allowed, received: ignored }, "RFC 5246 §7.4.1.1");
      }
      return true;
    },
    presented: (state) => {
      switch (state.kind) {
        case "judge": case "judgeTls12": case "judgeResumed": case "judgeResumedTls12": return state.presented;
        default: return undefined;
      }
    },
    agreement: (state) => {
      const { recordSizes } = context.link;
      if (state.kind === "connected") return agreement(state, recordSizes);
      return state.kind === "connectedTls12" ? agreementTls12(state, recordSizes) : undefined;
    },
    needsInput: (turn, state) => {
      const early = hasShownEarly ? undefined : earlyOf(state);
      hasShownEarly = true;
      return new ClientNeedsInput(turn, early?.writer);
    },
    established: (connection, output, received, state) => {
      return new ClientEstablished(connection, output, received, earlyOf(state)?.outcome ?? "none");
    },
  };
}

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

function agreement(
  { settled, alpn, identity, keyProven, exporterSecret, ownScheme, tickets }: At<"connected">, maxRecordSize: RecordSizes,
): Agreement {
  const { offer, suite, hash, group, retried, psk } = settled;
  const external = externalOf(psk);
  const { limits, truncation, mayExtract } = offer.goal.settings;
  const info: Info = {
    version: "tls1.3",
    suite: suite.name,
    alpn,
    serverName: offer.hello.serverName,
    handshakeKind: handshakeKind(psk?.kind, retried),
    group: group.name,
    peer: identity,
    psk: external && { identity: external.identity },
    peerSignatureScheme: typeof keyProven === "string" ? undefined : keyProven.scheme,
    ownSignatureScheme: ownScheme,
    extendedMasterSecret: true,
    maxRecordSize,
    sessionData: undefined,
  };
  return { info, suite, exporter: new ExporterTls13(hash, exporterSecret), tickets, limits, truncation, mayExtract };
}

function agreementTls12(
  { settled, group, identity, keyProven, master, ownScheme }: At<"connectedTls12">, maxRecordSize: RecordSizes,
): Agreement {
  const { offer, suite, hash, randoms, alpn, extendedMasterSecret, session } = settled;
  const { limits, truncation, mayExtract } = offer.goal.settings;
  const info: Info = {
    version: "tls1.2",
    suite: suite.name,
    alpn,
    serverName: offer.hello.serverName,
    handshakeKind: handshakeKind(session && "session", false),
    group: group?.name,
    peer: identity,
    psk: undefined,
    peerSignatureScheme: keyProven === "by the session" ? undefined : keyProven.scheme,
    ownSignatureScheme: ownScheme,
    extendedMasterSecret,
    maxRecordSize,
    sessionData: undefined,
  };
  return {
    info, suite, exporter: extendedMasterSecret ? new ExporterTls12(hash, master, randoms) : undefined, limits, truncation,
    mayExtract,
  };
}
