import type { PresentedIdentity, VerifiedIdentity, Verifier } from "../../../config/identity.ts";
import type { MainSchedule, TrafficSecrets } from "../../../crypto/key-schedule.ts";
import type { Verification } from "../../../crypto/provider.ts";
import type { Transcript } from "../../../crypto/transcript.ts";
import type { Bytes } from "../../../wire/bytes.ts";
import type { DecodedClientHello } from "../../../wire/client-hello.ts";
import type { HandshakeMessage } from "../../../wire/handshake.ts";
import type { SignatureScheme } from "../../../wire/registry.ts";
import type { FinishedVerified, KeyProven } from "../../proofs.ts";
import type { SignatureCheck } from "../../stages.ts";
import type { Authentication, ProvenPeer, Settled } from "../states.ts";
import type { SelectedPsk } from "./psk.ts";
import type { Found } from "./resume.ts";

/** What each state may know. */
export interface StatesTls13 {
  expectSecondClientHello: { first: DecodedClientHello; settled: Settled; transcript: Transcript; cookie: Bytes | undefined };
  /** The transcript ends before the hello. */
  lookUpSession: { hello: DecodedClientHello; settled: Settled; transcript: Transcript; peerShare: Bytes };
  exchangeKeys: {
    hello: DecodedClientHello;
    settled: Settled;
    transcript: Transcript;
    peerShare: Bytes;
    psk: SelectedPsk | undefined;
  };
  sign: Underway & { message: Bytes };
  expectCertificate: Answered & { authentication: Authentication };
  expectCertificateVerify: Answered & {
    authentication: Authentication;
    presented: PresentedIdentity;
    publicKey: Bytes;
    schemes: readonly SignatureScheme[];
  };
  checkSignature: Judged & { check: SignatureCheck; verification: Verification };
  judge: Judged & { keyProven: KeyProven };
  expectFinished: Answered & { peer: ProvenPeer | undefined };
  connected: {
    settled: Settled;
    exporterSecret: Bytes;
    finished: FinishedVerified;
    peer: ProvenPeer | undefined;
    psk: SelectedPsk | undefined;
  };
}

/** Handshake keys are in force. */
export interface Underway {
  readonly hello: DecodedClientHello;
  readonly settled: Settled;
  readonly transcript: Transcript;
  readonly schedule: MainSchedule;
  readonly handshakeTraffic: TrafficSecrets;
  readonly psk: SelectedPsk | undefined;
}

/** Our flight is complete. */
export interface Answered {
  readonly settled: Settled;
  readonly transcript: Transcript;
  readonly schedule: MainSchedule;
  readonly psk: SelectedPsk | undefined;
  /** How many follow the client's Finished. */
  readonly ticketCount: number;
  /** What the client's Finished is made with. */
  readonly clientHandshakeTraffic: Bytes;
  readonly clientTraffic: Bytes;
  readonly exporterSecret: Bytes;
}
interface Judged extends Answered {
  readonly verifier: Verifier;
  readonly presented: PresentedIdentity;
}

/** What moves a state: a message by its name on the wire, an answer by ours. */
export interface InputsTls13 {
  client_hello: HandshakeMessage;
  sessions: readonly Found[];
  /** undefined: the client's share is invalid. */
  secret: { readonly secret: Uint8Array; readonly share: Uint8Array } | undefined;
  signature: Uint8Array;
  certificate: HandshakeMessage;
  compressed_certificate: HandshakeMessage;
  certificate_verify: HandshakeMessage;
  validity: boolean;
  verdict: VerifiedIdentity;
  finished: HandshakeMessage;
}
