// The second flight of a client of TLS 1.3 (RFC 9846, figure 1). The first is in `client-hello.ts`.
import { compressedCertificate } from "../../../config/certificate-compression.ts";
import type { Credential } from "../../../config/credential.ts";
import { encodeOwnCertificate } from "../../../config/own-certificate.ts";
import { finishedVerifyData } from "../../../crypto/key-schedule.ts";
import { ReadKeys, WriteKeys } from "../../../record/keys.ts";
import { type Bytes, copy, empty, wipe } from "../../../wire/bytes.ts";
import { encodeCertificate, encodeCertificateVerify } from "../../../wire/certificate-message.ts";
import { encodeEndOfEarlyData, encodeFinished } from "../../../wire/post-handshake.ts";
import { type SignatureScheme, schemeIds } from "../../../wire/registry.ts";
import type { ReceivedRequest } from "../../judge-certificate.ts";
import { logSecret } from "../../key-log.ts";
import { type Context, send } from "../../table.ts";
import type { Underway } from "./states.ts";

/** Certificate or CompressedCertificate (RFC 8879): the credential's, or none (§4.5.1). */
export function sendCertificate(
  { settled, transcript }: Underway,
  credential: Credential | undefined,
  { staples, compressions }: ReceivedRequest,
  context: Context,
): void {
  const own = credential === undefined ? encodeCertificate(empty, []) : encodeOwnCertificate(credential, staples);
  const compressed = credential && compressedCertificate(credential, staples, compressions, settled.offer.goal.settings);
  send(compressed ?? context.scribe.certificate(own), transcript, context);
  if (context.scribe.pausesBeginRecords) context.link.outgoing.boundary();
}

/** CertificateVerify (§4.5.2). */
export function sendCertificateVerify(
  { transcript }: Underway,
  scheme: SignatureScheme,
  signature: Uint8Array,
  context: Context,
): void {
  send(encodeCertificateVerify(schemeIds[scheme], signature), transcript, context);
}

/** Finished, and with it the end of the handshake. */
export function sendFinished(
  state: Underway & { readonly finishedHash: Bytes },
  context: Context,
): { readonly exporterSecret: Bytes; readonly resumptionSecret: Bytes | undefined } {
  const { settled, transcript, schedule, handshakeTraffic, finishedHash } = state;
  const { offer, suite, hash } = settled;
  const { settings } = offer.goal;
  const { link } = context;
  if (offer.early?.isOpen === true) {
    // §4.6: it is the last under the early keys.
    send(encodeEndOfEarlyData(), transcript, context);
    offer.early.end("accepted");
    link.outgoing.protect(new WriteKeys(suite, hash, copy(handshakeTraffic.client)));
    link.trace?.({ kind: "keys", direction: "write", epoch: "handshake" });
  }
  send(encodeFinished(finishedVerifyData(hash, handshakeTraffic.client, transcript.digest())), transcript, context);
  link.finishedSent = true;

  const traffic = schedule.traffic(finishedHash);
  const exporterSecret = schedule.exporter(finishedHash);
  const random = offer.hello.random;
  logSecret(settings, "CLIENT_TRAFFIC_SECRET_0", random, traffic.client);
  logSecret(settings, "SERVER_TRAFFIC_SECRET_0", random, traffic.server);
  logSecret(settings, "EXPORTER_SECRET", random, exporterSecret);
  link.outgoing.protect(new WriteKeys(suite, hash, traffic.client));
  link.incoming.protect(new ReadKeys(suite, hash, traffic.server), "finished");
  link.trace?.({ kind: "keys", direction: "write", epoch: "traffic" });
  link.trace?.({ kind: "keys", direction: "read", epoch: "traffic" });
  wipe(handshakeTraffic.client);
  wipe(handshakeTraffic.server);
  if (context.scribe.tickets) schedule.resumption(transcript.digest(), context.scribe.tickets);
  const resumptionSecret = settings.sessions && schedule.resumption(transcript.digest(), copy);
  schedule.end();
  return { exporterSecret, resumptionSecret };
}
