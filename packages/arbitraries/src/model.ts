// Which order of messages may complete a handshake, as the RFCs' figures have it: a few patterns over what was really said, and
// nothing of any TLS's code. It knows order, epochs, and what was offered; it judges no message's contents beyond that.
import type { Bytes } from "@sallyport/core";
import { judgeClientsOffers, judgeServersAnswers, repeatsAnExtension } from "./answers.ts";
import { bodyOf, isClientHello, isServerHello, isTls13Hello, numbersIn, versionsIn } from "./fields.ts";
import { isWellFormed } from "./grammar.ts";
import { isRetry } from "./hello.ts";
import { certificateTypes, contentTypes, extensionTypes, handshakeTypes, messageName, versionIds } from "./numbers.ts";
import { join, messageEnd } from "./octets.ts";
import type { Role } from "./script.ts";
import type { Spoken } from "./spoken.ts";

export interface ModelFacts {
  /** Whose handshake is judged. */
  readonly subject: Role;
  /** The peer offered, or knows, a session or an external PSK. */
  readonly mayResume: boolean;
  /** Keys of different epochs are told apart: not by a provider that opens everything. */
  readonly epochsMatter: boolean;
}

/** Why the subject must not have completed its handshake; undefined: it may have. */
export function mustNotComplete(spoken: readonly Spoken[], facts: ModelFacts): string | undefined {
  const sides = sidesOf(spoken, facts);
  const { own, hello, isOld } = sides;
  const heard = read(sides, facts);
  if (typeof heard === "string") return heard;
  const list = facts.subject === "server" ? extensionTypes.client_certificate_type : extensionTypes.server_certificate_type;
  const isRawKey = hello !== undefined && bodyOf(hello, list)?.[0] === certificateTypes.raw;
  const version = isOld ? (isRawKey ? "raw12" : "tls12") : "tls13";
  const broken = heard.messages.find((message) => !isWellFormed(message, version));
  if (broken !== undefined) return `a ${messageName(broken[0] ?? 0)} whose lengths do not fit`;
  return facts.subject === "server" ? judgeClient(heard, own, facts) : judgeServer(heard, own, facts);
}

interface Sides {
  /** The subject's messages. */
  readonly own: readonly Bytes[];
  /** The peer's records. */
  readonly heeded: readonly Spoken[];
  /** The first of a server, which may be a HelloRetryRequest: what comes behind Finished may look like another. */
  readonly hello: Bytes | undefined;
  readonly isOld: boolean;
}
function sidesOf(spoken: readonly Spoken[], { subject }: ModelFacts): Sides {
  const own = messagesOf(spoken.filter(({ by }) => by === "subject"));
  const takes = takesEarly(own);
  // What was sealed as early data, and is not wanted, is skipped whatever it is (RFC 9846 §4.3.10).
  const heeded = spoken.filter((each) => each.by === "peer" && (takes || !isSkipped(each)));
  const hello = (subject === "server" ? own : messagesOf(heeded)).find(isServerHello);
  return { own, heeded, hello, isOld: hello !== undefined && !isTls13Hello(hello) };
}

/** A letter for each message, in order; a record that changes keys is one too. */
interface Read {
  readonly letters: string;
  readonly messages: readonly Bytes[];
  /** Records behind Finished. */
  readonly behind: readonly Spoken[];
}
const letters: ReadonlyMap<number, string> = new Map([
  [handshakeTypes.hello_request, "r"],
  [handshakeTypes.client_hello, "H"],
  [handshakeTypes.server_hello, "S"],
  [handshakeTypes.new_session_ticket, "T"],
  [handshakeTypes.end_of_early_data, "O"],
  [handshakeTypes.encrypted_extensions, "E"],
  [handshakeTypes.certificate, "C"],
  [handshakeTypes.compressed_certificate, "C"],
  [handshakeTypes.server_key_exchange, "K"],
  [handshakeTypes.certificate_request, "Q"],
  [handshakeTypes.server_hello_done, "D"],
  [handshakeTypes.certificate_verify, "V"],
  [handshakeTypes.client_key_exchange, "X"],
  [handshakeTypes.finished, "F"],
  [handshakeTypes.certificate_status, "A"],
]);

