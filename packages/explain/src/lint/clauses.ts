// A reason of `negotiate` as a lint says it: short, behind the name of whom it concerns.
import type { Refusal, SignatureScheme } from "@sallyport/core";
import { codePoint, count, list, version } from "../words.ts";

/** Without a full stop. "It" is the client, "the config" the server's. */
export function clauseOf(refusal: Refusal): string {
  return clause(refusal.kind, refusal);
}

function clause<K extends Refusal["kind"]>(kind: K, refusal: Extract<Refusal, { readonly kind: K }>): string {
  return clauses[kind](refusal);
}

type Clauses = { readonly [K in Refusal["kind"]]: (refusal: Extract<Refusal, { readonly kind: K }>) => string };

/** Total by type: a reason without its clause does not compile. */
const clauses: Clauses = {
  "no-common-version": ({ theirs, ours }) =>
    `it speaks at most ${codePoint(newest(theirs))}, the config ${ours.map(version).join(" and ")}`,
  "fallback-scsv": () => "it tries again with less than it can",
  "server-name-missing": () => "it sends no server name, and the config insists on one",
  "server-name-unknown": ({ theirs, ours }) =>
    ours.length === 0
      ? "no certificate has a subject alternative name, so that no name is served"
      : `it asks for ${theirs}, and the certificates are for ${list(ours)}`,
  "no-common-alpn": ({ theirs, ours }) => `it speaks ${list(theirs)}, the config ${list(ours)} (ALPN)`,
  "no-common-suite": ({ theirs, ours }) =>
    `of its ${count(theirs.length, "cipher suite")} none is in the config, which has ${list(ours)}`,
  "suite-needs-other-key": ({ suite, ours }) =>
    `the certificate's key is ${keysOf(ours)}, and the suites in common call for ${suite.includes("_ECDSA_") ? "ECDSA" : "RSA"}`,
  "refused-by-policy": ({ about, common }) => `${about}Order leaves nothing of what both have (${list(common)})`,
  "no-supported-groups": () => "it doesn't say which curves it can do",
  "no-common-group": ({ theirs, ours }) =>
    `for the key exchange it has ${list(theirs.map(codePoint))}; the config's groups, or its certificate's curve: ${list(ours)}`,
  "no-common-scheme": ({ ours }) => `the certificate's key is ${keysOf(ours)}, and it takes no signature by it`,
  "no-common-certificate-type": ({ whose, theirs, ours }) =>
    `of the ${whose}'s certificate it knows ${theirs.length === 0 ? "X.509 alone" : list(theirs.map(codePoint))}, ` +
    `the config ${list(ours)}`,
  "no-credential-for-authorities": ({ theirs }) =>
    `it trusts ${count(theirs.length, "authority", "authorities")} that issued none of the certificates`,
  "no-psk": () => "the config has keys from elsewhere and no certificate, and it has none of these keys",
  "missing-extension": ({ extension }) => `it leaves out ${extension}`,
};

/** What whoever has the config can do about it. */
export function remedyOfRefusal(refusal: Refusal): string {
  return remedy(refusal.kind, refusal);
}
function remedy<K extends Refusal["kind"]>(kind: K, refusal: Extract<Refusal, { readonly kind: K }>): string {
  return remedies[kind](refusal);
}
const remedies: Clauses = {
  "no-common-version": ({ ours }) =>
    ours.includes("tls1.2")
      ? "leave such clients aside: nothing older is safe to go back to"
      : "add tls1.2 to versions, if such clients are to be served",
  "fallback-scsv": () => "find out why the first connection failed",
  "server-name-missing": () => "leave requiresServerName out, if such clients are to be served",
  "server-name-unknown": () => "add a certificate for that name, or set servesAnyName",
  "no-common-alpn": () => "add one of its protocols to alpn, or leave alpn out",
  "no-common-suite": () => "leave suites out, or add ECDHE with AES-GCM for the kind of the certificate's key",
  "suite-needs-other-key": ({ suite }) =>
    `add a certificate for ${suite.includes("_ECDSA_") ? "a P-256" : "an RSA"} key beside it: credentials takes several`,
  "refused-by-policy": ({ about }) => `let ${about}Order return one of those that both have`,
  "no-supported-groups": () => "set assumeGroups to secp256r1, if such clients are to be served",
  "no-common-group": () => "add x25519 and secp256r1 to groups, and a certificate for P-256",
  "no-common-scheme": () => "add a certificate for a P-256 or an RSA key beside it: credentials takes several",
  "no-common-certificate-type": () => "add a credential with an X.509 certificate",
  "no-credential-for-authorities": () => "add a certificate by one of its authorities",
  "no-psk": () => "add a certificate, if clients without such a key are to be served",
  "missing-extension": () => "report it to whoever makes the client",
};

const newest = (versions: readonly { readonly id: number; readonly name: string | undefined }[]): (typeof versions)[number] =>
  versions.reduce((best, each) => (each.id > best.id ? each : best), { id: 0, name: "nothing" });

function keysOf(schemes: readonly SignatureScheme[]): string {
  const kinds = new Set(schemes.map((scheme) => kindOf(scheme)));
  return [...kinds].join(" or ");
}
function kindOf(scheme: SignatureScheme): string {
  if (scheme.startsWith("rsa_pss_pss")) return "RSA-PSS";
  if (scheme.startsWith("rsa")) return "RSA";
  if (scheme.startsWith("mldsa")) return `ML-DSA-${scheme.slice(5)}`;
  return curves.get(scheme) ?? scheme;
}
const curves: ReadonlyMap<SignatureScheme, string> = new Map([
  ["ecdsa_secp256r1_sha256", "P-256"],
  ["ecdsa_secp384r1_sha384", "P-384"],
  ["ecdsa_secp521r1_sha512", "P-521"],
  ["ed25519", "Ed25519"],
]);
