import type { KeyBlock, Randoms } from "../../../crypto/prf.ts";
import type { Transcript } from "../../../crypto/transcript.ts";
import type { Bytes } from "../../../wire/bytes.ts";
import type { DecodedClientHello } from "../../../wire/client-hello.ts";
import type { HandshakeMessage } from "../../../wire/handshake.ts";
import type { FinishedVerified } from "../../proofs.ts";
import type { Settled } from "../states.ts";
import type { StartedShare } from "../../stages.ts";

interface Underway {
  readonly settled: Settled;
  readonly transcript: Transcript;
  readonly randoms: Randoms;
  readonly extendedMasterSecret: boolean;
}
interface Keyed extends Underway {
  readonly master: Bytes;
  readonly keys: KeyBlock;
}

export interface StatesTls12 {
  startShare: { hello: DecodedClientHello; settled: Settled };
  signShare: Underway & { started: StartedShare; params: Bytes; message: Bytes };
  expectClientKeyExchange: Underway & { started: StartedShare };
  completeShare: Underway & { started: StartedShare; peerShare: Bytes };
  expectChangeCipherSpec: Keyed;
  expectFinishedTls12: Keyed;
  connectedTls12: Omit<Keyed, "keys" | "transcript"> & { finished: FinishedVerified };
}

export interface InputsTls12 {
  key_shares: readonly StartedShare[];
  signature: Uint8Array;
  client_key_exchange: HandshakeMessage;
  /** undefined: the client's share is invalid. */
  secret: { readonly secret: Uint8Array } | undefined;
  change_cipher_spec: undefined;
  finished: HandshakeMessage;
}
