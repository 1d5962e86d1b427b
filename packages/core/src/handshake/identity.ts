// Identities: ours as it goes out, and the peer's as verifiers see it, shown now or remembered by a session.
import type { Credential } from "../config/credential.ts";
import { dangerousAssertVerified, type PresentedIdentity, type VerifiedIdentity } from "../config/identity.ts";
import type { CommonSettings } from "../config/settings.ts";
import type { SessionState } from "../session/state.ts";
import { copy } from "../wire/bytes.ts";
import type { CertificateEntry } from "../wire/certificate-message.ts";
import type { Extension } from "../wire/extensions.ts";
import { ocspStaple, type StapleKind, timestampsStaple } from "../wire/staples.ts";

/** The chain as a Certificate of TLS 1.3 shows it, with what the peer would have stapled. */
export function certificateEntries(
  { chain, ocspResponse, signedCertificateTimestamps = [] }: Credential, asked: readonly StapleKind[],
): readonly CertificateEntry[] {
  const staples: Extension[] = [];
  if (asked.includes("ocsp") && ocspResponse !== undefined) staples.push(ocspStaple(ocspResponse));
  if (asked.includes("sct") && signedCertificateTimestamps.length > 0) {
    staples.push(timestampsStaple(signedCertificateTimestamps));
  }
  return chain.map((data, at) => ({ data: copy(data), extensions: at === 0 ? staples : [] }));
}

/** What came stapled to a chain. */
export type Staples = Pick<PresentedIdentity, "ocspResponse" | "signedCertificateTimestamps">;
export const noStaples: Staples = { ocspResponse: undefined, signedCertificateTimestamps: [] };

/** @param chain DER, leaf first; its key is proven. @param serverName whom we meant to reach; undefined: a client's identity. */
export function presentedIdentity(
  role: "client" | "server",
  chain: PresentedIdentity["chain"],
  serverName: string | undefined,
  staples: Staples,
  { now }: CommonSettings,
): PresentedIdentity {
  return { role, type: "x509", chain, serverName, ...staples, nowMs: now() };
}

/** Whom the full handshake found. undefined: a server had asked for no certificate, or got none. */
export function rememberedIdentity({ peer }: SessionState): VerifiedIdentity | undefined {
  if (peer === undefined) return undefined;
  const { path, names } = peer;
  return dangerousAssertVerified({ ...peer.presented, type: "x509" }, { path, names });
}

/** The same, for a verifier of today. */
export function presentedAgain({ presented }: VerifiedIdentity, { now }: CommonSettings): PresentedIdentity {
  return { ...presented, nowMs: now() };
}
