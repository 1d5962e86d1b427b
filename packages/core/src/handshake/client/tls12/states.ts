import type { PresentedIdentity, VerifiedIdentity } from "../../../config/identity.ts";
import type { KeyBlock, Randoms } from "../../../crypto/prf.ts";
import type { Group, HashImplementation, SuiteImplementation, Verification } from "../../../crypto/provider.ts";
import type { Transcript } from "../../../crypto/transcript.ts";
import type { Bytes } from "../../../wire/bytes.ts";
import type { HandshakeMessage } from "../../../wire/handshake.ts";
import type { SignatureScheme } from "../../../wire/registry.ts";
import type { Offer } from "../states.ts";
import type { FinishedVerified, KeyProven } from "../../proofs.ts";
import type { SignatureCheck } from "../../stages.ts";

/** What ServerHello settled. */
export interface SettledTls12 {
  readonly offer: Offer;
  readonly suite: SuiteImplementation;
  readonly hash: HashImplementation;
  readonly randoms: Randoms;
  readonly alpn: string | undefined;
  readonly extendedMasterSecret: boolean;
}
interface Underway {
  readonly settled: SettledTls12;
  readonly transcript: Transcript;
}
interface Exchanged extends Underway {
  readonly group: Group;
  readonly peerShare: Bytes;
}
interface Proven extends Exchanged {
  readonly keyProven: KeyProven;
  readonly identity: VerifiedIdentity;
}
interface Keyed extends Proven {
  readonly master: Bytes;
  readonly keys: Pick<KeyBlock, "serverKey" | "serverIv">;
}

export interface StatesTls12 {
  expectCertificateTls12: Underway;
  expectServerKeyExchange: Underway & { presented: PresentedIdentity; publicKey: Bytes; schemes: readonly SignatureScheme[] };
  checkShareSignature: Exchanged & { presented: PresentedIdentity; check: SignatureCheck; verification: Verification };
  judgeTls12: Exchanged & { presented: PresentedIdentity; keyProven: KeyProven };
  expectServerHelloDone: Proven;
  expectServerHelloDoneOnly: Proven;
  respond: Proven & { answersRequest: boolean };
  expectChangeCipherSpec: Keyed;
  expectFinishedTls12: Keyed;
  connectedTls12: Omit<Keyed, "keys" | "transcript" | "peerShare"> & { finished: FinishedVerified };
}

export interface InputsTls12 {
  certificate: HandshakeMessage;
  server_key_exchange: HandshakeMessage;
  validity: boolean;
  verdict: VerifiedIdentity;
  certificate_request: HandshakeMessage;
  server_hello_done: HandshakeMessage;
  /** undefined: the server's share is invalid. */
  secret: { readonly secret: Uint8Array; readonly share: Uint8Array } | undefined;
  change_cipher_spec: undefined;
  finished: HandshakeMessage;
}
