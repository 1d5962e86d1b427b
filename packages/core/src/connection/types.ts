// What a connection takes and gives, as types: shared by the handshake, which makes connections, and by the data path.
import type { PresentedIdentity, VerifiedFacts, VerifiedIdentity } from "../config/identity.ts";
import type {
  AsyncServerSessionStore,
  ClientSessionKey,
  ClientSessionStore,
  StoredSession,
  SyncServerSessionStore,
} from "../session/types.ts";
import type { Bytes } from "../wire/bytes.ts";
import type { CipherSuiteName, NamedGroup, ProtocolVersion, Registered, SignatureScheme } from "../wire/registry.ts";
import type { ErrorAndAlert } from "./failure.ts";

export interface Reader {
  /**
   * @param chunk lent, opened in place: `data` are views into it, valid while the caller leaves it alone. A record that came
   * in several chunks was copied, and its view is valid for ever.
   */
  receive(chunk: Uint8Array): Received;
  receiveEnd(): Received;
}

export interface Writer {
  /** Empty data makes no record. `ended`: TLS 1.2, and the peer has closed (RFC 5246 §7.2.1). */
  send(data: Uint8Array): Sent | Ended | ErrorAndAlert;
  /**
   * Seals whole records into the caller's window, a KeyUpdate that is due first; `taken` may be less than `data.length`, and 0
   * in a window under 64 bytes. What was written is output of this call: it goes to the wire before the output of any later
   * one, `receive`'s too. If it fails, the failure's `output` holds all that is to be sent, and nothing in `target` counts.
   */
  sendInto(data: Uint8Array, target: Uint8Array): SentInto | Ended | ErrorAndAlert;
  /** close_notify. A second call, and one after `ended`, gives empty output; a `send` after our own close throws ApiMisuse. */
  close(): Sent | ErrorAndAlert;
  /** TLS 1.3 (§4.7.3); on 1.2 it throws ApiMisuse. While a request of ours is unanswered no second one is sent. */
  updateKeys(options?: { readonly requestPeer?: boolean }): Sent | ErrorAndAlert;
}

export interface Sent {
  readonly kind: "sent";
  readonly output: Bytes;
}
export interface SentInto {
  readonly kind: "sent";
  /** Bytes of plaintext sealed. */
  readonly taken: number;
  /** Bytes of `target` filled. */
  readonly written: number;
}

/** Every arm carries what was authenticated before it. */
export type Received = Open | Closed | ErrorAndAlert;
export interface Open {
  readonly kind: "open";
  readonly output: Bytes;
  readonly data: readonly Uint8Array[];
  readonly events: readonly ConnectionEvent[];
}
/** The peer's close_notify, or (`lenient`) its bare end. Nothing after it is read: a later `receive` gives this arm, empty. */
export interface Closed {
  readonly kind: "closed";
  readonly output: Bytes;
  readonly data: readonly Uint8Array[];
  readonly events: readonly ConnectionEvent[];
  /** False in TLS 1.2, where our own close_notify is in `output` already (RFC 5246 §7.2.1); `send` then says `ended`. */
  readonly writable: boolean;
}

/** `unavailable`: TLS 1.2 without extended_master_secret (RFC 7627 §5.4), or an extracted connection of that kind. */
export type Exported =
  | { readonly kind: "exported"; readonly keyingMaterial: Bytes }
  | { readonly kind: "unavailable"; readonly reason: "no-extended-master-secret" }
  | ErrorAndAlert;

export type ConnectionEvent =
  | NewSession
  | { readonly kind: "keys-updated"; readonly direction: "read" | "write"; readonly requested: boolean }
  | { readonly kind: "warning-alert"; readonly description: Registered }
  | { readonly kind: "renegotiation-refused" };

/**
 * A synchronous store has it already; an asynchronous one is the driver's (or your) turn: `store.putAsync`. A sealed ticket
 * (TicketKeys) needs no storing and makes no event.
 */
