// JA4: the fingerprint of a ClientHello over TCP, as FoxIO published it.
import type { ClientHello, Registered } from "@sallyport/core";
import { sha256 } from "@noble/hashes/sha2.js";
import { isGrease } from "./words.ts";

/** Such as `t13d1516h2_8daaf6152771_02713d6af862`: the same for every order of suites and extensions. */
export function ja4(hello: ClientHello): string {
  const suites = meant(hello.cipherSuites);
  const extensions = meant(hello.extensions.map(({ type }) => type));
  const newest = Math.max(0, ...meant(hello.versions));
  const version = versions.get(newest) ?? "00";
  const name = extensions.includes(0) ? "d" : "i";
  const head = `t${version}${name}${two(suites.length)}${two(extensions.length)}${ends(hello.alpn[0])}`;
  const hashed = extensions
    .filter((id) => id !== 0 && id !== 16)
    .map(hex)
    .sort()
    .join(",");
  const schemes = (hello.signatureSchemes ?? [])
    .filter((value) => !isGrease(value))
    .map(({ id }) => hex(id))
    .join(",");
  return `${head}_${digest(suites.map(hex).sort().join(","))}_${digest(schemes === "" ? hashed : `${hashed}_${schemes}`)}`;
}

const versions: ReadonlyMap<number, string> = new Map([
  [0x0304, "13"],
  [0x0303, "12"],
  [0x0302, "11"],
  [0x0301, "10"],
  [0x0300, "s3"],
]);

function meant(values: readonly Registered[]): number[] {
  return values.filter((value) => !isGrease(value)).map(({ id }) => id);
}

const two = (count: number): string => String(Math.min(count, 99)).padStart(2, "0");
const hex = (id: number): string => id.toString(16).padStart(4, "0");

/** First and last character of the first protocol; of bytes that are no letters or digits, of their hex. */
function ends(protocol: string | undefined): string {
  if (protocol === undefined || protocol === "") return "00";
  const first = protocol.charAt(0);
  const last = protocol.charAt(protocol.length - 1);
  if (/^[0-9A-Za-z]{2}$/.test(first + last)) return first + last;
  return `${octet(first).charAt(0)}${octet(last).charAt(1)}`;
}
const octet = (character: string): string => (character.charCodeAt(0) & 0xff).toString(16).padStart(2, "0");

/** Of an empty list twelve zeros stand. */
function digest(text: string): string {
  if (text === "") return "000000000000";
  return [...sha256(Uint8Array.from(text, (character) => character.charCodeAt(0)))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("")
    .slice(0, 12);
}
