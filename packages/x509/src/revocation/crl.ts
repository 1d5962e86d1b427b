// Certificate revocation lists (RFC 5280 §5): complete ones, of the authority that issued the certificates. Indirect lists and
// deltas are refused, with the reason.
import { type AlgorithmIdentifier, algorithmIdentifier } from "../algorithms.ts";
import { equal, latin1 } from "../bytes.ts";
import {
  bitString,
  boolean,
  constructed,
  context,
  type DerElement,
  DerError,
  DerReader,
  enter,
  integer,
  only,
  smallInteger,
  tags,
  time,
} from "../der.ts";
import { type DistinguishedName, distinguishedName, isEmpty } from "../distinguished-name.ts";
import { distributionPointNames } from "../distribution-point.ts";
import { authorityKeyIdentifier, type ExtensionList, extensionIds, extensionList } from "../extensions.ts";
import { type RevocationReason, revocationReason } from "./status.ts";

export interface RevocationList {
  readonly der: Uint8Array;
  /** What is signed. */
  readonly tbs: Uint8Array;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
  readonly issuer: DistinguishedName;
  /** Seconds since 1970. */
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  readonly scope: ListScope;
  /** Which of its issuer's keys signed it, as it says; undefined: by another name than the key's own. */
  readonly keyIdentifier: Uint8Array | undefined;
  /** undefined: not on the list. @param serial as `Certificate.serial` */
  find(serial: Uint8Array): RevokedEntry | undefined;
}
export interface RevokedEntry {
  readonly revokedAt: number;
  readonly reason: RevocationReason | undefined;
}

/** For which certificates of its issuer a list speaks (RFC 5280 §5.2.5). */
export interface ListScope {
  /** DER of each GeneralName: those that name one of them as their place; undefined: wherever they name. */
  readonly names: readonly Uint8Array[] | undefined;
  readonly only: "end entities" | "authorities" | "attributes" | undefined;
  readonly hasSomeReasons: boolean;
}

/** Large ones have some 10 MB, with hundreds of thousands of entries. */
const maxLength = 1 << 26;
const maxNumberLength = 20;

/** Decodes; who signed it is judged elsewhere. The views in it are of `der`. @throws DerError with the offset */
export function parseRevocationList(der: Uint8Array): RevocationList {
  const reader = new DerReader(der, 0, 0, maxLength);
  const outer = reader.sequence("CRL");
  reader.end("CRL");
  const tbsElement = outer.read(tags.sequence, "tbsCertList");
  const algorithmAt = outer.offset;
  const signatureAlgorithm = algorithmIdentifier(outer, "signatureAlgorithm");
  const signature = bitString(outer.read(tags.bitString, "signatureValue"), "signatureValue");
  outer.end("CRL");

  const tbs = enter(tbsElement);
  const version = tbs.optional(tags.integer, "version");
  // §5.1.2.1: what has extensions, as every list must, is of version 2.
  if (version === undefined || smallInteger(version, "version") !== 1) {
    throw new DerError("a CRL that is not of version 2", version?.offset ?? tbs.offset);
  }
  const inner = algorithmIdentifier(tbs, "signature");
  if (!equal(inner.raw, signatureAlgorithm.raw)) throw new DerError("signatureAlgorithm is not what was signed", algorithmAt);
  const issuer = distinguishedName(tbs.read(tags.sequence, "issuer"), "issuer");
  if (isEmpty(issuer)) throw new DerError("a CRL that does not name its issuer", tbsElement.offset); // §5.1.2.3
  const thisUpdate = properTime(tbs, "thisUpdate");
  if (!tbs.has(tags.utcTime) && !tbs.has(tags.generalizedTime)) {
    throw new DerError("a CRL without nextUpdate, which would never end", tbs.offset); // §5.1.2.5
  }
  const nextUpdate = properTime(tbs, "nextUpdate");
  const revoked = tbs.has(tags.sequence) ? entries(tbs.sequence("revokedCertificates")) : new Map<string, number>();
  const extensionsElement = tbs.read(constructed(0), "crlExtensions");
  tbs.end("tbsCertList");
  const extensionsReader = enter(extensionsElement);
  const extensions = extensionList(extensionsReader);
  const scope = scopeOf(extensions, extensionsElement);
  const keyIdentifier = keyIdentifierOf(extensions, extensionsElement);
  extensionsReader.end("crlExtensions");
  return {
    der,
    tbs: tbsElement.raw,
    signatureAlgorithm,
    signature,
    issuer,
    thisUpdate,
    nextUpdate,
    scope,
    keyIdentifier,
    find: (serial) => {
      const offset = revoked.get(latin1(serial));
      return offset === undefined ? undefined : entryAt(der, offset);
    },
  };
}

function properTime(reader: DerReader, what: string): number {
  const { offset } = reader;
  const { seconds, isProper } = time(reader, what);
  if (!isProper) throw new DerError(`${what} is before 2050 and no UTCTime`, offset); // §5.1.2.4
  return seconds;
}

// ── Entries ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Where each begins, by serial number, one character an octet: there may be a million, of which one is ever asked for. */
function entries(list: DerReader): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  if (list.atEnd) throw new DerError("revokedCertificates is there and empty", list.offset); // §5.1.2.6
  while (!list.atEnd) {
    const { offset } = list;
    const serial = latin1(entry(list).serial);
    if (found.has(serial)) throw new DerError("a serial number that is there twice", offset);
    found.set(serial, offset);
  }
  return found;
}

