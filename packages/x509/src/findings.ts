// Every reason to distrust, what it is due on the wire, and how it reads.
import type { DistrustReason } from "@sallyport/core";
import { timeText } from "./der.ts";
import type { KeyPin } from "./key-pin.ts";
import type { RevocationReason, RevocationStatus, StatusSource, UnusableStatus } from "./revocation/status.ts";

/**
 * Which certificate is meant: the peer's by its place in the chain as sent, 0 the leaf; one of the verifier's own roots or
 * anchors; or one that came in an OCSP response.
 */
export interface CertificateReference {
  readonly source: "peer" | "roots" | "anchors" | "staple";
  readonly index: number;
  readonly subject: string;
  readonly issuer: string;
}

/** One entry a kind; each is what makes that finding understandable. Times are seconds since 1970. */
export interface FindingContext {
  "not-x509": { readonly type: string };
  "wrong-role": { readonly expected: "client" | "server" };
  "no-server-name": { readonly serverName: string | undefined };
  malformed: { readonly index: number; readonly problem: string; readonly offset: number };
  "unknown-issuer": {
    readonly certificate: CertificateReference;
    /** Where the certificate itself says that its issuer can be had (AIA caIssuers). */
    readonly issuerUrls: readonly string[];
  };
  "self-signed": { readonly certificate: CertificateReference };
  "bad-signature": {
    readonly certificate: CertificateReference;
    readonly issuer: CertificateReference;
    /** It names its issuer's key, and that is not this issuer's: another of this name is meant. */
    readonly namesAnotherKey: boolean;
  };
  "broken-hash": { readonly certificate: CertificateReference; readonly hash: string };
  "unsupported-signature": { readonly certificate: CertificateReference; readonly algorithm: string; readonly key: string };
  "unsupported-key": { readonly certificate: CertificateReference; readonly key: string };
  "weak-key": { readonly certificate: CertificateReference; readonly key: string; readonly required: string };
  expired: { readonly certificate: CertificateReference; readonly notAfter: number; readonly now: number };
  "not-yet-valid": { readonly certificate: CertificateReference; readonly notBefore: number; readonly now: number };
  "unknown-critical-extension": { readonly certificate: CertificateReference; readonly extension: string };
  "not-a-ca": { readonly certificate: CertificateReference; readonly lacks: "basicConstraints" | "cA" | "keyCertSign" };
  "ca-as-end-entity": { readonly certificate: CertificateReference };
  "path-length-exceeded": { readonly certificate: CertificateReference; readonly allowed: number; readonly below: number };
  "too-many-intermediates": { readonly certificate: CertificateReference; readonly allowed: number };
  "wrong-purpose": { readonly certificate: CertificateReference; readonly purpose: Purpose; readonly allowed: readonly string[] };
  "wrong-key-usage": { readonly certificate: CertificateReference; readonly lacks: "digitalSignature" };
  /** `lacks`: key usages, or OIDs of purposes, that the server demands of its clients. */
  "required-usage": {
    readonly certificate: CertificateReference;
    readonly extension: "keyUsage" | "extendedKeyUsage";
    readonly lacks: readonly string[];
  };
  "wrong-name": { readonly certificate: CertificateReference; readonly serverName: string; readonly names: readonly string[] };
  "name-not-allowed": {
    readonly certificate: CertificateReference;
    readonly constrainedBy: CertificateReference;
    readonly name: string;
    readonly because: "excluded" | "not permitted" | "can't be compared";
  };
  /** `certificate`: who demands one. */
  "explicit-policy-required": { readonly certificate: CertificateReference };
  "not-in-profile": { readonly certificate: CertificateReference; readonly problem: string; readonly section: string };
  revoked: {
    readonly certificate: CertificateReference;
    readonly issuer: CertificateReference;
    readonly source: StatusSource;
    readonly revokedAt: number;
    readonly reason: RevocationReason | undefined;
  };
  /** What was stapled is not in order; RFC 6066 §8 has the handshake end then, whatever the policy. */
  "bad-staple": {
    readonly certificate: CertificateReference;
    readonly because: UnusableStatus | "stale";
    readonly problem: string;
  };
  /** The certificate promises that its server staples (RFC 7633). */
  "staple-missing": { readonly certificate: CertificateReference };
  "revocation-unknown": {
    readonly certificate: CertificateReference;
    readonly issuer: CertificateReference;
    /** What each source has to say; empty: there was none. */
    readonly statuses: readonly RevocationStatus[];
    /** Where the certificate itself says that its issuer's CRL can be had. */
    readonly listUrls: readonly string[];
  };
  "key-not-pinned": { readonly certificate: CertificateReference; readonly serverName: string | undefined; readonly pin: KeyPin };
  "key-changed": {
    readonly certificate: CertificateReference;
    readonly serverName: string;
    readonly first: KeyPin;
    readonly pin: KeyPin;
  };
  "search-given-up": { readonly limit: "signature checks" | "steps" | "name comparisons"; readonly allowed: number };
}
export type FindingKind = keyof FindingContext;
/** Narrows by `kind`. */
export type Finding = { [K in FindingKind]: { readonly kind: K } & FindingContext[K] }[FindingKind];
export type Purpose = "serverAuth" | "clientAuth";

