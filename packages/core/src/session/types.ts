import type { Bytes } from "../wire/bytes.ts";
import type { NamedGroup } from "../wire/registry.ts";

/** What a store keeps of a session. */
export interface StoredSession {
  /** Opaque, versioned; holds a secret. The store's own: encrypting and wiping it is, too. */
  readonly state: Bytes;
  /** From when it was made; a state that is older is not taken up, so that a store may forget it then. */
  readonly lifetimeSeconds: number;
  /** Bytes. 0: none. */
  readonly maxEarlyData: number;
}
/** Plain strings, so that a store can make a key of them. */
export interface ClientSessionKey {
  readonly serverName: string;
  readonly partition: string;
  /** Hex of the config id. */
  readonly config: string;
}

/**
 * Which group a server asked for by HelloRetryRequest, or took of several: a hint, so that the next first flight has its share
 * too, and needs no second one. Synchronous in every store, for a hint that is waited for is none.
 */
export interface GroupMemory {
  recall(key: ClientSessionKey): NamedGroup | undefined;
  remember(key: ClientSessionKey, group: NamedGroup): void;
}

/** `take` removes: a client uses a session once (Appendix C.4). */
export type ClientSessionStore = SyncClientSessionStore | AsyncClientSessionStore;
export interface SyncClientSessionStore {
  take(key: ClientSessionKey): StoredSession | undefined;
  put(key: ClientSessionKey, session: StoredSession): void;
  readonly groups?: GroupMemory;
}
export interface AsyncClientSessionStore {
  takeAsync(key: ClientSessionKey, signal: AbortSignal): Promise<StoredSession | undefined>;
  putAsync(key: ClientSessionKey, session: StoredSession): Promise<void>;
  readonly groups?: GroupMemory;
}

/** Stateless tickets, or states kept here. */
export type ServerSessions = TicketKeys | SyncServerSessionStore | AsyncServerSessionStore;
/** Copy them to other processes; the current one seals, both open. */
export interface TicketKeys {
  readonly current: TicketKey;
  readonly previous?: TicketKey | undefined;
}
export interface TicketKey {
  /** 16 bytes, random. */
  readonly name: Uint8Array;
  /** 32 bytes, random. */
  readonly secret: Uint8Array;
  /** Milliseconds since 1970. */
  readonly createdMs: number;
}
export interface SyncServerSessionStore {
  /** The `state` that was put under this id; it stays the store's. A look: never removes. */
  find(id: Bytes): Uint8Array | undefined;
  put(id: Bytes, session: StoredSession): void;
}
export interface AsyncServerSessionStore {
  /** The same of at most 4 at once: an entry for each id, in their order. */
  findAsync(ids: readonly Bytes[], signal: AbortSignal): Promise<readonly (Uint8Array | undefined)[]>;
  putAsync(id: Bytes, session: StoredSession): Promise<void>;
}

/** The replay check. Full, failing, or younger than the window: `unavailable`. */
export type SingleUse = SyncSingleUse | AsyncSingleUse;
export interface SyncSingleUse {
  /** @param key a hash. @param forgetAfterMs milliseconds since 1970: from then on it need not be known any more. */
  use(key: Bytes, forgetAfterMs: number): Freshness;
}
export interface AsyncSingleUse {
  useAsync(key: Bytes, forgetAfterMs: number, signal: AbortSignal): Promise<Freshness>;
}

export type Freshness = "fresh" | "seen" | "unavailable";
