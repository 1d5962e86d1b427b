// Certificates that a verifier has seen before: who meets a server again need neither parse them anew nor compute their signatures.
// Nothing else is remembered: dates, names, purposes and revocation are judged each time.
import { own } from "./bytes.ts";
import { type Certificate, parseCertificate } from "./certificate.ts";

export interface RecentCertificates {
  /**
   * Decoded from bytes of its own, and the same object where the same bytes came before.
   * @throws DerError as `parseCertificate`
   */
  parse(der: Uint8Array): Certificate;
  /** Keys that have signed a certificate: by their SubjectPublicKeyInfo, one character an octet. */
  readonly signers: WeakMap<Certificate, Set<string>>;
}

/** Of one verifier; as many as come between two visits to a server. All together they hold a megabyte at most. */
const mostKept = 64;
const longestKept = 4096;

export function recentCertificates(): RecentCertificates {
  /** The least recently used first. */
  const kept: Certificate[] = [];
  return {
    signers: new WeakMap(),
    parse: (der) => {
      const at = kept.findIndex((certificate) => isSame(certificate.der, der));
      const [known] = at < 0 ? [] : kept.splice(at, 1);
      const certificate = known ?? parseCertificate(own(der));
      if (der.length <= longestKept) kept.push(certificate);
      if (kept.length > mostKept) kept.shift();
      return certificate;
    },
  };
}

/** From the end: certificates of one issuer begin alike, and their signatures differ. */
function isSame(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let at = one.length - 1; at >= 0; at--) if (one[at] !== other[at]) return false;
  return true;
}
