import type { PresentedIdentity, VerifiedIdentity, Verifier } from "../../../config/identity.ts";
import type { KeyBlock, Randoms } from "../../../crypto/prf.ts";
import type { Verification } from "../../../crypto/provider.ts";
import type { Transcript } from "../../../crypto/transcript.ts";
import type { Bytes } from "../../../wire/bytes.ts";
import type { DecodedClientHello } from "../../../wire/client-hello.ts";
import type { HandshakeMessage } from "../../../wire/handshake.ts";
import type { SignatureScheme } from "../../../wire/registry.ts";
import type { FinishedVerified, KeyProven } from "../../proofs.ts";
import type { StartedShare } from "../../stages/key-exchange.ts";
import type { SignatureCheck } from "../../stages/peer-identity.ts";
import type { Found } from "../sessions.ts";
import type { Authentication, ProvenPeer, Settled } from "../states.ts";
import type { Handle } from "./resume.ts";

interface Underway {
  readonly settled: Settled;
  readonly transcript: Transcript;
  readonly randoms: Randoms;
  readonly extendedMasterSecret: boolean;
  readonly handle: Handle | undefined;
}
/** A certificate that is not proven yet. */
export interface Shown {
  readonly verifier: Verifier;
  readonly presented: PresentedIdentity;
  readonly publicKey: Bytes;
  readonly schemes: readonly SignatureScheme[];
}
interface Keyed extends Underway {
  readonly master: Bytes;
  readonly keys: KeyBlock;
}
interface Proven extends Keyed {
  readonly peer: ProvenPeer | undefined;
}
/** A session is taken up: our Finished is said, and the client's will show that it knows the secret. */
interface Resuming {
  /** With the session's suite. */
  readonly settled: Settled;
  readonly transcript: Transcript;
  readonly randoms: Randoms;
  readonly master: Bytes;
  readonly keys: Pick<KeyBlock, "clientKey" | "clientIv">;
  readonly identity: VerifiedIdentity | undefined;
  readonly sessionData: Bytes | undefined;
}

export interface StatesTls12 {
  lookUpSessionTls12: { hello: DecodedClientHello; settled: Settled };
  expectChangeCipherSpecResumed: Resuming;
  expectFinishedResumed: Resuming;
  judgeResumedTls12: Pick<Resuming, "settled" | "randoms" | "master" | "sessionData"> & {
    finished: FinishedVerified;
    verifier: Verifier;
    presented: PresentedIdentity;
  };
  startShare: { hello: DecodedClientHello; settled: Settled };
  signShare: Underway & { started: StartedShare; params: Bytes; message: Bytes };
  expectClientCertificate: Underway & { started: StartedShare; authentication: Authentication };
  expectClientKeyExchange: Underway & { started: StartedShare; shown: Shown | undefined };
  completeShare: Underway & { started: StartedShare; shown: Shown | undefined; peerShare: Bytes };
  expectClientCertificateVerify: Keyed & { shown: Shown };
  checkClientSignature: Keyed & { shown: Shown; check: SignatureCheck; verification: Verification };
  judgeClient: Keyed & { shown: Shown; keyProven: KeyProven };
  expectChangeCipherSpec: Proven;
  expectFinishedTls12: Proven;
  connectedTls12: Omit<Proven, "keys" | "transcript" | "handle"> & {
    finished: FinishedVerified;
    /** undefined: a full handshake. */
    resumed: { readonly sessionData: Bytes | undefined } | undefined;
  };
}

export interface InputsTls12 {
  sessions: readonly Found[];
  key_shares: readonly StartedShare[];
  signature: Uint8Array;
  certificate: HandshakeMessage;
  client_key_exchange: HandshakeMessage;
  /** undefined: the client's share is invalid. */
  secret: { readonly secret: Uint8Array } | undefined;
  certificate_verify: HandshakeMessage;
  validity: boolean;
  verdict: VerifiedIdentity;
  change_cipher_spec: undefined;
  finished: HandshakeMessage;
}
