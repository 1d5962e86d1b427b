// What clients ask of a server's certificate beyond what their hello says, and who refuses what for it.
import type { Certificate, Finding, FindingKind } from "@sallyport/x509";

export interface Demands {
  /** How it was found out: `npm run profiles` shows each client each flaw, where the client is installed. */
  readonly source: string;
  /** Of an RSA key anywhere on the path. */
  readonly leastRsaBits: number;
  /** Where there is no subject alternative name, the host may stand in the subject's common name. */
  readonly readsCommonName: boolean;
  /** A server may show a certificate that says of itself that it is a CA's. */
  readonly takesAuthorities: boolean;
  /** anyExtendedKeyUsage is good for a server. */
  readonly takesAnyPurpose: boolean;
  /** Where there is a key usage, it must have digitalSignature. */
  readonly readsKeyUsage: boolean;
  /** From an authority that is no public one. */
  readonly takesSha1: boolean;
  /** A certificate that promises a stapled OCSP response must come with one (RFC 7633). */
  readonly wantsPromisedStaple: boolean;
  /** The form of RFC 5280 and of the Baseline Requirements counts too. */
  readonly wantsForm: boolean;
  /** Of certificates that a public authority issued. */
  readonly ofPublic: PublicDemands;
  /** A person stands before it, who may go on past a refusal. */
  readonly asksItsUser: boolean;
}

export interface PublicDemands {
  readonly source: string;
  /** Between its two dates; undefined: any number. */
  readonly mostDays: number | undefined;
  /** Signed certificate timestamps (RFC 6962), in the certificate, stapled, or in an OCSP response. */
  readonly needsTimestamps: boolean;
}

/** Which certificates, leaf first (undefined: one that can't be read), and which name was meant. */
export interface Shown {
  readonly certificates: readonly (Certificate | undefined)[];
  readonly serverName: string;
}

/** Whether a client with these demands refuses for that finding. */
export function refusesFor(finding: Finding, demands: Demands, shown: Shown): boolean {
  return refuses(finding.kind, finding, demands, shown);
}

type Rule<K extends FindingKind> = (finding: Extract<Finding, { readonly kind: K }>, demands: Demands, shown: Shown) => boolean;

function refuses<K extends FindingKind>(
  kind: K,
  finding: Extract<Finding, { readonly kind: K }>,
  demands: Demands,
  shown: Shown,
): boolean {
  return rules[kind](finding, demands, shown);
}

const everybody = (): boolean => true;
const nobody = (): boolean => false;

/** Total by type: a finding of x509 that nobody has thought of does not compile. */
const rules: { readonly [K in FindingKind]: Rule<K> } = {
  "not-x509": everybody,
  "wrong-role": nobody,
  "no-server-name": nobody,
  malformed: everybody,
  "unknown-issuer": everybody,
  "self-signed": everybody,
  "bad-signature": everybody,
  "broken-hash": ({ hash }, { takesSha1 }) => hash !== "SHA-1" || !takesSha1,
  "unsupported-signature": everybody,
  "unsupported-key": everybody,
  "weak-key": ({ certificate }, { leastRsaBits }, { certificates }) => {
    const key = certificate.source === "peer" ? certificates[certificate.index]?.publicKey : undefined;
    // What is wrong with it may be another thing than too few bits.
    return key?.kind !== "rsa" || key.bits < leastRsaBits || key.bits >= 2048;
  },
  expired: everybody,
  "not-yet-valid": everybody,
  "unknown-critical-extension": everybody,
  "not-a-ca": everybody,
  "ca-as-end-entity": (_, { takesAuthorities }) => !takesAuthorities,
  "path-length-exceeded": everybody,
  "too-many-intermediates": everybody,
  "wrong-purpose": ({ allowed }, { takesAnyPurpose }) => !(takesAnyPurpose && allowed.includes(anyPurpose)),
  "wrong-key-usage": (_, { readsKeyUsage }) => readsKeyUsage,
  "required-usage": nobody,
  "wrong-name": ({ names }, { readsCommonName }, { certificates: [leaf], serverName }) =>
    names.length > 0 || !readsCommonName || leaf === undefined || !commonNames(leaf).includes(serverName),
  "name-not-allowed": everybody,
  "explicit-policy-required": everybody,
  "not-in-profile": (_, { wantsForm }) => wantsForm,
  revoked: everybody,
  "bad-staple": (_, { wantsPromisedStaple }) => wantsPromisedStaple,
  "staple-missing": (_, { wantsPromisedStaple }) => wantsPromisedStaple,
  "revocation-unknown": nobody,
  "key-not-pinned": nobody,
  "key-changed": nobody,
  "search-given-up": everybody,
};

const anyPurpose = "2.5.29.37.0";

/** In lower case. */
export function commonNames({ subject }: Certificate): readonly string[] {
  return subject.rdns
    .flat()
    .flatMap(({ type, value }) => (type === "2.5.4.3" && value !== undefined ? [value.toLowerCase()] : []));
}
