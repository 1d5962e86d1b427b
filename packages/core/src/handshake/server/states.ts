import type { PreparedPsk } from "../../config/check-psks.ts";
import type { VerifiedIdentity } from "../../config/identity.ts";
import type { ServerConfig } from "../../config/server-config.ts";
import type { ClientAuthenticationSettings, ServerSettings } from "../../config/settings.ts";
import type { Group, HashImplementation, SuiteImplementation } from "../../crypto/provider.ts";
import type { Negotiation } from "../../negotiate/negotiate.ts";
import type { DecodedClientHello } from "../../wire/client-hello.ts";
import type { HandshakeMessage } from "../../wire/handshake.ts";
import type { CertificateType } from "../../wire/registry.ts";
import type { KeyProven } from "../proofs.ts";
import type { StateOf } from "../table.ts";
import type { StatesTls12 } from "./tls12/states.ts";
import type { StatesTls13 } from "./tls13/states.ts";

/** What was settled by hello and config. */
export interface Settled {
  readonly settings: ServerSettings;
  readonly negotiated: Extract<Negotiation, { readonly kind: "agreed" }>;
  readonly suite: SuiteImplementation;
  readonly hash: HashImplementation;
  readonly group: Group;
  readonly retried: boolean;
  /** In the first hello. */
  readonly offersEarlyData: boolean;
  /** undefined: the client is not asked for a certificate. */
  readonly authentication: Authentication | undefined;
  /** Of the hello that is answered. */
  readonly psk: AgreedPsk | undefined;
}

/** What the client is asked for. */
export interface Authentication extends ClientAuthenticationSettings {
  readonly type: CertificateType;
}

/** An external PSK of ours that the client offers; that it knows the key, its binder has to say. */
export interface AgreedPsk {
  readonly index: number;
  readonly psk: PreparedPsk;
  /** The first hello's binder has shown that the client has the key. */
  readonly isProven?: true;
}

/** A client that showed who it is: now, or in the session's full handshake, whose secret it knows. */
export interface ProvenPeer {
  readonly identity: VerifiedIdentity;
  readonly keyProven: KeyProven | "by the session";
}

/** What each state may know; those of a version are in its folder. */
export interface States extends StatesTls13, StatesTls12 {
  expectClientHello: object;
  chooseConfig: { hello: DecodedClientHello };
}

/** What moves a state: a message by its name on the wire, an answer by ours. */
export interface Inputs {
  client_hello: HandshakeMessage;
  config: ServerConfig;
}

export type State = StateOf<States>;
export type At<Kind extends keyof States> = StateOf<States, Kind>;
