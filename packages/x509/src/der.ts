// Distinguished Encoding Rules (X.690), strictly: one encoding for each value, and every refusal says where.

/** Bytes that are no DER, or no X.509. `offset` counts from the first byte of the whole input. */
export class DerError extends Error {
  override readonly name = "DerError";
  readonly problem: string;
  readonly offset: number;
  constructor(problem: string, offset: number) {
    super(`${problem}, at byte ${offset}`);
    this.problem = problem;
    this.offset = offset;
  }
}

/** One tag, length and value. `raw` and `content` are views of the input. */
export interface DerElement {
  readonly tag: number;
  /** Of the tag, in the whole input. */
  readonly offset: number;
  readonly raw: Uint8Array;
  readonly content: Uint8Array;
  readonly depth: number;
}

/** Identifier octets; `context` and `constructed` make those of [0], [1] and so on. */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;
export const context = (number: number): number => 0x80 | number;
export const constructed = (number: number): number => 0xa0 | number;

/** Far above any certificate in use, far below what would cost a verifier anything. */
const maxLength = 1 << 20;
const maxDepth = 16;

/** Reads elements one behind the other. Each of its methods throws DerError. */
export class DerReader {
  readonly #bytes: Uint8Array;
  readonly #base: number;
  readonly #depth: number;
  #at = 0;

  /** @param limit in bytes, of the whole input: what is inside is never longer. */
  constructor(bytes: Uint8Array, base = 0, depth = 0, limit: number = maxLength) {
    if (depth === 0 && bytes.length > limit) throw new DerError(`${bytes.length} bytes are too many`, base);
    if (depth > maxDepth) throw new DerError("nested too deeply", base);
    this.#bytes = bytes;
    this.#base = base;
    this.#depth = depth;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }
  get offset(): number {
    return this.#base + this.#at;
  }

  has(tag: number): boolean {
    return this.#bytes[this.#at] === tag;
  }

  any(what: string): DerElement {
    const start = this.#at;
    const tag = this.#octet(what);
    if ((tag & 0x1f) === 0x1f) throw new DerError(`${what} has a tag of several octets`, this.#base + start);
    const length = this.#length(what);
    const from = this.#at;
    if (length > this.#bytes.length - from) throw new DerError(`${what} is longer than what holds it`, this.#base + start);
    this.#at = from + length;
    return {
      tag,
      offset: this.#base + start,
      raw: this.#bytes.subarray(start, this.#at),
      content: this.#bytes.subarray(from, this.#at),
      depth: this.#depth + 1,
    };
  }

  read(tag: number, what: string): DerElement {
    if (this.atEnd) throw new DerError(`${what} is missing`, this.offset);
    if (!this.has(tag)) throw new DerError(`${what} has another type (${hexOctet(this.#bytes[this.#at] ?? 0)})`, this.offset);
    return this.any(what);
  }

  optional(tag: number, what: string): DerElement | undefined {
    return this.has(tag) ? this.any(what) : undefined;
  }

  sequence(what: string): DerReader {
    return enter(this.read(tags.sequence, what));
  }

  end(what: string): void {
    if (!this.atEnd) throw new DerError(`${what} has bytes left over`, this.offset);
  }

  #octet(what: string): number {
    const octet = this.#bytes[this.#at];
    if (octet === undefined) throw new DerError(`${what} is cut off`, this.offset);
    this.#at += 1;
    return octet;
  }

  // X.690 §10.1: definite, in the fewest octets.
  #length(what: string): number {
    const offset = this.offset;
    const first = this.#octet(what);
    if (first < 0x80) return first;
    if (first === 0x80) throw new DerError(`${what} has an indefinite length`, offset);
    const octets = first & 0x7f;
    if (octets > 4) throw new DerError(`${what} has a length of ${octets} octets`, offset);
    let length = 0;
    for (let left = octets; left > 0; left--) length = length * 256 + this.#octet(what);
    const fewest = length < 0x80 ? 0 : length < 0x100 ? 1 : length < 0x1_0000 ? 2 : length < 0x100_0000 ? 3 : 4;
    if (octets !== fewest) throw new DerError(`${what} has a length in more octets than it needs`, offset);
    return length;
  }
}

/** Reads what is inside a constructed element, or inside an OCTET STRING that holds DER. */
export function enter(element: DerElement): DerReader {
  return new DerReader(element.content, contentOffset(element), element.depth);
}

/** ANY, that is kept and not looked into: DER all the same, all the way down. */
export function opaque(element: DerElement, what: string): DerElement {
  if ((element.tag & 0x20) === 0) return element;
  const inner = enter(element);
  while (!inner.atEnd) opaque(inner.any(what), what);
  return element;
}

/** The one element that `der` is. */
export function only(der: Uint8Array, tag: number, what: string): DerElement {
  const reader = new DerReader(der);
  const element = reader.read(tag, what);
  reader.end(what);
  return element;
}

/** Content octets of an INTEGER, checked to be the fewest (X.690 §8.3.2). */
export function integer(element: DerElement, what: string): Uint8Array {
  const [first, second] = element.content;
  if (first === undefined) throw new DerError(`${what} is an empty integer`, element.offset);
  if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
    throw new DerError(`${what} is an integer with a needless octet`, contentOffset(element));
  }
  return element.content;
}

