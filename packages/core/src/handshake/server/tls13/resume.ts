// Taking up a session (RFC 9846 §4.3.11). A ticket that doesn't open or fit is a full handshake, and never an alert; a binder
// that does not verify is one.
import type { VerifiedIdentity } from "../../../config/identity.ts";
import { suiteMeanings } from "../../../config/parameters.ts";
import type { Link } from "../../../connection/link.ts";
import { resumptionBinder, resumptionPsk } from "../../../crypto/key-schedule.ts";
import type { CryptoProvider } from "../../../crypto/provider.ts";
import { expectLength } from "../../../crypto/results.ts";
import type { Transcript } from "../../../crypto/transcript.ts";
import { fail } from "../../../errors.ts";
import { encodeSession, isFresh, type SessionState } from "../../../session/state.ts";
import type { ServerSessions, StoredSession } from "../../../session/types.ts";
import { type Bytes, equal, equalSecrets, wipe } from "../../../wire/bytes.ts";
import { bindersLength, type DecodedClientHello } from "../../../wire/client-hello.ts";
import { encodeNewSessionTicket } from "../../../wire/post-handshake.ts";
import { Reader } from "../../../wire/reader.ts";
import { pskModes } from "../../../wire/registry.ts";
import { rememberedIdentity } from "../../identity.ts";
import type { Context } from "../../table.ts";
import { type Candidate, type Found, firstThatFits, keep, lifetimeOf, seal } from "../sessions.ts";
import type { At, Settled } from "../states.ts";

/** The one that is taken up, its binder verified. */
export interface Resumed {
  readonly index: number;
  readonly state: SessionState;
  readonly identity: VerifiedIdentity | undefined;
}

/** A client may offer any number; a look at more would be work for nothing. */
const mostCandidates = 4;
/** Behind a full handshake, and behind a resumed one, whose client has others left. */
const ticketsAfterFull = 2;
const ticketsAfterResumed = 1;

/** Whether a session is looked for, and then the key exchange. @param transcript before this hello. */
export function lookUpOrExchange(
  hello: DecodedClientHello, settled: Settled, transcript: Transcript, peerShare: Bytes,
): At<"lookUpSession"> | At<"exchangeKeys"> {
  const { sessions } = settled.settings;
  if (sessions !== undefined && hello.psks !== undefined && hello.pskModes?.includes(pskModes.psk_dhe_ke) === true) {
    return { kind: "lookUpSession", hello, settled, transcript, peerShare };
  }
  transcript.add(hello.raw);
  return { kind: "exchangeKeys", hello, settled, transcript, peerShare, session: undefined };
}

export function candidatesOf({ psks }: DecodedClientHello): Candidate[] {
  return (psks?.identities ?? []).slice(0, mostCandidates).map(({ identity }, index) => ({ index, id: identity }));
}

/** The first in the client's order that fits, once its binder has verified. The secrets of all others are wiped. */
export function take({ hello, settled, transcript }: At<"lookUpSession">, found: readonly Found[]): Resumed | undefined {
  const { settings, hash } = settled;
  const nowMs = settings.now();
  const chosen = firstThatFits(found, settings, (state) => fits(state, hello, settled, nowMs));
  if (chosen === undefined) return undefined;
  const { index, state } = chosen;
  const truncated = hello.raw.subarray(0, hello.raw.length - bindersLength(hello));
  const binder = hello.psks?.binders[index] ?? new Uint8Array(0);
  // §4.3.11: "If this value is not present or does not validate, the server MUST abort the handshake."
  if (!equalSecrets(resumptionBinder(hash, state.secret, transcript.digestWith(truncated)), binder)) {
    wipe(state.secret);
    fail("bad-binder", { index }, "RFC 9846 §4.3.11");
  }
  return { index, state, identity: rememberedIdentity(state) };
}

function fits(state: SessionState, hello: DecodedClientHello, { settings, suite }: Settled, nowMs: number): boolean {
  // §4.3.11: a PSK goes with any suite of its hash.
  const { version, hash } = suiteMeanings[state.suite];
  if (version !== "tls1.3" || hash !== suite.hash) return false;
  return equal(state.configId, settings.id) && state.serverName === hello.serverName && isFresh(state, nowMs);
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
  const lifetimeSeconds = lifetimeOf(sessions, nowMs);
  if (lifetimeSeconds === 0) return [];
  const identity = peer?.identity;
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
      peer: identity && { presented: identity.presented, path: identity.path, names: identity.names },
      ticket: undefined,
      sessionId: undefined,
    });
    wipe(secret);
    const ticket = ticketFor({ state, lifetimeSeconds, maxEarlyData: 0 }, sessions, provider, link);
    // What is long comes back in a hello, whose other half must hold all else.
    if (ticket.length > settings.limits.clientHello / 2) return undefined;
    return encodeNewSessionTicket({ lifetime: lifetimeSeconds, ageAdd, nonce, ticket, extensions: [] });
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
