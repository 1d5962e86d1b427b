// What is wrong with a ServerHello of TLS 1.2 (RFC 5246 §7.4.1.3), and with its ServerKeyExchange (RFC 8422 §5.4).
import { groupVersions, signsIn, suiteMeanings } from "../../../config/parameters.ts";
import type { Group, Verification } from "../../../crypto/provider.ts";
import type { PublicKey } from "../../../crypto/public-key.ts";
import { fail } from "../../../errors.ts";
import { judgeSizeLimit } from "../../../record/size-limit.ts";
import { empty, equal } from "../../../wire/bytes.ts";
import { groupIds, type SignatureScheme, schemeIds, spelled, suiteIds } from "../../../wire/registry.ts";
import { isDowngradeSentinel, type ServerHello } from "../../../wire/server-hello.ts";
import { decodeServerKeyExchange, namedCurve, type ServerKeyExchange } from "../../../wire/tls12-messages.ts";
import { judgeAnswers, judgeCertificateTypes, judgeProtocol } from "../judge-extensions.ts";
import type { Offer } from "../states.ts";
import type { SettledTls12 } from "./states.ts";

export function judgeServerHelloTls12(hello: ServerHello, offer: Offer): SettledTls12 {
  const { settings } = offer.goal;
  // RFC 9846 §4.2.3: who offered TLS 1.3 looks for the sign of a server that could have spoken it.
  if (settings.versions.includes("tls1.3") && isDowngradeSentinel(hello.random)) {
    wrong("server_hello", "random", "no sign of a downgrade", "the sentinel of a server that speaks TLS 1.3", "RFC 9846 §4.2.3");
  }
  const sessionId = offer.hello.legacySessionId;
  const isEcho = sessionId.length > 0 && equal(hello.legacySessionIdEcho, sessionId);
  // TLS 1.3's compatibility mode makes an id up: its echo resumes nothing.
  if (isEcho && offer.sessionTls12 === undefined) {
    wrong("server_hello", "session_id", "a new session", "a resumption of none", "RFC 5246 §7.4.1.3");
  }
  const session = isEcho ? offer.sessionTls12 : undefined;
  if (hello.legacyCompressionMethod !== 0) {
    wrong("server_hello", "compression_method", "null", `${hello.legacyCompressionMethod}`, "RFC 5246 §7.4.1.3");
  }
  const suite = settings.suites.find(
    ({ name }) => suiteIds[name] === hello.cipherSuite && suiteMeanings[name].version === "tls1.2",
  );
  const hash = suite && settings.hashes.get(suite.hash);
  if (suite === undefined || hash === undefined) {
    const received = spelled("suite", hello.cipherSuite);
    wrong("server_hello", "cipher_suite", "a TLS 1.2 suite that was offered", received, "RFC 5246 §7.4.1.3");
  }
  if (session !== undefined && session.suite !== suite.name) {
    wrong("server_hello", "cipher_suite", `${session.suite}, the session's`, suite.name, "RFC 5246 §7.4.1.3");
  }
  judgeAnswers("server_hello", hello.extensions ?? [], offer.hello, answers);
  if (hello.renegotiatedConnection !== undefined && hello.renegotiatedConnection.length > 0) {
    fail("not-a-first-handshake", { message: "server_hello" }, "RFC 5746 §3.4");
  }
  if (hello.pointFormats?.includes(0) === false) {
    wrong("server_hello", "ec_point_format_list", "uncompressed among them", hello.pointFormats.join(", "), "RFC 8422 §5.2");
  }
  judgeSizeLimit("server_hello", hello.recordSizeLimit, "tls1.2");
  if (settings.requireExtendedMasterSecret && !hello.extendedMasterSecret) {
    fail("extended-master-secret-required", { message: "server_hello", by: "config" }, "RFC 7627 §5.2");
  }
  if (session !== undefined && !hello.extendedMasterSecret) {
    fail("extended-master-secret-required", { message: "server_hello", by: "session" }, "RFC 7627 §5.3");
  }
  const randoms = { client: offer.hello.random, server: hello.random };
  const alpn = hello.alpn === undefined ? undefined : judgeProtocol("server_hello", hello.alpn, offer.goal);
  const types = judgeCertificateTypes("server_hello", hello, offer.hello);
  const { extendedMasterSecret, announcesTicket, announcesStatus, timestamps } = hello;
  const newSessionId = session === undefined ? hello.legacySessionIdEcho : empty;
  return {
    offer,
    suite,
    hash,
    randoms,
    alpn,
    extendedMasterSecret,
    types,
    session,
    newSessionId,
    announcesTicket,
    announcesStatus,
    timestamps,
  };
}
const answers = [
  "server_name",
  "ec_point_formats",
  "application_layer_protocol_negotiation",
  "extended_master_secret",
  "renegotiation_info",
  "status_request",
  "signed_certificate_timestamp",
  "session_ticket",
  "record_size_limit",
  "client_certificate_type",
  "server_certificate_type",
  // Some servers answer it, as TLS 1.3's do, though it means nothing here.
  "supported_groups",
] as const;

/** RFC 8422 §5.1: supported_groups speaks of the certificate's curve too. In TLS 1.3 the scheme names it. */
export function judgeCurve(key: PublicKey | undefined, { hello }: Offer): void {
  if (key?.kind !== "ec" || hello.groups?.some(({ id }) => id === groupIds[key.curve])) return;
  const problem = `a key on ${key.curve}, which was not among the groups that were offered`;
  fail("unsupported-certificate", { problem }, "RFC 8422 §5.1");
}

/** The share, and the signature that ties it to the certificate. */
export function judgeServerKeyExchange(
  raw: Uint8Array,
  schemes: readonly SignatureScheme[],
  { offer }: SettledTls12,
): {
  readonly exchange: ServerKeyExchange;
  readonly group: Group;
  readonly scheme: SignatureScheme;
  readonly verification: Verification;
} {
  const message = "server_key_exchange";
  const exchange = decodeServerKeyExchange(raw);
  if (!("params" in exchange)) {
    wrong(message, "curve_type", `named_curve (${namedCurve})`, `${exchange.curveType}`, "RFC 8422 §5.4");
  }
  const { settings } = offer.goal;
  const group = settings.groups.find(({ name }) => groupIds[name] === exchange.group && groupVersions[name].includes("tls1.2"));
  if (group === undefined) {
    wrong(message, "namedcurve", "a group that was offered", spelled("group", exchange.group), "RFC 8422 §5.4");
  }
  if (exchange.share.length !== group.shareLength.client) {
    wrong(message, "public", `${group.shareLength.client} bytes for ${group.name}`, `${exchange.share.length}`, "RFC 8422 §5.11");
  }
  const received = spelled("scheme", exchange.scheme);
  const scheme = [...settings.verifications.keys()].find((name) => schemeIds[name] === exchange.scheme);
  const verification = scheme && settings.verifications.get(scheme);
  if (scheme === undefined || verification === undefined || !signsIn("tls1.2", scheme)) {
    wrong(message, "algorithm", "a scheme that was offered", received, "RFC 5246 §7.4.3");
  }
  if (!schemes.includes(scheme)) {
    wrong(message, "algorithm", `${schemes.join(" or ")}, as the certificate's key signs`, received, "RFC 5246 §7.4.3");
  }
  return { exchange, group, scheme, verification };
}

function wrong(message: string, field: string, expected: string, received: string, section: string): never {
  fail("illegal-parameter", { message, field, expected, received }, section);
}
