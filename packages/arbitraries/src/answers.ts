// The model's other half: what may be said in answer to what. It reads the messages that were really said, and knows what is in a
// hello, a share, a signature's scheme; it proves nothing.
import type { Bytes } from "@sallyport/core";
import { extensionsIn, isRetry } from "./hello.ts";
import { extensionTypes, handshakeTypes, versionIds } from "./numbers.ts";
import { sameBytes } from "./octets.ts";

/** What of a server's choices a client must not take. @param messages the server's. @param own the client's. */
export function judgeServersAnswers(messages: readonly Bytes[], own: readonly Bytes[], isResumed: boolean): string | undefined {
  const hellos = messages.filter((message) => message[0] === handshakeTypes.server_hello);
  const offers = own.filter((message) => message[0] === handshakeTypes.client_hello);
  const hello = hellos.at(-1);
  const [offer = nothing] = offers;
  if (hello === undefined) return "no ServerHello was heard";
  const isTls13 = bodyOf(hello, extensionTypes.supported_versions) !== undefined;
  for (const each of hellos) {
    if (each[4] !== 3 || each[5] !== 3) return "a ServerHello whose legacy_version is no TLS 1.2";
    if (compressionOf(each) !== 0) return "compression";
    if (isTls13 && !sameBytes(sessionIdOf(each), sessionIdOf(offer))) return "a session id that is not the client's";
  }
  const wrong = isTls13
    ? judgeHelloTls13(hellos, hello, offers)
    : judgeHelloTls12(hello, numbersIn(bodyOf(offer, extensionTypes.supported_versions)?.subarray(1)), isResumed);
  return wrong ?? judgeProof(messages, isTls13, schemesIn(offer));
}

function judgeHelloTls13(hellos: readonly Bytes[], hello: Bytes, offers: readonly Bytes[]): string | undefined {
  const request = hellos.find(isRetry);
  const [first = nothing] = offers;
  const last = offers.at(-1) ?? first;
  if (request !== undefined) {
    const [group] = numbersIn(bodyOf(request, extensionTypes.key_share));
    if (group === undefined && bodyOf(request, extensionTypes.cookie) === undefined) return "a retry of what was offered already";
    if (group !== undefined && sharesIn(first).includes(group)) return "a retry with a group whose share was sent";
    if (group !== undefined && !groupsIn(first).includes(group)) return "a retry with a group that was not offered";
    if (suiteOf(request) !== suiteOf(hello)) return "another suite behind the retry";
  }
  const [group] = numbersIn(bodyOf(hello, extensionTypes.key_share)?.subarray(0, 2));
  if (group === undefined) return "no key exchange";
  const [selected] = numbersIn(bodyOf(hello, extensionTypes.pre_shared_key));
  const offered = pskCounts(last);
  return selected !== undefined && selected >= offered.identities ? "a PSK that was not offered" : undefined;
}

/** @param versions that the client offered */
function judgeHelloTls12(hello: Bytes, versions: readonly number[], isResumed: boolean): string | undefined {
  const isSign = sentinel.every((byte, at) => hello[30 + at] === byte) && (hello[37] ?? 2) < 2;
  if (isSign && versions.includes(versionIds["tls1.3"])) return "the sign of a downgrade";
  if (isResumed && bodyOf(hello, extensionTypes.extended_master_secret) === undefined)
    return "a session resumed without extended master secret";
  const renegotiated = bodyOf(hello, extensionTypes.renegotiation_info);
  return renegotiated?.some((byte) => byte !== 0) === true ? "a first handshake that another went before" : undefined;
}
/** The last eight bytes of a random, without the last: that of a server that speaks TLS 1.3, or 1.2 (RFC 9846 §4.2.3). */
const sentinel: readonly number[] = [0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44];