/** RFC 9846 §5.1. */
const mostContent = 2 ** 14;

/** Of the peer, up to its Finished; a sentence: no TLS may go on behind this. */
function read({ own, heeded, isOld }: Sides, { epochsMatter, subject }: ModelFacts): Read | string {
  const messages: Bytes[] = [];
  const pieces = new Pieces();
  const mayBeOld = own.some((message) => isClientHello(message) && versionsIn(message).includes(versionIds["tls1.2"]));
  let said = "";
  let epoch: string | undefined;
  let count = 0;
  for (const { type, content, epoch: under } of heeded) {
    if (said.endsWith("F")) break;
    count++;
    if (content.length > mostContent) return `a record of ${content.length} bytes`;
    if (type !== contentTypes.handshake && pieces.isInside) return "another record inside a handshake message";
    if (type === contentTypes.alert) {
      const [level, description] = content;
      if (content.length !== 2) return "an alert that is none";
      // Whoever offered TLS 1.2 knows no version before ServerHello: what a server of TLS 1.2 may warn of there (RFC 6066 §3) may come.
      const passes = isOld || (mayBeOld && messages.length === 0);
      if (description === 90 || (passes && level === 1 && description !== 0)) continue;
      return "an alert that ends the handshake";
    }
    if (type === contentTypes.changeCipherSpec) {
      if (content.length !== 1 || content[0] !== 1) return "a change_cipher_spec that is none";
      // RFC 9846 §5: between its hello and the server's a client of both versions drops it.
      if (isOld && subject === "client" && messages.length === 0) continue;
      if (isOld) said += "c";
      else if (under !== "clear") return "a change_cipher_spec under keys";
      else if (messages.length === 0 && subject === "server") return "a change_cipher_spec before anything else";
      continue;
    }
    if (type === contentTypes.data) {
      if (under === "early") continue;
      return "data before Finished";
    }
    if (type !== contentTypes.handshake) return `a record of content type ${type}`;
    if (content.length === 0) return "an empty handshake record";
    if (pieces.isInside && epoch !== under) return "a message in two epochs";
    epoch = under;
    for (const { whole, isLast } of pieces.add(content)) {
      const [first = -1] = whole;
      const wrong = wrongEpoch(first, under, isOld, said, epochsMatter);
      if (wrong !== undefined) return wrong;
      messages.push(whole);
      said += letters.get(first) ?? "?";
      const isHello = first === handshakeTypes.server_hello && !isOld;
      const changesKeys = isHello || first === handshakeTypes.finished || first === handshakeTypes.end_of_early_data;
      if (changesKeys && !isLast) return "bytes behind a message that changes keys";
    }
  }
  return { letters: said, messages, behind: heeded.slice(count) };
}

