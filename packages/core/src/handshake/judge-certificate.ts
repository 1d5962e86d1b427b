// What is wrong with a peer's Certificate, CertificateRequest and CertificateVerify, before anyone judges the chain. Of either
// role.
import type { CredentialRequest } from "../config/credential.ts";
import type { Verifier } from "../config/identity.ts";
import { schemeMeanings, signsIn } from "../config/parameters.ts";
import type { CommonSettings } from "../config/settings.ts";
import type { Verification } from "../crypto/provider.ts";
import { type PublicKey, schemesOf, verifiableBy } from "../crypto/public-key.ts";
import { fail } from "../errors.ts";
import { type Bytes, hex } from "../wire/bytes.ts";
import { expectSubjectPublicKey, subjectPublicKeyOf } from "../wire/certificate.ts";
import type { CertificateMessage, CertificateRequestMessage, CertificateVerifyMessage } from "../wire/certificate-message.ts";
import type { Extension } from "../wire/extensions.ts";
import { Reader } from "../wire/reader.ts";
import {
  type CertificateType,
  extensionIds,
  type ProtocolVersion,
  type SignatureScheme,
  schemeIds,
  spelled,
} from "../wire/registry.ts";
import { readCertificateStatus, readTimestamps, type StapleKind, stapleExtensions } from "../wire/staples.ts";
import { type CertificateRequestTls12, clientCertificateTypes } from "../wire/tls12-messages.ts";
import { noStaples, type Staples } from "./identity.ts";

interface ShownCertificate {
  readonly chain: readonly [Bytes, ...Bytes[]];
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Bytes;
  /** What may prove this key, of what was offered; never empty. */
  readonly schemes: readonly SignatureScheme[];
}

interface ShownChain {
  /** DER, leaf first; may be empty. */
  readonly certificates: readonly Bytes[];
  /** The leaf's. */
  readonly staples: Staples;
}

/** RFC 9846 §4.5.1: no context in the handshake, and no extension of an entry that was not asked for. */
export function judgeCertificateMessage({ context, entries }: CertificateMessage, { asksFor = [] }: Verifier): ShownChain {
  if (context.length > 0) wrong("certificate", "certificate_request_context", "none", hex(context), "RFC 9846 §4.5.1");
  const [staples = noStaples] = entries.map(({ extensions }) => readStaples(extensions, asksFor));
  return { certificates: entries.map(({ data }) => data), staples };
}

function readStaples(extensions: readonly Extension[], asksFor: readonly StapleKind[]): Staples {
  const message = "certificate";
  let staples = noStaples;
  for (const { type, data } of extensions) {
    const kind = asksFor.find((asked) => extensionIds[stapleExtensions[asked]] === type.id);
    if (kind === undefined) fail("unsolicited-extension", { message, extension: type }, "RFC 9846 §4.5.1");
    const body = new Reader(data, message);
    if (kind === "ocsp") staples = { ...staples, ocspResponse: readCertificateStatus(body) };
    else staples = { ...staples, signedCertificateTimestamps: readTimestamps(body) };
    body.end();
  }
  return staples;
}

/**
 * @param type that was agreed
 * @param offered by which a key may be proven in `version`
 * @param read tells which key a SubjectPublicKeyInfo is
 */
export function judgeChain(
  certificates: readonly Bytes[],
  type: CertificateType,
  version: ProtocolVersion,
  offered: readonly SignatureScheme[],
  settings: CommonSettings,
  read: (subjectPublicKeyInfo: Uint8Array) => PublicKey | undefined,
): ShownCertificate {
  const [leaf, ...rest] = certificates;
  if (leaf === undefined) {
    fail("malformed-message", { message: "certificate", field: "certificate_list is empty", offset: 4 }, "RFC 9846 §4.5.1.3");
  }
  if (type === "raw-public-key" && rest.length > 0) {
    const field = "certificate_list of more than one raw public key";
    fail("malformed-message", { message: "certificate", field, offset: 4 }, "RFC 9846 §4.5.1");
  }
  const allowed = settings.limits.certificateChain;
  if (certificates.length > allowed) {
    fail("limit-exceeded", { limit: "certificateChain", allowed, received: certificates.length }, "RFC 9846 §6");
  }
  const publicKey = type === "x509" ? subjectPublicKeyOf(leaf) : leaf;
  if (type === "raw-public-key") expectSubjectPublicKey(leaf);
  const key = read(publicKey);
  if (key === undefined) {
    fail("unsupported-certificate", { problem: "a public key of no kind that TLS signs with" }, "RFC 9846 §4.5.1.2");
  }
  const signs = version === "tls1.2" ? verifiableBy(key) : schemesOf(key);
  const schemes = signs.filter((scheme) => offered.includes(scheme));
  if (schemes.length === 0) {
    fail(
      "unsupported-certificate",
      { problem: `a public key that no scheme of ours signs with (${key.kind})` },
      "RFC 9846 §4.5.1.2",
    );
  }
  return { chain: [leaf, ...rest], publicKey, schemes };
}

