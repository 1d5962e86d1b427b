// A server's sessions: which of the client's are known (RFC 9846 §4.3.11), and those that tickets give (§4.7.1). A ticket that
// doesn't open or fit is left aside, and never an alert.
import { plainIdentity } from "../../../config/identity.ts";
import { suiteMeanings } from "../../../config/parameters.ts";
import { askSessionData } from "../../../config/session-data.ts";
import type { ServerSettings } from "../../../config/settings.ts";
import type { Link } from "../../../connection/link.ts";
import { resumptionPsk } from "../../../crypto/key-schedule.ts";
import type { CryptoProvider } from "../../../crypto/provider.ts";
import { expectLength } from "../../../crypto/results.ts";
import { encodeSession, isFresh, type SessionState } from "../../../session/state.ts";
import type { ServerSessions, StoredSession } from "../../../session/types.ts";
import { type Bytes, equal, hex, wipe } from "../../../wire/bytes.ts";
import { extension } from "../../../wire/extensions.ts";
import type { DecodedClientHello } from "../../../wire/client-hello.ts";
import type { TicketRequest } from "../../../wire/extensions.ts";
import { encodeNewSessionTicket } from "../../../wire/post-handshake.ts";
import { Reader } from "../../../wire/reader.ts";
import { pskModes } from "../../../wire/registry.ts";
import { stillHolds } from "../../identity.ts";
import type { Context } from "../../table.ts";
import { infoOf, madeTls13 } from "../info.ts";
import { type Candidate, type Found, firstThatFits, keep, lifetimeOf, seal } from "../sessions.ts";
import type { At, Settled } from "../states.ts";
import type { EarlyDataRejection } from "../../stages/early-data.ts";
import { externalOf, type SelectedPsk } from "./psk.ts";

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

/** What may be a session of ours: an external PSK is none. */
export function candidatesOf({ hello, settled }: At<"lookUpSession">): Candidate[] {
  const { psks } = settled.settings;
  const candidates: Candidate[] = [];
  for (const [index, id] of hello.pskIdentities.entries()) {
    if (candidates.length === mostCandidates) break;
    if (psks.size === 0 || !psks.has(hex(id))) candidates.push({ index, id });
  }
  return candidates;
}

/** The first in the client's order; its binder is not looked at. The secrets of all others are wiped. */
export function sessionThatFits({ hello, settled }: At<"lookUpSession">, found: readonly Found[]): Fitting {
  if (found.length === 0) return { session: undefined, misfit: undefined };
  const { settings } = settled;
  const nowMs = settings.now();
  let misfit: Fitting["misfit"];
  const session = firstThatFits(found, settings, (state, index) => {
    const problem = misfitOf(state, hello, settled, nowMs);
    if (index === 0) misfit = problem;
    return problem === undefined;
  });
  return { session, misfit };
}

function misfitOf(
  state: SessionState,
  hello: DecodedClientHello,
  { settings, suite }: Settled,
  nowMs: number,
): EarlyDataRejection | undefined {
  // §4.3.11: a PSK goes with any suite of its hash.
  const { version, hash } = suiteMeanings[state.suite];
  if (version !== "tls1.3") return "version-differs";
  if (hash !== suite.hash) return "suite-differs";
  // A PSK that was taken out of the config takes its sessions along.
  const pskIsKnown = state.psk === undefined || settings.pskFingerprints.has(hex(state.psk.fingerprint));
  if (!pskIsKnown || !equal(state.configId, settings.id)) return "config-differs";
  if (state.serverName !== hello.serverName) return "name-differs";
  return isFresh(state, nowMs) && stillHolds(state, settings.clientAuthentication?.verifier, nowMs) ? undefined : "not-resumed";
}

/** As many tickets as follow this handshake: what the client asks for, if it does, and can use. */
export function ticketsFor(
  { pskModes: modes, ticketRequest = usualTickets }: DecodedClientHello,
  { sessions }: ServerSettings,
  psk: SelectedPsk | undefined,
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
  const lifetimeSeconds = lifetimeOf(sessions, nowMs);
  if (lifetimeSeconds === 0) return [];
  const identity = peer?.identity;
  const maxEarlyData = settings.earlyData?.maxBytes ?? 0;
  const extensions = maxEarlyData === 0 ? [] : [extension("early_data", (writer) => writer.u32(maxEarlyData))];
  const resumed = psk?.kind === "session" ? psk.state : undefined;
  const { sessionData } = settings;
  const data = sessionData && askSessionData(sessionData, infoOf(settled, madeTls13(peer, psk), link.recordSizes));
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
      peer: identity && plainIdentity(identity),
      psk: externalOf(psk),
      ticket: undefined,
      sessionId: undefined,
      data,
    });
    wipe(secret);
    const ticket = ticketFor({ state, lifetimeSeconds, maxEarlyData }, sessions, provider, link);
    // What is long comes back in a hello, whose other half must hold all else.
    if (ticket.length > settings.limits.clientHello / 2) return undefined;
    return encodeNewSessionTicket({ lifetime: lifetimeSeconds, ageAdd, nonce, ticket, extensions });
  });
  return tickets.filter((ticket) => ticket !== undefined);
}

/** What the client shows to find it again. */
function ticketFor(session: StoredSession, sessions: ServerSessions, provider: CryptoProvider, link: Link): Bytes {
  if ("current" in sessions) return seal(session, sessions, provider);
  const key = expectLength(provider.random(32), 32, "random");
  keep(key, session, sessions, link);
  return key;
}
