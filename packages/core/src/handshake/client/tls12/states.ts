import type { Credential, CredentialRequest } from "../../../config/credential.ts";
import type { PresentedIdentity, VerifiedIdentity } from "../../../config/identity.ts";
import type { KeyBlock, Randoms } from "../../../crypto/prf.ts";
import type { Group, HashImplementation, SuiteImplementation, Verification } from "../../../crypto/provider.ts";
import type { Transcript } from "../../../crypto/transcript.ts";
import type { SessionState } from "../../../session/state.ts";
import type { Bytes } from "../../../wire/bytes.ts";
import type { HandshakeMessage } from "../../../wire/handshake.ts";
import type { SignatureScheme } from "../../../wire/registry.ts";
import type { TicketTls12 } from "../../../wire/tls12-messages.ts";
import type { FinishedVerified, KeyProven } from "../../proofs.ts";
import type { ShownCredential } from "../../shown-credential.ts";
import type { SignatureCheck } from "../../stages/peer-identity.ts";
import type { ChosenTypes } from "../judge-extensions.ts";
import type { Offer } from "../states.ts";

/** What ServerHello settled. */
export interface SettledTls12 {
  readonly offer: Offer;
  readonly suite: SuiteImplementation;
  readonly hash: HashImplementation;
  readonly randoms: Randoms;
  readonly alpn: string | undefined;
  readonly extendedMasterSecret: boolean;
  readonly types: ChosenTypes;
  /** The one that the server took up. */
  readonly session: SessionState | undefined;
  /** By which the server would find this session again; empty: by none. */
  readonly newSessionId: Bytes;
  readonly announcesTicket: boolean;
  readonly announcesStatus: boolean;
  readonly timestamps: readonly Bytes[];
}
interface Underway {
  readonly settled: SettledTls12;
  readonly transcript: Transcript;
}
interface Shown extends Underway {
  readonly presented: PresentedIdentity;
  readonly publicKey: Bytes;
  readonly schemes: readonly SignatureScheme[];
}
interface Exchanged extends Underway {
  readonly group: Group;
  readonly peerShare: Bytes;
}
interface Proven extends Exchanged {
  readonly keyProven: KeyProven;
  readonly identity: VerifiedIdentity;
}
export interface Keyed extends Proven {
  readonly master: Bytes;
  readonly keys: Pick<KeyBlock, "serverKey" | "serverIv">;
}

interface Answered extends Keyed {
  readonly shown: ShownCredential | undefined;
  readonly ticket: TicketTls12 | undefined;
}
/** The server has taken up our session. */
interface Resuming extends Underway {
  readonly master: Bytes;
  readonly keys: KeyBlock;
  readonly identity: VerifiedIdentity;
  readonly ticket: TicketTls12 | undefined;
}
/** What we show: the credential and how it signs, or nothing. */
type OwnCertificate = Signing | "none";
export interface Signing {
  readonly credential: Credential;
  readonly scheme: SignatureScheme;
}

export interface StatesTls12 {
  expectCertificateTls12: Underway;
  expectCertificateStatus: Shown;
  expectServerKeyExchange: Shown;
  checkShareSignature: Exchanged & { presented: PresentedIdentity; check: SignatureCheck; verification: Verification };
  judgeTls12: Exchanged & { presented: PresentedIdentity; keyProven: KeyProven };
  expectServerHelloDone: Proven;
  expectServerHelloDoneOnly: Proven & { request: CredentialRequest };
  pickCredentialTls12: Proven & { request: CredentialRequest };
  /** `own` undefined: no certificate was asked for. */
  respond: Proven & { own: OwnCertificate | undefined };
  signTls12: Keyed & Signing & { clientKey: Bytes; clientIv: Bytes; message: Bytes };
  expectSessionTicket: Answered;
  expectChangeCipherSpec: Answered;
  expectFinishedTls12: Answered;
  expectSessionTicketResumed: Resuming;
  expectChangeCipherSpecResumed: Resuming;
  expectFinishedResumed: Resuming;
  judgeResumedTls12: Omit<Resuming, "identity"> & { finished: FinishedVerified; presented: PresentedIdentity };
  connectedTls12: {
    settled: SettledTls12;
    identity: VerifiedIdentity;
    keyProven: KeyProven | "by the session";
    finished: FinishedVerified;
    master: Bytes;
    /** Of a resumption none. */
    group: Group | undefined;
    shown: ShownCredential | undefined;
  };
}

export interface InputsTls12 {
  certificate: HandshakeMessage;
  certificate_status: HandshakeMessage;
  server_key_exchange: HandshakeMessage;
  validity: boolean;
  verdict: VerifiedIdentity;
  certificate_request: HandshakeMessage;
  server_hello_done: HandshakeMessage;
  /** undefined: none is shown. */
  credential: Credential | undefined;
  signature: Uint8Array;
  /** undefined: the server's share is invalid. */
  secret: { readonly secret: Uint8Array; readonly share: Uint8Array } | undefined;
  new_session_ticket: HandshakeMessage;
  change_cipher_spec: undefined;
  finished: HandshakeMessage;
}
