// What faults put into records before they are sealed.
import type { Bytes } from "@sallyport/core";
import { filler } from "./faults.ts";
import { contentTypes } from "./numbers.ts";
import { repeat } from "./octets.ts";

type Content = readonly [type: number, bytes: Bytes];

/** A record of any type: change_cipher_spec and alerts as they should be, but where they should not; padding and nothing else. */
export function insertion(where: number, value: number): Content {
  const type = [20, 21, 22, 23, 24, 0, 255][value % 7] ?? 23;
  if (type === 0 && where % 2 === 0) return [type, repeat(where % 30)];
  if (where % 3 > 0 && type !== contentTypes.changeCipherSpec) return [type, filler(value, where % 30)];
  return [type, type === contentTypes.changeCipherSpec ? Uint8Array.of(1) : Uint8Array.of(1 + (value % 2), where & 255)];
}

/** More than anyone should bear of what says nothing: data, a warning, change_cipher_spec. */
export function flooding(where: number): readonly Content[] {
  const says: Content = [contentTypes.data, repeat(0)];
  const warns: Content = [contentTypes.alert, Uint8Array.of(1, 90)];
  const changes: Content = [contentTypes.changeCipherSpec, Uint8Array.of(1)];
  return new Array<Content>(floodCount).fill([says, warns, changes][where % 3] ?? says);
}
const floodCount = 40;

/** RFC 9846 §5.4: a content type 0 is padding, and the last octet before it that is not 0 is the type. */
export function innerPlaintext(type: number, content: Bytes): { readonly type: number; readonly content: Bytes } {
  if (type !== 0) return { type, content };
  const end = content.findLastIndex((octet) => octet !== 0);
  return { type: content[end] ?? 0, content: content.subarray(0, Math.max(0, end)) };
}

export function split(bytes: Bytes, size: number): Bytes[] {
  const pieces: Bytes[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return pieces;
}
