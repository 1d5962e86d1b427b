// A client's sessions: the one that it offers (RFC 9846 §4.3.11), and those that tickets bring (§4.7.1).
import { plainIdentity, type VerifiedIdentity } from "../../config/identity.ts";
import { suiteMeanings } from "../../config/parameters.ts";
import type { ClientSettings } from "../../config/settings.ts";
import type { TicketTaker } from "../../connection/connection.ts";
import { attempt } from "../../connection/guard.ts";
import type { NewClientSession } from "../../connection/types.ts";
import { resumptionPsk } from "../../crypto/key-schedule.ts";
import { decodeSession, encodeSession, isFresh, longestLifetime, type SessionState } from "../../session/state.ts";
import type { ClientSessionKey, StoredSession } from "../../session/types.ts";
import { type Bytes, equal, hex, wipe } from "../../wire/bytes.ts";
import type { ProtocolVersion } from "../../wire/registry.ts";
import { stillHolds } from "../identity.ts";
import { externalOf, hashOf } from "./psks.ts";
import type { Goal } from "./states.ts";
import type { Settled } from "./tls13/states.ts";

/** Bytes: a longer one is not kept, since the extensions of a ClientHello have no more than 64 KiB for all. */
export const longestTicket = 32_768;

export function sessionKey({ settings, serverName, partition }: Goal): ClientSessionKey {
  return { serverName, partition, config: hex(settings.id) };
}

/** What a store gave, of either version, if it is for this server and config, and not too old; else a full handshake. */
export function readSession(stored: StoredSession | undefined, { settings, serverName }: Goal): SessionState | undefined {
  if (stored === undefined) return undefined;
  const decoded = attempt(() => decodeSession(stored.state));
  if (decoded.kind === "thrown") return undefined;
  const session = decoded.result;
  const { version } = suiteMeanings[session.suite];
  const nowMs = settings.now();
  const fits =
    isResumed(version, settings) &&
    isShowable(session, version) &&
    isProven(session, settings) &&
    session.serverName === serverName &&
    equal(session.configId, settings.id) &&
    hashOf(session, settings) !== undefined &&
    isFresh(session, nowMs) &&
    stillHolds(session, settings.verifier, nowMs);
  if (fits) return session;
  wipe(session.secret);
  return undefined;
}

function isResumed(version: ProtocolVersion, { versions, resumesTls12 }: ClientSettings): boolean {
  return versions.includes(version) && (version === "tls1.3" || resumesTls12);
}

function isShowable({ ticket, sessionId }: SessionState, version: ProtocolVersion): boolean {
  return ticket === undefined ? version === "tls1.2" && sessionId !== undefined : ticket.length <= longestTicket;
}

/** Who the server was, is known: by its certificate, or by an external PSK that is still the config's. */
function isProven({ peer, psk }: SessionState, { psks }: ClientSettings): boolean {
  return psk === undefined
    ? peer?.presented.role === "server"
    : peer === undefined && psks.some(({ fingerprint }) => equal(fingerprint, psk.fingerprint));
}

/** A synchronous store has it at once; an asynchronous one gets it by the event. */
export function keepSession(session: StoredSession, goal: Goal): NewClientSession {
  const store = goal.settings.sessions;
  const key = sessionKey(goal);
  if (store !== undefined && "put" in store) store.put(key, session);
  return { kind: "new-session", role: "client", key, session, store };
}

/** What turns tickets into sessions, for as long as the connection lives. @param resumptionSecret is kept until `wipe`. */
export function ticketTaker(
  { offer, suite, hash, psk }: Settled,
  alpn: string | undefined,
  identity: VerifiedIdentity | undefined,
  resumptionSecret: Bytes,
): TicketTaker {
  const { goal } = offer;
  const { settings, serverName } = goal;
  const fullHandshakeMs = (psk?.kind === "session" ? psk.state.fullHandshakeMs : undefined) ?? settings.now();
  return {
    take({ lifetime, ageAdd, nonce, ticket, maxEarlyData = 0 }) {
      // §4.7.1: a lifetime of zero says that it should be discarded at once.
      if (lifetime === 0 || ticket.length > longestTicket) return undefined;
      const lifetimeSeconds = Math.min(lifetime, longestLifetime);
      const secret = resumptionPsk(hash, resumptionSecret, nonce);
      const state = encodeSession({
        suite: suite.name,
        secret,
        alpn,
        serverName,
        configId: settings.id,
        fullHandshakeMs,
        issuedMs: settings.now(),
        lifetimeSeconds,
        ageAdd,
        peer: identity && plainIdentity(identity),
        maxEarlyData,
        psk: externalOf(psk),
        ticket,
        sessionId: undefined,
        data: undefined,
      });
      wipe(secret);
      return keepSession({ state, lifetimeSeconds, maxEarlyData }, goal);
    },
    wipe: () => wipe(resumptionSecret),
  };
}
