// A ClientHello taken apart, so that one thing in it can be changed, and put together again.
import type { ClientHello } from "@sallyport/core";

export interface HelloParts {
  readonly legacyVersion: number;
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly suites: readonly number[];
  readonly compressions: readonly number[];
  readonly extensions: readonly Part[];
}
interface Part {
  readonly type: number;
  readonly data: Uint8Array;
}

export function partsOf(hello: ClientHello): HelloParts {
  return {
    legacyVersion: hello.legacyVersion,
    random: hello.random,
    sessionId: hello.legacySessionId,
    suites: hello.cipherSuites.map(({ id }) => id),
    compressions: hello.compressionMethods,
    extensions: hello.extensions.map(({ type, data }) => ({ type: type.id, data })),
  };
}

/** In records of at most 16 KiB. */
export function encodeHello({ legacyVersion, random, sessionId, suites, compressions, extensions }: HelloParts): Uint8Array {
  const block = extensions.flatMap(({ type, data }) => [...u16(type), ...vector(2, data)]);
  const body = [
    ...u16(legacyVersion),
    ...random,
    ...vector(1, sessionId),
    ...vector(2, suites.flatMap(u16)),
    ...vector(1, compressions),
    ...(extensions.length === 0 ? [] : vector(2, block)),
  ];
  const message = [1, ...vector(3, body)];
  const records: number[] = [];
  for (let at = 0; at < message.length; at += 16_384) records.push(22, 3, 1, ...vector(2, message.slice(at, at + 16_384)));
  return Uint8Array.from(records);
}

/** In the place of the extension of that type, or behind all others; pre_shared_key stays the last. */
export function withExtension(parts: HelloParts, type: number, data: readonly number[]): HelloParts {
  const part = { type, data: Uint8Array.from(data) };
  const { extensions } = parts;
  if (extensions.some((each) => each.type === type)) {
    return { ...parts, extensions: extensions.map((each) => (each.type === type ? part : each)) };
  }
  const last = extensions.filter((each) => each.type === preSharedKey);
  return { ...parts, extensions: [...extensions.filter((each) => each.type !== preSharedKey), part, ...last] };
}
const preSharedKey = 41;

export function without(parts: HelloParts, type: number): HelloParts {
  return { ...parts, extensions: parts.extensions.filter((each) => each.type !== type) };
}

export const u16 = (value: number): readonly number[] => [value >> 8, value & 0xff];

/** Behind its length of so many octets. */
export function vector(octets: 1 | 2 | 3, content: ArrayLike<number>): readonly number[] {
  const { length } = content;
  const prefix = [length >> 16, (length >> 8) & 0xff, length & 0xff].slice(3 - octets);
  return [...prefix, ...Array.from(content)];
}

export const listOf16 = (values: readonly number[]): readonly number[] => vector(2, values.flatMap(u16));

/** server_name (RFC 6066 §3). */
export function serverName(name: string): readonly number[] {
  return vector(2, [0, ...vector(2, Buffer.from(name, "latin1"))]);
}
export function alpn(protocols: readonly string[]): readonly number[] {
  return vector(
    2,
    protocols.flatMap((protocol) => vector(1, Buffer.from(protocol, "latin1"))),
  );
}
