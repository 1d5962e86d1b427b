// A server's sessions: which of the client's are known (RFC 9846 §4.3.11), and those that tickets give (§4.7.1). A ticket that
// doesn't open or fit is left aside, and never an alert.
import { suiteMeanings } from "../../../config/parameters.ts";
import type { ServerSettings } from "../../../config/settings.ts";
import { attempt } from "../../../connection/guard.ts";
import type { Link } from "../../../connection/link.ts";
import { resumptionPsk } from "../../../crypto/key-schedule.ts";
import type { CryptoProvider } from "../../../crypto/provider.ts";
import { expectLength } from "../../../crypto/results.ts";
import { decodeSession, encodeSession, isFresh, type SessionState } from "../../../session/state.ts";
import { openTicket, sealerOf, sealTicket, ticketLifetime } from "../../../session/tickets.ts";
import type { ServerSessions, StoredSession, SyncServerSessionStore, TicketKeys } from "../../../session/types.ts";
import { extension } from "../../../wire/extensions.ts";
import { type Bytes, copy, equal, hex, wipe } from "../../../wire/bytes.ts";
import type { DecodedClientHello } from "../../../wire/client-hello.ts";
import type { TicketRequest } from "../../../wire/extensions.ts";
import { encodeNewSessionTicket } from "../../../wire/post-handshake.ts";
import { Reader } from "../../../wire/reader.ts";
import { pskModes } from "../../../wire/registry.ts";
import type { Context } from "../../table.ts";
import type { At, Settled } from "../states.ts";
import type { EarlyDataRejection } from "../../early-stages.ts";
import { externalOf, type SelectedPsk } from "./psk.ts";

/** A session that a server found: not trusted before its binder verified. */
export interface Found {
  readonly index: number;
  readonly state: Uint8Array;
}

/** What came of a look at all that was found. */
export interface Fitting {
  readonly session: { readonly index: number; readonly state: SessionState } | undefined;
  /** Why the first identity's session is not it; undefined: it is, or there is none. */
  readonly misfit: EarlyDataRejection | undefined;
}

/** A client may offer any number; a look at more would be work for nothing. */
const mostCandidates = 4;
/** Behind a new session, and behind a resumed one, whose client has others left. */
const usualTickets: TicketRequest = { new: 2, resumed: 1 };
/** Who asks for more (RFC 9149 §3) gets so many: each is work, and a place in a store. */
const mostTickets = 8;
/** Seconds, for states that are kept here; a sealed ticket lives as long as its key. */
const storedLifetime = 6 * 3600;

/** What may be a session of ours: an external PSK is none. */
export function candidatesOf({ hello, settled }: At<"lookUpSession">): { readonly index: number; readonly id: Bytes }[] {
  const { psks } = settled.settings;
  const candidates = hello.pskIdentities.map((id, index) => ({ index, id }));
  return candidates.filter(({ id }) => !psks.has(hex(id))).slice(0, mostCandidates);
}

/** What a synchronous object of the config knows of them. */
export function find(state: At<"lookUpSession">, sessions: TicketKeys | SyncServerSessionStore): readonly Found[] {
  const { provider, now } = state.settled.settings;
  const candidates = candidatesOf(state);
  if ("find" in sessions) {
    return candidates.flatMap(({ index, id }) => {
      const state = sessions.find(id);
      return state === undefined ? [] : [{ index, state }];
    });
  }
  const sealer = sealerOf(provider);
  if (sealer === undefined) return [];
  return candidates.flatMap(({ index, id }) => {
    const state = openTicket(id, sessions, sealer, now());
    return state === undefined ? [] : [{ index, state }];
  });
}

/** The first in the client's order; its binder is not looked at. The secrets of all others are wiped. */
export function firstThatFits({ hello, settled }: At<"lookUpSession">, found: readonly Found[]): Fitting {
  const { settings } = settled;
  const nowMs = settings.now();
  // What was opened here is nobody else's; what a store gave is the store's.
  const areOurs = settings.sessions !== undefined && "current" in settings.sessions;
  let chosen: { readonly index: number; readonly state: SessionState } | undefined;
  let misfit: Fitting["misfit"];
  for (const { index, state: bytes } of [...found].sort((one, other) => one.index - other.index)) {
    const decoded = attempt(() => decodeSession(bytes));
    if (areOurs) wipe(bytes);
    if (decoded.kind === "thrown") continue;
    const state = decoded.result;
    const problem = misfitOf(state, hello, settled, nowMs);
    if (index === 0) misfit = problem;
    if (chosen === undefined && problem === undefined) chosen = { index, state };
    else wipe(state.secret);
  }
  return { session: chosen, misfit };
}

