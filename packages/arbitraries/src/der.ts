// DER, so far as certificates need it. Nothing here refuses anything: what is wrong is up to the caller.
import type { Bytes } from "@sallyport/core";
import { join, latin1, type Octets } from "./octets.ts";

export function tlv(tag: number, ...contents: readonly Octets[]): Bytes {
  const content = join(...contents);
  const { length } = content;
  const size =
    length < 0x80
      ? [length]
      : length < 0x100
        ? [0x81, length]
        : length < 0x1_0000
          ? [0x82, length >> 8, length & 255]
          : [0x83, length >> 16, (length >> 8) & 255, length & 255];
  return join([tag], size, content);
}
export const sequence = (...items: readonly Octets[]): Bytes => tlv(0x30, ...items);
export const explicit = (number: number, ...items: readonly Octets[]): Bytes => tlv(0xa0 | number, ...items);
export const implicit = (number: number, content: Octets): Bytes => tlv(0x80 | number, content);
export const integer = (...octets: readonly number[]): Bytes => tlv(2, octets);
export const bitString = (content: Octets, unused = 0): Bytes => tlv(3, [unused], content);
export const octetString = (...contents: readonly Octets[]): Bytes => tlv(4, ...contents);
export const utcTime = (text: string): Bytes => tlv(0x17, latin1(text));
export const yes: Bytes = tlv(1, [0xff]);

/** @param dotted such as `2.5.29.15` */
export function oid(dotted: string): Bytes {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const arc = (value: number): number[] => {
    const digits = [value & 127];
    for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128)) digits.unshift((left & 127) | 128);
    return digits;
  };
  return tlv(6, [first * 40 + second, ...rest].flatMap(arc));
}
