import type { ServerConfig } from "../../config/server-config.ts";
import type { ServerSettings } from "../../config/settings.ts";
import type { MainSchedule, TrafficSecrets } from "../../crypto/key-schedule.ts";
import type { Group, HashImplementation, SuiteImplementation } from "../../crypto/provider.ts";
import type { Transcript } from "../../crypto/transcript.ts";
import type { Negotiation } from "../../negotiate/negotiate.ts";
import type { Bytes } from "../../wire/bytes.ts";
import type { DecodedClientHello } from "../../wire/client-hello.ts";
import type { HandshakeMessage } from "../../wire/handshake.ts";
import type { FinishedVerified } from "../proofs.ts";
import type { StatesTls12 } from "../server-tls12/states.ts";
import type { StateOf } from "../table.ts";

/** What was settled by hello and config. */
export interface Settled {
  readonly settings: ServerSettings;
  readonly negotiated: Extract<Negotiation, { readonly kind: "agreed" }>;
  readonly suite: SuiteImplementation;
  readonly hash: HashImplementation;
  readonly group: Group;
  readonly retried: boolean;
}

/** What each state may know; those of TLS 1.2 are where they are used. */
export interface States extends StatesTls12 {
  expectClientHello: object;
  chooseConfig: { hello: DecodedClientHello };
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
export interface Inputs {
  client_hello: HandshakeMessage;
  config: ServerConfig;
  /** undefined: the client's share is invalid. */
  secret: { readonly secret: Uint8Array; readonly share: Uint8Array } | undefined;
  signature: Uint8Array;
  finished: HandshakeMessage;
}

export type State = StateOf<States>;
export type At<Kind extends keyof States> = StateOf<States, Kind>;
