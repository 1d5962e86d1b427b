import type { MainSchedule, TrafficSecrets } from "../../../crypto/key-schedule.ts";
import type { Transcript } from "../../../crypto/transcript.ts";
import type { Bytes } from "../../../wire/bytes.ts";
import type { DecodedClientHello } from "../../../wire/client-hello.ts";
import type { HandshakeMessage } from "../../../wire/handshake.ts";
import type { FinishedVerified } from "../../proofs.ts";
import type { Settled } from "../states.ts";

/** What each state may know. */
export interface StatesTls13 {
  expectSecondClientHello: { first: DecodedClientHello; settled: Settled; transcript: Transcript; cookie: Bytes | undefined };
  exchangeKeys: { hello: DecodedClientHello; settled: Settled; transcript: Transcript; peerShare: Bytes };
  sign: {
    hello: DecodedClientHello;
    settled: Settled;
    transcript: Transcript;
    schedule: MainSchedule;
    handshakeTraffic: TrafficSecrets;
    message: Bytes;
  };
  expectFinished: {
    settled: Settled;
    transcript: Transcript;
    schedule: MainSchedule;
    /** What the client's Finished must hold. */
    verifyData: Bytes;
    clientTraffic: Bytes;
    exporterSecret: Bytes;
  };
  connected: { settled: Settled; exporterSecret: Bytes; finished: FinishedVerified };
}

/** What moves a state: a message by its name on the wire, an answer by ours. */
export interface InputsTls13 {
  client_hello: HandshakeMessage;
  /** undefined: the client's share is invalid. */
  secret: { readonly secret: Uint8Array; readonly share: Uint8Array } | undefined;
  signature: Uint8Array;
  finished: HandshakeMessage;
}
