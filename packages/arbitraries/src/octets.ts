// Bytes by hand: numbers, vectors behind their lengths, handshake messages, extensions. What is wrong with them is up to the caller,
// so that nothing here refuses anything.
import type { Bytes } from "@sallyport/core";

export type Octets = Uint8Array | readonly number[];

/** Memory of one's own costs more than all that is done with so few bytes: they are cut from larger pieces, which nobody uses twice. */
const pieceLength = 2 ** 16;
const most = 2 ** 12;
/** V8 keeps what is no longer than this beside the array. */
const least = 64;
let piece = new ArrayBuffer(pieceLength);
let used = 0;

/** Zeros. */
export function zeros(length: number): Bytes {
  if (length <= least || length > most) return new Uint8Array(length);
  if (used + length > pieceLength) {
    piece = new ArrayBuffer(pieceLength);
    used = 0;
  }
  const cut = new Uint8Array(piece, used, length);
  used += length;
  return cut;
}
export function copyOf(bytes: Uint8Array): Bytes {
  const copied = zeros(bytes.length);
  copied.set(bytes);
  return copied;
}

export function join(...parts: readonly Octets[]): Bytes {
  return fill(zeros(lengthOf(parts)), 0, parts);
}
function lengthOf(parts: readonly Octets[]): number {
  let length = 0;
  for (const part of parts) length += part.length;
  return length;
}
function fill(target: Bytes, from: number, parts: readonly Octets[]): Bytes {
  let at = from;
  for (const part of parts) {
    target.set(part, at);
    at += part.length;
  }
  return target;
}

export function u16(...values: readonly number[]): Bytes {
  const bytes = zeros(2 * values.length);
  let at = 0;
  for (const value of values) {
    bytes[at++] = value >> 8;
    bytes[at++] = value;
  }
  return bytes;
}
export const u24 = (value: number): Bytes => number(3, value);
export const u32 = (value: number): Bytes => number(4, value);
function number(size: 3 | 4, value: number): Bytes {
  const bytes = new Uint8Array(size);
  putNumber(bytes, 0, size, value);
  return bytes;
}
function putNumber(target: Bytes, from: number, size: number, value: number): void {
  for (let at = from + size - 1, rest = value; at >= from; at--, rest >>>= 8) target[at] = rest;
}
export function latin1(value: string): Bytes {
  const bytes = zeros(value.length);
  for (let at = 0; at < value.length; at++) bytes[at] = value.charCodeAt(at);
  return bytes;
}
export function repeat(length: number, value = 0): Bytes {
  const bytes = zeros(length);
  return value === 0 ? bytes : bytes.fill(value);
}

/** A vector behind one, two or three bytes of length. */
export const v8 = (...parts: readonly Octets[]): Bytes => behind(1, parts);
export const v16 = (...parts: readonly Octets[]): Bytes => behind(2, parts);
export const v24 = (...parts: readonly Octets[]): Bytes => behind(3, parts);

function behind(size: 1 | 2 | 3, parts: readonly Octets[]): Bytes {
  const length = lengthOf(parts);
  const vector = zeros(size + length);
  putNumber(vector, 0, size, length);
  return fill(vector, size, parts);
}

/** A handshake message. */
export function message(type: number, ...body: readonly Octets[]): Bytes {
  const length = lengthOf(body);
  const whole = zeros(4 + length);
  whole[0] = type;
  putNumber(whole, 1, 3, length);
  return fill(whole, 4, body);
}

/** Where the handshake message that begins there ends; beyond the bytes if it isn't all there. */
export function messageEnd([, high = 0, middle = 0, low = 0]: Uint8Array): number {
  return 4 + high * 65536 + middle * 256 + low;
}

export interface Extension {
  readonly type: number;
  readonly body: Bytes;
}
export function extension(type: number, ...body: readonly Octets[]): Extension {
  return { type, body: join(...body) };
}
export function block(extensions: readonly Extension[]): Bytes {
  let length = 0;
  for (const { body } of extensions) length += 4 + body.length;
  const whole = zeros(2 + length);
  putNumber(whole, 0, 2, length);
  let at = 2;
  for (const { type, body } of extensions) {
    putNumber(whole, at, 2, type);
    putNumber(whole, at + 2, 2, body.length);
    whole.set(body, at + 4);
    at += 4 + body.length;
  }
  return whole;
}

/** A record in clear. */
export function record(type: number, content: Octets, version = 0x0303): Bytes {
  const whole = zeros(5 + content.length);
  whole[0] = type;
  putNumber(whole, 1, 2, version);
  putNumber(whole, 3, 2, content.length);
  whole.set(content, 5);
  return whole;
}

const hexDigits = "0123456789abcdef";
export function hexOf(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += hexDigits.charAt(byte >> 4) + hexDigits.charAt(byte & 15);
  return text;
}

export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}
