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
import { edges } from "./edges.ts";
import type { At, State } from "./states.ts";
import { steps } from "./steps.ts";

/** The client of TLS 1.3 as the driver runs it. */
export function clientRole(context: Context): Role<State, ClientStage> {
  return {
    edges,
    step: (state, input, value) => {
      // The driver has checked that `input` is an edge of `state`; the table's types can't be followed through a union.
      const step = (steps[state.kind as keyof typeof steps] as Readonly<Record<string, unknown>>)[input];
      return (step as (state: State, value: unknown, context: Context) => State)(state, value, context);
    },
    pause: (state) => {
      switch (state.kind) {
        case "startShares": return startShares(state.goal.settings.keyShares);
        case "startShareAgain": return startShares(state.request.group === undefined ? [] : [state.request.group]);
        case "completeKeys": return completeKeys(state);
        case "checkSignature": return checkSignature(state);
        case "judge": return judge(state);
        case "pickCredential": return { input: "credential", value: undefined };
        case "expectServerHello": case "expectSecondServerHello": case "expectEncryptedExtensions": case "expectCertificateOrRequest":
        case "expectCertificate": case "expectCertificateVerify": case "expectFinished": case "connected":
          throw new TypeError(`${state.kind} is no pause`);
      }
    },
    forget: (state) => {
      if (!("handshakeTraffic" in state)) return;
      state.schedule.end();
      wipe(state.handshakeTraffic.client);
      wipe(state.handshakeTraffic.server);
    },
    presented: (state) => (state.kind === "judge" ? state.presented : undefined),
    agreement: (state) => (state.kind === "connected" ? agreement(state) : undefined),
    needsInput: (turn) => new ClientNeedsInput(turn),
    established: (connection, output, received) => new ClientEstablished(connection, output, received),
  };
}

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

function checkSignature({ check, verification }: At<"checkSignature">): Paused {
  if (!("verify" in verification)) return { stage: (turn) => new NeedsSignatureCheck(turn, check, verification) };
  const valid: unknown = verification.verify(check.publicKey, check.message, check.signature);
  if (typeof valid !== "boolean") throw new TypeError(`the provider's ${check.scheme} verification gave neither true nor false`);
  return { input: "validity", value: valid };
}

function judge({ settled, presented }: At<"judge">): Paused {
  const { verifier } = settled.offer.goal.settings;
  if (!("verify" in verifier)) return { stage: (turn) => new NeedsVerdict(turn, presented, verifier) };
  const verdict: unknown = verifier.verify(presented);
  if (verdict instanceof VerifiedIdentity && verdict.presented === presented) return { input: "verdict", value: verdict };
  if (isDistrust(verdict)) fail("identity-distrusted", { reason: verdict, presented }, "RFC 9846 §4.5.1");
  throw new TypeError("the verifier gave neither a VerifiedIdentity of what it was shown nor a reason");
}

function agreement({ settled, alpn, identity, keyProven, exporterSecret }: At<"connected">): Agreement {
  const { offer, suite, hash, group, retried } = settled;
  const { settings } = offer.goal;
  return {
    info: {
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
    },
    suite,
    hash,
    exporterSecret,
    limits: settings.limits,
    truncation: settings.truncation,
  };
}
