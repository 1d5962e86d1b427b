// Bytes by hand: numbers, vectors with their lengths, handshake messages, extensions. What is wrong with them is up to the test.
import type { Bytes } from "@sallyport/core";

export type Octets = Uint8Array | readonly number[];

export function join(...parts: readonly Octets[]): Bytes {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
export const u16 = (...values: readonly number[]): Bytes => Uint8Array.from(values.flatMap((value) => [value >> 8, value & 255]));
export const u24 = (value: number): Bytes => Uint8Array.of(value >> 16, (value >> 8) & 255, value & 255);
export const u32 = (value: number): Bytes => Uint8Array.of(value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255);
export const text = (value: string): Bytes => Uint8Array.from(Buffer.from(value, "latin1"));
export const repeat = (length: number, value = 0): Bytes => new Uint8Array(length).fill(value);

/** A vector behind one, two or three bytes of length. */
export const v8 = (...parts: readonly Octets[]): Bytes => {
  const inside = join(...parts);
  return join([inside.length], inside);
};
export const v16 = (...parts: readonly Octets[]): Bytes => {
  const inside = join(...parts);
  return join(u16(inside.length), inside);
};
export const v24 = (...parts: readonly Octets[]): Bytes => {
  const inside = join(...parts);
  return join(u24(inside.length), inside);
};

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

/** Where an extension of that type stands, `replacement` does; where none does, at the end. */
export function replaced(extensions: readonly Extension[], ...replacements: readonly Extension[]): Extension[] {
  const result = extensions.map((each) => replacements.find(({ type }) => type === each.type) ?? each);
  return [...result, ...replacements.filter(({ type }) => !extensions.some((each) => each.type === type))];
}
export function without(extensions: readonly Extension[], ...types: readonly number[]): Extension[] {
  return extensions.filter(({ type }) => !types.includes(type));
}

/** The record in clear. */
export function record(type: number, content: Octets, version = 0x0303): Bytes {
  return join([type], u16(version), v16(content));
}

export function changed(bytes: Uint8Array, at: number, by = 1): Bytes {
  return Uint8Array.from(bytes, (byte, index) => (index === (at + bytes.length) % bytes.length ? byte ^ by : byte));
}