/**
 * RFC 9846 §4.5.2; RFC 5246 §7.4.8.
 * @param schemes that were offered, may sign here, and fit the key: see `judgeChain`
 */
export function judgeCertificateVerify(
  { scheme: id, signature }: CertificateVerifyMessage,
  schemes: readonly SignatureScheme[],
  version: ProtocolVersion,
  settings: CommonSettings,
): { readonly scheme: SignatureScheme; readonly signature: Bytes; readonly verification: Verification } {
  const section = version === "tls1.3" ? "RFC 9846 §4.5.2" : "RFC 5246 §7.4.8";
  const received = spelled("scheme", id);
  const scheme = schemes.find((candidate) => schemeIds[candidate] === id);
  const verification = scheme && settings.verifications.get(scheme);
  if (scheme === undefined || verification === undefined) {
    const expected = `${schemes.join(" or ")}, as was offered and the certificate's key signs`;
    wrong("certificate_verify", "algorithm", expected, received, section);
  }
  return { scheme, signature, verification };
}

/** What the server asks for, with what is no picker's business. */
export interface ReceivedRequest extends CredentialRequest {
  /** What may compress our certificate, by number (RFC 8879). */
  readonly compressions: readonly number[];
}

/** RFC 9846 §4.4.2. */
export function judgeCertificateRequest(
  { context, signatureSchemes, authorities, staples, oidFilters, compressions }: CertificateRequestMessage,
  type: CertificateType,
): ReceivedRequest {
  const message = "certificate_request";
  if (context.length > 0) wrong(message, "certificate_request_context", "none", hex(context), "RFC 9846 §4.4.2");
  if (signatureSchemes === undefined) {
    fail("missing-extension", { message, extension: "signature_algorithms" }, "RFC 9846 §4.4.2");
  }
  const { schemes, ...request } = credentialRequest(signatureSchemes, authorities, type);
  // §4.3.3: those of PKCS #1 speak of certificates alone.
  return { ...request, schemes: schemes.filter((scheme) => signsIn("tls1.3", scheme)), staples, oidFilters, compressions };
}

/** RFC 5246 §7.4.6: the certificate's key must be of one of these types too (Ed25519's is ecdsa_sign, RFC 8422 §5.5). */
export function judgeCertificateRequestTls12(
  { certificateTypes, signatureSchemes, authorities }: CertificateRequestTls12,
  type: CertificateType,
): CredentialRequest {
  const { schemes, ...request } = credentialRequest(signatureSchemes, authorities, type);
  return { schemes: schemes.filter((scheme) => certificateTypes.includes(certificateTypeOf(scheme))), ...request };
}

function certificateTypeOf(scheme: SignatureScheme): number {
  return clientCertificateTypes[schemeMeanings[scheme].suiteKey === "rsa" ? "rsa_sign" : "ecdsa_sign"];
}

/** In the peer's order of preference. */
function credentialRequest(ids: readonly number[], authorities: readonly Bytes[], type: CertificateType): CredentialRequest {
  const schemes = ids.flatMap((id) => (Object.keys(schemeIds) as SignatureScheme[]).filter((scheme) => schemeIds[scheme] === id));
  return { schemes, authorities, certificateTypes: [type], staples: [], oidFilters: [] };
}

/** By which a peer's key may be proven in `version` (RFC 9846 §4.3.3: in TLS 1.3 PKCS#1 is for certificates). */
export function proofSchemes(version: ProtocolVersion, { verifications }: CommonSettings): SignatureScheme[] {
  return [...verifications.keys()].filter((scheme) => signsIn(version, scheme));
}

function wrong(message: string, field: string, expected: string, received: string, section: string): never {
  fail("illegal-parameter", { message, field, expected, received }, section);
}