/** What of a client's hellos, and its proof, a server must not take. @param messages the client's. @param own the server's. */
export function judgeClientsOffers(messages: readonly Bytes[], own: readonly Bytes[], isTls13: boolean): string | undefined {
  const hellos = messages.filter((message) => message[0] === handshakeTypes.client_hello);
  const answer = own.find((message) => message[0] === handshakeTypes.server_hello && !isRetry(message)) ?? nothing;
  const [first = nothing, second] = hellos;
  for (const hello of hellos) {
    if ((hello[4] ?? 0) < 3 || (hello[4] === 3 && hello[5] === 0)) return "a hello of SSL 3.0";
    const wrong = isTls13 ? judgeOffer(hello, answer) : judgeOfferTls12(hello);
    if (wrong !== undefined) return wrong;
  }
  const request = own.find(isRetry);
  const differs = request && second && judgeSecond(first, second, request);
  if (differs !== undefined) return differs;
  const asked = own.find((message) => message[0] === handshakeTypes.certificate_request);
  return judgeProof(messages, isTls13, asked === undefined ? undefined : requestedSchemes(asked, isTls13));
}

function judgeOffer(hello: Bytes, answer: Bytes): string | undefined {
  const { psks, modes } = {
    psks: bodyOf(hello, extensionTypes.pre_shared_key),
    modes: bodyOf(hello, extensionTypes.psk_key_exchange_modes)?.subarray(1),
  };
  const compression = compressionsOf(hello);
  if (compression.length !== 1 || compression[0] !== 0) return "compression";
  const shares = sharesIn(hello);
  if (new Set(shares).size < shares.length) return "two shares of one group";
  const groups = new Set(groupsIn(hello));
  if (shares.some((group) => !groups.has(group))) return "a share of a group that is not offered";
  if (psks === undefined) return undefined;
  if (extensionsIn(hello, "tls1.3")?.extensions.at(-1)?.type !== extensionTypes.pre_shared_key)
    return "a pre_shared_key that is not the last";
  const { identities, binders } = pskCounts(hello);
  if (identities !== binders) return `${binders} binders for ${identities} identities`;
  const isTaken = bodyOf(answer, extensionTypes.pre_shared_key) !== undefined;
  return isTaken && modes?.includes(1) !== true ? "a PSK in a mode that the client has not" : undefined;
}
function judgeOfferTls12(hello: Bytes): string | undefined {
  if (!compressionsOf(hello).includes(0)) return "compression";
  const renegotiated = bodyOf(hello, extensionTypes.renegotiation_info);
  return renegotiated?.some((byte) => byte !== 0) === true ? "a first handshake that another went before" : undefined;
}

/** RFC 9846 §4.2.2: all that may be another in a second hello. */
function judgeSecond(first: Bytes, second: Bytes, request: Bytes): string | undefined {
  const before = extensionsIn(first, "tls1.3");
  const after = extensionsIn(second, "tls1.3");
  if (before === undefined || after === undefined || !sameBytes(before.head.subarray(4), after.head.subarray(4)))
    return "a second hello that is another";
  const kept = before.extensions.filter(({ type }) => !changeable.has(type));
  const others = after.extensions.filter(({ type }) => !changeable.has(type));
  const isKept = ({ type, body }: (typeof kept)[number]): boolean =>
    others.some((other) => other.type === type && sameBytes(other.body, body));
  if (kept.length !== others.length || !kept.every(isKept)) return "a second hello with other extensions";
  if (bodyOf(second, extensionTypes.early_data) !== undefined) return "early data behind a retry";
  const asked = bodyOf(request, extensionTypes.cookie);
  const cookie = bodyOf(second, extensionTypes.cookie);
  if (asked === undefined ? cookie !== undefined : cookie === undefined || !sameBytes(asked, cookie)) return "another cookie";
  const [group] = numbersIn(bodyOf(request, extensionTypes.key_share));
  return group !== undefined && sharesIn(second).join() !== String(group) ? "another share than was asked for" : undefined;
}
const changeable: ReadonlySet<number> = new Set([
  extensionTypes.key_share,
  extensionTypes.early_data,
  extensionTypes.cookie,
  extensionTypes.pre_shared_key,
  extensionTypes.padding,
]);

