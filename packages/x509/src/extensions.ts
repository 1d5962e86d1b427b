// Certificate extensions (RFC 5280 §4.2). Those that are judged are decoded, all the way; of the others the octets are kept.
import {
  constructed,
  context,
  type DerElement,
  DerError,
  type DerReader,
  enter,
  flag,
  namedBits,
  oid,
  smallInteger,
  tags,
} from "./der.ts";
import { type DistributionPoint, distributionPoint } from "./distribution-point.ts";
import { each, type GeneralName, generalName } from "./general-names.ts";
import { isDnsName, parseMailbox } from "./names.ts";
import {
  certificatePolicies,
  isForPeople,
  type PolicyConstraints,
  type PolicyInformation,
  type PolicyMapping,
  policyConstraints,
  policyMappings,
} from "./policy-extensions.ts";

export interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  /** What the OCTET STRING holds. */
  readonly value: Uint8Array;
}
/** As in the certificate, before any of them is decoded. */
export interface ExtensionList {
  readonly all: readonly Extension[];
  /** By their OID. */
  readonly elements: ReadonlyMap<string, DerElement>;
}
export interface Marked<T> {
  readonly critical: boolean;
  readonly value: T;
}
export interface Extensions {
  /** All of them, in the order of the certificate. */
  readonly all: readonly Extension[];
  readonly authorityKeyIdentifier: Marked<AuthorityKeyIdentifier> | undefined;
  readonly subjectKeyIdentifier: Marked<Uint8Array> | undefined;
  readonly keyUsage: (Marked<ReadonlySet<KeyUsage>> & { readonly isMinimal: boolean }) | undefined;
  readonly subjectAlternativeName: Marked<readonly GeneralName[]> | undefined;
  readonly basicConstraints: Marked<BasicConstraints> | undefined;
  readonly nameConstraints: Marked<NameConstraints> | undefined;
  readonly certificatePolicies: Marked<readonly PolicyInformation[]> | undefined;
  readonly policyMappings: Marked<readonly PolicyMapping[]> | undefined;
  readonly policyConstraints: Marked<PolicyConstraints> | undefined;
  readonly inhibitAnyPolicy: Marked<number> | undefined;
  readonly extendedKeyUsage: Marked<readonly string[]> | undefined;
  readonly authorityInformationAccess: Marked<readonly AccessDescription[]> | undefined;
  readonly crlDistributionPoints: Marked<readonly DistributionPoint[]> | undefined;
  /** RFC 7633: extensions of TLS, by their numbers, that a server with this certificate always answers. */
  readonly tlsFeature: Marked<readonly number[]> | undefined;
}
export interface AuthorityKeyIdentifier {
  readonly keyIdentifier: Uint8Array | undefined;
  readonly hasIssuer: boolean;
  readonly hasSerial: boolean;
}
export interface BasicConstraints {
  readonly ca: boolean;
  readonly pathLength: number | undefined;
}
/** An "ip" holds address and mask, 8 or 32 octets. */
export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}
export interface AccessDescription {
  readonly method: string;
  readonly location: GeneralName;
}

export const keyUsages = [
  "digitalSignature",
  "nonRepudiation",
  "keyEncipherment",
  "dataEncipherment",
  "keyAgreement",
  "keyCertSign",
  "cRLSign",
  "encipherOnly",
  "decipherOnly",
] as const;
export type KeyUsage = (typeof keyUsages)[number];

export const extensionIds = {
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAlternativeName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  nameConstraints: "2.5.29.30",
  crlDistributionPoints: "2.5.29.31",
  certificatePolicies: "2.5.29.32",
  policyMappings: "2.5.29.33",
  authorityKeyIdentifier: "2.5.29.35",
  policyConstraints: "2.5.29.36",
  extendedKeyUsage: "2.5.29.37",
  inhibitAnyPolicy: "2.5.29.54",
  authorityInformationAccess: "1.3.6.1.5.5.7.1.1",
  subjectInformationAccess: "1.3.6.1.5.5.7.1.11",
  tlsFeature: "1.3.6.1.5.5.7.1.24",
} as const;

export const accessMethods = { caIssuers: "1.3.6.1.5.5.7.48.2", ocsp: "1.3.6.1.5.5.7.48.1" } as const;

