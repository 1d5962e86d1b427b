// Bytes by hand: numbers, vectors behind their lengths, handshake messages, extensions. What is wrong with them is up to the caller,
// so that nothing here refuses anything.
import type { Bytes } from "@sallyport/core";

export type Octets = Uint8Array | readonly number[];

export function join(...parts: readonly Octets[]): Bytes {
  let length = 0;
  for (const part of parts) length += part.length;
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export const u16 = (...values: readonly number[]): Bytes => {
  const bytes = new Uint8Array(2 * values.length);
  for (const [at, value] of values.entries()) bytes.set([value >> 8, value], 2 * at);
  return bytes;
};
export const u24 = (value: number): Bytes => Uint8Array.of(value >> 16, value >> 8, value);
export const u32 = (value: number): Bytes => Uint8Array.of(value >>> 24, value >> 16, value >> 8, value);
export function latin1(value: string): Bytes {
  const bytes = new Uint8Array(value.length);
  for (let at = 0; at < value.length; at++) bytes[at] = value.charCodeAt(at);
  return bytes;
}
export const repeat = (length: number, value = 0): Bytes => new Uint8Array(length).fill(value);

/** A vector behind one, two or three bytes of length. */
export const v8 = (...parts: readonly Octets[]): Bytes => behind(1, parts);
export const v16 = (...parts: readonly Octets[]): Bytes => behind(2, parts);
export const v24 = (...parts: readonly Octets[]): Bytes => behind(3, parts);

function behind(size: 1 | 2 | 3, parts: readonly Octets[]): Bytes {
  const inside = join(...parts);
  const { length } = inside;
  return join(size === 1 ? [length] : size === 2 ? u16(length) : u24(length), inside);
}

/** A handshake message. */
export function message(type: number, ...body: readonly Octets[]): Bytes {
  return join([type], v24(...body));
}

export interface Extension {
  readonly type: number;
  readonly body: Bytes;
}
export function extension(type: number, ...body: readonly Octets[]): Extension {
  return { type, body: join(...body) };
}
export function block(extensions: readonly Extension[]): Bytes {
  return v16(...extensions.map(({ type, body }) => join(u16(type), v16(body))));
}

/** A record in clear. */
export function record(type: number, content: Octets, version = 0x0303): Bytes {
  return join([type], u16(version, content.length), content);
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