/** A non-negative INTEGER, at most 2^31 - 1. */
export function smallInteger(element: DerElement, what: string): number {
  const content = integer(element, what);
  const [first = 0] = content;
  if (first >= 0x80) throw new DerError(`${what} is negative`, element.offset);
  if (content.length > 4) throw new DerError(`${what} is out of range`, element.offset);
  return content.reduce((value, octet) => value * 256 + octet, 0);
}

export function boolean(element: DerElement, what: string): boolean {
  const [value] = element.content;
  if (element.content.length !== 1 || (value !== 0 && value !== 0xff)) {
    throw new DerError(`${what} is neither TRUE nor FALSE`, element.offset);
  }
  return value === 0xff;
}

/** `BOOLEAN DEFAULT FALSE`: X.690 §11.5 forbids to write the default. */
export function flag(reader: DerReader, what: string): boolean {
  const element = reader.optional(tags.boolean, what);
  if (element === undefined) return false;
  if (!boolean(element, what)) throw new DerError(`${what} is FALSE in writing, which is its default`, element.offset);
  return true;
}

/** Whole octets. */
export function bitString(element: DerElement, what: string): Uint8Array {
  const { unused, bits } = bitsOf(element, what);
  if (unused !== 0) throw new DerError(`${what} does not end with an octet`, element.offset);
  return bits;
}

/** Positions of the bits that are set, from a named list; `isMinimal`: without zero bits behind the last (X.690 §11.2.2). */
export function namedBits(
  element: DerElement,
  what: string,
): { readonly positions: readonly number[]; readonly isMinimal: boolean } {
  const { unused, bits } = bitsOf(element, what);
  const length = bits.length * 8 - unused;
  const isSet = (position: number): boolean => (((bits[position >> 3] ?? 0) >> (7 - (position & 7))) & 1) === 1;
  if (length > 64) throw new DerError(`${what} has too many bits`, element.offset);
  return {
    positions: Array.from({ length }, (_, position) => position).filter(isSet),
    isMinimal: length === 0 || isSet(length - 1),
  };
}

/** `1.2.840.10045.2.1` */
export function oid(element: DerElement, what: string): string {
  const { content } = element;
  if (content.length === 0 || content.length > 64 || (content.at(-1) ?? 0) >= 0x80) {
    throw new DerError(`${what} is no object identifier`, element.offset);
  }
  let text = "";
  let arc = 0;
  /** Of an arc that no number holds exactly: all of it so far. */
  let long: bigint | undefined;
  let begins = true;
  for (const octet of content) {
    if (begins && octet === 0x80) throw new DerError(`${what} has an arc in more octets than it needs`, element.offset);
    if (long === undefined && arc >= 2 ** 46) long = BigInt(arc);
    if (long === undefined) arc = arc * 128 + (octet & 0x7f);
    else long = long * 128n + BigInt(octet & 0x7f);
    begins = octet < 0x80;
    if (!begins) continue;
    text += text === "" ? firstArcs(long ?? arc) : `.${long ?? arc}`;
    arc = 0;
    long = undefined;
  }
  return text;
}

