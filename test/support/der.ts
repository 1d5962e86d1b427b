// DER by hand. What is wrong with it is up to the test.
import { createHash, KeyObject, sign } from "node:crypto";
import type { Bytes } from "@sallyport/core";
import { join, type Octets, text } from "./octets.ts";

export function tlv(tag: number, ...content: readonly Octets[]): Bytes {
  const inside = join(...content);
  const { length } = inside;
  const long =
    length < 0x100
      ? [0x81, length]
      : length < 0x1_0000
        ? [0x82, length >> 8, length & 255]
        : [0x83, length >> 16, (length >> 8) & 255, length & 255];
  return join([tag], length < 0x80 ? [length] : long, inside);
}
export const sequence = (...items: readonly Octets[]): Bytes => tlv(0x30, ...items);
export const explicit = (number: number, ...content: readonly Octets[]): Bytes => tlv(0xa0 | number, ...content);
export const implicit = (number: number, ...content: readonly Octets[]): Bytes => tlv(0x80 | number, ...content);
export const integer = (...octets: readonly number[]): Bytes => tlv(2, octets);
export const enumerated = (value: number): Bytes => tlv(10, [value]);
export const octetString = (...content: readonly Octets[]): Bytes => tlv(4, ...content);
export const bitString = (content: Octets): Bytes => tlv(3, [0], content);
export const yes: Bytes = tlv(1, [0xff]);

/** @param dotted such as `1.2.840.10045.4.3.2` */
export function oid(dotted: string): Bytes {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const arc = (value: number): number[] => {
    const digits = [value & 127];
    for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128)) digits.unshift((left & 127) | 128);
    return digits;
  };
  return tlv(6, [first * 40 + second, ...rest].flatMap(arc));
}

const stamp = (ms: number): string => new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, "");
export const utcTime = (ms: number): Bytes => tlv(0x17, text(stamp(ms).slice(2)));
export const generalizedTime = (ms: number): Bytes => tlv(0x18, text(stamp(ms)));

export function extension(id: string, critical: boolean, ...value: readonly Octets[]): Bytes {
  return sequence(oid(id), ...(critical ? [yes] : []), octetString(...value));
}

const algorithms = {
  "P-256": ["1.2.840.10045.4.3.2", "sha256"],
  "P-384": ["1.2.840.10045.4.3.3", "sha384"],
} as const;
/** The AlgorithmIdentifier of whoever has the key. */
export function algorithmOf({ privateKey }: CryptoKeyPair): Bytes {
  return sequence(oid(namedCurve(privateKey)[0]));
}
/** SIGNED{}: what is signed, by which algorithm, and the signature. */
export function signed(tbs: Bytes, keys: CryptoKeyPair, ...more: readonly Octets[]): Bytes {
  const signature = sign(namedCurve(keys.privateKey)[1], tbs, KeyObject.from(keys.privateKey));
  return sequence(tbs, algorithmOf(keys), bitString(signature), ...more);
}
function namedCurve({ algorithm }: CryptoKey): (typeof algorithms)[keyof typeof algorithms] {
  return algorithms[(algorithm as EcKeyAlgorithm).namedCurve as keyof typeof algorithms]; // tests sign with these two
}

export function digest(name: "sha1" | "sha256", bytes: Uint8Array): Bytes {
  return Uint8Array.from(createHash(name).update(bytes).digest());
}
