// The model's other half: what may be said in answer to what. It reads the messages that were really said, and knows what is in a
// hello, a share, a signature's scheme; it proves nothing.
import type { Bytes } from "@sallyport/core";
import {
  bindersIn,
  bodyOf,
  compressionOf,
  compressionsOf,
  groupsIn,
  identitiesIn,
  isClientHello,
  isServerHello,
  isTls13Hello,
  numbersIn,
  schemesIn,
  sessionIdOf,
  sharesIn,
  suiteOf,
  suitesIn,
  typesIn,
  versionsIn,
} from "./fields.ts";
import { extensionsIn, isRetry } from "./hello.ts";
import { extensionTypes, handshakeTypes, suites, versionIds } from "./numbers.ts";
import { sameBytes } from "./octets.ts";

/** What of a server's choices a client must not take. @param messages the server's. @param own the client's. */
export function judgeServersAnswers(messages: readonly Bytes[], own: readonly Bytes[], isResumed: boolean): string | undefined {
  const hellos = messages.filter(isServerHello);
  const hello = hellos.at(-1);
  const offers = own.filter(isClientHello);
  const [offer] = offers;
  if (hello === undefined || offer === undefined) return "no ServerHello was heard";
  if (!suitesIn(offer).includes(suiteOf(hello))) return "a suite that was not offered";
  const isTls13 = isTls13Hello(hello);
  for (const each of hellos) {
    if (each[4] !== 3 || each[5] !== 3) return "a ServerHello whose legacy_version is no TLS 1.2";
    if (compressionOf(each) !== 0) return "compression";
    if (isTls13 && !sameBytes(sessionIdOf(each), sessionIdOf(offer))) return "a session id that is not the client's";
  }
  const wrong = isTls13 ? judgeHelloTls13(hellos, hello, offers) : judgeHelloTls12(messages, hello, offer, isResumed);
  return wrong ?? judgeExtensions(messages, offer) ?? judgeProof(messages, isTls13, schemesIn(offer));
}

/** Nothing twice, and nothing but answers; protocol and certificate types are the client's own. */
function judgeExtensions(messages: readonly Bytes[], offer: Bytes): string | undefined {
  // A cookie is asked for; renegotiation_info may be offered by the signalling suite.
  const offered = new Set([...typesIn(offer), extensionTypes.cookie, extensionTypes.renegotiation_info]);
  const protocols = String(bodyOf(offer, extensionTypes.alpn) ?? "");
  for (const message of messages) {
    if (!isServerHello(message) && message[0] !== handshakeTypes.encrypted_extensions) continue;
    if (repeatsAnExtension(message)) return "an extension twice";
    const unsolicited = typesIn(message).find((type) => !offered.has(type));
    if (unsolicited !== undefined) return `the answer ${unsolicited} to nothing`;
    const protocol = bodyOf(message, extensionTypes.alpn);
    if (protocol !== undefined && !protocols.includes(String(protocol.subarray(2)))) return "a protocol that was not offered";
    for (const list of [extensionTypes.client_certificate_type, extensionTypes.server_certificate_type]) {
      const [type] = bodyOf(message, list) ?? [];
      if (type !== undefined && bodyOf(offer, list)?.includes(type, 1) !== true) return "a certificate type that was not offered";
    }
  }
  return undefined;
}

function judgeHelloTls13(hellos: readonly Bytes[], hello: Bytes, offers: readonly Bytes[]): string | undefined {
  const request = hellos.find(isRetry);
  const [first = hello] = offers;
  const last = offers.at(-1) ?? first;
  if (request !== undefined) {
    const [group] = numbersIn(bodyOf(request, extensionTypes.key_share));
    if (group === undefined && bodyOf(request, extensionTypes.cookie) === undefined) return "a retry of what was offered already";
    if (group !== undefined && hasShare(first, group)) return "a retry with a group whose share was sent";
    if (group !== undefined && !groupsIn(first).includes(group)) return "a retry with a group that was not offered";
    if (suiteOf(request) !== suiteOf(hello)) return "another suite behind the retry";
  }
  const [group] = numbersIn(bodyOf(hello, extensionTypes.key_share)?.subarray(0, 2));
  if (group === undefined) return "no key exchange";
  if (!groupsIn(first).includes(group)) return "a group that was not offered";
  return hasShare(last, group) ? judgePsk(hello, last) : "a group whose share was not sent";
}

function judgeHelloTls12(messages: readonly Bytes[], hello: Bytes, offer: Bytes, isResumed: boolean): string | undefined {
  const exchange = messages.find((message) => message[0] === handshakeTypes.server_key_exchange);
  const [group] = numbersIn(exchange?.subarray(5, 7));
  if (group !== undefined && !groupsIn(offer).includes(group)) return "a group that was not offered";
  const isSign = sentinel.every((byte, at) => hello[30 + at] === byte) && (hello[37] ?? 2) < 2;
  if (isSign && versionsIn(offer).includes(versionIds["tls1.3"])) return "the sign of a downgrade";
  if (isResumed && bodyOf(hello, extensionTypes.extended_master_secret) === undefined)
    return "a session resumed without extended master secret";
  return judgeRenegotiation(hello);
}
/** The last eight bytes of a random, without the last: that of a server that speaks TLS 1.3, or 1.2 (RFC 9846 §4.2.3). */
const sentinel: readonly number[] = [0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44];