/** X.690 §8.19.4: two arcs in one, the first of which is 0, 1 or 2. */
function firstArcs(joined: number | bigint): string {
  if (joined < 80) return joined < 40 ? `0.${joined}` : `1.${Number(joined) - 40}`;
  return `2.${typeof joined === "bigint" ? joined - 80n : joined - 80}`;
}

/**
 * Seconds since 1970, from a UTCTime or GeneralizedTime in UTC, with seconds and no fractions (RFC 5280 §4.1.2.5). `isProper`: a
 * UTCTime through 2049, a GeneralizedTime from 2050 on.
 */
export function time(reader: DerReader, what: string): { readonly seconds: number; readonly isProper: boolean } {
  return timeOf(reader.any(what), what);
}

/** Seconds since 1970, from a GeneralizedTime as `time` wants it. */
export function generalizedTime(reader: DerReader, what: string): number {
  return timeOf(reader.read(tags.generalizedTime, what), what).seconds;
}

function timeOf(element: DerElement, what: string): { readonly seconds: number; readonly isProper: boolean } {
  const text = String.fromCharCode(...element.content.subarray(0, 32));
  const short = element.tag === tags.utcTime;
  if (!short && element.tag !== tags.generalizedTime) throw new DerError(`${what} is no time`, element.offset);
  if (!(short ? /^\d{12}Z$/ : /^\d{14}Z$/).test(text)) {
    throw new DerError(`${what} is not written as ${short ? "YYMMDDHHMMSSZ" : "YYYYMMDDHHMMSSZ"}`, element.offset);
  }
  const century = short ? (Number(text.slice(0, 2)) < 50 ? "20" : "19") : "";
  const digits = century + text;
  const year = Number(digits.slice(0, 4));
  const part = (at: number): number => Number(digits.slice(at, at + 2));
  const [month, day, hour, minute, second] = [part(4), part(6), part(8), part(10), part(12)];
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || second > 59) {
    throw new DerError(`${what} is no date of the calendar`, element.offset);
  }
  return {
    seconds: ((daysBefore(year, month) + day - 1) * 24 + hour) * 3600 + minute * 60 + second,
    isProper: short || year >= 2050,
  };
}

/** `2026-11-21T11:45:05Z` */
export function timeText(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  let year = 1970 + Math.floor(days / 365.2425);
  while (daysBefore(year, 1) > days) year -= 1;
  while (daysBefore(year + 1, 1) <= days) year += 1;
  let month = 12;
  while (daysBefore(year, month) > days) month -= 1;
  const two = (value: number): string => String(value).padStart(2, "0");
  const date = `${String(year).padStart(4, "0")}-${two(month)}-${two(days - daysBefore(year, month) + 1)}`;
  const rest = Math.floor(seconds - days * 86_400);
  return `${date}T${two(Math.floor(rest / 3600))}:${two(Math.floor(rest / 60) % 60)}:${two(rest % 60)}Z`;
}

function contentOffset(element: DerElement): number {
  return element.offset + element.raw.length - element.content.length;
}

function bitsOf(element: DerElement, what: string): { readonly unused: number; readonly bits: Uint8Array } {
  const [unused] = element.content;
  const bits = element.content.subarray(1);
  if (unused === undefined || unused > 7 || (unused > 0 && bits.length === 0)) {
    throw new DerError(`${what} is no bit string`, element.offset);
  }
  if (((bits.at(-1) ?? 0) & ((1 << unused) - 1)) !== 0)
    throw new DerError(`${what} has unused bits that are set`, element.offset);
  return { unused, bits };
}

const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
const daysIn = (year: number, month: number): number =>
  month === 2 ? (isLeap(year) ? 29 : 28) : month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;

/** Days from 1970-01-01 to the first of the month. */
function daysBefore(year: number, month: number): number {
  const past = year - 1;
  let days = past * 365 + Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400) - 719_162;
  for (let before = 1; before < month; before++) days += daysIn(year, before);
  return days;
}

const hexOctet = (octet: number): string => `0x${octet.toString(16).padStart(2, "0")}`;