/** A search for a path that came to an end: the chain from the leaf as far as it went, and what stopped it there. */
export interface Attempt {
  readonly chain: readonly CertificateReference[];
  readonly finding: Finding;
}

/** What x509 puts into `DistrustReason.detail`. */
export interface Explanation {
  /** The first decides the alert; the rest would have been refused as well. */
  readonly findings: readonly [Finding, ...Finding[]];
  /** What the peer sent and could be read, in its order. */
  readonly sent: readonly CertificateReference[];
  /** Every dead end of the search, at most 32; empty where a path was found. */
  readonly attempts: readonly Attempt[];
}

type Alert = NonNullable<DistrustReason["alert"]>;
/** RFC 9846 §6.2, and where it has no alert of its own the nearest. Total: a kind without an alert does not compile. */
const findingAlerts: { readonly [K in FindingKind]: Alert } = {
  "not-x509": "unsupported_certificate",
  "wrong-role": "internal_error",
  "no-server-name": "internal_error",
  malformed: "bad_certificate",
  "unknown-issuer": "unknown_ca",
  "self-signed": "unknown_ca",
  "bad-signature": "bad_certificate",
  "broken-hash": "bad_certificate",
  "unsupported-signature": "unsupported_certificate",
  "unsupported-key": "unsupported_certificate",
  "weak-key": "unsupported_certificate",
  expired: "certificate_expired",
  "not-yet-valid": "certificate_expired",
  "unknown-critical-extension": "bad_certificate",
  "not-a-ca": "bad_certificate",
  "ca-as-end-entity": "bad_certificate",
  "path-length-exceeded": "bad_certificate",
  "too-many-intermediates": "bad_certificate",
  "wrong-purpose": "unsupported_certificate",
  "wrong-key-usage": "unsupported_certificate",
  "required-usage": "unsupported_certificate",
  "wrong-name": "bad_certificate",
  "name-not-allowed": "bad_certificate",
  "explicit-policy-required": "bad_certificate",
  "not-in-profile": "bad_certificate",
  revoked: "certificate_revoked",
  "bad-staple": "bad_certificate_status_response",
  "staple-missing": "bad_certificate_status_response",
  "revocation-unknown": "certificate_unknown",
  "key-not-pinned": "certificate_unknown",
  "key-changed": "certificate_unknown",
  "search-given-up": "bad_certificate",
};

export function alertOfFinding(finding: Finding): Alert {
  return findingAlerts[finding.kind];
}

export const which = ({ source, index, subject }: CertificateReference): string =>
  `${subject === "" ? "the certificate without a subject" : subject} ` +
  `(${places[source]}${source === "staple" ? "" : ` ${index}`})`;
const places = { peer: "certificate", roots: "root", anchors: "anchor", staple: "in the OCSP response" } as const;

