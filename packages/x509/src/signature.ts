// Signatures over certificates, CRLs and OCSP responses: by which scheme, and whether it may count.
import type { SignatureScheme, SyncVerification } from "@sallyport/core";
import { type AlgorithmIdentifier, brokenHash, type PublicKey, signatureScheme } from "./algorithms.ts";

export interface Signed {
  readonly tbs: Uint8Array;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
}
export type Verifications = ReadonlyMap<SignatureScheme, SyncVerification>;

export type SignatureVerdict = "valid" | "invalid" | "unsupported" | { readonly broken: string };
/** With whatever budget there is: "given-up" when it is spent. */
export type SignatureCheck = (signed: Signed, key: PublicKey) => SignatureVerdict | "given-up";

/** What is known before anything is computed; or what is left to compute. */
export function prepareSignature(
  { tbs, signatureAlgorithm, signature }: Signed,
  key: PublicKey,
  verifications: Verifications,
): Exclude<SignatureVerdict, "valid" | "invalid"> | (() => "valid" | "invalid") {
  const broken = brokenHash(signatureAlgorithm);
  if (broken !== undefined) return { broken };
  const scheme = signatureScheme(signatureAlgorithm, key);
  const verification = scheme && verifications.get(scheme);
  if (verification === undefined) return "unsupported";
  return () => (verification.verify(key.raw, tbs, signature) ? "valid" : "invalid");
}

export function checkSignature(signed: Signed, key: PublicKey, verifications: Verifications): SignatureVerdict {
  const prepared = prepareSignature(signed, key, verifications);
  return typeof prepared === "function" ? prepared() : prepared;
}
