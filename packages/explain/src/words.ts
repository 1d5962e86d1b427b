// What the machine says in kinds and code points, in sentences for people.
import type { Refusal, Registered } from "@sallyport/core";

/**
 * One reason why there is no agreement, as a sentence with "the client" and "this server". What it quotes from the wire is
 * printable ASCII; for HTML it is still to be escaped.
 */
export function refusalInWords(refusal: Refusal): string {
  return refusalBy("this server", refusal);
}

/** The same of a server that is called otherwise. */
export function refusalBy(server: string, refusal: Refusal): string {
  return sentenceOf(refusal.kind, refusal, server);
}

type Sentences = { readonly [K in Refusal["kind"]]: (refusal: Extract<Refusal, { readonly kind: K }>, server: string) => string };

function sentenceOf<K extends Refusal["kind"]>(kind: K, refusal: Extract<Refusal, { readonly kind: K }>, server: string): string {
  return sentences[kind](refusal, server);
}

/** Total by type: a kind of refusal without its sentence does not compile. */
const sentences: Sentences = {
  "no-common-version": ({ theirs, ours }, server) =>
    `The client speaks ${points(theirs)}; ${server} speaks ${ours.map(version).join(" and ")}.`,
  "fallback-scsv": ({ ours }) =>
    `The client says that this is its second try, with less than it can (TLS_FALLBACK_SCSV), yet ${version(ours)} would have been there: ` +
    "somebody may have broken the first.",
  "server-name-missing": (_, server) => `The client doesn't say which name it wants (server_name), and ${server} insists on one.`,
  "server-name-unknown": ({ theirs, ours }) =>
    `The client wants ${printable(theirs)}; the certificates here are for ${list(ours)}.`,
  "no-common-alpn": ({ theirs, ours }, server) => `The client wants to speak ${list(theirs)}; ${server} speaks ${list(ours)}.`,
  "no-common-suite": ({ theirs }, server) =>
    `The client offers ${count(theirs.length, "cipher suite")}, none of which ` +
    `${server === "this server" ? "is spoken here" : `${server} speaks`}${remark(theirs)}.`,
  "suite-needs-other-key": ({ suite, ours }, server) =>
    `${suite} calls for ${suite.includes("_ECDSA_") ? "an ECDSA or Ed25519" : "an RSA"} certificate; ${keyOf(server)} signs ${list(ours)}.`,
  "refused-by-policy": ({ about, common }) =>
    `Of the ${about === "suite" ? "cipher suites" : "groups"} that both have (${list(common)}), the server's policy takes none.`,
  "no-supported-groups": () =>
    "The client doesn't say which curves it can do (supported_groups), so none can be chosen that it is sure to know.",
  "no-common-group": ({ theirs, ours }, server) =>
    `For the key exchange the client can do ${points(theirs)}; ${server} can do ${list(ours)}.`,
  "no-common-scheme": ({ theirs, ours }, server) =>
    `The client takes signatures by ${points(theirs)}; ${keyOf(server)} signs ${list(ours)}.`,
  "no-common-certificate-type": ({ whose, theirs, ours }, server) =>
    whose === "server"
      ? `For a certificate the client takes ${points(theirs)}; ${server} has ${list(ours)}.`
      : `For a certificate the client has ${points(theirs)}; ${server} takes ${list(ours)}.`,
  "no-credential-for-authorities": ({ theirs }) =>
    `The client names ${count(theirs.length, "authority", "authorities")} that it trusts; no certificate here is by one of them.`,
  "no-psk": ({ offered }, server) =>
    offered === 0
      ? `The client offers no key that both would have from elsewhere (pre_shared_key), and ${server} has no certificate.`
      : "The client offers pre-shared keys, but none together with a key exchange (psk_dhe_ke), and without one they are not taken.",
  "missing-extension": ({ extension }) => `The client left out ${extension}, which TLS 1.3 can't do without.`,
};

const keyOf = (server: string): string => (server === "this server" ? "the key here" : `the key of ${server}`);

/** What an alert means to the one who gets it; undefined: nothing that the name doesn't say. */
export function alertInWords(name: string): string | undefined {
  return alerts.get(name);
}

const alerts: ReadonlyMap<string, string> = new Map([
  ["protocol_version", "no version of TLS in common"],
  ["handshake_failure", "no parameters in common"],
  ["unrecognized_name", "nobody of that name here"],
  ["no_application_protocol", "no application protocol in common"],
  ["missing_extension", "something that TLS 1.3 can't do without is missing"],
  ["inappropriate_fallback", "a second try with less than both can do"],
  ["certificate_unknown", "it doesn't trust the certificate"],
  ["unknown_ca", "it doesn't know who issued the certificate"],
  ["bad_certificate", "it finds the certificate bad"],
]);

/** RFC 8701. */
export function isGrease({ id }: Registered): boolean {
  return (id & 0x0f0f) === 0x0a0a && id >> 8 === (id & 0xff);
}

/** `x25519`, `GREASE (0x1a1a)`, or `0x6399` for what has no name. */
export function codePoint(value: Registered): string {
  const number = `0x${value.id.toString(16).padStart(4, "0")}`;
  return isGrease(value) ? `GREASE (${number})` : (value.name ?? number).replace(/^(TLS|SSL)v(?=\d)/, "$1 ");
}

export function version(name: "tls1.2" | "tls1.3"): string {
  return name === "tls1.3" ? "TLS 1.3" : "TLS 1.2";
}

/** Control characters and what lies beyond ASCII are escaped: a terminal would obey them. */
export function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

export function count(amount: number, thing: string, things: string = `${thing}s`): string {
  return `${amount === 0 ? "no" : amount.toLocaleString("en")} ${amount === 1 ? thing : things}`;
}

/** At most so many are named. */
const most = 6;

export function list(names: readonly string[]): string {
  if (names.length === 0) return "nothing";
  const shown = names.slice(0, most).map(printable).join(", ");
  return names.length <= most ? shown : `${shown} and ${names.length - most} more`;
}

function points(values: readonly Registered[]): string {
  return values.length === 1 && values[0] !== undefined ? `nothing but ${codePoint(values[0])}` : list(values.map(codePoint));
}

/** What is out of date about suites, when that is why they are not spoken. */
function remark(suites: readonly Registered[]): string {
  const outdated = [
    ["RC4", /_RC4_/],
    ["3DES", /_3DES_/],
    ["CBC", /_(AES|CAMELLIA|ARIA|SEED)_.*CBC_/],
    ["key transport by RSA", /^TLS_RSA_WITH_/],
    ["finite-field DHE", /^TLS_DHE_/],
  ] as const;
  const kinds = outdated
    .filter(([, pattern]) => suites.some(({ name }) => name !== undefined && pattern.test(name)))
    .map(([kind]) => kind);
  return kinds.length === 0 ? "" : `: what it has is out of date (${kinds.join(", ")})`;
}
