// Sessions of TLS 1.2 (RFC 5246 §7.3, RFC 5077): one that the server takes up, and one that this handshake brings.
import { plainIdentity, type VerifiedIdentity } from "../../../config/identity.ts";
import { keyBlock } from "../../../crypto/prf.ts";
import { Transcript } from "../../../crypto/transcript.ts";
import { ivLengthOf } from "../../../record/keys-tls12.ts";
import { encodeSession, longestLifetime, type SessionState } from "../../../session/state.ts";
import type { Bytes } from "../../../wire/bytes.ts";
import type { TicketTls12 } from "../../../wire/tls12-messages.ts";
import { rememberedIdentity } from "../../identity.ts";
import { logMasterSecret } from "../../key-log.ts";
import type { Context, StateOf } from "../../table.ts";
import { keepSession, longestTicket } from "../session.ts";
import type { SettledTls12, StatesTls12 } from "./states.ts";

type At<Kind extends keyof StatesTls12> = StateOf<StatesTls12, Kind>;

/** Seconds, where the server does not say: RFC 5246, appendix F.1.4, suggests an upper limit of 24 hours. */
const unspecifiedLifetime = 86_400;

/** Keys from the session's secret: no certificate, and no key exchange. */
export function takeUp(
  session: SessionState,
  settled: SettledTls12,
  serverHello: Uint8Array,
): At<"expectSessionTicketResumed"> | At<"expectChangeCipherSpecResumed"> {
  const { suite, hash, randoms, offer } = settled;
  const identity = rememberedIdentity(session);
  if (identity === undefined) throw new TypeError("a session without a server was offered");
  const master = session.secret;
  logMasterSecret(offer.goal.settings, randoms.client, master);
  const keys = keyBlock(hash, master, randoms, suite, ivLengthOf(suite));
  const transcript = new Transcript(hash, offer.hello.raw, serverHello);
  const kind = settled.announcesTicket ? "expectSessionTicketResumed" : "expectChangeCipherSpecResumed";
  return { kind, settled, transcript, master, keys, identity, ticket: undefined };
}

/** Once the server's Finished has verified: what came to find the session by again goes to the store, if anything did. */
export function rememberSession(
  {
    settled,
    master,
    identity,
    ticket,
  }: {
    readonly settled: SettledTls12;
    readonly master: Bytes;
    readonly identity: VerifiedIdentity;
    readonly ticket: TicketTls12 | undefined;
  },
  { link }: Context,
): void {
  const { offer, suite, alpn, session, newSessionId, extendedMasterSecret } = settled;
  const { goal } = offer;
  const { settings, serverName } = goal;
  const handle = handleOf(ticket, newSessionId);
  // RFC 7627 §5.4: what was made without the extension is not resumed.
  if (settings.sessions === undefined || !settings.resumesTls12 || !extendedMasterSecret || handle === undefined) return;
  const nowMs = settings.now();
  const hint = handle.ticket === undefined ? 0 : (ticket?.lifetimeHint ?? 0);
  const lifetimeSeconds = hint === 0 ? unspecifiedLifetime : Math.min(hint, longestLifetime);
  const state = encodeSession({
    suite: suite.name,
    secret: master,
    alpn,
    serverName,
    configId: settings.id,
    fullHandshakeMs: session?.fullHandshakeMs ?? nowMs,
    issuedMs: nowMs,
    lifetimeSeconds,
    ageAdd: 0,
    maxEarlyData: 0,
    peer: plainIdentity(identity),
    psk: undefined,
    data: undefined,
    ...handle,
  });
  link.event(keepSession({ state, lifetimeSeconds, maxEarlyData: 0 }, goal));
}

/** RFC 5077 §3.4: a ticket makes the id mean nothing. An empty one (§3.3) is none. */
function handleOf(ticket: TicketTls12 | undefined, newSessionId: Bytes): Pick<SessionState, "ticket" | "sessionId"> | undefined {
  if (ticket !== undefined && ticket.ticket.length > 0) {
    return ticket.ticket.length > longestTicket ? undefined : { ticket: ticket.ticket, sessionId: undefined };
  }
  return newSessionId.length > 0 ? { ticket: undefined, sessionId: newSessionId } : undefined;
}
