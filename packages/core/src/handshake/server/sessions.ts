// A server's sessions, of both versions: which of those that a client offers it knows, and where a new one goes.
import type { PresentedIdentity, VerifiedIdentity, Verifier } from "../../config/identity.ts";
import type { ServerSettings } from "../../config/settings.ts";
import { attempt } from "../../connection/guard.ts";
import type { Link } from "../../connection/link.ts";
import type { CryptoProvider } from "../../crypto/provider.ts";
import { expectLength } from "../../crypto/results.ts";
import { decodeSession, type SessionState } from "../../session/state.ts";
import { openTicket, sealerOf, sealTicket, ticketLifetime } from "../../session/tickets.ts";
import type {
  AsyncServerSessionStore,
  ServerSessions,
  StoredSession,
  SyncServerSessionStore,
  TicketKeys,
} from "../../session/types.ts";
import { type Bytes, copy, wipe } from "../../wire/bytes.ts";
import { presentedAgain } from "../identity.ts";

/** What a client shows: a ticket, or the id of a session. */
export interface Candidate {
  readonly index: number;
  readonly id: Bytes;
}
/** A session that a server found: not trusted before the client has shown that it knows its secret. */
export interface Found {
  readonly index: number;
  readonly state: Uint8Array;
}

/** Seconds, for states that are kept here; a sealed ticket lives as long as its key. */
const storedLifetime = 6 * 3600;

/** What a synchronous object of the config knows of them. */
export function find(
  candidates: readonly Candidate[],
  sessions: TicketKeys | SyncServerSessionStore,
  { provider, now }: ServerSettings,
): readonly Found[] {
  const sealer = "current" in sessions ? sealerOf(provider) : undefined;
  return candidates.flatMap(({ index, id }) => {
    const state = "find" in sessions ? sessions.find(id) : sealer && openTicket(id, sessions, sealer, now());
    return state === undefined ? [] : [{ index, state }];
  });
}

/** The first in the client's order that fits. The secrets of all others are wiped. */
export function firstThatFits(
  found: readonly Found[],
  { sessions }: ServerSettings,
  fits: (state: SessionState, index: number) => boolean,
): { readonly index: number; readonly state: SessionState } | undefined {
  // What was opened here is nobody else's; what a store gave is the store's.
  const areOurs = sessions !== undefined && "current" in sessions;
  let chosen: { readonly index: number; readonly state: SessionState } | undefined;
  for (const { index, state: bytes } of [...found].sort((one, other) => one.index - other.index)) {
    const decoded = attempt(() => decodeSession(bytes));
    if (areOurs) wipe(bytes);
    if (decoded.kind === "thrown") continue;
    const state = decoded.result;
    if (chosen === undefined && fits(state, index)) chosen = { index, state };
    else wipe(state.secret);
  }
  return chosen;
}

/** Whom a verifier is asked about again, now that a session is taken up; undefined: nobody. */
export function judgedAgain(
  identity: VerifiedIdentity | undefined,
  settings: ServerSettings,
): { readonly verifier: Verifier; readonly presented: PresentedIdentity } | undefined {
  const { reverifyOnResume, clientAuthentication } = settings;
  if (!reverifyOnResume || identity === undefined || clientAuthentication === undefined) return undefined;
  return { verifier: clientAuthentication.verifier, presented: presentedAgain(identity, settings) };
}

/** Seconds that a session may live which is made now; 0: none is made. */
export function lifetimeOf(sessions: ServerSessions, nowMs: number): number {
  return "current" in sessions ? ticketLifetime(sessions, nowMs) : storedLifetime;
}

/** The ticket. The state is wiped: nobody else has it. */
export function seal({ state }: StoredSession, keys: TicketKeys, provider: CryptoProvider): Bytes {
  const sealer = sealerOf(provider);
  if (sealer === undefined) throw new TypeError("a config with ticket keys has what seals them");
  const ticket = sealTicket(state, keys, sealer, (length) => expectLength(provider.random(length), length, "random"));
  wipe(state);
  return ticket;
}

/** Where the state goes that is not sealed. */
export function keep(
  key: Bytes,
  session: StoredSession,
  store: SyncServerSessionStore | AsyncServerSessionStore,
  link: Link,
): void {
  if ("put" in store) store.put(copy(key), session);
  else link.event({ kind: "new-session", role: "server", key, session, store });
}
