// Whether a chain may be trusted: RFC 5280 §6.1 and the Web PKI's rules over its script, by trying every path. It reads no DER,
// and knows nothing of any verifier's code.
import type { CertificateScript } from "./certificate.ts";
import type { ChainScript } from "./chains.ts";

/** @param maxIntermediates self-issued ones don't count. */
export function mayTrust({ serverName, certificates, sent, roots }: ChainScript, maxIntermediates = 8): boolean {
  const all = (places: readonly number[]): CertificateScript[] => [...new Set(places)].flatMap((at) => certificates[at] ?? []);
  const [leaf, ...others] = all(sent);
  const anchors = all(roots);
  if (leaf === undefined || !isServer(leaf, serverName)) return false;
  const reaches = (path: readonly CertificateScript[]): boolean => {
    const child = path.at(-1);
    if (child === undefined) return false;
    const below = path.slice(1).filter((each) => !isSelfIssued(each)).length;
    const stands = (issuer: CertificateScript): boolean =>
      isAuthority(issuer) &&
      issuer.subject === child.issuer &&
      issuer.key === child.signedBy &&
      !child.spoiled &&
      !path.some((each) => each.subject === issuer.subject && each.key === issuer.key) &&
      below <= (issuer.pathLength ?? below) &&
      allows(issuer, path);
    if (below <= maxIntermediates && anchors.some(stands)) return true;
    return others.some((issuer) => {
      const isCounted = !isSelfIssued(issuer);
      return (
        stands(issuer) && issuer.serial < 0x80 && below + (isCounted ? 1 : 0) <= maxIntermediates && reaches([...path, issuer])
      );
    });
  };
  return reaches([leaf]);
}

function isServer(leaf: CertificateScript, serverName: string): boolean {
  const isNamed = leaf.names.some(
    (name) => name === serverName || (name.startsWith("*.") && name.slice(1) === serverName.slice(serverName.indexOf("."))),
  );
  return (
    isReadable(leaf) &&
    isNamed &&
    leaf.ca !== true &&
    leaf.usages.includes(0) &&
    leaf.purposes.includes(serverAuth) &&
    leaf.serial < 0x80
  );
}
function isAuthority(certificate: CertificateScript): boolean {
  const { ca, usages, purposes } = certificate;
  return isReadable(certificate) && ca === true && usages.includes(5) && (purposes.length === 0 || purposes.includes(serverAuth));
}
function isReadable({ twice, cut, critical, notBefore, notAfter }: CertificateScript): boolean {
  return !twice && cut === 0 && !critical && notBefore <= now && now <= notAfter;
}
/** Of the names only a leaf's are restricted here: nobody above has any. */
function allows({ permitted, excluded }: CertificateScript, [leaf]: readonly CertificateScript[]): boolean {
  const isIn =
    (name: string) =>
    (tree: string): boolean =>
      name === tree || name.endsWith(`.${tree}`);
  return (leaf?.names ?? []).every(
    (name) => !excluded.some(isIn(name)) && (permitted.length === 0 || permitted.some(isIn(name))),
  );
}
const isSelfIssued = ({ subject, issuer }: CertificateScript): boolean => subject === issuer;
const now = "260601120000Z";
const serverAuth = "1.3.6.1.5.5.7.3.1";
