// Which order of messages may complete a handshake, as the RFCs' figures have it: a few patterns over what was really said, and
// nothing of any TLS's code. It knows order, epochs, and what was offered; it judges no message's contents beyond that.
import type { Bytes } from "@sallyport/core";
import { bodyOf, judgeClientsOffers, judgeServersAnswers, numbersIn, repeatsAnExtension, sharesIn, suiteOf } from "./answers.ts";
import { extensionsIn, isRetry } from "./hello.ts";
import { isWellFormed } from "./grammar.ts";
import { contentTypes, extensionTypes, handshakeTypes, messageName, versionIds } from "./numbers.ts";
import { join, messageEnd } from "./octets.ts";
import type { Role } from "./script.ts";
import type { Spoken } from "./spoken.ts";

export interface ModelFacts {
  /** Whose handshake is judged. */
  readonly subject: Role;
  /** The peer offered, or knows, a session. */
  readonly mayResume: boolean;
  /** Keys of different epochs are told apart: not by a provider that opens everything. */
  readonly epochsMatter: boolean;
}

/** Why the subject must not have completed its handshake; undefined: it may have. */
export function mustNotComplete(spoken: readonly Spoken[], facts: ModelFacts): string | undefined {
  const server = facts.subject === "server" ? "subject" : "peer";
  const hello = messagesOf(spoken.filter(({ by }) => by === server)).find(
    (message) => message[0] === handshakeTypes.server_hello,
  );
  const own = messagesOf(spoken.filter(({ by }) => by === "subject"));
  // What was sealed as early data, and is not wanted, is skipped whatever it is (RFC 9846 §4.3.10).
  const heeded = spoken.filter((each) => each.by === "peer" && (takesEarly(own) || !isSkipped(each)));
  const heard = read(heeded, hello !== undefined && !isTls13Hello(hello), facts, offersTls12(own));
  if (typeof heard === "string") return heard;
  const broken = heard.messages.find((message) => !isWellFormed(message, hello !== undefined && isTls13Hello(hello)));
  if (broken !== undefined) return `a ${messageName(broken[0] ?? 0)} whose lengths do not fit`;
  return facts.subject === "server" ? judgeClient(heard, own, facts) : judgeServer(heard, own, facts);
}

