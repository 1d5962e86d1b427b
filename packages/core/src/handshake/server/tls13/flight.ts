// What a server of TLS 1.3 sends, top to bottom as in RFC 9846, figure 1.
import { compressedCertificate } from "../../../config/certificate-compression.ts";
import { ownCertificate } from "../../../config/own-certificate.ts";
import type { ClientAuthenticationSettings, ServerSettings } from "../../../config/settings.ts";
import { WriteHalf } from "../../../connection/write-half.ts";
import { finishedVerifyData, HandshakeSchedule } from "../../../crypto/key-schedule.ts";
import { expectLength } from "../../../crypto/results.ts";
import { expectSignature } from "../../../negotiate/negotiate.ts";
import { maxPlaintext } from "../../../record/format.ts";
import { ReadKeys, WriteKeys } from "../../../record/keys.ts";
import { agreeOnSizes } from "../../../record/size-limit.ts";
import { type Bytes, copy, wipe } from "../../../wire/bytes.ts";
import { encodeCertificateVerify, signedContent } from "../../../wire/certificate-message.ts";
import type { DecodedClientHello } from "../../../wire/client-hello.ts";
import { compressCertificate } from "../../../wire/compressed-certificate.ts";
import { type Extension, extension, recordSizeLimit, writeProtocols } from "../../../wire/extensions.ts";
import { oidFilters } from "../../../wire/oid-filters.ts";
import { encodeFinished } from "../../../wire/post-handshake.ts";
import { groupIds, type SignatureScheme, schemeIds, suiteIds, versionIds } from "../../../wire/registry.ts";
import { helloRetryRequestRandom } from "../../../wire/server-hello.ts";
import { stapleExtensions } from "../../../wire/staples.ts";
import type { Writer } from "../../../wire/writer.ts";
import { proofSchemes } from "../../judge-certificate.ts";
import { logSecret } from "../../key-log.ts";
import { type Context, send } from "../../table.ts";
import { chosenTypes } from "../chosen-types.ts";
import type { At, Settled } from "../states.ts";
import { behindFlight, earlyReading, traceEarlyData } from "./early-data.ts";
import type { SelectedPsk } from "./psk.ts";
import { ticketsFor } from "./resume.ts";
import type { Answered, Underway } from "./states.ts";

const selectedVersion = extension("supported_versions", (writer) => writer.u16(versionIds["tls1.3"]));

/** HelloRetryRequest (§4.2.4). */
export function sendRetryRequest(hello: DecodedClientHello, settled: Settled, context: Context): Bytes {
  const { link, scribe } = context;
  const message = scribe.helloRetryRequest({
    legacyVersion: 0x0303,
    random: helloRetryRequestRandom,
    legacySessionIdEcho: hello.legacySessionId,
    cipherSuite: suiteIds[settled.suite.name],
    legacyCompressionMethod: 0,
    extensions: [
      selectedVersion,
      extension("key_share", (writer) => writer.u16(groupIds[settled.group.name])),
      ...(settled.settings.retryCookie ? [cookie(settled.settings)] : []),
    ],
  });
  send(message, undefined, context);
  sendChangeCipherSpec(hello, link);
  return message;
}

/** §4.3.2: that it comes back as it was is seen by comparison, so it need not say anything. */
function cookie({ provider }: ServerSettings): Extension {
  const random = expectLength(provider.random(32), 32, "random");
  return extension("cookie", (writer) => writer.opaque(2, random));
}