function misfitOf(
  state: SessionState, hello: DecodedClientHello, { settings, suite }: Settled, nowMs: number,
): EarlyDataRejection | undefined {
  // §4.3.11: a PSK goes with any suite of its hash.
  if (suiteMeanings[state.suite].hash !== suite.hash) return "suite-differs";
  // A PSK that was taken out of the config takes its sessions along.
  const pskIsKnown = state.psk === undefined || settings.pskFingerprints.has(hex(state.psk.fingerprint));
  if (!pskIsKnown || !equal(state.configId, settings.id)) return "config-differs";
  if (state.serverName !== hello.serverName) return "name-differs";
  return isFresh(state, nowMs) ? undefined : "not-resumed";
}

/** As many tickets as follow this handshake: what the client asks for, if it does, and can use. */
export function ticketsFor(
  { pskModes: modes, ticketRequest = usualTickets }: DecodedClientHello, { sessions }: ServerSettings, psk: SelectedPsk | undefined,
): number {
  if (sessions === undefined || modes?.includes(pskModes.psk_dhe_ke) !== true) return 0;
  return Math.min(mostTickets, psk?.kind === "session" ? ticketRequest.resumed : ticketRequest.new);
}

/** NewSessionTicket messages (§4.7.1), made in the step that verified the client's Finished: they hold who it is. */
export function makeTickets(
  { settled, psk, peer, ticketCount }: Pick<At<"expectFinished">, "settled" | "psk" | "peer" | "ticketCount">,
  resumptionSecret: Bytes,
  { link }: Context,
): readonly Bytes[] {
  const { settings, negotiated, suite, hash } = settled;
  const { sessions, provider, now } = settings;
  if (sessions === undefined) return [];
  const nowMs = now();
  const lifetimeSeconds = "current" in sessions ? ticketLifetime(sessions, nowMs) : storedLifetime;
  if (lifetimeSeconds === 0) return [];
  const identity = peer?.identity;
  const maxEarlyData = settings.earlyData?.maxBytes ?? 0;
  const extensions = maxEarlyData === 0 ? [] : [extension("early_data", (writer) => writer.u32(maxEarlyData))];
  const resumed = psk?.kind === "session" ? psk.state : undefined;
  const tickets = Array.from({ length: ticketCount }, (_, at) => {
    const nonce = Uint8Array.of(at);
    const ageAdd = new Reader(expectLength(provider.random(4), 4, "random"), "random").u32("ticket_age_add");
    const secret = resumptionPsk(hash, resumptionSecret, nonce);
    const state = encodeSession({
      suite: suite.name,
      secret,
      alpn: negotiated.alpn,
      serverName: negotiated.serverName,
      configId: settings.id,
      fullHandshakeMs: resumed?.fullHandshakeMs ?? nowMs,
      issuedMs: nowMs,
      lifetimeSeconds,
      ageAdd,
      maxEarlyData,
      peer: identity && { presented: identity.presented, path: identity.path, names: identity.names },
      psk: externalOf(psk),
      ticket: undefined,
    });
    wipe(secret);
    const ticket = keep({ state, lifetimeSeconds, maxEarlyData }, sessions, provider, link);
    // What is long comes back in a hello, whose other half must hold all else.
    if (ticket.length > settings.limits.clientHello / 2) return undefined;
    return encodeNewSessionTicket({ lifetime: lifetimeSeconds, ageAdd, nonce, ticket, extensions });
  });
  return tickets.filter((ticket) => ticket !== undefined);
}

/** Where the state goes, and what the client shows to find it again. */
function keep(session: StoredSession, sessions: ServerSessions, provider: CryptoProvider, link: Link): Bytes {
  const random = (length: number): Bytes => expectLength(provider.random(length), length, "random");
  if ("current" in sessions) {
    const sealer = sealerOf(provider);
    if (sealer === undefined) throw new TypeError("a config with ticket keys has what seals them");
    const ticket = sealTicket(session.state, sessions, sealer, random);
    wipe(session.state);
    return ticket;
  }
  const key = random(32);
  if ("put" in sessions) sessions.put(copy(key), session);
  else link.event({ kind: "new-session", role: "server", key, session, store: sessions });
  return key;
}
