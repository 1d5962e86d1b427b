// An authority that has changed its key signs its CRL by the new one, also for what the old one issued (RFC 5280 §6.3.3 (f)).
import { equal, latin1 } from "../bytes.ts";
import { isSame } from "../distinguished-name.ts";
import { type Authority, isWhole, issuerFindings, type Known, type KnownAuthority, type Policy } from "../profile.ts";
import type { SignatureCheck } from "../signature.ts";
import type { RevocationLists } from "./lists.ts";

export interface NamesakeSources {
  /** By the DER of their subjects, one character an octet. */
  readonly anchors: ReadonlyMap<string, readonly KnownAuthority[]>;
  readonly intermediates: readonly Known[];
  readonly policy: Policy;
  /** Seconds since 1970. */
  readonly now: number;
  readonly lists: RevocationLists | undefined;
}

/**
 * Who else has the name of `above[0]` and the right to it: an anchor, or one whom it has certified itself, or somebody above it
 * has. That is one trust anchor for both, as §6.3.3 (f) demands.
 * @param above from the issuer of the certificate in question to the anchor
 */
export function namesakesOf(
  { anchors, intermediates, policy, now, lists }: NamesakeSources,
  above: readonly KnownAuthority[],
  check: SignatureCheck,
): readonly Authority[] {
  const [issuer] = above;
  if (issuer === undefined) return [];
  const { subject, publicKey } = issuer.certificate;
  const isOther = ({ certificate }: KnownAuthority): boolean =>
    isSame(certificate.subject, subject) && !equal(certificate.publicKey.raw, publicKey.raw);
  const isUsable = (known: KnownAuthority, place: "anchor" | "intermediate"): boolean =>
    issuerFindings(known, place, policy, now).length === 0;
  const isListed = ({ certificate: { issuer: name, serial } }: Known): boolean =>
    lists?.of(latin1(name.raw)).some((list) => list.find(serial) !== undefined) === true;
  const isCertified = ({ certificate }: Known): boolean =>
    above.some(
      (by) => isSame(by.certificate.subject, certificate.issuer) && check(certificate, by.certificate.publicKey) === "valid",
    );
  const trusted = (anchors.get(latin1(subject.raw)) ?? []).filter((known) => isOther(known) && isUsable(known, "anchor"));
  const sent = intermediates.filter(isOther).slice(0, maxSent);
  return [
    ...trusted.filter((known) => !isWhole(known) || !isListed(known)),
    ...sent.filter((known) => isUsable(known, "intermediate") && !isListed(known) && isCertified(known)),
  ].map(({ certificate }) => certificate);
}
/** Of those that a peer sends so many are looked at; one is enough. */
const maxSent = 8;