/** ServerHello … Certificate, up to the pause for the signature; of a resumption the whole flight. */
export function sendServerHello(
  state: At<"exchangeKeys">,
  sharedSecret: Uint8Array,
  share: Uint8Array,
  context: Context,
): At<"sign"> | At<"expectEndOfEarlyData"> | At<"tellEarlyData"> | At<"expectFinished"> {
  const { hello, settled, transcript, psk, earlyData } = state;
  const { link, scribe } = context;
  const { settings, negotiated, suite, hash } = settled;
  link.phase = "server-flight";
  traceEarlyData(earlyData, context);
  const early = earlyData === "accepted" ? earlyReading(hello, settled, psk, transcript) : undefined;
  const extensions = [
    selectedVersion,
    extension("key_share", (writer) => writer.u16(groupIds[settled.group.name]).opaque(2, share)),
  ];
  if (psk !== undefined) extensions.push(extension("pre_shared_key", (writer) => writer.u16(psk.index)));
  const serverHello = scribe.serverHello({
    legacyVersion: 0x0303,
    random: expectLength(settings.provider.random(32), 32, "random"),
    legacySessionIdEcho: hello.legacySessionId,
    cipherSuite: suiteIds[suite.name],
    legacyCompressionMethod: 0,
    extensions,
  });
  send(serverHello, transcript, context);

  const schedule = psk?.schedule.handshake(sharedSecret) ?? HandshakeSchedule.withoutPsk(hash, sharedSecret);
  const handshakeTraffic = schedule.traffic(transcript.digest());
  logSecret(settings, "CLIENT_HANDSHAKE_TRAFFIC_SECRET", hello.random, handshakeTraffic.client);
  logSecret(settings, "SERVER_HANDSHAKE_TRAFFIC_SECRET", hello.random, handshakeTraffic.server);
  link.incoming.protect(early?.keys ?? new ReadKeys(suite, hash, copy(handshakeTraffic.client)), "client_hello");
  link.outgoing.protect(new WriteKeys(suite, hash, copy(handshakeTraffic.server)));
  // Once a connection: behind HelloRetryRequest it was sent already.
  if (!settled.retried) sendChangeCipherSpec(hello, link);
  link.trace?.({ kind: "keys", direction: "read", epoch: early === undefined ? "handshake" : "early" });
  link.trace?.({ kind: "keys", direction: "write", epoch: "handshake" });
  // Behind HelloRetryRequest it ended with the second hello.
  if (hello.offersEarlyData && early === undefined) link.incoming.skipEarlyData();
  const { maxRecordSize } = settings;
  const recordSizes = agreeOnSizes("tls1.3", maxRecordSize, maxRecordSize + 1, hello.recordSizeLimit);
  // RFC 8449 §4: early data was made before the client could know.
  link.recordSizes = early === undefined ? recordSizes : { ...recordSizes, receive: maxPlaintext };

  send(scribe.encryptedExtensions(encryptedExtensions(hello, settled, psk, early !== undefined)), transcript, context);
  const underway = { hello, settled, transcript, schedule: schedule.main(), handshakeTraffic, psk, earlyData };
  if (psk !== undefined) {
    // RFC 9846 §4.4.2: who proves itself by a PSK must not ask for a certificate.
    const identity = psk.kind === "session" ? psk.identity : undefined;
    const peer = identity && ({ identity, keyProven: "by the session" } as const);
    const answered = { peer, ...finish(underway, context) };
    if (early !== undefined)
      return { kind: "expectEndOfEarlyData", ...answered, exporter: early.exporter, received: 0, recordSizes };
    return behindFlight({ kind: "expectFinished", ...answered }, earlyData);
  }
  const { authentication } = settled;
  if (authentication !== undefined) {
    send(scribe.certificateRequest(certificateRequest(settings, authentication)), transcript, context);
  }
  const { credential } = expectSignature(negotiated);
  const compressed = compressedCertificate(credential, hello.staples, hello.certificateCompressions, settings);
  send(compressed ?? scribe.certificate(ownCertificate(credential, hello.staples, settings)), transcript, context);
  if (scribe.pausesBeginRecords) link.outgoing.boundary();
  const message = signedContent("server", transcript.digest());
  return { kind: "sign", ...underway, message };
}

/** CertificateVerify and Finished. */
export function sendFinished(
  state: At<"sign">,
  signature: Uint8Array,
  context: Context,
): At<"tellEarlyData"> | At<"expectFinished"> | At<"expectCertificate"> {
  const { authentication, negotiated } = state.settled;
  send(encodeCertificateVerify(schemeIds[expectSignature(negotiated).scheme], signature), state.transcript, context);
  const answered = finish(state, context);
  const next =
    authentication === undefined
      ? ({ kind: "expectFinished", ...answered, peer: undefined } as const)
      : ({ kind: "expectCertificate", ...answered, authentication } as const);
  return behindFlight(next, state.earlyData);
}

