// A chain in the shape that node:tls has for it.
import { X509Certificate } from "node:crypto";
import type { DetailedPeerCertificate } from "node:tls";
import { isDeepStrictEqual } from "node:util";

/** The leaf; each certificate has its issuer, the one behind it. One that is its own issuer has itself, as there. */
export function detailedCertificate(chain: readonly Uint8Array[]): DetailedPeerCertificate {
  const certificates = chain.map((der) => new X509Certificate(der).toLegacyObject());
  certificates.forEach((certificate, index) => {
    const isOwnIssuer = isDeepStrictEqual(certificate.subject, certificate.issuer);
    Object.assign(certificate, { issuerCertificate: certificates[index + 1] ?? (isOwnIssuer ? certificate : undefined) });
  });
  // The leaf is there, and now has what makes it detailed; where a chain ends early that is undefined, as in node:tls.
  return certificates[0] as DetailedPeerCertificate;
}