/** What may be critical. Not distribution points: who marks them critical wants lists fetched, and nobody fetches here. */
const understood: ReadonlySet<string> = new Set(
  Object.values(extensionIds).filter((id) => id !== extensionIds.crlDistributionPoints),
);
/** Policies that are critical have qualifiers that are known (RFC 5280 §4.2.1.4). */
export function isUnderstood({ oid: id }: Extension, { certificatePolicies }: Extensions): boolean {
  if (id !== extensionIds.certificatePolicies) return understood.has(id);
  return (certificatePolicies?.value ?? []).every(({ qualifiers }) => qualifiers.every(isForPeople));
}

/** None, as a certificate of version 1 has. */
export const noExtensions: Extensions = /* @__PURE__ */ decoded([], new Map());

/** `Extensions ::= SEQUENCE SIZE (1..MAX)`. @throws DerError */
export function extensions(reader: DerReader): Extensions {
  const { all, elements } = extensionList(reader);
  return decoded(all, elements);
}

/** Also of a CRL, of its entries, and of an OCSP response. @throws DerError */
export function extensionList(reader: DerReader): ExtensionList {
  const list = reader.sequence("extensions");
  const all: Extension[] = [];
  const elements = new Map<string, DerElement>();
  do {
    const item = list.sequence("extension");
    const idElement = item.read(tags.oid, "extnID");
    const id = oid(idElement, "extnID");
    if (elements.has(id)) throw new DerError(`the extension ${id} is there twice`, idElement.offset); // RFC 5280 §4.2
    const critical = flag(item, "critical");
    const element = item.read(tags.octetString, "extnValue");
    item.end("extension");
    elements.set(id, element);
    all.push({ oid: id, critical, value: element.content });
  } while (!list.atEnd);
  return { all, elements };
}

function decoded(all: readonly Extension[], elements: ReadonlyMap<string, DerElement>): Extensions {
  function read<T>(name: keyof typeof extensionIds, decode: (value: DerReader, what: string) => T): Marked<T> | undefined {
    const id = extensionIds[name];
    const element = elements.get(id);
    if (element === undefined) return undefined;
    const reader = enter(element);
    const value = decode(reader, name);
    reader.end(name);
    return { critical: all.some((extension) => extension.oid === id && extension.critical), value };
  }
  const keyUsageRead = read("keyUsage", keyUsage);
  read("subjectInformationAccess", accessDescriptions);
  return {
    all,
    authorityKeyIdentifier: read("authorityKeyIdentifier", authorityKeyIdentifier),
    subjectKeyIdentifier: read("subjectKeyIdentifier", (reader, what) => reader.read(tags.octetString, what).content),
    keyUsage: keyUsageRead && { critical: keyUsageRead.critical, ...keyUsageRead.value },
    subjectAlternativeName: read("subjectAlternativeName", subjectAlternativeName),
    basicConstraints: read("basicConstraints", basicConstraints),
    nameConstraints: read("nameConstraints", nameConstraints),
    certificatePolicies: read("certificatePolicies", certificatePolicies),
    policyMappings: read("policyMappings", policyMappings),
    policyConstraints: read("policyConstraints", policyConstraints),
    inhibitAnyPolicy: read("inhibitAnyPolicy", (reader, what) => smallInteger(reader.read(tags.integer, what), what)),
    extendedKeyUsage: read("extendedKeyUsage", extendedKeyUsage),
    authorityInformationAccess: read("authorityInformationAccess", accessDescriptions),
    crlDistributionPoints: read("crlDistributionPoints", (points, what) =>
      each(points.sequence(what), (list) => distributionPoint(list, what)),
    ),
    tlsFeature: read("tlsFeature", (features, what) =>
      each(features.sequence(what), (list) => smallInteger(list.read(tags.integer, what), what)),
    ),
  };
}

export function authorityKeyIdentifier(reader: DerReader, what: string): AuthorityKeyIdentifier {
  const inner = reader.sequence(what);
  const keyIdentifier = inner.optional(context(0), what)?.content;
  const issuer = inner.optional(constructed(1), what);
  const serial = inner.optional(context(2), what);
  inner.end(what);
  if (issuer !== undefined) each(enter(issuer), (names) => generalName(names, what));
  return { keyIdentifier, hasIssuer: issuer !== undefined, hasSerial: serial !== undefined };
}

