import { VerifiedIdentity } from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { serverVerifier } from "@sallyport/x509";
import { type BrokenChain, serverName } from "./chains.ts";

/** The alert and the reason, as our verifier gives them. */
export function sallyport({ roots, chain, crls }: BrokenChain, nowMs: number): string {
  const revocation = crls.length === 0 ? {} : { revocation: { lists: crls } };
  const verdict = serverVerifier({ provider: node, roots, ...revocation }).verify({
    role: "server",
    type: "x509",
    chain,
    serverName,
    ocspResponse: undefined,
    signedCertificateTimestamps: [],
    nowMs,
  });
  return verdict instanceof VerifiedIdentity ? "(trusted)" : `${verdict.alert}: ${verdict.reason}`;
}
