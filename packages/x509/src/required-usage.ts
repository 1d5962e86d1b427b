// What a client's certificate must say of its use, beyond what is always demanded, and how it is told so (RFC 9846 §4.3.5).
import type { ConfigProblem, OidFilter } from "@sallyport/core";
import { extensionIds, type KeyUsage, keyUsages } from "./extensions.ts";
import { anyPurpose, type Finding } from "./findings.ts";
import type { Known } from "./profile.ts";

export interface RequiredUsage {
  readonly keyUsage?: readonly KeyUsage[];
  /** OIDs of purposes, such as 1.3.6.1.4.1.311.20.2.2; anyExtendedKeyUsage stands for none of them. */
  readonly extendedKeyUsage?: readonly string[];
}

export function requiredUsageProblems({ keyUsage = [], extendedKeyUsage = [] }: RequiredUsage): readonly ConfigProblem[] {
  const problem = (path: string, text: string, remedy: string): ConfigProblem => ({
    kind: "unknown-name",
    path,
    problem: text,
    remedy,
  });
  return [
    ...keyUsage.flatMap((usage, at) =>
      keyUsages.includes(usage)
        ? []
        : [problem(`requires.keyUsage[${at}]`, `${usage} is no key usage`, `write one of ${keyUsages.join(", ")}`)],
    ),
    ...extendedKeyUsage.flatMap((purpose, at) =>
      oidContent(purpose) !== undefined && purpose !== anyPurpose
        ? []
        : [problem(`requires.extendedKeyUsage[${at}]`, `${purpose} is the OID of no purpose`, "write one in dotted form")],
    ),
  ];
}

/** A name that is misspelt must not be taken for the laxer one. */
export function nameProblems(path: string, name: string, names: readonly string[]): readonly ConfigProblem[] {
  if (names.includes(name)) return [];
  return [{ kind: "unknown-name", path, problem: `${name} is none of its values`, remedy: `write ${names.join(" or ")}` }];
}

/** For a server's CertificateRequest. */
export function usageFilters({ keyUsage = [], extendedKeyUsage = [] }: RequiredUsage): readonly OidFilter[] {
  const filters: OidFilter[] = [];
  if (keyUsage.length > 0) filters.push({ oid: objectIdentifier(extensionIds.keyUsage), values: bitString(keyUsage) });
  if (extendedKeyUsage.length > 0) {
    const purposes = extendedKeyUsage.flatMap((purpose) => [...objectIdentifier(purpose)]);
    filters.push({ oid: objectIdentifier(extensionIds.extendedKeyUsage), values: element(0x30, purposes) });
  }
  return filters;
}

/** An extension that isn't there restricts nothing elsewhere; here it is what was asked for, and lacks. */
export function usageFindings(
  { certificate, reference }: Known,
  { keyUsage = [], extendedKeyUsage = [] }: RequiredUsage,
): readonly Finding[] {
  const { extensions } = certificate;
  const usages = keyUsage.filter((usage) => extensions.keyUsage?.value.has(usage) !== true);
  const purposes = extendedKeyUsage.filter((purpose) => extensions.extendedKeyUsage?.value.includes(purpose) !== true);
  const lacking = (extension: "keyUsage" | "extendedKeyUsage", lacks: readonly string[]): readonly Finding[] =>
    lacks.length === 0 ? [] : [{ kind: "required-usage", certificate: reference, extension, lacks }];
  return [...lacking("keyUsage", usages), ...lacking("extendedKeyUsage", purposes)];
}

/** DER of named bits: no zero bits at the end (X.690 §11.2.2). */
function bitString(usages: readonly KeyUsage[]): Uint8Array {
  const places = usages.map((usage) => keyUsages.indexOf(usage));
  const length = Math.max(...places) + 1;
  const octets = Array.from({ length: Math.ceil(length / 8) }, (_, octet) =>
    places.filter((place) => place >> 3 === octet).reduce((sum, place) => sum | (0x80 >> (place & 7)), 0),
  );
  return element(0x03, [8 * octets.length - length, ...octets]);
}

/** The caller has looked at it (`requiredUsageProblems`). */
function objectIdentifier(text: string): Uint8Array {
  return element(0x06, oidContent(text) ?? []);
}

/** X.690 §8.19; undefined: no OID. */
function oidContent(text: string): number[] | undefined {
  if (!/^[012](\.(0|[1-9]\d{0,14})){2,20}$/.test(text)) return undefined;
  const [first = 0, second = 0, ...others] = text.split(".").map(Number);
  if (first < 2 && second > 39) return undefined;
  return [40 * first + second, ...others].flatMap(base128);
}
function base128(arc: number): number[] {
  const octets = [arc % 128];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) octets.unshift(128 + (rest % 128));
  return octets;
}

/** Lengths of two octets are enough for what is asked here. */
function element(tag: number, content: readonly number[]): Uint8Array {
  const { length } = content;
  const header = length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 255];
  return Uint8Array.of(...header, ...content);
}