function keyUsage(reader: DerReader, what: string): { readonly value: ReadonlySet<KeyUsage>; readonly isMinimal: boolean } {
  const element = reader.read(tags.bitString, what);
  const { positions, isMinimal } = namedBits(element, what);
  if (positions.length === 0) throw new DerError(`${what} allows nothing`, element.offset); // §4.2.1.3: at least one bit
  const usages = positions.map((bit) => {
    const usage = keyUsages[bit];
    if (usage === undefined) throw new DerError(`${what} has the unknown bit ${bit}`, element.offset);
    return usage;
  });
  return { value: new Set(usages), isMinimal };
}

function subjectAlternativeName(reader: DerReader, what: string): readonly GeneralName[] {
  return each(reader.sequence(what), (names) => {
    const { offset } = names;
    const name = generalName(names, what);
    if (name.form === "ip" && name.value.length !== 4 && name.value.length !== 16) {
      throw new DerError(`${what} has an address of ${name.value.length} octets`, offset);
    }
    return name;
  });
}

function basicConstraints(reader: DerReader, what: string): BasicConstraints {
  const inner = reader.sequence(what);
  const ca = flag(inner, `${what}.cA`);
  const length = inner.optional(tags.integer, what);
  inner.end(what);
  return { ca, pathLength: length === undefined ? undefined : smallInteger(length, what) };
}

export function nameConstraints(reader: DerReader, what: string): NameConstraints {
  const { offset } = reader;
  const inner = reader.sequence(what);
  const permitted = inner.optional(constructed(0), what);
  const excluded = inner.optional(constructed(1), what);
  inner.end(what);
  // §4.2.1.10: "either the permittedSubtrees field or the excludedSubtrees MUST be present"
  if (permitted === undefined && excluded === undefined) throw new DerError(`${what} constrains nothing`, offset);
  const subtrees = (element: DerElement | undefined): readonly GeneralName[] =>
    element === undefined ? [] : each(enter(element), (list) => subtree(list, what));
  return { permitted: subtrees(permitted), excluded: subtrees(excluded) };
}

function subtree(list: DerReader, what: string): GeneralName {
  const inner = list.sequence(what);
  const { offset } = inner;
  const base = generalName(inner, what);
  inner.end(what); // §4.2.1.10: minimum is zero, which DER leaves out, and maximum is absent
  const problem = constraintProblem(base);
  if (problem !== undefined) throw new DerError(`${what} has ${problem}`, offset);
  return base;
}

function constraintProblem(base: GeneralName): string | undefined {
  switch (base.form) {
    case "dns":
      // The empty name is the whole of the tree. A leading period is for URIs and mail.
      return base.value === "" || isDnsName(base.value) ? undefined : "a DNS name that is none";
    case "ip":
      return isAddressAndMask(base.value) ? undefined : "an address without a proper mask";
    case "email": {
      const host = base.value.startsWith(".") ? base.value.slice(1) : base.value;
      return isDnsName(host) || parseMailbox(base.value) !== undefined ? undefined : "a mail address that is none";
    }
    case "uri": {
      const host = base.value.startsWith(".") ? base.value.slice(1) : base.value;
      return isDnsName(host) ? undefined : "a URI constraint that is no host";
    }
    default:
      return undefined;
  }
}

function isAddressAndMask(value: Uint8Array): boolean {
  if (value.length !== 8 && value.length !== 32) return false;
  const mask = Array.from(value.subarray(value.length / 2), (octet) => octet.toString(2).padStart(8, "0")).join("");
  return /^1*0*$/.test(mask); // §4.2.1.10: in the style of CIDR
}

function extendedKeyUsage(reader: DerReader, what: string): readonly string[] {
  return each(reader.sequence(what), (list) => oid(list.read(tags.oid, what), what));
}

function accessDescriptions(reader: DerReader, what: string): readonly AccessDescription[] {
  return each(reader.sequence(what), (list) => {
    const inner = list.sequence(what);
    const method = oid(inner.read(tags.oid, what), what);
    const location = generalName(inner, what);
    inner.end(what);
    return { method, location };
  });
}