const descriptions: { readonly [K in FindingKind]: (context: FindingContext[K]) => string } = {
  "not-x509": ({ type }) => `the peer showed a ${type}, this verifier judges X.509 certificates`,
  "wrong-role": ({ expected }) =>
    `this verifier judges ${expected}s; for the other side there is ${expected === "server" ? "client" : "server"}Verifier`,
  "no-server-name": ({ serverName }) =>
    serverName === undefined
      ? "nobody said which server was meant"
      : `"${serverName}" is neither a DNS name (in A-labels) nor an IP address`,
  malformed: ({ index, problem, offset }) => `certificate ${index} can't be read: ${problem}, at byte ${offset}`,
  "unknown-issuer": ({ certificate }) =>
    `nobody vouches for ${which(certificate)}: its issuer, ${certificate.issuer}, is neither a given root nor among the ` +
    "certificates that the peer sent",
  "self-signed": ({ certificate }) => `${which(certificate)} is self-signed and not among the roots`,
  "bad-signature": ({ certificate, issuer, namesAnotherKey }) =>
    `${which(certificate)} was not signed by the key of ${which(issuer)}` +
    (namesAnotherKey ? ": it names another key of an issuer with that name" : ""),
  "broken-hash": ({ certificate, hash }) => `${which(certificate)} is signed with ${hash}, which can be forged`,
  "unsupported-signature": ({ certificate, algorithm, key }) =>
    `${which(certificate)} is signed by the algorithm ${algorithm} with an issuer's ${key}, which the provider does not verify`,
  "unsupported-key": ({ certificate, key }) => `${which(certificate)} holds what TLS can't use here: ${key}`,
  "weak-key": ({ certificate, key, required }) => `${which(certificate)} holds an ${key}; required is ${required}`,
  expired: ({ certificate, notAfter, now }) =>
    `${which(certificate)} expired at ${timeText(notAfter)}; it is ${timeText(now)} by this clock`,
  "not-yet-valid": ({ certificate, notBefore, now }) =>
    `${which(certificate)} is not valid before ${timeText(notBefore)}; it is ${timeText(now)} by this clock`,
  "unknown-critical-extension": ({ certificate, extension }) =>
    `${which(certificate)} has the critical extension ${extension}, which is not understood here`,
  "not-a-ca": ({ certificate, lacks }) => `${which(certificate)} may not issue certificates: it lacks ${lacks}`,
  "ca-as-end-entity": ({ certificate }) => `${which(certificate)} is the certificate of a CA, and was shown as that of a peer`,
  "path-length-exceeded": ({ certificate, allowed, below }) =>
    `${which(certificate)} allows ${allowed} intermediates below it, there are ${below}`,
  "too-many-intermediates": ({ certificate, allowed }) =>
    `below ${which(certificate)} there are more than the ${allowed} intermediates that this verifier allows`,
  "wrong-purpose": ({ certificate, purpose, allowed }) =>
    `${which(certificate)} is not for ${purpose}; its extended key usage is ${allowed.map(purposeText).join(", ")}`,
  "wrong-key-usage": ({ certificate, lacks }) => `${which(certificate)} has a key usage without ${lacks}`,
  "required-usage": ({ certificate, extension, lacks }) =>
    `${which(certificate)} lacks ${lacks.map(purposeText).join(", ")} in its ${extension}, as is demanded here`,
  "wrong-name": ({ certificate, serverName, names }) =>
    `${which(certificate)} is not for ${serverName}; ` +
    (names.length === 0
      ? "it has no subject alternative name for any server (a common name does not count)"
      : `it is for ${list(names)}`),
  "name-not-allowed": ({ certificate, constrainedBy, name, because }) =>
    `${which(certificate)} has the name ${name}, which ${
      because === "excluded"
        ? `${which(constrainedBy)} excludes`
        : because === "not permitted"
          ? `${which(constrainedBy)} does not permit`
          : `can't be compared with the name constraints of ${which(constrainedBy)}`
    }`,
  "explicit-policy-required": ({ certificate }) =>
    `${which(certificate)} demands a certificate policy, and none holds for every certificate of this path`,
  "not-in-profile": ({ certificate, problem, section }) => `${which(certificate)} ${problem} (${section})`,
  revoked: ({ certificate, issuer, source, revokedAt, reason }) =>
    `${which(certificate)} was revoked by ${which(issuer)} at ${timeText(revokedAt)}` +
    `${reason === undefined ? "" : ` (${reason})`}, as ${sources[source]} says`,
  "bad-staple": ({ certificate, because, problem }) =>
    `the OCSP response that was stapled for ${which(certificate)} proves nothing (${because}): ${problem}`,
  "staple-missing": ({ certificate }) => `${which(certificate)} promises that its server staples an OCSP response, and none came`,
  "revocation-unknown": ({ certificate, issuer, statuses }) =>
    `nobody knows whether ${which(certificate)} was revoked by ${which(issuer)}: ` +
    (statuses.length === 0
      ? "there is no list of its issuer, and no OCSP response was stapled"
      : statuses.slice(0, 4).map(statusText).join(", ")),
  "key-not-pinned": ({ certificate, serverName, pin }) =>
    `the key of ${which(certificate)}, ${pin}, is none of those that are pinned` +
    `${serverName === undefined ? "" : ` for ${serverName}`}`,
  "key-changed": ({ certificate, serverName, first, pin }) =>
    `${serverName} was first seen with the key ${first}, and now ${which(certificate)} has ${pin}`,
  "search-given-up": ({ limit, allowed }) => `the search for a path was given up after ${allowed} ${limit}`,
};

/** One sentence for people, without a full stop. */
export function describeFinding(finding: Finding): string {
  return describeOf(finding.kind, finding);
}
function describeOf<K extends FindingKind>(kind: K, context: FindingContext[K]): string {
  return descriptions[kind](context);
}

const sources: Readonly<Record<StatusSource, string>> = { ocsp: "the OCSP response", crl: "the CRL" };
function statusText(status: RevocationStatus): string {
  const { kind, source } = status;
  return `${sources[source]} is ${kind}${"problem" in status ? ` (${status.problem})` : ""}`;
}

const list = (names: readonly string[]): string =>
  names.length <= 8 ? names.join(", ") : `${names.slice(0, 8).join(", ")} and ${names.length - 8} more`;

export const purposeIds: Readonly<Record<Purpose | "OCSPSigning", string>> = {
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
  OCSPSigning: "1.3.6.1.5.5.7.3.9",
};
export const anyPurpose = "2.5.29.37.0";
const purposeNames: ReadonlyMap<string, string> = new Map([
  [purposeIds.serverAuth, "serverAuth"],
  [purposeIds.clientAuth, "clientAuth"],
  ["1.3.6.1.5.5.7.3.3", "codeSigning"],
  ["1.3.6.1.5.5.7.3.4", "emailProtection"],
  ["1.3.6.1.5.5.7.3.8", "timeStamping"],
  [purposeIds.OCSPSigning, "OCSPSigning"],
  [anyPurpose, "anyExtendedKeyUsage"],
]);
/** Its name, or the OID of one that has none here. */
export function purposeText(id: string): string {
  return purposeNames.get(id) ?? id;
}