/** Why the subject, which is established, must not go on; undefined: it may. Judged is what came behind the peer's Finished. */
export function mustNotGoOn(spoken: readonly Spoken[], facts: ModelFacts): string | undefined {
  const sides = sidesOf(spoken, facts);
  const { own, isOld } = sides;
  const heard = read(sides, facts);
  // That it must not have completed is said already.
  if (typeof heard === "string") return undefined;
  const isClient = facts.subject === "client";
  const expected: readonly number[] = isOld
    ? [isClient ? handshakeTypes.hello_request : handshakeTypes.client_hello]
    : [handshakeTypes.key_update, ...(isClient ? [handshakeTypes.new_session_ticket] : [])];
  const mostBorne = sizeBorne(own, isOld);
  const pieces = new Pieces();
  let wishes = 0;
  for (const { type, content, epoch } of heard.behind) {
    if (facts.epochsMatter && epoch !== "application") return `a record under ${epoch} keys behind Finished`;
    if (content.length > mostBorne) return `a record of ${content.length} bytes`;
    if (type !== contentTypes.handshake && pieces.isInside) return "another record inside a handshake message";
    if (type === contentTypes.alert) {
      const [level, description] = content;
      // Nothing is read behind it.
      if (content.length === 2 && description === 0) return undefined;
      if (content.length !== 2 || !(description === 90 || (isOld && level === 1))) return "an alert that ends the connection";
    }
    if (type < contentTypes.alert || type > contentTypes.data) return `a record of content type ${type} behind Finished`;
    if (type !== contentTypes.handshake) continue;
    if (content.length === 0) return "an empty handshake record";
    for (const { whole, isLast } of pieces.add(content)) {
      const [first = -1] = whole;
      if (!expected.includes(first)) return `${messageName(first)} behind Finished`;
      if (isOld && ++wishes > 1) return "a second wish to renegotiate";
      if (isOld) continue;
      if (!isWellFormed(whole, "tls13")) return `a ${messageName(first)} whose lengths do not fit`;
      if (repeatsAnExtension(whole)) return "an extension twice";
      if (first !== handshakeTypes.key_update) continue;
      if ((whole[4] ?? 2) > 1) return "a KeyUpdate that asks for what nobody knows";
      if (!isLast) return "bytes behind a message that changes keys";
    }
  }
  return undefined;
}
/** What the subject has said, if its records are longer than a client bears (RFC 8449 §4). A server's limit is in no script. */
export function oversized(spoken: readonly Spoken[], { subject }: ModelFacts): string | undefined {
  const own = spoken.filter(({ by }) => by === "subject");
  const hello = messagesOf(own).findLast(isServerHello);
  const offer = messagesOf(spoken.filter(({ by }) => by === "peer")).findLast(isClientHello);
  if (subject === "client" || hello === undefined || offer === undefined) return undefined;
  const [limit] = numbersIn(bodyOf(offer, extensionTypes.record_size_limit));
  const most = limit === undefined ? mostContent : limit - (isTls13Hello(hello) ? 1 : 0);
  const long = own.find(({ epoch, content }) => epoch !== "clear" && content.length > most);
  return long === undefined ? undefined : `${long.content.length} bytes in a record, where ${most} are borne`;
}
/** By what the subject has said (RFC 8449). */
function sizeBorne(own: readonly Bytes[], isOld: boolean): number {
  const due = isOld ? handshakeTypes.server_hello : handshakeTypes.encrypted_extensions;
  const answer = own.find(([type]) => type === due);
  const [limit] = numbersIn(answer && bodyOf(answer, extensionTypes.record_size_limit));
  return limit === undefined ? mostContent : Math.min(mostContent, limit - (isOld ? 0 : 1));
}

/** In clear before there are keys, and under them ever after. */
function wrongEpoch(type: number, under: string, isOld: boolean, said: string, epochsMatter: boolean): string | undefined {
  const isHello = type === handshakeTypes.client_hello || type === handshakeTypes.server_hello;
  const isClear = isOld ? !said.includes("c") : isHello;
  if (isClear !== (under === "clear")) return `handshake ${type} ${under === "clear" ? "in clear" : "under keys"}`;
  if (isOld || isClear || !epochsMatter) return undefined;
  const due = type === handshakeTypes.end_of_early_data ? "early" : "handshake";
  return under === due ? undefined : `handshake ${type} under ${under} keys`;
}

