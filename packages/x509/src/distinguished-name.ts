// Distinguished names (RFC 5280 §4.1.2.4): compared as bytes where chains are built, by meaning where names are constrained.
import { equal, latin1, utf8 } from "./bytes.ts";
import { type DerElement, DerError, DerReader, enter, oid, opaque, tags } from "./der.ts";

export interface DistinguishedName {
  /** DER, as in the certificate. */
  readonly raw: Uint8Array;
  /** In the order of the certificate: the widest first. */
  readonly rdns: readonly (readonly Attribute[])[];
  /** As RFC 4514 writes it, such as `CN=example.com,O=Example`; safe to print. */
  readonly text: string;
}
export interface Attribute {
  readonly type: string;
  /** undefined: in no character set that is known. */
  readonly value: string | undefined;
  readonly raw: Uint8Array;
}

export const attributeTypes = { commonName: "2.5.4.3", emailAddress: "1.2.840.113549.1.9.1" } as const;

/** @throws DerError */
export function distinguishedName(element: DerElement, what: string): DistinguishedName {
  const reader = enter(element);
  const rdns: (readonly Attribute[])[] = [];
  while (!reader.atEnd) rdns.push(relativeName(reader.read(tags.set, what), what));
  return { raw: element.raw, rdns, text: textOf(rdns) };
}

export function isEmpty(name: DistinguishedName): boolean {
  return name.rdns.length === 0;
}

/** Whether two names are the same bytes: what CA/B BR §7.1.4.1 asks of an issuer and the subject that it names. */
export function isSame(one: DistinguishedName, other: DistinguishedName): boolean {
  return equal(one.raw, other.raw);
}

/** Whether `name` lies in the subtree (RFC 5280 §4.2.1.10); values are compared without case and surplus spaces (§7.1). */
export function isWithin(name: DistinguishedName, subtree: DistinguishedName): boolean {
  const [inner, outer] = [comparable(name), comparable(subtree)];
  return outer.every((wanted, at) => {
    const rdn = inner[at];
    return rdn !== undefined && rdn.length === wanted.length && wanted.keys.every((key) => rdn.set.has(key));
  });
}

interface ComparableRdn {
  readonly length: number;
  readonly keys: readonly string[];
  readonly set: ReadonlySet<string>;
}
/** Once a name: folding is dear, many times longer than what is folded, and a peer's name meets a peer's thousand subtrees. */
function comparable(name: DistinguishedName): readonly ComparableRdn[] {
  const known = comparables.get(name);
  if (known !== undefined) return known;
  const rdns = name.rdns.map((rdn) => {
    const keys = rdn.map(({ type, value, raw }) => (value === undefined ? `${type}#${latin1(raw)}` : `${type}=${folded(value)}`));
    return { length: rdn.length, keys, set: new Set(keys) };
  });
  comparables.set(name, rdns);
  return rdns;
}
const comparables = new WeakMap<DistinguishedName, readonly ComparableRdn[]>();

export function valuesOf(name: DistinguishedName, type: string): readonly (string | undefined)[] {
  return name.rdns.flatMap((rdn) => rdn.filter((attribute) => attribute.type === type).map(({ value }) => value));
}

function relativeName(set: DerElement, what: string): readonly Attribute[] {
  const reader = enter(set);
  const attributes: Attribute[] = [];
  let previous: Uint8Array | undefined;
  do {
    const element = reader.read(tags.sequence, what);
    // X.690 §11.6: the elements of a SET OF are in ascending order.
    if (previous !== undefined && latin1(previous) > latin1(element.raw)) {
      throw new DerError(`${what} has a set out of order`, element.offset);
    }
    previous = element.raw;
    const inner = enter(element);
    const type = oid(inner.read(tags.oid, what), what);
    const value = opaque(inner.any(what), what);
    inner.end(what);
    attributes.push({ type, value: text(value), raw: value.raw });
  } while (!reader.atEnd);
  return attributes;
}

const folded = (value: string): string => value.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();

function text(element: DerElement): string | undefined {
  const { content } = element;
  switch (element.tag) {
    case tags.utf8String:
      return utf8(content);
    case tags.printableString:
    case tags.ia5String:
      return content.every((octet) => octet < 0x80) ? latin1(content) : undefined;
    case tags.teletexString:
      return latin1(content);
    case tags.bmpString:
      return units(content, 2);
    case tags.universalString:
      return units(content, 4);
    default:
      return undefined;
  }
}

function units(content: Uint8Array, width: 2 | 4): string | undefined {
  if (content.length % width !== 0) return undefined;
  const points: number[] = [];
  for (let at = 0; at < content.length; at += width) {
    const point = content.subarray(at, at + width).reduce((value, octet) => value * 256 + octet, 0);
    if (point > 0x10_ffff || (point >= 0xd800 && point < 0xe000)) return undefined;
    points.push(point);
  }
  return points.map((point) => String.fromCodePoint(point)).join("");
}

const shortNames: ReadonlyMap<string, string> = new Map([
  ["2.5.4.3", "CN"],
  ["2.5.4.5", "serialNumber"],
  ["2.5.4.6", "C"],
  ["2.5.4.7", "L"],
  ["2.5.4.8", "ST"],
  ["2.5.4.9", "STREET"],
  ["2.5.4.10", "O"],
  ["2.5.4.11", "OU"],
  ["0.9.2342.19200300.100.1.1", "UID"],
  ["0.9.2342.19200300.100.1.25", "DC"],
  [attributeTypes.emailAddress, "emailAddress"],
]);

// RFC 4514 §2.1: the last name comes first. Whoever reads a log must not be shown a line that the certificate made up.
function textOf(rdns: readonly (readonly Attribute[])[]): string {
  const written = rdns
    .map((rdn) =>
      rdn.map(({ type, value }) => `${shortNames.get(type) ?? type}=${value === undefined ? "?" : escaped(value)}`).join("+"),
    )
    .reverse()
    .join(",");
  return written.length > 300 ? `${written.slice(0, 300)}…` : written;
}

const escaped = (value: string): string =>
  value
    .replace(/[\\",+;<>=]/g, "\\$&")
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);

/** A name that stands alone, such as one of a peer's certificate_authorities. @throws DerError */
export function parseDistinguishedName(der: Uint8Array): DistinguishedName {
  const reader = new DerReader(der);
  const name = distinguishedName(reader.read(tags.sequence, "name"), "name");
  reader.end("name");
  return name;
}