export type NewSession = NewClientSession | NewServerSession;
export interface NewClientSession {
  readonly kind: "new-session";
  readonly role: "client";
  readonly key: ClientSessionKey;
  readonly session: StoredSession;
  readonly store: ClientSessionStore | undefined;
}
export interface NewServerSession {
  readonly kind: "new-session";
  readonly role: "server";
  readonly key: Bytes;
  readonly session: StoredSession;
  readonly store: SyncServerSessionStore | AsyncServerSessionStore;
}

export interface Extracted {
  readonly kind: "extracted";
  /** What must still be sent under the old keys; often empty. */
  readonly output: Bytes;
  readonly secrets: ConnectionSecrets;
}
/** A KeyUpdate request of ours is unanswered, or a handshake message incomplete. The connection lives on; try again later. */
export interface ExtractLater {
  readonly kind: "later";
  readonly output: Bytes;
}
/** Plain data that structuredClone takes. Wiping it is now yours. */
export interface ConnectionSecrets {
  readonly role: "client" | "server";
  readonly version: ProtocolVersion;
  readonly suite: CipherSuiteName;
  readonly read: DirectionSecrets;
  readonly write: DirectionSecrets;
  /** Only for `Connection.resume`. */
  readonly exporter: Bytes | undefined;
  /** Bytes of a record that has not arrived whole. */
  readonly unread: Bytes;
  readonly info: Omit<Info, "peer">;
  /** What the verified identity was made from, and what the verifier found; `resume` makes it anew. */
  readonly peer:
    | ({
        readonly presented: PresentedIdentity;
        readonly path: readonly Uint8Array[];
        readonly names: readonly string[];
      } & VerifiedFacts)
    | undefined;
}
/** `key` and `iv` are what kTLS takes (AES-GCM of TLS 1.2: 4 bytes of salt); `secret` (1.3) is what the next KeyUpdate needs. */
export interface DirectionSecrets {
  readonly secret: Bytes | undefined;
  readonly key: Bytes;
  readonly iv: Bytes;
  /** Below 2^53. */
  readonly sequence: number;
  readonly closed: boolean;
}

/** What was agreed before anyone is proven: enough to speak early data and half-RTT. */
export interface Agreed {
  readonly version: ProtocolVersion;
  readonly suite: CipherSuiteName;
  readonly alpn: string | undefined;
  readonly serverName: string | undefined;
}

/** By certificate, by a session, by an external PSK; each may have taken a HelloRetryRequest. */
type HandshakeKind = "full" | "resumed" | "psk";

export interface Info extends Agreed {
  readonly handshakeKind: HandshakeKind | `${HandshakeKind}-after-retry`;
  /** Absent after a resumption of 1.2. */
  readonly group: NamedGroup | undefined;
  /** Whom a certificate named, now or in the session's full handshake. */
  readonly peer: VerifiedIdentity | undefined;
  /** The external PSK that the peer knows, now or in the session's full handshake: its identity as the config has it. */
  readonly psk: { readonly identity: Bytes } | undefined;
  readonly peerSignatureScheme: SignatureScheme | undefined;
  readonly ownSignatureScheme: SignatureScheme | undefined;
  /** DER of the leaf that this side showed in this handshake; undefined: none, or a raw public key. Not a copy. */
  readonly ownCertificate: Uint8Array | undefined;
  /** This side asks for certificates: where `peer` is undefined the peer has shown none. False behind an external PSK. */
  readonly asksPeer: boolean;
  readonly extendedMasterSecret: boolean;
  /** Largest plaintext of a record, each way (RFC 8449). */
  readonly maxRecordSize: { readonly send: number; readonly receive: number };
  /** Of a server that resumed: what its config's `sessionData` had attached to the session. */
  readonly sessionData: Bytes | undefined;
}

/** Nothing was sent: the peer's doing ended this direction, and the caller could not know. `output` is empty. */
export interface Ended {
  readonly kind: "ended";
  readonly output: Bytes;
}
