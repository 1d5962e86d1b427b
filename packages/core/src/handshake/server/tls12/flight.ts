// What a server of TLS 1.2 sends, top to bottom as in RFC 5246, figure 1.
import { finishedVerifyDataTls12, keyBlock, type Randoms } from "../../../crypto/prf.ts";
import { expectLength } from "../../../crypto/results.ts";
import { Transcript } from "../../../crypto/transcript.ts";
import { expectSignature } from "../../../negotiate/negotiate.ts";
import { ivLengthOf, WriteKeysTls12 } from "../../../record/keys-tls12.ts";
import type { SessionState } from "../../../session/state.ts";
import { type Bytes, copy, empty } from "../../../wire/bytes.ts";
import type { DecodedClientHello } from "../../../wire/client-hello.ts";
import { type Extension, extension, recordSizeLimit, writeProtocols } from "../../../wire/extensions.ts";
import { encodeFinished } from "../../../wire/post-handshake.ts";
import { groupIds, schemeIds, suiteIds } from "../../../wire/registry.ts";
import { downgradeSentinel, encodeServerHello } from "../../../wire/server-hello.ts";
import { encodeCertificateStatus, timestampsStaple } from "../../../wire/staples.ts";
import {
  clientCertificateTypes,
  encodeCertificateRequestTls12,
  encodeCertificateTls12,
  encodeServerHelloDone,
  encodeServerKeyExchange,
  serverParams,
  signedParams,
} from "../../../wire/tls12-messages.ts";
import { rememberedIdentity } from "../../identity.ts";
import { proofSchemes } from "../../judge-certificate.ts";
import { logMasterSecret } from "../../key-log.ts";
import type { StartedShare } from "../../stages/key-exchange.ts";
import { type Context, type StateOf, send } from "../../table.ts";
import { chosenTypes } from "../chosen-types.ts";
import type { Settled } from "../states.ts";
import { handleFor, rememberSession } from "./resume.ts";
import type { StatesTls12 } from "./states.ts";

type At<Kind extends keyof StatesTls12> = StateOf<StatesTls12, Kind>;

/** ServerHello, Certificate and CertificateStatus, up to the pause for the signature. */
export function sendServerHelloTls12(
  { hello, settled }: At<"startShare">,
  started: StartedShare,
  context: Context,
): At<"signShare"> {
  const { settings, negotiated, hash, group } = settled;
  const { extendedMasterSecret } = hello;
  const transcript = settled.authentication === undefined ? new Transcript(hash, hello.raw) : Transcript.keeping(hash, hello.raw);
  const { chain, type, ocspResponse, signedCertificateTimestamps = [] } = expectSignature(negotiated).credential;
  const status = hello.staples.includes("ocsp") ? ocspResponse : undefined;
  const handle = handleFor(hello, settings);
  const extensions: Extension[] = [];
  if (negotiated.serverName !== undefined) extensions.push(extension("server_name"));
  if (status !== undefined) extensions.push(extension("status_request"));
  if (hello.staples.includes("sct") && signedCertificateTimestamps.length > 0) {
    extensions.push(timestampsStaple(signedCertificateTimestamps));
  }
  extensions.push(...chosenTypes(hello, settled, false));
  if (handle?.kind === "ticket") extensions.push(extension("session_ticket"));
  // RFC 5246 §7.4.1.3: an id of our own, or none; the client's would say that its session is resumed.
  const sessionId = handle?.kind === "id" ? handle.id : empty;
  const randoms = sendServerHello(hello, settled, sessionId, extensions, transcript, context);
  send(encodeCertificateTls12(chain, type), transcript, context);
  if (status !== undefined) send(encodeCertificateStatus(status), transcript, context);
  context.link.outgoing.boundary();
  const params = serverParams(groupIds[group.name], started.share);
  const message = signedParams(randoms.client, randoms.server, params);
  return { kind: "signShare", settled, transcript, randoms, extendedMasterSecret, handle, started, params, message };
}

/** ServerHello, change_cipher_spec and Finished: the whole flight of a resumption (RFC 5246, figure 2). */
export function sendResumption(
  hello: DecodedClientHello,
  settled: Settled,
  session: SessionState,
  context: Context,
): At<"expectChangeCipherSpecResumed"> {
  const { settings, suite, hash } = settled;
  const { link } = context;
  const transcript = new Transcript(hash, hello.raw);
  // Of an id it is the session's, of a ticket whatever the client made up to know by (RFC 5077 §3.4).
  const randoms = sendServerHello(hello, settled, hello.legacySessionId, chosenTypes(hello, settled, true), transcript, context);
  const master = session.secret;
  logMasterSecret(settings, randoms.client, master);
  const { serverKey, serverIv, ...keys } = keyBlock(hash, master, randoms, suite, ivLengthOf(suite));
  sendFinishedTls12({ settled, transcript, master }, serverKey, serverIv, context);
  link.phase = "client-flight";
  const identity = rememberedIdentity(session);
  const sessionData = session.data;
  return { kind: "expectChangeCipherSpecResumed", settled, transcript, randoms, master, keys, identity, sessionData };
}

