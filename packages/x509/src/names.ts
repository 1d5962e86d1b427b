// Names of services (RFC 9525): what the peer was meant to be, against what its certificate says. The subject's common name is
// never looked at (§2).
import { equal, hex } from "./bytes.ts";
import type { GeneralName } from "./general-names.ts";

/** Whom we meant to reach. */
export type ReferenceName =
  | { readonly form: "dns"; readonly value: string }
  | { readonly form: "ip"; readonly value: Uint8Array };

/** A DNS name (one trailing dot may stand there) or an IP address; undefined: neither. */
export function parseReferenceName(serverName: string): ReferenceName | undefined {
  const address = parseAddress(serverName);
  if (address !== undefined) return { form: "ip", value: address };
  const absolute = serverName.endsWith(".") ? serverName.slice(0, -1) : serverName;
  return isDnsName(absolute) ? { form: "dns", value: absolute.toLowerCase() } : undefined;
}

export function matches(reference: ReferenceName, presented: GeneralName): boolean {
  if (reference.form === "ip") return presented.form === "ip" && equal(reference.value, presented.value);
  return presented.form === "dns" && matchesDns(reference.value, presented.value.toLowerCase());
}

// RFC 9525 §6.3: the wildcard is the whole of the leftmost label, stands for exactly one label, and never right above the root.
function matchesDns(reference: string, presented: string): boolean {
  if (!isDnsPattern(presented)) return false;
  if (!presented.startsWith("*.")) return reference === presented;
  const dot = reference.indexOf(".");
  return dot > 0 && reference.slice(dot) === presented.slice(1);
}

/**
 * Letters, digits, hyphens, and the underscore that people do use; labels of 1 to 63, 253 in all, no dot at the end. A name whose
 * last label is a number is an address in disguise (RFC 3696 §2).
 */
export function isDnsName(name: string): boolean {
  if (name.length === 0 || name.length > 253) return false;
  const labels = name.split(".");
  return (
    labels.every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label)) &&
    !/^(?:\d+|0x[0-9a-f]*)$/i.test(labels.at(-1) ?? "")
  );
}

/** A DNS name, or one under `*.`; `*.com` would be a whole registry. */
export function isDnsPattern(name: string): boolean {
  return name.startsWith("*.") ? name.includes(".", 2) && isDnsName(name.slice(2)) : isDnsName(name);
}

export interface Mailbox {
  readonly local: string;
  readonly host: string;
}
/** `Mailbox` of RFC 5321 §4.1.2 as far as it is in use: a dot-string, `@`, and a domain; undefined: anything else. */
export function parseMailbox(text: string): Mailbox | undefined {
  const [local, host, ...more] = text.split("@");
  if (local === undefined || host === undefined || more.length > 0 || !isDnsName(host)) return undefined;
  return /^[\w!#$%&'*+\-/=?^`{|}~]+(?:\.[\w!#$%&'*+\-/=?^`{|}~]+)*$/.test(local) ? { local, host } : undefined;
}

/** 4 or 16 octets of an IP address in text; undefined: it is none. */
export function parseAddress(text: string): Uint8Array | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  const isOctet = (part: string): boolean => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256;
  return parts.length === 4 && parts.every(isOctet) ? Uint8Array.from(parts, Number) : undefined;
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split("::");
  const [head = "", tail] = halves;
  if (halves.length > 2) return undefined;
  const before = groupsOf(head, tail === undefined);
  const after = tail === undefined ? [] : groupsOf(tail, true);
  if (before === undefined || after === undefined) return undefined;
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...before, ...new Array<number>(missing).fill(0), ...after];
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
}

function groupsOf(text: string, last: boolean): readonly number[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  const groups: number[] = [];
  for (const [at, part] of parts.entries()) {
    const ipv4 = last && at === parts.length - 1 && part.includes(".") ? parseIpv4(part) : undefined;
    if (ipv4 !== undefined) {
      const [a = 0, b = 0, c = 0, d = 0] = ipv4;
      groups.push(a * 256 + b, c * 256 + d);
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

/** Dotted decimal, or as RFC 5952 §4 has it. */
export function addressText(address: Uint8Array): string {
  if (address.length === 4) return address.join(".");
  const groups = Array.from(
    { length: address.length >> 1 },
    (_, at) => (address[2 * at] ?? 0) * 256 + (address[2 * at + 1] ?? 0),
  );
  const text = groups.map((group) => group.toString(16));
  const zeros = longestZeros(groups);
  if (zeros.length < 2) return text.join(":");
  return `${text.slice(0, zeros.from).join(":")}::${text.slice(zeros.from + zeros.length).join(":")}`;
}

function longestZeros(groups: readonly number[]): { readonly from: number; readonly length: number } {
  let longest = { from: 0, length: 0 };
  for (let from = 0; from < groups.length; from++) {
    let length = 0;
    while (groups[from + length] === 0) length += 1;
    if (length > longest.length) longest = { from, length };
  }
  return longest;
}

/** May stand in a sentence as it is. */
export function isPrintableUrl(text: string): boolean {
  return /^[!-~]{1,300}$/.test(text);
}

/** For people, safe to print: what is no proper name of its form is quoted. */
export function nameText(name: GeneralName): string {
  switch (name.form) {
    case "dns":
      return isDnsPattern(name.value) ? name.value : JSON.stringify(name.value);
    case "email":
    case "uri":
      return JSON.stringify(name.value);
    case "ip":
      return addressText(name.value);
    case "directory":
      return name.value.text;
    default:
      return `${name.form} ${hex(name.value.subarray(0, 16))}`;
  }
}

/**
 * What a certificate covers, as text that can't be taken for a name of another form: DNS names and IP addresses, and with
 * "everything" mail addresses and URIs. What is no proper name of its form is left out.
 */
export function nameTexts(names: readonly GeneralName[], all: "services" | "everything"): readonly string[] {
  return names.flatMap((name) => {
    switch (name.form) {
      case "dns":
        return isDnsPattern(name.value) ? [name.value.toLowerCase()] : [];
      case "ip":
        return [addressText(name.value)];
      case "email":
        return all === "everything" && parseMailbox(name.value) !== undefined ? [name.value] : [];
      case "uri":
        return all === "everything" && /^[a-z][a-z0-9+.-]*:\/\/[!-~]+$/i.test(name.value) ? [name.value] : [];
      default:
        return [];
    }
  });
}
