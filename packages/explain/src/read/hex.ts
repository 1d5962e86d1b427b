// Bytes out of text: plain hex, C arrays, dumps with offsets (xxd, hexdump -C, Wireshark, Mbed TLS and OpenSSL in their logs).
// One pass over the lines, whatever stands there.

/** Of literals in this package; `text` is hex and nothing else. */
export function fromHex(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length >> 1 }, (_, at) => Number.parseInt(text.slice(2 * at, 2 * at + 2), 16));
}

/** Every piece of bytes that stands in the text, in order. */
export function bytesInText(text: string): readonly Uint8Array[] {
  const whole = plainHex(text);
  if (whole !== undefined) return [whole];
  const dumps = dumpsIn(text);
  if (dumps.length > 0) return dumps;
  const array = arrayIn(text);
  return array === undefined ? runsIn(text) : [array];
}

/** The whole text is hex, with whatever people put between the digits. */
function plainHex(text: string): Uint8Array | undefined {
  const bare = text.replaceAll(/0x|\\x|[\s,;:{}[\]()"'|-]/gi, "");
  return bare.length >= 2 * fewest && bare.length % 2 === 0 && isHex(bare) ? fromHex(bare) : undefined;
}
/** An alert in its record has seven bytes. */
const fewest = 7;

/** `0x16, 0x03, …` or `\x16\x03…`, with a declaration around it. */
function arrayIn(text: string): Uint8Array | undefined {
  const octets = text.match(/(?:0x|\\x)[0-9a-f]{1,2}\b|(?:\\x)[0-9a-f]{2}/gi) ?? [];
  return octets.length < fewest ? undefined : Uint8Array.from(octets, (octet) => Number.parseInt(octet.slice(2), 16));
}

/** Hex without a break in a line of words, such as `>>> 160303006f…`. */
function runsIn(text: string): readonly Uint8Array[] {
  const runs = text.match(/\b[0-9a-f]{14,}\b/gi) ?? [];
  return runs.filter((run) => run.length % 2 === 0 && isLikelyTls(run)).map(fromHex);
}
/** A record of TLS, the handshake message of a hello, or who answered instead: hashes and serial numbers are none of them. */
function isLikelyTls(run: string): boolean {
  return /^(1[4-7]030[0-4]|0[12]00)/.test(run) || /^(485454502f31|5353482d|323230[2d][0d])/i.test(run);
}

function dumpsIn(text: string): readonly Uint8Array[] {
  const dumps: number[][] = [];
  let open: number[] | undefined;
  let width = 0;
  for (const line of text.split("\n")) {
    // A row belongs where its offset says: this alone tells a dump from a line that happens to hold hex.
    const row = rowsOf(line).find(
      ({ offset }) => offset === 0 || (open !== undefined && (offset === open.length || fits(open, offset, width))),
    );
    if (row === undefined) continue;
    if (row.offset === 0) {
      open = [];
      width = 0;
      dumps.push(open);
    }
    if (open === undefined) continue;
    open.length = row.offset;
    // A column of text may look like hex too: no row is wider than the first one was.
    const octets = width === 0 ? row.octets : row.octets.slice(0, width);
    open.push(...octets);
    if (width === 0) width = octets.length;
  }
  return dumps.filter(({ length }) => length >= fewest).map((octets) => Uint8Array.from(octets));
}

/** The first row swallowed some of its text column: the second one's offset tells how many bytes it really has. */
function fits(octets: readonly number[], offset: number, width: number): boolean {
  return offset < octets.length && octets.length === width && offset >= 8;
}

interface Row {
  readonly offset: number;
  readonly octets: readonly number[];
}

/** `prefix 0010: 16 03 01 … text`: whatever could be an offset of four digits or more, with what stands behind it. */
function rowsOf(line: string): readonly Row[] {
  return [...line.slice(0, longestPrefix).matchAll(offsets)].map((start) => ({
    offset: Number.parseInt(start[1] ?? "", 16),
    octets: octetsAt(line, start.index + start[0].length),
  }));
}
const offsets = /(?<=^|[\s:|>])([0-9a-f]{4,8})(?:: ?| - |[ \t])[ \t]*(?=[0-9a-f]{2})/gi;

function octetsAt(line: string, start: number): readonly number[] {
  const octets: number[] = [];
  let at = start;
  while (octets.length < widest) {
    const group = /^[0-9a-f]+/i.exec(line.slice(at, at + 9))?.[0] ?? "";
    if (group.length === 0 || group.length % 2 !== 0 || group.length > 8) break;
    for (let digit = 0; digit < group.length; digit += 2) octets.push(Number.parseInt(group.slice(digit, digit + 2), 16));
    at += group.length;
    const gap = /^(?: {1,2}|-| - )(?=[0-9a-f])/i.exec(line.slice(at, at + 4))?.[0];
    if (gap === undefined) break;
    // Behind a full row of xxd two blanks begin its text.
    if (gap.length === 2 && octets.length === 16) break;
    at += gap.length;
  }
  return octets.slice(0, widest);
}
const widest = 16;
/** Logs put file, line and time before the offset. */
const longestPrefix = 160;

function isHex(text: string): boolean {
  return /^[0-9a-f]*$/i.test(text);
}
