// What stands where in a message of the handshake: for peers that understand it, and for the model that judges it. What is not
// there is empty; nothing is refused.
import type { Bytes } from "@sallyport/core";
import { extensionsIn } from "./hello.ts";
import { extensionTypes, handshakeTypes } from "./numbers.ts";

/** Of an extension. */
export function bodyOf(message: Bytes, type: number): Bytes | undefined {
  return extensionsIn(message, "tls1.3")?.extensions.find((each) => each.type === type)?.body;
}
/** Of its extensions, in their order. */
export function typesIn(message: Bytes): number[] {
  return (extensionsIn(message, "tls1.3")?.extensions ?? []).map(({ type }) => type);
}

export function isClientHello([type]: Uint8Array): boolean {
  return type === handshakeTypes.client_hello;
}
/** HelloRetryRequest is one. */
export function isServerHello([type]: Uint8Array): boolean {
  return type === handshakeTypes.server_hello;
}
export function isTls13Hello(serverHello: Bytes): boolean {
  return bodyOf(serverHello, extensionTypes.supported_versions) !== undefined;
}

// ── Of both hellos ────────────────────────────────────────────────────────────────────────────────────────────────────

export function sessionIdOf(hello: Bytes): Bytes {
  return hello.subarray(39, 39 + (hello[38] ?? 0));
}

// ── Of a server's ─────────────────────────────────────────────────────────────────────────────────────────────────────

export function suiteOf(hello: Bytes): number {
  return numberAt(hello, 39 + (hello[38] ?? 0));
}
export function compressionOf(hello: Bytes): number | undefined {
  return hello[41 + (hello[38] ?? 0)];
}

// ── Of a client's ─────────────────────────────────────────────────────────────────────────────────────────────────────

export function suitesIn(hello: Bytes): number[] {
  const at = 39 + (hello[38] ?? 0);
  return numbersIn(hello.subarray(at + 2, at + 2 + numberAt(hello, at)));
}
export function compressionsOf(hello: Bytes): Bytes {
  const at = 39 + (hello[38] ?? 0);
  const start = at + 2 + numberAt(hello, at);
  return hello.subarray(start + 1, start + 1 + (hello[start] ?? 0));
}
export function versionsIn(hello: Bytes): number[] {
  return numbersIn(bodyOf(hello, extensionTypes.supported_versions)?.subarray(1));
}
export function groupsIn(hello: Bytes): number[] {
  return numbersIn(bodyOf(hello, extensionTypes.supported_groups)?.subarray(2));
}
export function schemesIn(message: Bytes): number[] {
  return numbersIn(bodyOf(message, extensionTypes.signature_algorithms)?.subarray(2));
}
export function sharesIn(hello: Bytes): { readonly group: number; readonly share: Bytes }[] {
  const shares: { group: number; share: Bytes }[] = [];
  for (let rest = bodyOf(hello, extensionTypes.key_share)?.subarray(2) ?? nothing; rest.length >= 4; ) {
    const end = 4 + numberAt(rest, 2);
    shares.push({ group: numberAt(rest, 0), share: rest.subarray(4, end) });
    rest = rest.subarray(end);
  }
  return shares;
}
export function protocolsIn(hello: Bytes): Bytes[] {
  return vectorsIn(bodyOf(hello, extensionTypes.alpn)?.subarray(2), 1);
}
export function identitiesIn(hello: Bytes): Bytes[] {
  const body = bodyOf(hello, extensionTypes.pre_shared_key) ?? nothing;
  return vectorsIn(body.subarray(2, 2 + numberAt(body, 0)), 2, 4);
}
export function bindersIn(hello: Bytes): Bytes[] {
  const body = bodyOf(hello, extensionTypes.pre_shared_key) ?? nothing;
  return vectorsIn(body.subarray(4 + numberAt(body, 0)), 1);
}

/** Each has two bytes. */
export function numbersIn(bytes: Bytes = nothing): number[] {
  return Array.from({ length: bytes.length >> 1 }, (_, at) => numberAt(bytes, 2 * at));
}
/** @param prefix bytes of length in front of each. @param between bytes behind each. */
function vectorsIn(bytes: Bytes = nothing, prefix: 1 | 2 = 1, between = 0): Bytes[] {
  const vectors: Bytes[] = [];
  for (let rest = bytes; rest.length >= prefix; ) {
    const end = prefix + (prefix === 1 ? (rest[0] ?? 0) : numberAt(rest, 0));
    vectors.push(rest.subarray(prefix, end));
    rest = rest.subarray(end + between);
  }
  return vectors;
}
function numberAt(bytes: Bytes, at: number): number {
  return (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
}
const nothing: Bytes = new Uint8Array(0);
