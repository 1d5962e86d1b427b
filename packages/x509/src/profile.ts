// What a certificate must be, by itself, in its place on a path: RFC 5280, and the profile of the Web PKI (CA/Browser Forum
// Baseline Requirements, BR) on top of it.
import { brokenHash, keyText } from "./algorithms.ts";
import { equal } from "./bytes.ts";
import type { Certificate } from "./certificate.ts";
import { isEmpty, isSame } from "./distinguished-name.ts";
import { type Extension, extensionIds, isUnderstood } from "./extensions.ts";
import { anyPurpose, type CertificateReference, type Finding, type Purpose, purposeIds, purposeText } from "./findings.ts";
import { anyPolicy } from "./policy-extensions.ts";
import { serverNameProblems } from "./server-names.ts";

/**
 * `web-pki`: RFC 5280 and the Baseline Requirements, to which every public CA issues, but for how long a certificate may be valid
 * and under which policy it must be issued. `rfc5280`: RFC 5280 alone, for private CAs: a CA's own certificate as a server's, a
 * server's without extended key usage or with anyExtendedKeyUsage, and odd forms that confuse nobody here.
 */
export type Profile = (typeof profiles)[number];
export const profiles = ["web-pki", "rfc5280"] as const;

export interface Policy {
  readonly profile: Profile;
  readonly purpose: Purpose;
  /** Self-issued ones don't count (RFC 5280 §6.1.4 (l)). */
  readonly maxIntermediates: number;
}

/** A certificate, and which one it is. */
export interface Known {
  readonly certificate: Certificate;
  readonly reference: CertificateReference;
}

/** What issuing takes: a certificate has it, and a trust anchor that is only a name, a key and constraints. */
export type Authority = Pick<Certificate, "subject" | "issuer" | "publicKey" | "extensions">;
export interface KnownAuthority {
  readonly certificate: Authority;
  readonly reference: CertificateReference;
}
export function isWhole(known: KnownAuthority): known is Known {
  return "der" in known.certificate;
}

/** All that is wrong with a leaf by itself, its name aside. `now` in seconds. */
export function endEntityFindings(leaf: Known, policy: Policy, now: number): readonly Finding[] {
  const { certificate, reference } = leaf;
  const { basicConstraints, keyUsage, extendedKeyUsage, subjectAlternativeName: san } = certificate.extensions;
  const findings = [...anyFindings(leaf, policy, now), ...wrappingFindings(leaf), ...formFindings(leaf, policy)];
  const violation = violations(findings, reference);
  if (basicConstraints?.value.ca === true && policy.profile === "web-pki") {
    findings.push({ kind: "ca-as-end-entity", certificate: reference });
  }
  // RFC 9846 §4.5.1.2: the digitalSignature bit must be set if keyUsage is there.
  if (keyUsage?.value.has("digitalSignature") === false) {
    findings.push({ kind: "wrong-key-usage", certificate: reference, lacks: "digitalSignature" });
  }
  findings.push(...purposeFindings(leaf, policy));
  if (isEmpty(certificate.subject) && san?.critical !== true) {
    violation("has an empty subject and no critical subject alternative name", "RFC 5280 §4.1.2.6");
  }
  if (policy.profile === "web-pki" && policy.purpose === "serverAuth") {
    if (!isEmpty(certificate.subject) && san?.critical === true) {
      violation("has a critical subject alternative name beside a subject", "BR §7.1.2.7.12");
    }
    if (extendedKeyUsage === undefined) violation("has no extended key usage", "BR §7.1.2.7.6");
    else if (extendedKeyUsage.critical) violation("has an extended key usage that is critical", "BR §7.1.2.7.10");
    const purposes = extendedKeyUsage?.value ?? [];
    const stray = purposes.filter((id) => notForServers.has(id));
    if (stray.length > 0 && purposes.includes(purposeIds.serverAuth))
      violation(`is for ${stray.map(purposeText).join(", ")} as well`, "BR §7.1.2.7.10");
    if (keyUsage?.value.has("cRLSign") === true) violation("is no CA and may sign CRLs", "BR §7.1.2.7.11");
    for (const { problem, section } of serverNameProblems(certificate)) violation(problem, section);
  }
  return findings;
}

/**
 * What is wrong with a leaf that is itself one of the roots. Whoever gave it has said: this very certificate. Who issued it, and
 * whether its form is a profile's, no longer matters; its time, its key and what it is for still do.
 */
export function pinnedFindings(leaf: Known, policy: Policy, now: number): readonly Finding[] {
  const findings = anyFindings(leaf, policy, now);
  if (leaf.certificate.extensions.keyUsage?.value.has("digitalSignature") === false) {
    findings.push({ kind: "wrong-key-usage", certificate: leaf.reference, lacks: "digitalSignature" });
  }
  findings.push(...purposeFindings(leaf, policy));
  return findings;
}

/**
 * All that keeps a certificate from issuing others, as an intermediate or as the trust anchor. Of an anchor that is no
 * certificate there is nothing to judge but its key (RFC 5280 §6.1.1 (d)).
 */
