/**
 * The default verifier, {@link serverVerifier} and {@link clientVerifier}, whose refusals explain themselves
 * ({@link Explanation}), and {@link credential} for one's own chain. Beneath them {@link parseCertificate}: strict, complete, and
 * without a judgement.
 *
 * @packageDocumentation
 */
export type { AlgorithmIdentifier, Curve, PublicKey } from "./algorithms.ts";
export { type TrustAnchor, type TrustAnchorsOptions, trustAnchors } from "./anchors.ts";
export { type Certificate, type Irregularity, parseCertificate } from "./certificate.ts";
export { type CredentialOptions, credential } from "./credential.ts";
export { DerError } from "./der.ts";
export { serverEndPoint } from "./end-point.ts";
export { type Attribute, type DistinguishedName, parseDistinguishedName } from "./distinguished-name.ts";
export type {
  AccessDescription,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Extension,
  Extensions,
  KeyUsage,
  Marked,
  NameConstraints,
} from "./extensions.ts";
export type { DistributionPoint } from "./distribution-point.ts";
export { describeExplanation } from "./explanation.ts";
export {
  type Attempt,
  alertOfFinding,
  type CertificateReference,
  describeFinding,
  type Explanation,
  type Finding,
  type FindingContext,
  type FindingKind,
  type Purpose,
} from "./findings.ts";
export type { GeneralName, OpaqueName } from "./general-names.ts";
export type { KeyPin } from "./key-pin.ts";
export { type PemBlock, PemError, parsePem } from "./pem.ts";
export {
  type AsyncKnownKeys,
  dangerousPinnedKeys,
  dangerousTrustOnFirstUse,
  type FirstUseOptions,
  type KnownKeys,
  keyPin,
  memoryKnownKeys,
  type PinOptions,
} from "./pins.ts";
export type { Profile } from "./profile.ts";
export type { PolicyConstraints, PolicyInformation, PolicyMapping } from "./policy-extensions.ts";
export { remedyOf } from "./remedies.ts";
export { RevocationLists } from "./revocation/lists.ts";
export type { RevocationOptions } from "./revocation/policy.ts";
export type { RequiredUsage } from "./required-usage.ts";
export type { RevocationReason, RevocationStatus, StatusSource, UnusableStatus } from "./revocation/status.ts";
export { type ClientVerifierOptions, clientVerifier, serverVerifier, type VerifierOptions } from "./verifier.ts";