/** What the subject, a server, heard of a client. */
function judgeClient({ letters: said, messages }: Read, own: readonly Bytes[], facts: ModelFacts): string | undefined {
  const hello = own.find((message) => isServerHello(message) && !isRetry(message));
  if (hello === undefined) return "no ServerHello was said";
  const isTls13 = isTls13Hello(hello);
  const notTaken = judgeClientsOffers(messages, own, isTls13);
  if (notTaken !== undefined) return notTaken;
  const has = (type: number): boolean => own.some((message) => message[0] === type);
  const certificate = has(handshakeTypes.certificate_request) ? "C" : "";
  const proof = certificate !== "" && !messages.some((message) => isEmptyCertificate(message, isTls13)) ? "V" : "";
  if (!isTls13) {
    const isResumed = !has(handshakeTypes.server_hello_done);
    if (isResumed && !facts.mayResume) return "a session taken up that was not offered";
    return expectPattern(said, isResumed ? "^HcF$" : `^H${certificate}X${proof}cF$`);
  }
  return expectPattern(said, `^H${own.some(isRetry) ? "H" : ""}${takesEarly(own) ? "O" : ""}${certificate}${proof}F$`);
}

/** What the subject, a client, heard of a server. */
function judgeServer({ letters: said, messages }: Read, own: readonly Bytes[], facts: ModelFacts): string | undefined {
  const hello = messages.findLast(isServerHello);
  if (hello === undefined) return "no ServerHello was heard";
  const notTaken = judgeServersAnswers(messages, own, !said.includes("C") && !said.includes("K"));
  if (notTaken !== undefined) return notTaken;
  const answers = (type: number): boolean => bodyOf(hello, type) !== undefined;
  if (!isTls13Hello(hello)) {
    const ticket = answers(extensionTypes.session_ticket) ? "T?" : "";
    const status = answers(extensionTypes.status_request) ? "A?" : "";
    const full = `SC${status}KQ?D${ticket}cF`;
    return expectPattern(said.replaceAll("r", ""), facts.mayResume ? `^(${full}|S${ticket}cF)$` : `^${full}$`);
  }
  const isRetried = own.filter(isClientHello).length > 1;
  const isResumed = answers(extensionTypes.pre_shared_key);
  if (isResumed && !facts.mayResume) return "a session taken up that was not offered";
  return expectPattern(said, `^S${isRetried ? "S" : ""}E${isResumed ? "" : "Q?CV"}F$`);
}

function expectPattern(said: string, pattern: string): string | undefined {
  return new RegExp(pattern).test(said)
    ? undefined
    : `the order ${said === "" ? "(nothing)" : said}, where only ${pattern} completes`;
}

/** Messages that come in records. */
class Pieces {
  #partial: Bytes = new Uint8Array(0);
  /** A message has begun, and is not all there. */
  get isInside(): boolean {
    return this.#partial.length > 0;
  }
  /** @returns those that are whole now; `isLast`: nothing came behind it. */
  *add(content: Bytes): Generator<{ readonly whole: Bytes; readonly isLast: boolean }, void, void> {
    this.#partial = this.isInside ? join(this.#partial, content) : content;
    for (let end = messageEnd(this.#partial); this.#partial.length >= end; end = messageEnd(this.#partial)) {
      const whole = this.#partial.subarray(0, end);
      this.#partial = this.#partial.subarray(end);
      yield { whole, isLast: !this.isInside };
    }
  }
}
export function messagesOf(records: readonly Spoken[]): Bytes[] {
  const pieces = new Pieces();
  const stream = join(...records.filter(({ type }) => type === contentTypes.handshake).map(({ content }) => content));
  return Array.from(pieces.add(stream), ({ whole }) => whole);
}

/** Without keys for it all application_data looks like early data. */
function isSkipped({ type, epoch }: Spoken): boolean {
  return epoch === "early" || (epoch === "clear" && type === contentTypes.data);
}
function takesEarly(own: readonly Bytes[]): boolean {
  const answer = own.find(([type]) => type === handshakeTypes.encrypted_extensions);
  return answer !== undefined && bodyOf(answer, extensionTypes.early_data) !== undefined;
}
function isEmptyCertificate(message: Bytes, isTls13: boolean): boolean {
  if (message[0] !== handshakeTypes.certificate) return false;
  const at = isTls13 ? 5 + (message[4] ?? 0) : 4;
  return message[at] === 0 && message[at + 1] === 0 && message[at + 2] === 0;
}