/** RFC 5746 §3.4, §3.6: a first hello knows of no Finished before it, however long. */
function judgeRenegotiation(hello: Bytes): string | undefined {
  const isOfFirst = bodyOf(hello, extensionTypes.renegotiation_info)?.every((byte) => byte === 0) ?? true;
  return isOfFirst ? undefined : "a first handshake that another went before";
}
/** RFC 9846 §4.3.11: that of a binder, and its hash. */
function judgePsk(answer: Bytes, offer: Bytes): string | undefined {
  const [selected] = numbersIn(bodyOf(answer, extensionTypes.pre_shared_key));
  if (selected === undefined) return undefined;
  const binder = bindersIn(offer)[selected];
  if (binder === undefined || selected >= identitiesIn(offer).length) return "a PSK that was not offered";
  const due = suites.get(suiteOf(answer))?.hash === "sha384" ? 48 : 32;
  return binder.length === due ? undefined : "a PSK with a suite of another hash";
}

/** What of a client's hellos, and its proof, a server must not take. @param messages the client's. @param own the server's. */
export function judgeClientsOffers(messages: readonly Bytes[], own: readonly Bytes[], isTls13: boolean): string | undefined {
  const hellos = messages.filter(isClientHello);
  const answer = own.find((message) => isServerHello(message) && !isRetry(message));
  const request = own.find(isRetry);
  const [first, second] = hellos;
  const last = hellos.at(-1);
  if (first === undefined || last === undefined || answer === undefined) return "no hello was heard, or answered";
  for (const hello of hellos) {
    if (repeatsAnExtension(hello)) return "an extension twice";
    if ((hello[4] ?? 0) < 3 || (hello[4] === 3 && hello[5] === 0)) return "a hello of SSL 3.0";
    if (!compressionsOf(hello).includes(0)) return "compression";
    const wrong = isTls13 ? judgeOffer(hello, answer) : judgeRenegotiation(hello);
    if (wrong !== undefined) return wrong;
  }
  const differs = request && second && judgeSecond(first, second, request);
  const asked = own.find((message) => message[0] === handshakeTypes.certificate_request);
  const schemes = asked && requestedSchemes(asked, isTls13);
  return differs ?? (isTls13 ? judgePsk(answer, last) : undefined) ?? judgeProof(messages, isTls13, schemes);
}

function judgeOffer(hello: Bytes, answer: Bytes): string | undefined {
  if (compressionsOf(hello).length > 1) return "compression";
  const shares = sharesIn(hello).map(({ group }) => group);
  if (new Set(shares).size < shares.length) return "two shares of one group";
  const groups = new Set(groupsIn(hello));
  if (shares.some((group) => !groups.has(group))) return "a share of a group that is not offered";
  if (bodyOf(hello, extensionTypes.pre_shared_key) === undefined) return undefined;
  if (typesIn(hello).at(-1) !== extensionTypes.pre_shared_key) return "a pre_shared_key that is not the last";
  const [identities, binders] = [identitiesIn(hello).length, bindersIn(hello).length];
  if (identities !== binders) return `${binders} binders for ${identities} identities`;
  const isTaken = bodyOf(answer, extensionTypes.pre_shared_key) !== undefined;
  const isInMode = bodyOf(hello, extensionTypes.psk_key_exchange_modes)?.includes(1, 1) === true;
  return isTaken && !isInMode ? "a PSK in a mode that the client has not" : undefined;
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
  const isOnly = hasShare(second, group) && sharesIn(second).length === 1;
  return group === undefined || isOnly ? undefined : "another share than was asked for";
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
    const isExchange = type === handshakeTypes.server_key_exchange;
    if (!isExchange && type !== handshakeTypes.certificate_verify) continue;
    const [scheme = 0] = numbersIn(message.subarray(isExchange ? 8 + (message[7] ?? 0) : 4));
    if (offered?.includes(scheme) === false) return "a signature by a scheme that was not offered";
    if (isTls13 && ((scheme & 0xff) === 1 || scheme >> 8 === 2)) return "a signature of PKCS #1, or SHA-1";
  }
  return undefined;
}
function requestedSchemes(request: Bytes, isTls13: boolean): readonly number[] {
  if (isTls13) return schemesIn(request);
  const [length = 0, ...schemes] = numbersIn(request.subarray(5 + (request[4] ?? 0)));
  return schemes.slice(0, length >> 1);
}

function hasShare(hello: Bytes, group: number | undefined): boolean {
  return sharesIn(hello).some((each) => each.group === group);
}
export function repeatsAnExtension(message: Bytes): boolean {
  const types = typesIn(message);
  return new Set(types).size < types.length;
}
