// The second flight of a client of TLS 1.3 (RFC 9846, figure 1). The first is in `client-hello.ts`.
import { finishedVerifyData } from "../../../crypto/key-schedule.ts";
import { ReadKeys, WriteKeys } from "../../../record/keys.ts";
import { type Bytes, empty, wipe } from "../../../wire/bytes.ts";
import { encodeCertificate } from "../../../wire/certificate-message.ts";
import { encodeFinished } from "../../../wire/post-handshake.ts";
import { logSecret } from "../../key-log.ts";
import { type Context, send } from "../../table.ts";
import { sendChangeCipherSpec } from "../client-hello.ts";
import type { Underway } from "./states.ts";

/** [Certificate,] Finished: the client's own flight, and with it the end of the handshake. */
export function sendFinished(
  state: Underway & { readonly finishedHash: Bytes }, answersRequest: boolean, context: Context,
): { readonly exporterSecret: Bytes } {
  const { settled, transcript, schedule, handshakeTraffic, finishedHash } = state;
  const { offer, suite, hash, retried } = settled;
  const { settings } = offer.goal;
  const { link } = context;
  // Appendix E.4: before the second flight, which after a retry was the second ClientHello.
  if (!retried) sendChangeCipherSpec(offer, context);
  if (answersRequest) send(encodeCertificate(empty, []), transcript, context);
  send(encodeFinished(finishedVerifyData(hash, handshakeTraffic.client, transcript.digest())), transcript, context);

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
  schedule.end();
  return { exporterSecret };
}
