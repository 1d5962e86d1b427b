// What a pause wants: a synchronous object of the config answers at once, an asynchronous one shows as a stage.
import type { Signer } from "../config/credential.ts";
import { type PresentedIdentity, VerifiedIdentity, type Verifier } from "../config/identity.ts";
import type { AsyncGroup, Group, Verification } from "../crypto/provider.ts";
import { expectLength, expectSecret } from "../crypto/results.ts";
import { fail } from "../errors.ts";
import type { Bytes } from "../wire/bytes.ts";
import type { SignatureScheme } from "../wire/registry.ts";
import type { Paused } from "./driver.ts";
import { NeedsKeyShares, NeedsSecret, type StartedShare } from "./stages/key-exchange.ts";
import { NeedsSignature } from "./stages/own-identity.ts";
import { isDistrust, NeedsSignatureCheck, NeedsVerdict, type SignatureCheck } from "./stages/peer-identity.ts";

/** The initiator's shares, in order. Synchronous groups start here. */
export function startShares<Next>(groups: readonly Group[]): Paused<Next, NeedsKeyShares<Next>> {
  const wanted = groups.map((group): StartedShare | AsyncGroup => {
    if (!("start" in group)) return group;
    const { share, key } = group.start();
    return { group: group.name, share: expectLength(share, group.shareLength.client, `${group.name} share`), key };
  });
  if (wanted.every((share) => "share" in share)) return { input: "key_shares", value: wanted };
  return { stage: (turn) => new NeedsKeyShares(turn, wanted) };
}

/** The initiator's secret. */
export function complete<Next>(group: Group, started: StartedShare, peerShare: Bytes): Paused<Next, NeedsSecret<Next>> {
  if (!("complete" in group)) return { stage: (turn) => new NeedsSecret(turn, group, peerShare, started) };
  const secret = group.complete(started.key, peerShare);
  return { input: "secret", value: secret === undefined ? undefined : { secret: expectSecret(secret, `${group.name} secret`) } };
}

/** The responder's share and secret. */
export function respond<Next>(group: Group, peerShare: Bytes): Paused<Next, NeedsSecret<Next>> {
  if (!("respond" in group)) return { stage: (turn) => new NeedsSecret(turn, group, peerShare, undefined) };
  const value = group.respond(peerShare);
  if (value !== undefined) {
    expectLength(value.share, group.shareLength.server, `${group.name} share`);
    expectSecret(value.secret, `${group.name} secret`);
  }
  return { input: "secret", value };
}

export function sign<Next>(signer: Signer, scheme: SignatureScheme, message: Bytes): Paused<Next, NeedsSignature<Next>> {
  if (!("sign" in signer)) return { stage: (turn) => new NeedsSignature(turn, scheme, message, signer) };
  const value = signer.sign(scheme, message);
  if (!(value instanceof Uint8Array) || value.length === 0) throw new TypeError(`the signer gave no signature for ${scheme}`);
  return { input: "signature", value };
}

export function checkSignature<Next>(check: SignatureCheck, verification: Verification): Paused<Next, NeedsSignatureCheck<Next>> {
  if (!("verify" in verification)) return { stage: (turn) => new NeedsSignatureCheck(turn, check, verification) };
  const valid: unknown = verification.verify(check.publicKey, check.message, check.signature);
  if (typeof valid !== "boolean") throw new TypeError(`the provider's ${check.scheme} verification gave neither true nor false`);
  return { input: "validity", value: valid };
}

export function judge<Next>(verifier: Verifier, presented: PresentedIdentity): Paused<Next, NeedsVerdict<Next>> {
  if (!("verify" in verifier)) return { stage: (turn) => new NeedsVerdict(turn, presented, verifier) };
  const verdict: unknown = verifier.verify(presented);
  if (verdict instanceof VerifiedIdentity && verdict.presented === presented) return { input: "verdict", value: verdict };
  if (isDistrust(verdict)) fail("identity-distrusted", { reason: verdict, presented }, "RFC 9846 §4.5.1");
  throw new TypeError("the verifier gave neither a VerifiedIdentity of what it was shown nor a reason");
}
