// What would mend a refusal: an order to whoever can, beginning with a verb. Total: a kind without one says so.
import { type CertificateReference, type Finding, type FindingContext, type FindingKind, which } from "./findings.ts";

/** One order for people, without a full stop; undefined: only the peer can know. */
export function remedyOf(finding: Finding): string | undefined {
  return remedyOfKind(finding.kind, finding);
}
function remedyOfKind<K extends FindingKind>(kind: K, context: FindingContext[K]): string | undefined {
  return remedies[kind](context);
}

const anew = (certificate: CertificateReference, how = ""): string =>
  certificate.source === "peer" ? `have ${which(certificate)} issued anew${how === "" ? "" : ` ${how}`}` : "take another root";

const remedies: { readonly [K in FindingKind]: (context: FindingContext[K]) => string | undefined } = {
  "not-x509": () => "take a verifier that judges such identities, or offer X.509 alone",
  "wrong-role": ({ expected }) => `take ${expected === "server" ? "clientVerifier" : "serverVerifier"}`,
  "no-server-name": () => "connect to a DNS name (in A-labels) or to an IP address",
  malformed: () => "have it issued anew by software that writes DER, or let the peer leave it out",
  "unknown-issuer": ({ certificate, issuerUrls }) =>
    `let the peer send the certificate of ${certificate.issuer} as well` +
    (issuerUrls.length === 0 ? "" : ` (it says that it can be had at ${issuerUrls.slice(0, 3).join(", ")})`) +
    ", or give that certificate as a root if you trust it",
  "self-signed": ({ certificate }) =>
    certificate.index === 0
      ? "give it as a root, which trusts exactly this certificate; its name, dates and purpose count all the same"
      : `if you trust ${which(certificate)}, give it as a root`,
  "bad-signature": ({ issuer, namesAnotherKey }) =>
    namesAnotherKey
      ? `find the certificate of ${issuer.subject} with the key that is meant: this one is older, newer, or another authority's`
      : "find out whether the certificate was changed on its way, or the issuer has another certificate of that name",
  "broken-hash": ({ certificate }) => anew(certificate, "with a SHA-2 signature"),
  "unsupported-signature": () => "take a provider that verifies it, or an issuer that signs as TLS does",
  "unsupported-key": ({ certificate }) => anew(certificate, "for an ECDSA, Ed25519 or RSA key"),
  "weak-key": ({ certificate, required }) => anew(certificate, `for a key with ${required}`),
  expired: ({ certificate }) => `${anew(certificate)}, or look at the clock of this machine`,
  "not-yet-valid": () => "wait, or look at the clock of this machine",
  "unknown-critical-extension": ({ certificate }) => anew(certificate, "without that extension, or with it not critical"),
  "not-a-ca": ({ certificate }) =>
    `have the certificates below issued by a CA; ${which(certificate)} itself can be trusted for itself alone, as a root`,
  "ca-as-end-entity": ({ certificate }) =>
    `issue a certificate of its own for the peer with cA FALSE; or give ${which(certificate)} as a root, to be trusted for ` +
    'itself; or take the profile "rfc5280"',
  "path-length-exceeded": () => "have the authority above issue a CA certificate that allows one more below it",
  "too-many-intermediates": ({ allowed }) => `raise maxIntermediates above ${allowed}, if such a chain is meant`,
  "wrong-purpose": ({ certificate, purpose }) => anew(certificate, `with the extended key usage ${purpose}`),
  "wrong-key-usage": ({ certificate, lacks }) => anew(certificate, `with the key usage ${lacks}, or with none`),
  "required-usage": ({ certificate, extension, lacks }) =>
    anew(certificate, `with ${lacks.join(", ")} in ${extension}, or demand less in requires`),
  "wrong-name": ({ serverName, names }) =>
    `have a certificate issued with ${serverName} among its subject alternative names` +
    (names.length === 0 ? "" : `, or connect to ${names.length === 1 ? names[0] : "one of those names"}`),
  "name-not-allowed": ({ constrainedBy }) => `take an issuer that may issue for that name; ${which(constrainedBy)} may not`,
  "explicit-policy-required": () =>
    "have the certificates below it issued under a policy of their issuers (certificatePolicies), or take another path",
  "not-in-profile": ({ certificate, section }) =>
    certificate.source === "roots"
      ? "give the root as an anchor, of which name, key and name constraints count: anchors: trustAnchors(…)"
      : section.startsWith("BR ")
        ? 'have it issued anew, or take the profile "rfc5280" if its CA is a private one'
        : "have it issued anew",
  revoked: ({ certificate }) => anew(certificate, "for another key, and find out why it was revoked"),
  "bad-staple": ({ because }) =>
    because === "stale"
      ? "let the peer fetch a response more often, or look at the clocks of both"
      : "look at the OCSP response that the peer staples: it must be of the leaf's own issuer",
  "staple-missing": () => "let the peer staple an OCSP response, or have its certificate issued without must-staple",
  "revocation-unknown": ({ certificate, issuer, listUrls, statuses }) =>
    statuses.some(({ kind, source }) => kind === "unknown" && source === "ocsp")
      ? `find out whether ${issuer.subject} issued ${which(certificate)}: its responder should know it, and no policy lets that pass`
      : `give a fresh CRL of ${issuer.subject} in revocation.lists` +
        (listUrls.length === 0 ? "" : ` (${listUrls.slice(0, 3).join(", ")})`) +
        ', or let an unknown status pass: policy: "soft"',
  "key-not-pinned": ({ pin }) => `if it is the right key, pin ${pin}`,
  "key-changed": ({ serverName }) =>
    `find out from whoever runs ${serverName} whether the key was changed; if so, make your store forget the old one`,
  "search-given-up": () => "let the peer send its own chain and nothing else",
};