/** @param offered schemes; undefined: none were asked for. */
function judgeProof(messages: readonly Bytes[], isTls13: boolean, offered: readonly number[] | undefined): string | undefined {
  for (const message of messages) {
    const [type] = message;
    if (isTls13 && (type === handshakeTypes.certificate || type === handshakeTypes.certificate_request) && message[4] !== 0)
      return "a context in a handshake";
    if (type === handshakeTypes.certificate_request && isTls13 && repeatsAnExtension(message)) return "an extension twice";
    const at = type === handshakeTypes.certificate_verify ? 4 : type === handshakeTypes.server_key_exchange ? 8 : undefined;
    if (at === undefined) continue;
    const place = type === handshakeTypes.server_key_exchange ? at + (message[7] ?? 0) : at;
    const [scheme = 0] = numbersIn(message.subarray(place, place + 2));
    if (offered?.includes(scheme) === false) return "a signature by a scheme that was not offered";
    if (isTls13 && ((scheme & 0xff) === 1 || scheme >> 8 === 2)) return "a signature of PKCS #1, or SHA-1";
  }
  return undefined;
}
function requestedSchemes(request: Bytes, isTls13: boolean): readonly number[] {
  if (isTls13) return schemesIn(request);
  const at = 5 + (request[4] ?? 0);
  return numbersIn(request.subarray(at + 2, at + 2 + (request[at] ?? 0) * 256 + (request[at + 1] ?? 0)));
}

export function repeatsAnExtension(message: Bytes): boolean {
  const types = (extensionsIn(message, "tls1.3")?.extensions ?? []).map(({ type }) => type);
  return new Set(types).size < types.length;
}
export function bodyOf(message: Bytes, type: number): Bytes | undefined {
  return extensionsIn(message, "tls1.3")?.extensions.find((each) => each.type === type)?.body;
}
export function numbersIn(bytes: Bytes = nothing): number[] {
  return Array.from({ length: bytes.length >> 1 }, (_, at) => (bytes[2 * at] ?? 0) * 256 + (bytes[2 * at + 1] ?? 0));
}
function groupsIn(hello: Bytes): number[] {
  return numbersIn(bodyOf(hello, extensionTypes.supported_groups)?.subarray(2));
}
function schemesIn(message: Bytes): number[] {
  return numbersIn(bodyOf(message, extensionTypes.signature_algorithms)?.subarray(2));
}
/** Of a client's. */
export function sharesIn(hello: Bytes): number[] {
  const body = bodyOf(hello, extensionTypes.key_share) ?? nothing;
  const groups: number[] = [];
  for (let at = 2; at + 4 <= body.length; at += 4 + (body[at + 2] ?? 0) * 256 + (body[at + 3] ?? 0))
    groups.push((body[at] ?? 0) * 256 + (body[at + 1] ?? 0));
  return groups;
}
function pskCounts(hello: Bytes): { readonly identities: number; readonly binders: number } {
  const body = bodyOf(hello, extensionTypes.pre_shared_key) ?? nothing;
  const end = 2 + (body[0] ?? 0) * 256 + (body[1] ?? 0);
  let identities = 0;
  for (let at = 2; at < end; at += 6 + (body[at] ?? 0) * 256 + (body[at + 1] ?? 0)) identities++;
  let binders = 0;
  for (let at = end + 2; at < body.length; at += 1 + (body[at] ?? 0)) binders++;
  return { identities, binders };
}
function sessionIdOf(hello: Bytes): Bytes {
  return hello.subarray(39, 39 + (hello[38] ?? 0));
}
export function suiteOf(hello: Bytes): number {
  const at = 39 + (hello[38] ?? 0);
  return (hello[at] ?? 0) * 256 + (hello[at + 1] ?? 0);
}
function compressionOf(hello: Bytes): number | undefined {
  return hello[41 + (hello[38] ?? 0)];
}
function compressionsOf(hello: Bytes): Bytes {
  const at = 39 + (hello[38] ?? 0);
  const start = at + 2 + (hello[at] ?? 0) * 256 + (hello[at + 1] ?? 0);
  return hello.subarray(start + 1, start + 1 + (hello[start] ?? 0));
}
const nothing: Bytes = new Uint8Array(0);
