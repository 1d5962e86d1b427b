// Taking up a session (RFC 9846 §4.3.11). A ticket that doesn't open or fit is a full handshake, and never an alert; a binder
// that
// does not verify is one.
import type { VerifiedIdentity } from "../../../config/identity.ts";
import { suiteMeanings } from "../../../config/parameters.ts";
import { attempt } from "../../../connection/guard.ts";
import type { Link } from "../../../connection/link.ts";
import { resumptionBinder, resumptionPsk } from "../../../crypto/key-schedule.ts";
import type { CryptoProvider } from "../../../crypto/provider.ts";
import { expectLength } from "../../../crypto/results.ts";
import type { Transcript } from "../../../crypto/transcript.ts";
import { fail } from "../../../errors.ts";
import { decodeSession, encodeSession, isFresh, type SessionState } from "../../../session/state.ts";
import { openTicket, sealerOf, sealTicket, ticketLifetime } from "../../../session/tickets.ts";
import type { ServerSessions, StoredSession, SyncServerSessionStore, TicketKeys } from "../../../session/types.ts";
import { type Bytes, copy, equal, equalSecrets, wipe } from "../../../wire/bytes.ts";
import { bindersLength, type DecodedClientHello } from "../../../wire/client-hello.ts";
import { extension } from "../../../wire/extensions.ts";
import { encodeNewSessionTicket } from "../../../wire/post-handshake.ts";
import { Reader } from "../../../wire/reader.ts";
import { pskModes } from "../../../wire/registry.ts";
import type { EarlyDataRejection } from "../../early-stages.ts";
import { rememberedIdentity } from "../../identity.ts";
import type { Context } from "../../table.ts";
import type { At, Settled } from "../states.ts";
import { whyNoEarlyData } from "./early-data.ts";

/** A session that a server found: not trusted before its binder verified. */
export interface Found {
  readonly index: number;
  readonly state: Uint8Array;
}
/** The one that is taken up, its binder verified. */
export interface Resumed {
  readonly index: number;
  readonly state: SessionState;
  readonly identity: VerifiedIdentity | undefined;
}

/** What came of a look at all that was found. */
interface Taken {
  readonly session: Resumed | undefined;
  /** Why the first identity's session is not taken; undefined: it is, or there is none. */
  readonly misfit: EarlyDataRejection | undefined;
}

/** A client may offer any number; a look at more would be work for nothing. */
const mostCandidates = 4;
/** Behind a full handshake, and behind a resumed one, whose client has others left. */
const ticketsAfterFull = 2;
const ticketsAfterResumed = 1;
/** Seconds, for states that are kept here; a sealed ticket lives as long as its key. */
const storedLifetime = 6 * 3600;

/** Whether a session is looked for, and then the key exchange. @param transcript before this hello. */
export function lookUpOrExchange(
  hello: DecodedClientHello, settled: Settled, transcript: Transcript, peerShare: Bytes,
): At<"lookUpSession"> | At<"exchangeKeys"> {
  const { sessions } = settled.settings;
  if (sessions !== undefined && hello.psks !== undefined && hello.pskModes?.includes(pskModes.psk_dhe_ke) === true) {
    return { kind: "lookUpSession", hello, settled, transcript, peerShare };
  }
  transcript.add(hello.raw);
  const reason = settled.offersEarlyData ? whyNoEarlyData(hello, settled, undefined) : undefined;
  const earlyData = reason && { rejected: reason };
  return { kind: "exchangeKeys", hello, settled, transcript, peerShare, session: undefined, earlyData };
}

export function candidatesOf({ psks }: DecodedClientHello): { readonly index: number; readonly id: Bytes }[] {
  return (psks?.identities ?? []).slice(0, mostCandidates).map(({ identity }, index) => ({ index, id: identity }));
}

/** What a synchronous object of the config knows of them. */
export function find(
  { hello, settled }: At<"lookUpSession">, sessions: TicketKeys | SyncServerSessionStore,
): readonly Found[] {
  const { provider, now } = settled.settings;
  const candidates = candidatesOf(hello);
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

/** The first in the client's order that fits, once its binder has verified. The secrets of all others are wiped. */
export function take({ hello, settled, transcript }: At<"lookUpSession">, found: readonly Found[]): Taken {
  const { settings, hash } = settled;
  const nowMs = settings.now();
  // What was opened here is nobody else's; what a store gave is the store's.
  const areOurs = settings.sessions !== undefined && "current" in settings.sessions;
  let chosen: { readonly index: number; readonly state: SessionState } | undefined;
  let misfit: Taken["misfit"];
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
  if (chosen === undefined) return { session: undefined, misfit };
  const { index, state } = chosen;
  const truncated = hello.raw.subarray(0, hello.raw.length - bindersLength(hello));
  const binder = hello.psks?.binders[index] ?? new Uint8Array(0);
  // §4.3.11: "If this value is not present or does not validate, the server MUST abort the handshake."
  if (!equalSecrets(resumptionBinder(hash, state.secret, transcript.digestWith(truncated)), binder)) {
    wipe(state.secret);
    fail("bad-binder", { index }, "RFC 9846 §4.3.11");
  }
  return { session: { index, state, identity: rememberedIdentity(state) }, misfit };
}

function misfitOf(
  state: SessionState, hello: DecodedClientHello, { settings, suite }: Settled, nowMs: number,
): EarlyDataRejection | undefined {
  // §4.3.11: a PSK goes with any suite of its hash.
  if (suiteMeanings[state.suite].hash !== suite.hash) return "suite-differs";
  if (!equal(state.configId, settings.id)) return "config-differs";
  if (state.serverName !== hello.serverName) return "name-differs";
  return isFresh(state, nowMs) ? undefined : "not-resumed";
}

/** NewSessionTicket messages (§4.7.1), made in the step that verified the client's Finished: they hold who it is. */
export function makeTickets(
  { settled, session, peer }: Pick<At<"expectFinished">, "settled" | "session" | "peer">,
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
  const tickets = Array.from({ length: session === undefined ? ticketsAfterFull : ticketsAfterResumed }, (_, at) => {
    const nonce = Uint8Array.of(at);
    const ageAdd = new Reader(expectLength(provider.random(4), 4, "random"), "random").u32("ticket_age_add");
    const secret = resumptionPsk(hash, resumptionSecret, nonce);
    const state = encodeSession({
      suite: suite.name,
      secret,
      alpn: negotiated.alpn,
      serverName: negotiated.serverName,
      configId: settings.id,
      fullHandshakeMs: session?.state.fullHandshakeMs ?? nowMs,
      issuedMs: nowMs,
      lifetimeSeconds,
      ageAdd,
      maxEarlyData,
      peer: identity && { presented: identity.presented, path: identity.path, names: identity.names },
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
