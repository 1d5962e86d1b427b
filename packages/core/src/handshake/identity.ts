// The peer's identity as verifiers see it: shown now, or remembered by a session.
import { dangerousAssertVerified, type PresentedIdentity, type VerifiedIdentity, type Verifier } from "../config/identity.ts";
import type { CommonSettings } from "../config/settings.ts";
import type { SessionState } from "../session/state.ts";
import type { CertificateType } from "../wire/registry.ts";

/** What came stapled to a chain. */
export type Staples = Pick<PresentedIdentity, "ocspResponse" | "signedCertificateTimestamps">;
export const noStaples: Staples = { ocspResponse: undefined, signedCertificateTimestamps: [] };

/** @param chain DER, leaf first; its key is proven. @param serverName whom we meant to reach; undefined: a client's identity. */
export function presentedIdentity(
  role: "client" | "server",
  type: CertificateType,
  chain: PresentedIdentity["chain"],
  serverName: string | undefined,
  staples: Staples,
  { now }: CommonSettings,
): PresentedIdentity {
  return { role, type, chain, serverName, ...staples, nowMs: now() };
}

/** Whom the full handshake found. undefined: a server had asked for no certificate, or got none. */
export function rememberedIdentity({ peer }: SessionState): VerifiedIdentity | undefined {
  if (peer === undefined) return undefined;
  const { presented, ...facts } = peer;
  return dangerousAssertVerified(presented, facts);
}

/** Whether who was found then may be taken for it now: nothing of it has run out, and its verifier goes by the same as then. */
export function stillHolds({ peer }: SessionState, verifier: Verifier | undefined, nowMs: number): boolean {
  if (peer === undefined) return true;
  return nowMs <= (peer.validUntilMs ?? nowMs) && peer.basis === verifier?.basis;
}

/** The same, for a verifier of today. */
export function presentedAgain({ presented }: VerifiedIdentity, { now }: CommonSettings): PresentedIdentity {
  return { ...presented, nowMs: now() };
}
