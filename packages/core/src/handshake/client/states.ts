import type { PresentedIdentity, VerifiedIdentity } from "../../config/identity.ts";
import type { ClientSettings } from "../../config/settings.ts";
import type { Group } from "../../crypto/provider.ts";
import type { SessionState } from "../../session/state.ts";
import type { StoredSession } from "../../session/types.ts";
import type { ClientHelloFields, DecodedClientHello } from "../../wire/client-hello.ts";
import type { HandshakeMessage } from "../../wire/handshake.ts";
import type { StartedShare } from "../stages/key-exchange.ts";
import type { StateOf } from "../table.ts";
import type { EarlyOffer } from "./early-data.ts";
import type { OfferedPsk } from "./psks.ts";
import type { StatesTls12 } from "./tls12/states.ts";
import type { StatesTls13 } from "./tls13/states.ts";

/** Whom we mean to reach, and how. */
export interface Goal {
  readonly settings: ClientSettings;
  /** A DNS name, or an IP literal. */
  readonly serverName: string;
  readonly alpn: readonly string[];
  /** Sessions are kept apart by it. */
  readonly partition: string;
}

/** A ClientHello that was sent. */
export interface Offer {
  readonly goal: Goal;
  readonly fields: ClientHelloFields;
  readonly hello: DecodedClientHello;
  readonly shares: readonly StartedShare[];
  /** In its order. */
  readonly psks: readonly OfferedPsk[];
  /** Whose ticket or id it shows to a server of TLS 1.2. */
  readonly sessionTls12: SessionState | undefined;
  /** What the first hello offered with the first of them; undefined: nothing. */
  readonly early: EarlyOffer | undefined;
  /** Whom the verifier trusted with early data (`reverifyOnResume`). */
  readonly judged: VerifiedIdentity | undefined;
}

/** What each state may know; those of a version are in its folder. */
export interface States extends StatesTls13, StatesTls12 {
  takeSession: { goal: Goal };
  startShares: { goal: Goal; session: SessionState | undefined; groups: readonly Group[] };
  /** Of early data that may be sent: to whom the session was made with, if he is still trusted. */
  judgeEarly: { offer: Offer; presented: PresentedIdentity };
  expectServerHello: { offer: Offer };
}

/** What moves a state: a message by its name on the wire, an answer by ours. */
export interface Inputs {
  session: StoredSession | undefined;
  key_shares: readonly StartedShare[];
  verdict: VerifiedIdentity;
  server_hello: HandshakeMessage;
}

export type State = StateOf<States>;
export type At<Kind extends keyof States> = StateOf<States, Kind>;
