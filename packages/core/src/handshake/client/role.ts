import { VerifiedIdentity } from "../../config/identity.ts";
import type { Agreement } from "../../connection/connection.ts";
import type { AsyncGroup, Group } from "../../crypto/provider.ts";
import { expectLength, expectSecret } from "../../crypto/results.ts";
import { fail } from "../../errors.ts";
import { maxPlaintext } from "../../record/format.ts";
import { wipe } from "../../wire/bytes.ts";
import type { Role } from "../driver.ts";
import {
  ClientEstablished, ClientNeedsInput, type ClientStage, isDistrust, NeedsKeyShares, NeedsSecret, NeedsSignatureCheck, NeedsVerdict,
  type StartedShare,
} from "../stages.ts";
import type { Context } from "../table.ts";
import { edgesTls12 } from "./tls12/edges.ts";
import { stepsTls12 } from "./tls12/steps.ts";
import { exporterTls12, exporterTls13 } from "../exporters.ts";
import { handshakeTypes } from "../../wire/handshake.ts";
import { decodeEmpty } from "../../wire/tls12-messages.ts";
import type { Info } from "../../connection/types.ts";
import { edges } from "./edges.ts";
import type { At, State } from "./states.ts";
import { steps } from "./steps.ts";
import { edgesTls13 } from "./tls13/edges.ts";
import { stepsTls13 } from "./tls13/steps.ts";

/** The client as the driver runs it. */
export function clientRole(context: Context): Role<State, ClientStage> {
  let ignored = 0;
  return {
    edges: { ...edges, ...edgesTls13, ...edgesTls12 },
    step: (state, input, value) => {
      // The driver has checked that `input` is an edge of `state`; the table's types can't be followed through a union.
      const step = (allSteps[state.kind as keyof typeof allSteps] as Readonly<Record<string, unknown>>)[input];
      return (step as (state: State, value: unknown, context: Context) => State)(state, value, context);
    },
    pause: (state) => {
      switch (state.kind) {
        case "startShares": return startShares(state.goal.settings.keyShares);
        case "startShareAgain": return startShares(state.request.group === undefined ? [] : [state.request.group]);
        case "completeKeys": return completeKeys(state);
        case "checkSignature": case "checkShareSignature": return checkSignature(state);
        case "judge": case "judgeTls12": return judge(state);
        case "respond": return respond(state);
        case "pickCredential": return { input: "credential", value: undefined };
        case "expectServerHello": case "expectSecondServerHello": case "expectEncryptedExtensions": case "expectCertificateOrRequest":
        case "expectCertificate": case "expectCertificateVerify": case "expectFinished": case "connected":
        case "expectCertificateTls12": case "expectServerKeyExchange": case "expectServerHelloDone": case "expectServerHelloDoneOnly":
        case "expectChangeCipherSpec": case "expectFinishedTls12": case "connectedTls12":
          throw new TypeError(`${state.kind} is no pause`);
      }
    },
    forget: (state) => {
      if ("master" in state) wipe(state.master);
      if ("keys" in state) wipe(state.keys.serverKey);
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
      if (ignored > allowed) fail("limit-exceeded", { limit: "postHandshakeInARow", allowed, received: ignored }, "RFC 5246 §7.4.1.1");
      return true;
    },
    presented: (state) => (state.kind === "judge" || state.kind === "judgeTls12" ? state.presented : undefined),
    agreement: (state) => {
      if (state.kind === "connected") return agreement(state);
      return state.kind === "connectedTls12" ? agreementTls12(state) : undefined;
    },
    needsInput: (turn) => new ClientNeedsInput(turn),
    established: (connection, output, received) => new ClientEstablished(connection, output, received),
  };
}

const allSteps = { ...steps, ...stepsTls13, ...stepsTls12 };

type Paused = ReturnType<Role<State, ClientStage>["pause"]>;

