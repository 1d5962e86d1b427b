import type { PresentedIdentity, VerifiedIdentity, Verifier } from "../../../config/identity.ts";
import type { Exporter } from "../../../connection/exporters.ts";
import type { WriteHalf } from "../../../connection/write-half.ts";
import type { MainSchedule, TrafficSecrets } from "../../../crypto/key-schedule.ts";
import type { Verification } from "../../../crypto/provider.ts";
import type { Transcript } from "../../../crypto/transcript.ts";
import type { RecordSizes } from "../../../record/size-limit.ts";
import type { Freshness } from "../../../session/types.ts";
import type { Bytes } from "../../../wire/bytes.ts";
import type { DecodedClientHello } from "../../../wire/client-hello.ts";
import type { HandshakeMessage } from "../../../wire/handshake.ts";
import type { SignatureScheme } from "../../../wire/registry.ts";
import type { EarlyDataOutcome, EarlyDataRejection } from "../../stages/early-data.ts";
import type { SignatureCheck } from "../../stages/peer-identity.ts";
import type { FinishedVerified, KeyProven } from "../../proofs.ts";
import type { Found } from "../sessions.ts";
import type { StateOf } from "../../table.ts";
import type { Authentication, ProvenPeer, Settled } from "../states.ts";
import type { SelectedPsk } from "./psk.ts";

/** What each state may know. */
export interface StatesTls13 {
  expectSecondClientHello: { first: DecodedClientHello; settled: Settled; transcript: Transcript; cookie: Bytes | undefined };
  /** The transcript ends before the hello. */
  lookUpSession: { hello: DecodedClientHello; settled: Settled; transcript: Transcript; peerShare: Bytes };
  /** Its binder has verified; the transcript ends with the hello, from here on. */
  judgeResumed: {
    hello: DecodedClientHello;
    settled: Settled;
    transcript: Transcript;
    peerShare: Bytes;
    psk: Extract<SelectedPsk, { kind: "session" }>;
    /** undefined: nothing. */
    againstEarlyData: EarlyDataRejection | undefined;
    verifier: Verifier;
    presented: PresentedIdentity;
  };
  askSingleUse: {
    hello: DecodedClientHello;
    settled: Settled;
    transcript: Transcript;
    peerShare: Bytes;
    psk: SelectedPsk;
    use: { readonly key: Bytes; readonly forgetAfterMs: number };
  };
  exchangeKeys: {
    hello: DecodedClientHello;
    settled: Settled;
    transcript: Transcript;
    peerShare: Bytes;
    psk: SelectedPsk | undefined;
    /** undefined: none was offered. */
    earlyData: EarlyDataOutcome | undefined;
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
  expectEndOfEarlyData: ReadingEarly;
  showEarlyData: ReadingEarly & { data: Uint8Array };
  tellEarlyData: { outcome: EarlyDataOutcome; next: StateOf<StatesTls13, "expectFinished" | "expectCertificate"> };
  expectFinished: Answered & { peer: ProvenPeer | undefined };
  connected: {
    settled: Settled;
    exporterSecret: Bytes;
    finished: FinishedVerified;
    peer: ProvenPeer | undefined;
    psk: SelectedPsk | undefined;
    writeHalf: WriteHalf | undefined;
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
  readonly earlyData: EarlyDataOutcome | undefined;
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
  /** Half-RTT: who writes before the client's Finished has come. */
  readonly writeHalf: WriteHalf | undefined;
}
/** Early data was accepted, and has not ended. */
interface ReadingEarly extends Answered {
  readonly peer: ProvenPeer | undefined;
  readonly exporter: Exporter;
  /** Bytes that have come. */
  readonly received: number;
  /** Of all records behind it. */
  readonly recordSizes: RecordSizes;
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
  freshness: Freshness;
  signature: Uint8Array;
  application_data: Uint8Array;
  end_of_early_data: HandshakeMessage;
  next: undefined;
  certificate: HandshakeMessage;
  compressed_certificate: HandshakeMessage;
  certificate_verify: HandshakeMessage;
  validity: boolean;
  verdict: VerifiedIdentity;
  finished: HandshakeMessage;
}