/** Finished, and the keys behind it. */
function finish({ hello, settled, transcript, schedule, handshakeTraffic, psk }: Underway, context: Context): Answered {
  const { settings, suite, hash } = settled;
  const { link } = context;
  send(encodeFinished(finishedVerifyData(hash, handshakeTraffic.server, transcript.digest())), transcript, context);
  link.finishedSent = true;
  link.phase = "client-flight";
  const toFinished = transcript.digest();
  const traffic = schedule.traffic(toFinished);
  const exporterSecret = schedule.exporter(toFinished);
  logSecret(settings, "CLIENT_TRAFFIC_SECRET_0", hello.random, traffic.client);
  logSecret(settings, "SERVER_TRAFFIC_SECRET_0", hello.random, traffic.server);
  logSecret(settings, "EXPORTER_SECRET", hello.random, exporterSecret);
  link.outgoing.protect(new WriteKeys(suite, hash, traffic.server));
  link.trace?.({ kind: "keys", direction: "write", epoch: "traffic" });
  wipe(handshakeTraffic.server);
  const ticketCount = ticketsFor(hello, settings, psk);
  const clientHandshakeTraffic = handshakeTraffic.client;
  const writeHalf = settings.halfRtt ? new WriteHalf(link, "tls1.3", suite, settings.limits) : undefined;
  return {
    settled,
    transcript,
    schedule,
    psk,
    ticketCount,
    clientHandshakeTraffic,
    clientTraffic: traffic.client,
    exporterSecret,
    writeHalf,
  };
}

/** §4.4.2. */
function certificateRequest(settings: ServerSettings, { verifier, authorities }: ClientAuthenticationSettings): Extension[] {
  const schemes = (names: readonly SignatureScheme[]) => (writer: Writer) =>
    writer.list(2, names, (_, name) => writer.u16(schemeIds[name]));
  const proofs = proofSchemes("tls1.3", settings);
  const extensions = [extension("signature_algorithms", schemes(proofs))];
  if (verifier.schemes.length > 0 && verifier.schemes.join() !== proofs.join()) {
    extensions.push(extension("signature_algorithms_cert", schemes(verifier.schemes)));
  }
  if (authorities.length > 0) {
    const names = (writer: Writer): Writer => writer.list(2, authorities, (_, name) => writer.opaque(2, name));
    extensions.push(extension("certificate_authorities", names));
  }
  // RFC 9846 §4.5.1.1: empty where a server asks.
  extensions.push(...(verifier.asksFor ?? []).map((kind) => extension(stapleExtensions[kind])));
  if (verifier.oidFilters !== undefined && verifier.oidFilters.length > 0) extensions.push(oidFilters(verifier.oidFilters));
  if (settings.compressors.size > 0) extensions.push(compressCertificate([...settings.compressors.keys()]));
  return extensions;
}

function encryptedExtensions(
  hello: DecodedClientHello,
  settled: Settled,
  psk: SelectedPsk | undefined,
  takesEarlyData: boolean,
): Extension[] {
  const { negotiated, settings } = settled;
  const { recordSizeLimit: limit, ticketRequest } = hello;
  const { alpn, serverName } = negotiated;
  const extensions: Extension[] = [];
  // RFC 6066 §3: an empty answer says that the name was used; "when resuming a session, the server MUST NOT include" it.
  if (serverName !== undefined && psk?.kind !== "session") extensions.push(extension("server_name"));
  if (alpn !== undefined) {
    extensions.push(extension("application_layer_protocol_negotiation", (writer) => writeProtocols(writer, [alpn])));
  }
  if (takesEarlyData) extensions.push(extension("early_data"));
  if (limit !== undefined) extensions.push(recordSizeLimit(settings.maxRecordSize + 1));
  if (ticketRequest !== undefined && settings.sessions !== undefined) {
    extensions.push(extension("ticket_request", (writer) => writer.u8(ticketsFor(hello, settings, psk))));
  }
  if (psk?.kind !== "external") extensions.push(...chosenTypes(hello, settled, psk !== undefined));
  return extensions;
}

/** Appendix E.4: only for a client that asks for the compatibility mode by a session id. */
function sendChangeCipherSpec(hello: DecodedClientHello, link: Context["link"]): void {
  if (hello.legacySessionId.length > 0) link.outgoing.changeCipherSpec();
}
