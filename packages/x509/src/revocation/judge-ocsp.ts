// Whether an OCSP response says anything about a certificate (RFC 6960 §3.2), and what.
import type { CryptoProvider } from "@sallyport/core";
import { sha1 } from "@noble/hashes/legacy.js";
import { equal } from "../bytes.ts";
import { type Certificate, parseCertificate } from "../certificate.ts";
import { DerError, timeText } from "../der.ts";
import { isSame } from "../distinguished-name.ts";
import { purposeIds } from "../findings.ts";
import { anyFindings, type Authority } from "../profile.ts";
import type { SignatureVerdict } from "../signature.ts";
import { type BasicResponse, type OcspAnswer, type OcspResponse, parseOcspResponse } from "./ocsp.ts";
import type { Digest, Question } from "./question.ts";
import { clockTolerance, type RevocationStatus, type UnusableStatus } from "./status.ts";

/** Names and keys are told apart by SHA-1 in practice (RFC 6960 §4.1.1, RFC 5019 §2.1.1); nothing is proven by it. */
export function digests({ hashes }: CryptoProvider): Digest {
  return (oid, bytes) => {
    if (oid === sha1Id) return sha1(bytes);
    const name = hashNames.get(oid);
    return hashes
      .find((hash) => hash.name === name)
      ?.create()
      .update(bytes)
      .digest();
  };
}
const sha1Id = "1.3.14.3.2.26";
const hashNames: ReadonlyMap<string, string> = new Map([
  ["2.16.840.1.101.3.4.2.1", "sha256"],
  ["2.16.840.1.101.3.4.2.2", "sha384"],
  ["2.16.840.1.101.3.4.2.3", "sha512"],
]);

export function judgeOcsp(der: Uint8Array, question: Question): RevocationStatus {
  const response = read(der);
  if (response.kind === "malformed") return unusable("malformed", response.problem);
  if (response.kind === "unsuccessful") return unusable("unsuccessful", `the responder says ${response.status}`);
  const answers = response.answers.filter((answer) => isOf(answer, question));
  if (answers.length === 0) return unusable("other certificate", "it speaks of no certificate of this issuer and serial number");
  const refusal = signerProblem(response, question);
  if (refusal !== undefined) return refusal;
  const statuses = answers.map((answer) => statusOf(answer, question.now));
  // Two answers about one certificate: the worst counts.
  const isWorse = ({ kind }: RevocationStatus): boolean => kind !== "good";
  return statuses.find(({ kind }) => kind === "revoked") ?? statuses.find(isWorse) ?? statuses[0] ?? nothing;
}

const nothing: RevocationStatus = { kind: "unknown", source: "ocsp", problem: "it says nothing" };

function unusable(because: UnusableStatus, problem: string): RevocationStatus {
  return { kind: "unusable", source: "ocsp", because, problem };
}

function read(der: Uint8Array): OcspResponse | { readonly kind: "malformed"; readonly problem: string } {
  try {
    return parseOcspResponse(der);
  } catch (thrown) {
    if (thrown instanceof DerError) return { kind: "malformed", problem: thrown.message };
    throw thrown;
  }
}

/** The issuer is meant by name and by key: two authorities may share either. */
function isOf({ id }: OcspAnswer, { certificate, issuer, digest }: Question): boolean {
  if (!equal(id.serial, certificate.serial)) return false;
  const [name, key] = [digest(id.hash, issuer.subject.raw), digest(id.hash, issuer.publicKey.octets)];
  return name !== undefined && key !== undefined && equal(id.issuerNameHash, name) && equal(id.issuerKeyHash, key);
}

