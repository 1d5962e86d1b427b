// What a client of TLS 1.2 sends behind ServerHelloDone (RFC 5246, figure 1).
import { finishedVerifyDataTls12, keyBlock, masterSecret } from "../../../crypto/prf.ts";
import { ivLengthOf, WriteKeysTls12 } from "../../../record/keys-tls12.ts";
import { encodeFinished } from "../../../wire/post-handshake.ts";
import { encodeCertificateTls12, encodeClientKeyExchange } from "../../../wire/tls12-messages.ts";
import { logMasterSecret } from "../../key-log.ts";
import { type Context, type StateOf, send } from "../../table.ts";
import type { StatesTls12 } from "./states.ts";

/** [Certificate,] ClientKeyExchange, change_cipher_spec, Finished. */
export function sendFlightTls12(
  { kind: _, answersRequest, ...proven }: StateOf<StatesTls12, "respond">, secret: Uint8Array, share: Uint8Array, context: Context,
): StateOf<StatesTls12, "expectChangeCipherSpec"> {
  const { settled, transcript } = proven;
  const { suite, hash, randoms, extendedMasterSecret, offer } = settled;
  const { link } = context;
  link.phase = "client-flight";
  if (answersRequest) send(encodeCertificateTls12([]), transcript, context);
  send(encodeClientKeyExchange(share), transcript, context);
  const master = masterSecret(hash, secret, extendedMasterSecret ? transcript.digest() : undefined, randoms);
  logMasterSecret(offer.goal.settings, randoms.client, master);
  const { clientKey, clientIv, ...keys } = keyBlock(hash, master, randoms, suite, ivLengthOf(suite));
  const writeKeys = new WriteKeysTls12(suite, clientKey, clientIv);
  link.outgoing.changeCipherSpec();
  link.outgoing.protect(writeKeys);
  link.trace?.({ kind: "keys", direction: "write", epoch: "traffic" });
  send(encodeFinished(finishedVerifyDataTls12(hash, master, "client", transcript.digest())), transcript, context);
  // The server's Finished covers ours.
  return { kind: "expectChangeCipherSpec", ...proven, master, keys };
}