function entry(list: DerReader): RevokedEntry & { readonly serial: Uint8Array } {
  const item = list.sequence("entry");
  const serialElement = item.read(tags.integer, "userCertificate");
  const serial = integer(serialElement, "userCertificate");
  const revokedAt = properTime(item, "revocationDate");
  const reason = item.atEnd ? undefined : reasonOf(extensionList(item), serialElement);
  item.end("entry");
  return { serial, revokedAt, reason };
}

/** Read once already, so that it can't fail. */
function entryAt(der: Uint8Array, offset: number): RevokedEntry {
  const { revokedAt, reason } = entry(new DerReader(der.subarray(offset), offset, 0, maxLength));
  return { revokedAt, reason };
}

const entryIds = { reasonCode: "2.5.29.21", invalidityDate: "2.5.29.24", certificateIssuer: "2.5.29.29" } as const;
const understoodOfEntries: ReadonlySet<string> = new Set([entryIds.reasonCode, entryIds.invalidityDate]);

function reasonOf({ all, elements }: ExtensionList, { offset }: DerElement): RevocationReason | undefined {
  if (elements.has(entryIds.certificateIssuer)) throw new DerError(indirect, offset);
  // §5.3: a list with a critical entry extension that is not understood must not be used at all.
  const unknown = all.find(({ oid, critical }) => critical && !understoodOfEntries.has(oid));
  if (unknown !== undefined) throw new DerError(`an entry with the unknown critical extension ${unknown.oid}`, offset);
  const element = elements.get(entryIds.reasonCode);
  if (element === undefined) return undefined;
  const code = only(element.content, tags.enumerated, "reasonCode");
  const reason = revocationReason(smallInteger(code, "reasonCode"));
  if (reason === undefined) throw new DerError("an entry with a reason that is none", element.offset);
  return reason;
}

const indirect = "an indirect CRL, which speaks of other authorities' certificates: use each authority's own";
const delta = "a delta CRL, which means nothing without its base: use the complete one";

// ── Extensions ──────────────────────────────────────────────────────────────────────────────────────────────────────

const listIds = {
  issuerAlternativeName: "2.5.29.18",
  crlNumber: "2.5.29.20",
  deltaIndicator: "2.5.29.27",
  issuingDistributionPoint: "2.5.29.28",
  authorityKeyIdentifier: extensionIds.authorityKeyIdentifier,
} as const;

function scopeOf({ all, elements }: ExtensionList, { offset }: DerElement): ListScope {
  if (elements.has(listIds.deltaIndicator)) throw new DerError(delta, offset);
  const isCritical = (id: string): boolean => all.some(({ oid, critical }) => critical && oid === id);
  const unknown = all.find(({ oid, critical }) => critical && oid !== listIds.issuingDistributionPoint);
  if (unknown !== undefined) {
    const known = Object.values<string>(listIds).includes(unknown.oid);
    throw new DerError(`the ${known ? "" : "unknown "}extension ${unknown.oid} is marked critical`, offset);
  }
  const number = elements.get(listIds.crlNumber);
  if (number === undefined) throw new DerError("a CRL without a number", offset); // §5.2.3
  checkNumber(number);
  const point = elements.get(listIds.issuingDistributionPoint);
  if (point === undefined) return everywhere;
  if (!isCritical(listIds.issuingDistributionPoint)) {
    throw new DerError("an issuing distribution point that is not critical", point.offset); // §5.2.5
  }
  return issuingDistributionPoint(point);
}
const everywhere: ListScope = { names: undefined, only: undefined, hasSomeReasons: false };

function keyIdentifierOf({ elements }: ExtensionList, { offset }: DerElement): Uint8Array | undefined {
  const element = elements.get(listIds.authorityKeyIdentifier);
  if (element === undefined) throw new DerError("a CRL without an authority key identifier", offset); // §5.2.1
  const reader = enter(element);
  const { keyIdentifier } = authorityKeyIdentifier(reader, "authorityKeyIdentifier");
  reader.end("authorityKeyIdentifier");
  return keyIdentifier;
}

function checkNumber(element: DerElement): void {
  const reader = enter(element);
  const content = integer(reader.read(tags.integer, "cRLNumber"), "cRLNumber");
  reader.end("cRLNumber");
  if ((content[0] ?? 0) >= 0x80 || content.length > maxNumberLength) {
    throw new DerError("a CRL number that is negative or too long", element.offset);
  }
}

function issuingDistributionPoint(element: DerElement): ListScope {
  const what = "issuingDistributionPoint";
  const outer = enter(element);
  const inner = outer.sequence(what);
  outer.end(what);
  if (inner.atEnd) throw new DerError(`${what} is empty`, element.offset); // §5.2.5
  const point = inner.optional(constructed(0), what);
  const flags = [1, 2].map((number) => isSet(inner, number, what));
  const reasons = inner.optional(context(3), what);
  const isIndirect = isSet(inner, 4, what);
  flags.push(isSet(inner, 5, what));
  inner.end(what);
  if (isIndirect) throw new DerError(indirect, element.offset);
  if (flags.filter(Boolean).length > 1) throw new DerError(`${what} leaves nothing to speak of`, element.offset);
  const kinds = ["end entities", "authorities", "attributes"] as const;
  return {
    names: point === undefined ? undefined : distributionPointNames(point, what),
    only: kinds.find((_, at) => flags[at] === true),
    hasSomeReasons: reasons !== undefined,
  };
}

/** `[number] BOOLEAN DEFAULT FALSE` */
function isSet(reader: DerReader, number: number, what: string): boolean {
  const element = reader.optional(context(number), what);
  if (element === undefined) return false;
  if (!boolean(element, what)) throw new DerError(`${what} is FALSE in writing, which is its default`, element.offset);
  return true;
}