function statusOf({ status, thisUpdate, nextUpdate }: OcspAnswer, now: number): RevocationStatus {
  const stale = (problem: string): RevocationStatus => ({ kind: "stale", source: "ocsp", problem });
  if (thisUpdate > now + clockTolerance) return stale(`it is for ${timeText(thisUpdate)} and later`);
  // RFC 5019 §4: a response without an end can't be told from an old one.
  if (nextUpdate === undefined) return stale("it doesn't say until when it holds");
  if (nextUpdate < now) return stale(`it held until ${timeText(nextUpdate)}`);
  if (status === "good") return { kind: "good", source: "ocsp", thisUpdate, nextUpdate };
  if (status === "unknown") return { kind: "unknown", source: "ocsp", problem: "the responder does not know the certificate" };
  return { kind: "revoked", source: "ocsp", ...status };
}

// ── Who signed ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** RFC 6960 §4.2.2.2: the issuer itself, or whom the issuer has given a certificate for just this. */
function signerProblem(response: BasicResponse, question: Question): RevocationStatus | undefined {
  const { issuer, check } = question;
  if (isResponder(response, issuer, question)) {
    const verdict = check(response, issuer.publicKey);
    if (verdict === "valid") return undefined;
    return unusable("not signed", `the issuer did not sign it${because(verdict)}`);
  }
  const candidates = response.certificates
    .flatMap(readCertificate)
    .filter((candidate) => isResponder(response, candidate, question));
  let refusal = unusable("not signed", "whoever signed it is neither the issuer nor in the response");
  for (const candidate of candidates.slice(0, maxResponders)) {
    const problem = delegateProblem(candidate, question);
    if (problem !== undefined) refusal = unusable("not allowed to sign", problem);
    else {
      const verdict = check(response, candidate.publicKey);
      if (verdict === "valid") return undefined;
      refusal = unusable("not signed", `${candidate.subject.text} did not sign it${because(verdict)}`);
    }
  }
  return refusal;
}
/** As many are tried; one is enough. */
const maxResponders = 2;

function isResponder({ responder }: BasicResponse, { subject, publicKey }: Authority, { digest }: Question): boolean {
  if ("name" in responder) return isSame(responder.name, subject);
  const hash = digest(sha1Id, publicKey.octets);
  return hash !== undefined && equal(hash, responder.keyHash);
}

/** undefined: the issuer lets it sign OCSP responses. */
function delegateProblem(delegate: Certificate, { issuer, now, profile, check }: Question): string | undefined {
  const { extensions, subject } = delegate;
  const name = subject.text;
  if (!isSame(delegate.issuer, issuer.subject)) return `${name} was not certified by the certificate's own issuer`;
  const verdict = check(delegate, issuer.publicKey);
  if (verdict !== "valid") return `the certificate of ${name} was not signed by the issuer${because(verdict)}`;
  // Said in so many words: anyExtendedKeyUsage does not make a responder (RFC 6960 §4.2.2.2).
  if (extensions.extendedKeyUsage?.value.includes(purposeIds.OCSPSigning) !== true) return `${name} has no purpose OCSPSigning`;
  if (extensions.keyUsage?.value.has("digitalSignature") === false) return `${name} has a key usage without digitalSignature`;
  const reference = { source: "staple", index: 0, subject: name, issuer: delegate.issuer.text } as const;
  const [finding] = anyFindings({ certificate: delegate, reference }, { profile }, now);
  if (finding !== undefined) return `the certificate of ${name} is refused: ${finding.kind}`;
  // BR §7.1.2.8.6; without it somebody would have to look whether the responder itself is revoked.
  const isUnchecked = extensions.all.some(({ oid }) => oid === noCheck);
  return isUnchecked || profile === "rfc5280" ? undefined : `${name} lacks id-pkix-ocsp-nocheck`;
}
const noCheck = "1.3.6.1.5.5.7.48.1.5";

function readCertificate(der: Uint8Array): readonly Certificate[] {
  try {
    return [parseCertificate(der)];
  } catch (thrown) {
    if (thrown instanceof DerError) return [];
    throw thrown;
  }
}

function because(verdict: SignatureVerdict | "given-up"): string {
  if (typeof verdict === "object") return `: ${verdict.broken} can be forged`;
  return verdict === "unsupported" ? " by any algorithm that is verified here" : "";
}