/** ServerHello, with what both handshakes say in it and `more`. RFC 6066 §3: a resumption has no answer to the name. */
function sendServerHello(
  hello: DecodedClientHello,
  { settings, negotiated, suite }: Settled,
  sessionId: Bytes,
  more: readonly Extension[],
  transcript: Transcript,
  context: Context,
): Randoms {
  const random = copy(expectLength(settings.provider.random(32), 32, "random"));
  // RFC 9846 §4.2.3: a server that could do better says so where an attacker can't change it.
  if (settings.versions.includes("tls1.3")) random.set(downgradeSentinel, 24);
  const extensions = [...more];
  // RFC 5746 §3.6: the answer to the extension, or to its stand-in among the suites.
  if (hello.renegotiatedConnection !== undefined || hello.cipherSuites.some(({ id }) => id === EMPTY_RENEGOTIATION_INFO_SCSV)) {
    extensions.push(extension("renegotiation_info", (writer) => writer.opaque(1, empty)));
  }
  if (hello.recordSizeLimit !== undefined) extensions.push(recordSizeLimit(settings.maxRecordSize));
  if (hello.extendedMasterSecret) extensions.push(extension("extended_master_secret"));
  if (hello.pointFormats !== undefined) {
    extensions.push(extension("ec_point_formats", (writer) => writer.opaque(1, Uint8Array.of(0))));
  }
  const { alpn } = negotiated;
  if (alpn !== undefined) {
    extensions.push(extension("application_layer_protocol_negotiation", (writer) => writeProtocols(writer, [alpn])));
  }
  const serverHello = encodeServerHello({
    legacyVersion: 0x0303,
    random,
    legacySessionIdEcho: sessionId,
    cipherSuite: suiteIds[suite.name],
    legacyCompressionMethod: 0,
    extensions: extensions.length > 0 ? extensions : undefined,
  });
  send(serverHello, transcript, context);
  return { client: hello.random, server: random };
}
const EMPTY_RENEGOTIATION_INFO_SCSV = 0x00ff;

/** ServerKeyExchange, CertificateRequest and ServerHelloDone. */
export function sendServerKeyExchange(
  state: At<"signShare">,
  signature: Uint8Array,
  context: Context,
): At<"expectClientKeyExchange"> | At<"expectClientCertificate"> {
  const { kind: _, params, message: __, ...underway } = state;
  const { settings, authentication } = underway.settled;
  const scheme = schemeIds[expectSignature(underway.settled.negotiated).scheme];
  send(encodeServerKeyExchange(params, scheme, signature), underway.transcript, context);
  if (authentication !== undefined) {
    const request = encodeCertificateRequestTls12({
      certificateTypes: [clientCertificateTypes.ecdsa_sign, clientCertificateTypes.rsa_sign],
      signatureSchemes: proofSchemes("tls1.2", settings).map((name) => schemeIds[name]),
      authorities: authentication.authorities,
    });
    send(request, underway.transcript, context);
  }
  send(encodeServerHelloDone(), underway.transcript, context);
  context.link.phase = "client-flight";
  if (authentication === undefined) return { kind: "expectClientKeyExchange", ...underway, shown: undefined };
  return { kind: "expectClientCertificate", ...underway, authentication };
}

/** [NewSessionTicket,] change_cipher_spec and Finished: the end of a full handshake. */
export function sendLastFlight(state: At<"expectFinishedTls12">, context: Context): void {
  const ticket = rememberSession(state, context);
  if (ticket !== undefined) send(ticket, state.transcript, context);
  sendFinishedTls12(state, state.keys.serverKey, state.keys.serverIv, context);
}

function sendFinishedTls12(
  { settled, transcript, master }: Pick<At<"expectFinishedTls12">, "settled" | "transcript" | "master">,
  key: Bytes,
  iv: Bytes,
  context: Context,
): void {
  const { link } = context;
  const writeKeys = new WriteKeysTls12(settled.suite, key, iv);
  link.outgoing.changeCipherSpec();
  link.outgoing.protect(writeKeys);
  link.trace?.({ kind: "keys", direction: "write", epoch: "traffic" });
  send(encodeFinished(finishedVerifyDataTls12(settled.hash, master, "server", transcript.digest())), transcript, context);
  link.finishedSent = true;
}