/** A letter for each message, in order; a record that changes keys is one too. */
interface Read {
  readonly letters: string;
  readonly messages: readonly Bytes[];
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
function read(
  records: readonly Spoken[],
  isOld: boolean,
  { epochsMatter, subject }: ModelFacts,
  mayBeOld: boolean,
): Read | string {
  const messages: Bytes[] = [];
  let said = "";
  let partial: Bytes = new Uint8Array(0);
  let epoch: string | undefined;
  for (const { type, content, epoch: under } of records) {
    if (said.endsWith("F")) break;
    if (content.length > mostContent) return `a record of ${content.length} bytes`;
    if (type !== contentTypes.handshake && partial.length > 0) return "another record inside a handshake message";
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
    if (partial.length > 0 && epoch !== under) return "a message in two epochs";
    epoch = under;
    partial = partial.length === 0 ? content : join(partial, content);
    for (let end = messageEnd(partial); partial.length >= end; end = messageEnd(partial)) {
      const whole = partial.subarray(0, end);
      const [first = -1] = whole;
      partial = partial.subarray(end);
      const wrong = wrongEpoch(first, under, isOld, said, epochsMatter);
      if (wrong !== undefined) return wrong;
      messages.push(whole);
      said += letters.get(first) ?? "?";
      const changesKeys =
        first === handshakeTypes.finished ||
        first === handshakeTypes.end_of_early_data ||
        (first === handshakeTypes.server_hello && !isOld);
      if (changesKeys && partial.length > 0) return "bytes behind a message that changes keys";
    }
  }
  return { letters: said, messages };
}

/** Why the subject, which is established, must not go on; undefined: it may. Judged is what came behind the peer's Finished. */
export function mustNotGoOn(spoken: readonly Spoken[], { subject, epochsMatter }: ModelFacts): string | undefined {
  const own = messagesOf(spoken.filter(({ by }) => by === "subject"));
  const heard = spoken.filter((each) => each.by === "peer" && (takesEarly(own) || !isSkipped(each)));
  // The first: what comes behind Finished may look like another.
  const hello = (subject === "server" ? own : messagesOf(heard)).find(
    (message) => message[0] === handshakeTypes.server_hello && !isRetry(message),
  );
  const isOld = hello !== undefined && !isTls13Hello(hello);
  const expected: readonly number[] = isOld
    ? [subject === "client" ? handshakeTypes.hello_request : handshakeTypes.client_hello]
    : [handshakeTypes.key_update, ...(subject === "client" ? [handshakeTypes.new_session_ticket] : [])];
  const mostBorne = sizeBorne(own, isOld);
  let wishes = 0;
  let isBehind = false;
  let partial: Bytes = new Uint8Array(0);
  for (const { type, content, epoch } of heard) {
    if (isBehind) {
      if (epochsMatter && epoch !== "application") return `a record under ${epoch} keys behind Finished`;
      if (content.length > mostBorne) return `a record of ${content.length} bytes`;
      if (type !== contentTypes.handshake && partial.length > 0) return "another record inside a handshake message";
      // Nothing is read behind it.
      if (type === contentTypes.alert && content.length === 2 && content[1] === 0) return undefined;
      const passes = type === contentTypes.alert && content.length === 2 && (content[1] === 90 || (isOld && content[0] === 1));
      if (type === contentTypes.alert && !passes) return "an alert that ends the connection";
      if (type < contentTypes.alert || type > contentTypes.data) return `a record of content type ${type} behind Finished`;
      if (type === contentTypes.handshake && content.length === 0) return "an empty handshake record";
    }
    if (type !== contentTypes.handshake) continue;
    partial = partial.length === 0 ? content : join(partial, content);
    for (let end = messageEnd(partial); partial.length >= end; end = messageEnd(partial)) {
      const whole = partial.subarray(0, end);
      const [first = -1] = whole;
      partial = partial.subarray(end);
      if (!isBehind) {
        isBehind = first === handshakeTypes.finished;
        continue;
      }
      if (!expected.includes(first)) return `${messageName(first)} behind Finished`;
      if (isOld && ++wishes > 1) return "a second wish to renegotiate";
      if (isOld) continue;
      if (!isWellFormed(whole, true)) return `a ${messageName(first)} whose lengths do not fit`;
      if (repeatsAnExtension(whole)) return "an extension twice";
      if (first !== handshakeTypes.key_update) continue;
      if ((whole[4] ?? 2) > 1) return "a KeyUpdate that asks for what nobody knows";
      if (partial.length > 0) return "bytes behind a message that changes keys";
    }
  }
  return undefined;
}
/** What the subject has said, if its records are longer than a client bears (RFC 8449 §4). A server's limit is in no script. */
export function oversized(spoken: readonly Spoken[], { subject }: ModelFacts): string | undefined {
  const own = spoken.filter(({ by }) => by === "subject");
  const hello = messagesOf(own).findLast((message) => message[0] === handshakeTypes.server_hello);
  const offer = messagesOf(spoken.filter(({ by }) => by === "peer")).findLast(
    (message) => message[0] === handshakeTypes.client_hello,
  );
  if (subject === "client" || hello === undefined || offer === undefined) return undefined;
  const [limit] = numbersIn(bodyOf(offer, extensionTypes.record_size_limit));
  const most = limit === undefined ? mostContent : limit - (isTls13Hello(hello) ? 1 : 0);
  const long = own.find(({ epoch, content }) => epoch !== "clear" && content.length > most);
  return long === undefined ? undefined : `${long.content.length} bytes in a record, where ${most} are borne`;
}
/** By what the subject has said (RFC 8449). */
function sizeBorne(own: readonly Bytes[], isOld: boolean): number {
  const answer = own.find(
    (message) => message[0] === (isOld ? handshakeTypes.server_hello : handshakeTypes.encrypted_extensions),
  );
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
  const hello = own.find((message) => message[0] === handshakeTypes.server_hello && !isRetry(message));
  if (hello === undefined) return "no ServerHello was said";
  const has = (type: number): boolean => own.some((message) => message[0] === type);
  const extensions = extensionsIn(hello, "tls1.3")?.extensions ?? [];
  const isTls13 = extensions.some(({ type }) => type === extensionTypes.supported_versions);
  const shown = messages.find(
    (message) => message[0] === handshakeTypes.certificate || message[0] === handshakeTypes.compressed_certificate,
  );
  const certificate = has(handshakeTypes.certificate_request)
    ? shown !== undefined && isEmptyCertificate(shown, isTls13)
      ? "C"
      : "C[V]"
    : "";
  const proof = certificate === "C[V]" ? "V" : "";
  if (messages.some((message) => message[0] === handshakeTypes.client_hello && repeatsAnExtension(message)))
    return "an extension twice";
  const notTaken = judgeClientsOffers(messages, own, isTls13);
  if (notTaken !== undefined) return notTaken;
  if (!isTls13) {
    const isResumed = !has(handshakeTypes.server_hello_done);
    if (isResumed && !facts.mayResume) return "a session taken up that was not offered";
    return expectPattern(said, isResumed ? "^HcF$" : `^H${certificate === "" ? "" : "C"}X${proof}cF$`);
  }
  const retried = own.some(isRetry);
  return expectPattern(said, `^H${retried ? "H" : ""}${takesEarly(own) ? "O" : ""}${certificate === "" ? "" : "C"}${proof}F$`);
}

/** What the subject, a client, heard of a server. */
function judgeServer({ letters: said, messages }: Read, own: readonly Bytes[], facts: ModelFacts): string | undefined {
  const hello = messages.findLast((message) => message[0] === handshakeTypes.server_hello);
  const offer = own.find((message) => message[0] === handshakeTypes.client_hello);
  if (hello === undefined || offer === undefined) return "no ServerHello was heard";
  const offered = new Set((extensionsIn(offer, "tls1.3")?.extensions ?? []).map(({ type }) => type));
  for (const message of messages) {
    if (message[0] !== handshakeTypes.server_hello && message[0] !== handshakeTypes.encrypted_extensions) continue;
    if (repeatsAnExtension(message)) return "an extension twice";
    const answers = (extensionsIn(message, "tls1.3")?.extensions ?? []).map(({ type }) => type);
    // A cookie is asked for; renegotiation_info may be offered by the signalling suite.
    const unsolicited = answers.find(
      (type) => !offered.has(type) && type !== extensionTypes.cookie && type !== extensionTypes.renegotiation_info,
    );
    if (unsolicited !== undefined) return `the answer ${unsolicited} to nothing`;
  }
  if (!suitesIn(offer).has(suiteOf(hello))) return "a suite that was not offered";
  const notOffered = judgeChoices(messages, hello, offer, own);
  if (notOffered !== undefined) return notOffered;
  const isTakenUp = !said.includes("C") && !said.includes("K");
  const notTaken = judgeServersAnswers(messages, own, isTakenUp);
  if (notTaken !== undefined) return notTaken;
  const answers = extensionsIn(hello, "tls1.3")?.extensions ?? [];
  if (!isTls13Hello(hello)) {
    const ticket = offers(hello, extensionTypes.session_ticket) ? "T?" : "";
    const status = offers(hello, extensionTypes.status_request) ? "A?" : "";
    const full = `SC${status}KQ?D${ticket}cF`;
    return expectPattern(said.replaceAll("r", ""), facts.mayResume ? `^(${full}|S${ticket}cF)$` : `^${full}$`);
  }
  const isRetried = own.filter((message) => message[0] === handshakeTypes.client_hello).length > 1;
  const isResumed = answers.some(({ type }) => type === extensionTypes.pre_shared_key);
  if (isResumed && !facts.mayResume) return "a session taken up that was not offered";
  return expectPattern(said, `^S${isRetried ? "S" : ""}E${isResumed ? "" : "Q?CV"}F$`);
}

/** Protocol and group are the client's own. */
function judgeChoices(messages: readonly Bytes[], hello: Bytes, offer: Bytes, own: readonly Bytes[]): string | undefined {
  const says = (message: Bytes, type: number): Bytes | undefined =>
    extensionsIn(message, "tls1.3")?.extensions.find((each) => each.type === type)?.body;
  const protocols = String(says(offer, extensionTypes.alpn) ?? "");
  for (const message of messages) {
    if (message[0] !== handshakeTypes.server_hello && message[0] !== handshakeTypes.encrypted_extensions) continue;
    const chosen = says(message, extensionTypes.alpn);
    if (chosen !== undefined && !protocols.includes(String(chosen.subarray(2)))) return "a protocol that was not offered";
  }
  const groups = numbersIn(says(offer, extensionTypes.supported_groups)?.subarray(2));
  const exchange = messages.find((message) => message[0] === handshakeTypes.server_key_exchange);
  const share = says(hello, extensionTypes.key_share);
  const group = isTls13Hello(hello) ? numbersIn(share?.subarray(0, 2))[0] : numbersIn(exchange?.subarray(5, 7))[0];
  if (group !== undefined && !groups.includes(group)) return "a group that was not offered";
  const last = own.findLast((message) => message[0] === handshakeTypes.client_hello);
  return group !== undefined && last !== undefined && isTls13Hello(hello) && !sharesIn(last).includes(group)
    ? "a group whose share was not sent"
    : undefined;
}

function expectPattern(said: string, pattern: string): string | undefined {
  return new RegExp(pattern).test(said)
    ? undefined
    : `the order ${said === "" ? "(nothing)" : said}, where only ${pattern} completes`;
}

export function messagesOf(records: readonly Spoken[]): Bytes[] {
  const stream = join(...records.filter(({ type }) => type === contentTypes.handshake).map(({ content }) => content));
  const messages: Bytes[] = [];
  for (let at = 0; at + 4 <= stream.length; ) {
    const end = at + messageEnd(stream.subarray(at));
    messages.push(stream.subarray(at, end));
    at = end;
  }
  return messages;
}
function isTls13Hello(hello: Bytes): boolean {
  return offers(hello, extensionTypes.supported_versions);
}
/** Without keys for it all application_data looks like early data. */
function isSkipped({ type, epoch }: Spoken): boolean {
  return epoch === "early" || (epoch === "clear" && type === contentTypes.data);
}
/** As a client. */
function offersTls12(own: readonly Bytes[]): boolean {
  const hello = own.find((message) => message[0] === handshakeTypes.client_hello);
  const versions =
    hello && extensionsIn(hello, "tls1.3")?.extensions.find(({ type }) => type === extensionTypes.supported_versions)?.body;
  return numbersIn(versions?.subarray(1)).includes(versionIds["tls1.2"]);
}
function takesEarly(own: readonly Bytes[]): boolean {
  return own.some((message) => message[0] === handshakeTypes.encrypted_extensions && offers(message, extensionTypes.early_data));
}
function offers(message: Bytes, type: number): boolean {
  return (extensionsIn(message, "tls1.3")?.extensions ?? []).some((each) => each.type === type);
}
function isEmptyCertificate(message: Bytes, isTls13: boolean): boolean {
  if (message[0] !== handshakeTypes.certificate) return false;
  const at = isTls13 ? 5 + (message[4] ?? 0) : 4;
  return message[at] === 0 && message[at + 1] === 0 && message[at + 2] === 0;
}
function suitesIn(hello: Bytes): Set<number> {
  const start = 39 + (hello[38] ?? 0);
  const end = start + 2 + (hello[start] ?? 0) * 256 + (hello[start + 1] ?? 0);
  const all = new Set<number>();
  for (let at = start + 2; at < end; at += 2) all.add((hello[at] ?? 0) * 256 + (hello[at + 1] ?? 0));
  return all;
}
