// What a client of TLS 1.2 sends behind ServerHelloDone (RFC 5246, figure 1).
import { finishedVerifyDataTls12, keyBlock, masterSecret } from "../../../crypto/prf.ts";
import { ivLengthOf, WriteKeysTls12 } from "../../../record/keys-tls12.ts";
import type { Bytes } from "../../../wire/bytes.ts";
import { encodeCertificateVerify } from "../../../wire/certificate-message.ts";
import { encodeFinished } from "../../../wire/post-handshake.ts";
import { schemeIds } from "../../../wire/registry.ts";
import { encodeCertificateTls12, encodeClientKeyExchange } from "../../../wire/tls12-messages.ts";
import { logMasterSecret } from "../../key-log.ts";
import type { ShownCredential } from "../../shown-credential.ts";
import { type Context, type StateOf, send } from "../../table.ts";
import type { Keyed, StatesTls12 } from "./states.ts";

type At<Kind extends keyof StatesTls12> = StateOf<StatesTls12, Kind>;

/** [Certificate,] ClientKeyExchange; and unless a signature is due, the rest. */
export function sendClientKeyExchange(
  { kind: _, own, ...proven }: At<"respond">,
  secret: Uint8Array,
  share: Uint8Array,
  context: Context,
): At<"signTls12"> | Answered {
  const { settled, transcript } = proven;
  const { suite, hash, randoms, extendedMasterSecret, offer } = settled;
  const { link } = context;
  link.phase = "client-flight";
  const chain = own === "none" ? [] : own?.credential.chain;
  if (chain !== undefined) send(encodeCertificateTls12(chain, settled.types.client), transcript, context);
  send(encodeClientKeyExchange(share), transcript, context);
  const master = masterSecret(hash, secret, extendedMasterSecret ? transcript.digest() : undefined, randoms);
  logMasterSecret(offer.goal.settings, randoms.client, master);
  const { clientKey, clientIv, ...keys } = keyBlock(hash, master, randoms, suite, ivLengthOf(suite));
  const keyed = { ...proven, master, keys };
  if (own === undefined || own === "none") {
    sendFinishedTls12(keyed, clientKey, clientIv, context);
    return answered(keyed, undefined);
  }
  link.outgoing.boundary();
  return { kind: "signTls12", ...keyed, ...own, clientKey, clientIv, message: transcript.said() };
}

/** CertificateVerify, and the rest. */
export function sendCertificateVerifyTls12(
  { kind: _, credential, scheme, message: __, clientKey, clientIv, ...keyed }: At<"signTls12">,
  signature: Uint8Array,
  context: Context,
): Answered {
  send(encodeCertificateVerify(schemeIds[scheme], signature), keyed.transcript, context);
  sendFinishedTls12(keyed, clientKey, clientIv, context);
  return answered(keyed, { credential, scheme });
}

type Answered = At<"expectSessionTicket"> | At<"expectChangeCipherSpec">;
function answered(keyed: Keyed, shown: ShownCredential | undefined): Answered {
  const kind = keyed.settled.announcesTicket ? "expectSessionTicket" : "expectChangeCipherSpec";
  return { kind, ...keyed, shown, ticket: undefined };
}

/** change_cipher_spec and Finished. */
export function sendFinishedTls12(
  { settled, transcript, master }: Pick<Keyed, "settled" | "transcript" | "master">,
  key: Bytes,
  iv: Bytes,
  context: Context,
): void {
  const { link } = context;
  const writeKeys = new WriteKeysTls12(settled.suite, key, iv);
  link.outgoing.changeCipherSpec();
  link.outgoing.protect(writeKeys);
  link.trace?.({ kind: "keys", direction: "write", epoch: "traffic" });
  // Of a full handshake the server's Finished covers ours.
  send(encodeFinished(finishedVerifyDataTls12(settled.hash, master, "client", transcript.digest())), transcript, context);
  link.finishedSent = true;
}