export function issuerFindings(
  issuer: KnownAuthority,
  place: "intermediate" | "anchor",
  policy: Policy,
  now: number,
): readonly Finding[] {
  if (!isWhole(issuer)) {
    const weak = keyFinding(issuer, policy);
    return weak === undefined ? [] : [weak];
  }
  const { certificate, reference } = issuer;
  const { basicConstraints, keyUsage, extendedKeyUsage, subjectKeyIdentifier, policyMappings } = certificate.extensions;
  const findings = anyFindings(issuer, policy, now);
  const lacks = basicConstraints === undefined ? "basicConstraints" : basicConstraints.value.ca ? undefined : "cA";
  if (lacks !== undefined) findings.push({ kind: "not-a-ca", certificate: reference, lacks });
  else if (keyUsage?.value.has("keyCertSign") === false) {
    findings.push({ kind: "not-a-ca", certificate: reference, lacks: "keyCertSign" });
  }
  // A trust anchor's own signature proves nothing (RFC 9846 §4.5.1.3), and how it was put into octets no attacker chose.
  if (place === "intermediate") findings.push(...wrappingFindings(issuer));
  findings.push(...formFindings(issuer, policy, place === "anchor"));
  findings.push(...purposeFindings(issuer, policy));
  const violation = violations(findings, reference);
  if (basicConstraints?.critical === false) violation("has basic constraints that are not critical", "RFC 5280 §4.2.1.9");
  if (isEmpty(certificate.subject)) violation("is a CA without a subject", "RFC 5280 §4.1.2.6");
  if (subjectKeyIdentifier === undefined) violation("is a CA without a subject key identifier", "RFC 5280 §4.2.1.2");
  if (
    place === "anchor" &&
    policy.profile === "web-pki" &&
    extendedKeyUsage !== undefined &&
    isSame(certificate.subject, certificate.issuer)
  ) {
    violation("is a root with an extended key usage", "BR §7.1.2.1.2");
  }
  // RFC 5280 §6.1.4 (a); an anchor's are no part of a path.
  const isAny = policyMappings?.value.some((mapping) => mapping.issuer === anyPolicy || mapping.subject === anyPolicy);
  if (isAny === true && place === "intermediate") violation("maps anyPolicy", "RFC 5280 §4.2.1.5");
  return findings;
}

// ── What holds in every place ───────────────────────────────────────────────────────────────────────────────────────

/** Criticals, key and time. */
export function anyFindings({ certificate, reference }: Known, policy: Pick<Policy, "profile">, now: number): Finding[] {
  const findings: Finding[] = [];
  const { notBefore, notAfter } = certificate.validity;
  for (const extension of certificate.extensions.all) {
    if (extension.critical && !isUnderstood(extension, certificate.extensions)) {
      findings.push({ kind: "unknown-critical-extension", certificate: reference, extension: extension.oid });
    }
  }
  const key = keyFinding({ certificate, reference }, policy);
  if (key !== undefined) findings.push(key);
  if (now > notAfter) findings.push({ kind: "expired", certificate: reference, notAfter, now });
  if (now < notBefore) findings.push({ kind: "not-yet-valid", certificate: reference, notBefore, now });
  return findings;
}

function keyFinding(
  { certificate: { publicKey: key }, reference }: KnownAuthority,
  policy: Pick<Policy, "profile">,
): Finding | undefined {
  switch (key.kind) {
    case "rsa":
    case "rsa-pss": {
      const weak = (required: string): Finding => ({ kind: "weak-key", certificate: reference, key: keyText(key), required });
      if (key.bits < 2048 || key.bits > 8192) return weak("2048 to 8192 bits");
      if (policy.profile === "web-pki" && key.bits % 8 !== 0) return weak("a number of bits divisible by 8 (BR §6.1.5)");
      const even = ((key.exponent.at(-1) ?? 0) & 1) === 0;
      if (even || key.exponent.length > 5 || (key.exponent.length === 5 && (key.exponent[0] ?? 0) > 1) || isOne(key.exponent)) {
        return weak("an odd public exponent from 3 to 2^33 - 1");
      }
      return undefined;
    }
    case "unsupported":
      return { kind: "unsupported-key", certificate: reference, key: key.problem };
    default:
      return undefined;
  }
}

const isOne = (magnitude: Uint8Array): boolean => magnitude.length === 1 && magnitude[0] === 1;

/** Of the certificate as a signed and encoded thing. */
function wrappingFindings({ certificate, reference }: Known): readonly Finding[] {
  const findings: Finding[] = [];
  const hash = brokenHash(certificate.signatureAlgorithm);
  if (hash !== undefined) findings.push({ kind: "broken-hash", certificate: reference, hash });
  const violation = violations(findings, reference);
  const [first = 0] = certificate.serial;
  if (first >= 0x80 || certificate.serial.every((octet) => octet === 0)) {
    violation("has a serial number that is not positive", "RFC 5280 §4.1.2.2");
  }
  for (const { problem, section } of certificate.irregularities) violation(problem, section);
  if (certificate.serial.length > 20) violation("has a serial number of more than 20 octets", "RFC 5280 §4.1.2.2");
  return findings;
}