/** Synchronous groups start here; only asynchronous ones show. */
function startShares(groups: readonly Group[]): Paused {
  const wanted = groups.map((group): StartedShare | AsyncGroup => {
    if (!("start" in group)) return group;
    const { share, key } = group.start();
    return { group: group.name, share: expectLength(share, group.shareLength.client, `${group.name} share`), key };
  });
  if (wanted.every((share) => "share" in share)) return { input: "key_shares", value: wanted };
  return { stage: (turn) => new NeedsKeyShares(turn, wanted) };
}

function completeKeys({ settled, started, peerShare }: At<"completeKeys">): Paused {
  const { group } = settled;
  if (!("complete" in group)) return { stage: (turn) => new NeedsSecret(turn, group, peerShare, started) };
  const secret = group.complete(started.key, peerShare);
  return { input: "secret", value: secret === undefined ? undefined : { secret: expectSecret(secret, `${group.name} secret`) } };
}

function respond({ group, peerShare }: At<"respond">): Paused {
  if (!("respond" in group)) return { stage: (turn) => new NeedsSecret(turn, group, peerShare, undefined) };
  const value = group.respond(peerShare);
  if (value !== undefined) {
    expectLength(value.share, group.shareLength.server, `${group.name} share`);
    expectSecret(value.secret, `${group.name} secret`);
  }
  return { input: "secret", value };
}

function checkSignature({ check, verification }: At<"checkSignature"> | At<"checkShareSignature">): Paused {
  if (!("verify" in verification)) return { stage: (turn) => new NeedsSignatureCheck(turn, check, verification) };
  const valid: unknown = verification.verify(check.publicKey, check.message, check.signature);
  if (typeof valid !== "boolean") throw new TypeError(`the provider's ${check.scheme} verification gave neither true nor false`);
  return { input: "validity", value: valid };
}

function judge({ settled, presented }: At<"judge"> | At<"judgeTls12">): Paused {
  const { verifier } = settled.offer.goal.settings;
  if (!("verify" in verifier)) return { stage: (turn) => new NeedsVerdict(turn, presented, verifier) };
  const verdict: unknown = verifier.verify(presented);
  if (verdict instanceof VerifiedIdentity && verdict.presented === presented) return { input: "verdict", value: verdict };
  if (isDistrust(verdict)) fail("identity-distrusted", { reason: verdict, presented }, "RFC 9846 §4.5.1");
  throw new TypeError("the verifier gave neither a VerifiedIdentity of what it was shown nor a reason");
}

function mayBeTls12(state: State): boolean {
  if (state.kind === "expectServerHello") return state.offer.goal.settings.versions.includes("tls1.2");
  return Object.hasOwn(edgesTls12, state.kind);
}

function agreement({ settled, alpn, identity, keyProven, exporterSecret }: At<"connected">): Agreement {
  const { offer, suite, hash, group, retried } = settled;
  const { limits, truncation } = offer.goal.settings;
  const info: Info = {
    version: "tls1.3",
    suite: suite.name,
    alpn,
    serverName: offer.hello.serverName,
    handshakeKind: retried ? "full-after-retry" : "full",
    group: group.name,
    peer: identity,
    peerSignatureScheme: keyProven.scheme,
    ownSignatureScheme: undefined,
    extendedMasterSecret: true,
    maxRecordSize: { send: maxPlaintext, receive: maxPlaintext },
  };
  return { info, suite, exporter: exporterTls13(hash, exporterSecret), limits, truncation };
}

function agreementTls12({ settled, group, identity, keyProven, master }: At<"connectedTls12">): Agreement {
  const { offer, suite, hash, randoms, alpn, extendedMasterSecret } = settled;
  const { limits, truncation } = offer.goal.settings;
  const info: Info = {
    version: "tls1.2",
    suite: suite.name,
    alpn,
    serverName: offer.hello.serverName,
    handshakeKind: "full",
    group: group.name,
    peer: identity,
    peerSignatureScheme: keyProven.scheme,
    ownSignatureScheme: undefined,
    extendedMasterSecret,
    maxRecordSize: { send: maxPlaintext, receive: maxPlaintext },
  };
  return { info, suite, exporter: extendedMasterSecret ? exporterTls12(hash, master, randoms) : undefined, limits, truncation };
}
