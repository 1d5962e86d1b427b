// What is wrong with the server's Certificate, CertificateRequest and CertificateVerify, before anyone judges the chain.
import type { CredentialRequest } from "../../config/credential.ts";
import type { Verification } from "../../crypto/provider.ts";
import { type PublicKey, schemesOf } from "../../crypto/public-key.ts";
import { fail } from "../../errors.ts";
import { type Bytes, hex } from "../../wire/bytes.ts";
import { subjectPublicKeyOf } from "../../wire/certificate.ts";
import type { CertificateMessage, CertificateRequestMessage, CertificateVerifyMessage } from "../../wire/certificate-message.ts";
import { registered, type SignatureScheme, schemeIds } from "../../wire/registry.ts";
import { proofSchemes } from "./client-hello.ts";
import type { Goal, Offer } from "./states.ts";

export interface ShownCertificate {
  readonly chain: readonly [Bytes, ...Bytes[]];
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Bytes;
  /** What may sign CertificateVerify with this key, of what was offered; never empty. */
  readonly schemes: readonly SignatureScheme[];
}

/** Tells which key a SubjectPublicKeyInfo is. */
type ReadKey = (subjectPublicKeyInfo: Uint8Array) => PublicKey | undefined;

/** RFC 9846 §4.5.1. */
export function judgeCertificate({ context, entries }: CertificateMessage, goal: Goal, read: ReadKey): ShownCertificate {
  const message = "certificate";
  if (context.length > 0) wrong(message, "certificate_request_context", "none", hex(context), "RFC 9846 §4.5.1");
  for (const { extensions } of entries) {
    // We ask for none.
    const [extension] = extensions;
    if (extension !== undefined) fail("unsolicited-extension", { message, extension: extension.type }, "RFC 9846 §4.5.1");
  }
  return judgeChain(entries.map(({ data }) => data), proofSchemes(goal), goal, read);
}

/** Of either version. @param offered by which the key may be proven. */
export function judgeChain(
  certificates: readonly Bytes[], offered: readonly SignatureScheme[], { settings }: Goal, read: ReadKey,
): ShownCertificate {
  const message = "certificate";
  const [leaf, ...rest] = certificates;
  if (leaf === undefined) fail("malformed-message", { message, field: "certificate_list is empty", offset: 4 }, "RFC 9846 §4.5.1.3");
  const allowed = settings.limits.certificateChain;
  if (certificates.length > allowed) fail("limit-exceeded", { limit: "certificateChain", allowed, received: certificates.length });
  const publicKey = subjectPublicKeyOf(leaf);
  const key = read(publicKey);
  if (key === undefined) fail("unsupported-certificate", { problem: "a public key of no kind that TLS signs with" }, "RFC 9846 §4.5.1.2");
  const schemes = schemesOf(key).filter((scheme) => offered.includes(scheme));
  if (schemes.length === 0) {
    fail("unsupported-certificate", { problem: `a public key that no scheme of ours signs with (${key.kind})` }, "RFC 9846 §4.5.1.2");
  }
  return { chain: [leaf, ...rest], publicKey, schemes };
}

/** RFC 9846 §4.5.2: a scheme that was offered, that may sign here, and that fits the key. */
export function judgeCertificateVerify(
  message: CertificateVerifyMessage, schemes: readonly SignatureScheme[], { goal, hello }: Offer,
): { readonly scheme: SignatureScheme; readonly signature: Bytes; readonly verification: Verification } {
  const name = "certificate_verify";
  const received = registered("scheme", message.scheme).name ?? `0x${message.scheme.toString(16)}`;
  const scheme = proofSchemes(goal).find((candidate) => schemeIds[candidate] === message.scheme);
  const verification = scheme && goal.settings.verifications.get(scheme);
  const offered = hello.signatureSchemes?.some(({ id }) => id === message.scheme) === true;
  if (scheme === undefined || verification === undefined || !offered) {
    wrong(name, "algorithm", "a scheme that was offered", received, "RFC 9846 §4.5.2");
  }
  if (!schemes.includes(scheme)) wrong(name, "algorithm", `${schemes.join(" or ")}, as the certificate's key signs`, received, "RFC 9846 §4.5.2");
  return { scheme, signature: message.signature, verification };
}

/** RFC 9846 §4.4.2. */
export function judgeCertificateRequest({ context, signatureSchemes, authorities }: CertificateRequestMessage): CredentialRequest {
  const message = "certificate_request";
  if (context.length > 0) wrong(message, "certificate_request_context", "none", hex(context), "RFC 9846 §4.4.2");
  if (signatureSchemes === undefined) fail("missing-extension", { message, extension: "signature_algorithms" }, "RFC 9846 §4.4.2");
  const known = (Object.keys(schemeIds) as SignatureScheme[]).filter((scheme) => signatureSchemes.includes(schemeIds[scheme]));
  return { schemes: known, authorities, certificateTypes: ["x509"] };
}

function wrong(message: string, field: string, expected: string, received: string, section: string): never {
  fail("illegal-parameter", { message, field, expected, received }, section);
}