function formFindings({ certificate, reference }: Known, policy: Policy, anchor = false): readonly Finding[] {
  const findings: Finding[] = [];
  const violation = violations(findings, reference);
  const { extensions } = certificate;
  const { authorityKeyIdentifier: authority, basicConstraints, keyUsage, nameConstraints } = extensions;
  if (isEmpty(certificate.issuer)) violation("does not name its issuer", "RFC 5280 §4.1.2.4");
  for (const rule of criticality) {
    const extension = extensions.all.find(({ oid }) => oid === rule.oid);
    if (extension !== undefined && extension.critical !== rule.critical)
      violation(criticalityProblem(rule, extension), rule.section);
  }
  if (basicConstraints?.value.ca !== true) {
    if (keyUsage?.value.has("keyCertSign") === true) violation("is no CA and may sign certificates", "RFC 5280 §4.2.1.9");
    if (basicConstraints?.value.pathLength !== undefined) violation("is no CA and has a path length", "RFC 5280 §4.2.1.9");
    if (nameConstraints !== undefined) violation("is no CA and constrains names", "RFC 5280 §4.2.1.10");
  }
  if (nameConstraints?.critical === false && policy.profile === "rfc5280") {
    violation("has name constraints that are not critical", "RFC 5280 §4.2.1.10"); // BR §7.1.2.5.2 allows it
  }
  if (authority === undefined) {
    // It says where to look for the issuer, and nobody looks for an anchor's.
    if (!anchor) violation("has no authority key identifier", "RFC 5280 §4.2.1.1");
    return findings;
  }
  if (authority.value.keyIdentifier === undefined)
    violation("has an authority key identifier without the key's", "RFC 5280 §4.2.1.1");
  if (authority.value.hasIssuer !== authority.value.hasSerial) {
    violation("has an authority key identifier with only one of issuer and serial number", "RFC 5280 §4.2.1.1");
  }
  if (policy.profile === "web-pki") {
    const where = anchor ? "BR §7.1.2.1.3" : "BR §7.1.2.11.1";
    if (authority.value.hasIssuer || authority.value.hasSerial) {
      violation("has an authority key identifier with issuer and serial number", where);
    }
    const own = extensions.subjectKeyIdentifier?.value;
    const named = authority.value.keyIdentifier;
    if (
      anchor &&
      isSame(certificate.subject, certificate.issuer) &&
      own !== undefined &&
      named !== undefined &&
      !equal(own, named)
    ) {
      violation("is a root whose authority key identifier is not its own", where);
    }
  }
  return findings;
}

interface CriticalityRule {
  readonly oid: string;
  readonly name: string;
  readonly critical: boolean;
  readonly section: string;
}
const criticality: readonly CriticalityRule[] = [
  { oid: extensionIds.authorityKeyIdentifier, name: "authority key identifier", critical: false, section: "RFC 5280 §4.2.1.1" },
  { oid: extensionIds.subjectKeyIdentifier, name: "subject key identifier", critical: false, section: "RFC 5280 §4.2.1.2" },
  { oid: extensionIds.policyConstraints, name: "policy constraints", critical: true, section: "RFC 5280 §4.2.1.11" },
  { oid: extensionIds.inhibitAnyPolicy, name: "inhibitAnyPolicy", critical: true, section: "RFC 5280 §4.2.1.14" },
  {
    oid: extensionIds.authorityInformationAccess,
    name: "authority information access",
    critical: false,
    section: "RFC 5280 §4.2.2.1",
  },
  {
    oid: extensionIds.subjectInformationAccess,
    name: "subject information access",
    critical: false,
    section: "RFC 5280 §4.2.2.2",
  },
];
const criticalityProblem = ({ name }: CriticalityRule, { critical }: Extension): string =>
  `has the extension ${name} ${critical ? "marked critical" : "not marked critical"}`;

function purposeFindings({ certificate, reference }: Known, { profile, purpose }: Policy): readonly Finding[] {
  const allowed = certificate.extensions.extendedKeyUsage?.value;
  if (allowed === undefined || allowed.includes(purposeIds[purpose])) return [];
  const isCa = certificate.extensions.basicConstraints?.value.ca === true;
  // BR §7.1.2.7.10: a subscriber's certificate must not have anyExtendedKeyUsage.
  if (allowed.includes(anyPurpose) && (isCa || profile === "rfc5280")) return [];
  return [{ kind: "wrong-purpose", certificate: reference, purpose, allowed }];
}

/** What BR §7.1.2.7.10 forbids beside serverAuth and clientAuth. */
const notForServers: ReadonlySet<string> = new Set([
  anyPurpose,
  purposeIds.OCSPSigning,
  "1.3.6.1.5.5.7.3.3",
  "1.3.6.1.5.5.7.3.4",
  "1.3.6.1.5.5.7.3.8",
  "1.3.6.1.4.1.11129.2.4.4",
]);

const violations =
  (findings: Finding[], certificate: CertificateReference) =>
  (problem: string, section: string): void => {
    findings.push({ kind: "not-in-profile", certificate, problem, section });
  };
