// What a server of TLS 1.3 sends, top to bottom as in RFC 9846, figure 1.
import { finishedVerifyData, HandshakeSchedule } from "../../../crypto/key-schedule.ts";
import { expectLength } from "../../../crypto/results.ts";
import { ReadKeys, WriteKeys } from "../../../record/keys.ts";
import { type Bytes, copy, wipe } from "../../../wire/bytes.ts";
import { encodeCertificateVerify, signedContent } from "../../../wire/certificate-message.ts";
import type { DecodedClientHello } from "../../../wire/client-hello.ts";
import { type Extension, extension, writeKeyShareEntry, writeProtocols } from "../../../wire/extensions.ts";
import { encodeFinished } from "../../../wire/post-handshake.ts";
import { groupIds, schemeIds, suiteIds, versionIds } from "../../../wire/registry.ts";
import { helloRetryRequestRandom } from "../../../wire/server-hello.ts";
import { logSecret } from "../../key-log.ts";
import { type Context, send } from "../../table.ts";
import type { At, Settled } from "../states.ts";

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
      extension("supported_versions", (writer) => writer.u16(versionIds["tls1.3"])),
      extension("key_share", (writer) => writer.u16(groupIds[settled.group.name])),
    ],
  });
  send(message, undefined, context);
  sendChangeCipherSpec(hello, link);
  return message;
}

/** ServerHello … Certificate, up to the pause for the signature. */
export function sendServerHello(
  { hello, settled, transcript }: At<"exchangeKeys">, sharedSecret: Uint8Array, share: Uint8Array, context: Context,
): At<"sign"> {
  const { link, scribe } = context;
  const { settings, negotiated, suite, hash } = settled;
  const serverHello = scribe.serverHello({
    legacyVersion: 0x0303,
    random: expectLength(settings.provider.random(32), 32, "random"),
    legacySessionIdEcho: hello.legacySessionId,
    cipherSuite: suiteIds[suite.name],
    legacyCompressionMethod: 0,
    extensions: [
      extension("supported_versions", (writer) => writer.u16(versionIds["tls1.3"])),
      extension("key_share", (writer) => writeKeyShareEntry(writer, { group: groupIds[settled.group.name], keyExchange: copy(share) })),
    ],
  });
  send(serverHello, transcript, context);

  const schedule = new HandshakeSchedule(hash, sharedSecret);
  const handshakeTraffic = schedule.traffic(transcript.digest());
  logSecret(settings, "CLIENT_HANDSHAKE_TRAFFIC_SECRET", hello.random, handshakeTraffic.client);
  logSecret(settings, "SERVER_HANDSHAKE_TRAFFIC_SECRET", hello.random, handshakeTraffic.server);
  link.incoming.protect(new ReadKeys(suite, hash, copy(handshakeTraffic.client)), "client_hello");
  link.outgoing.protect(new WriteKeys(suite, hash, copy(handshakeTraffic.server)));
  // Once a connection: behind HelloRetryRequest it was sent already.
  if (!settled.retried) sendChangeCipherSpec(hello, link);
  link.trace?.({ kind: "keys", direction: "read", epoch: "handshake" });
  link.trace?.({ kind: "keys", direction: "write", epoch: "handshake" });
  if (hello.offersEarlyData) link.incoming.skipEarlyData();

  send(scribe.encryptedExtensions(encryptedExtensions(settled)), transcript, context);
  const { credential } = negotiated;
  send(scribe.certificate(credential.chain), transcript, context);
  if (scribe.pausesBeginRecords) link.outgoing.boundary();
  const message = signedContent("server", transcript.digest());
  return {
    kind: "sign", hello, settled, transcript, schedule: schedule.main(), handshakeTraffic, message,
  };
}

/** CertificateVerify and Finished. */
export function sendFinished(state: At<"sign">, signature: Uint8Array, context: Context): At<"expectFinished"> {
  const { hello, settled, transcript, schedule, handshakeTraffic } = state;
  const { settings, suite, hash } = settled;
  const { link } = context;
  send(encodeCertificateVerify(schemeIds[settled.negotiated.scheme], signature), transcript, context);
  send(encodeFinished(finishedVerifyData(hash, handshakeTraffic.server, transcript.digest())), transcript, context);

  const toFinished = transcript.digest();
  const traffic = schedule.traffic(toFinished);
  const exporterSecret = schedule.exporter(toFinished);
  logSecret(settings, "CLIENT_TRAFFIC_SECRET_0", hello.random, traffic.client);
  logSecret(settings, "SERVER_TRAFFIC_SECRET_0", hello.random, traffic.server);
  logSecret(settings, "EXPORTER_SECRET", hello.random, exporterSecret);
  link.outgoing.protect(new WriteKeys(suite, hash, traffic.server));
  link.trace?.({ kind: "keys", direction: "write", epoch: "traffic" });
  const verifyData = finishedVerifyData(hash, handshakeTraffic.client, toFinished);
  wipe(handshakeTraffic.client);
  wipe(handshakeTraffic.server);
  return { kind: "expectFinished", settled, transcript, schedule, verifyData, clientTraffic: traffic.client, exporterSecret };
}

function encryptedExtensions({ negotiated }: Settled): Extension[] {
  const { alpn, serverName } = negotiated;
  const extensions: Extension[] = [];
  // RFC 6066 §3: an empty answer says that the name was used.
  if (serverName !== undefined) extensions.push(extension("server_name"));
  if (alpn !== undefined) {
    extensions.push(extension("application_layer_protocol_negotiation", (writer) => writeProtocols(writer, [alpn])));
  }
  return extensions;
}

/** Appendix E.4: only for a client that asks for the compatibility mode by a session id. */
function sendChangeCipherSpec(hello: DecodedClientHello, link: Context["link"]): void {
  if (hello.legacySessionId.length > 0) link.outgoing.changeCipherSpec();
}
