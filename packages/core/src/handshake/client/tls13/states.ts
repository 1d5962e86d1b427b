import type { Credential } from "../../../config/credential.ts";
import type { PresentedIdentity, VerifiedIdentity } from "../../../config/identity.ts";
import type { TicketTaker } from "../../../connection/connection.ts";
import type { MainSchedule, TrafficSecrets } from "../../../crypto/key-schedule.ts";
import type { Group, HashImplementation, SuiteImplementation, Verification } from "../../../crypto/provider.ts";
import type { Transcript } from "../../../crypto/transcript.ts";
import type { Bytes } from "../../../wire/bytes.ts";
import type { HandshakeMessage } from "../../../wire/handshake.ts";
import type { SignatureScheme } from "../../../wire/registry.ts";
import type { ReceivedRequest } from "../../judge-certificate.ts";
import type { FinishedVerified, KeyProven } from "../../proofs.ts";
import type { ShownCredential } from "../../shown-credential.ts";
import type { StartedShare } from "../../stages/key-exchange.ts";
import type { SignatureCheck } from "../../stages/peer-identity.ts";
import type { ChosenTypes } from "../judge-extensions.ts";
import type { OfferedPsk } from "../psks.ts";
import type { Offer } from "../states.ts";

/** What ServerHello settled. */
export interface Settled {
  readonly offer: Offer;
  readonly suite: SuiteImplementation;
  readonly hash: HashImplementation;
  readonly group: Group;
  readonly retried: boolean;
  /** The one that the server took. */
  readonly psk: OfferedPsk | undefined;
}

/** From the key exchange on: what all later states know. */
export interface Underway {
  readonly settled: Settled;
  readonly transcript: Transcript;
  readonly schedule: MainSchedule;
  readonly handshakeTraffic: TrafficSecrets;
}
interface Answered extends Underway {
  readonly alpn: string | undefined;
  readonly types: ChosenTypes;
  readonly request: ReceivedRequest | undefined;
}

/** HelloRetryRequest, as the second ServerHello is measured by it. */
export interface RetryRequest {
  readonly suite: SuiteImplementation;
  readonly hash: HashImplementation;
  readonly group: Group | undefined;
  readonly cookie: Bytes | undefined;
}

/** What each state may know. */
export interface StatesTls13 {
  startShareAgain: { offer: Offer; request: RetryRequest; transcript: Transcript };
  expectSecondServerHello: { offer: Offer; request: RetryRequest; transcript: Transcript };
  completeKeys: { settled: Settled; transcript: Transcript; started: StartedShare; peerShare: Bytes };
  expectEncryptedExtensions: Underway;
  expectCertificateOrRequest: Omit<Answered, "request">;
  expectCertificate: Answered;
  expectCertificateVerify: Answered & { presented: PresentedIdentity; publicKey: Bytes; schemes: readonly SignatureScheme[] };
  checkSignature: Answered & { presented: PresentedIdentity; check: SignatureCheck; verification: Verification };
  judge: Answered & { presented: PresentedIdentity; keyProven: KeyProven };
  expectFinished: Answered & ProvenServer;
  judgeResumed: ProvenUnderway & { presented: PresentedIdentity };
  pickCredential: Proven & { request: ReceivedRequest };
  sign: Proven & { credential: Credential; scheme: SignatureScheme; message: Bytes };
  connected: ProvenServer & {
    settled: Settled;
    alpn: string | undefined;
    finished: FinishedVerified;
    exporterSecret: Bytes;
    tickets: TicketTaker | undefined;
    shown: ShownCredential | undefined;
  };
}
/** Who the server is, and how we know: its key, or the PSK that its Finished is made with. */
type ProvenServer =
  | { readonly identity: VerifiedIdentity; readonly keyProven: KeyProven | "by the session" }
  | { readonly identity: undefined; readonly keyProven: "by the psk" };

export type Proven = ProvenUnderway & ProvenServer;
interface ProvenUnderway extends Underway {
  readonly alpn: string | undefined;
  readonly finished: FinishedVerified;
  /** Of the transcript up to the server's Finished: what application traffic comes from. */
  readonly finishedHash: Bytes;
}

/** What moves a state: a message by its name on the wire, an answer by ours. */
export interface InputsTls13 {
  key_shares: readonly StartedShare[];
  server_hello: HandshakeMessage;
  /** undefined: the server's share is invalid. */
  secret: { readonly secret: Uint8Array } | undefined;
  encrypted_extensions: HandshakeMessage;
  certificate_request: HandshakeMessage;
  certificate: HandshakeMessage;
  compressed_certificate: HandshakeMessage;
  certificate_verify: HandshakeMessage;
  validity: boolean;
  verdict: VerifiedIdentity;
  finished: HandshakeMessage;
  /** undefined: none is shown. */
  credential: Credential | undefined;
  signature: Uint8Array;
}
