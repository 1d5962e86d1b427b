// A client's sessions: the one that it offers (RFC 9846 §4.3.11), and those that tickets bring (§4.7.1).
import type { VerifiedIdentity } from "../../config/identity.ts";
import { suiteMeanings } from "../../config/parameters.ts";
import type { ClientSettings } from "../../config/settings.ts";
import type { TicketTaker } from "../../connection/connection.ts";
import { attempt } from "../../connection/guard.ts";
import type { NewClientSession } from "../../connection/types.ts";
import { resumptionBinder, resumptionPsk } from "../../crypto/key-schedule.ts";
import type { HashImplementation } from "../../crypto/provider.ts";
import { decodeSession, encodeSession, isFresh, longestLifetime, type SessionState } from "../../session/state.ts";
import type { ClientSessionKey, StoredSession } from "../../session/types.ts";
import { type Bytes, equal, hex, wipe } from "../../wire/bytes.ts";
import { bindersLength, decodeClientHello } from "../../wire/client-hello.ts";
import { type Extension, extension } from "../../wire/extensions.ts";
import type { ProtocolVersion } from "../../wire/registry.ts";
import type { Goal, Offer } from "./states.ts";
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
  const fits =
    settings.versions.includes(version) && isShowable(session, version) && session.peer?.presented.role === "server" &&
    session.serverName === serverName && equal(session.configId, settings.id) && hashOf(session, settings) !== undefined &&
    isFresh(session, settings.now());
  if (fits) return session;
  wipe(session.secret);
  return undefined;
}

function isShowable({ ticket, sessionId }: SessionState, version: ProtocolVersion): boolean {
  return ticket === undefined ? version === "tls1.2" && sessionId !== undefined : ticket.length <= longestTicket;
}

/** Wipes the secret of a session that was offered: it was taken up, or never will be. */
export function forgetSession({ session, sessionTls12 }: Pick<Offer, "session" | "sessionTls12">): void {
  if (session !== undefined) wipe(session.secret);
  if (sessionTls12 !== undefined) wipe(sessionTls12.secret);
}

/** A synchronous store has it at once; an asynchronous one gets it by the event. */
export function keepSession(session: StoredSession, goal: Goal): NewClientSession {
  const store = goal.settings.sessions;
  const key = sessionKey(goal);
  if (store !== undefined && "put" in store) store.put(key, session);
  return { kind: "new-session", role: "client", key, session, store };
}

/** The hash of the session's suite, while the config has the suite. */
export function hashOf({ suite }: SessionState, { suites, hashes }: ClientSettings): HashImplementation | undefined {
  const implementation = suites.find(({ name }) => name === suite);
  return implementation && hashes.get(implementation.hash);
}

/** The last extension of a hello; its binder is zeros until `sealBinder`. */
export function preSharedKey(session: SessionState, hash: HashImplementation, nowMs: number): Extension {
  const { ticket, issuedMs, ageAdd } = session;
  const obfuscatedAge = (Math.max(0, nowMs - issuedMs) + ageAdd) % 2 ** 32;
  return extension("pre_shared_key", (writer) => {
    writer.vector(2, () => writer.opaque(2, ticket ?? new Uint8Array(0)).u32(obfuscatedAge));
    writer.vector(2, () => writer.opaque(1, new Uint8Array(hash.length)));
  });
}

/** @param digest of all before the hello, and of the hello up to its binders (§4.3.11.2). */
export function sealBinder(
  raw: Bytes, session: SessionState, hash: HashImplementation, digest: (truncated: Uint8Array) => Bytes,
): void {
  const truncated = raw.subarray(0, raw.length - bindersLength(decodeClientHello(raw)));
  raw.set(resumptionBinder(hash, session.secret, digest(truncated)), raw.length - hash.length);
}

/** What turns tickets into sessions, for as long as the connection lives. @param resumptionSecret is kept until `wipe`. */
export function ticketTaker(
  { offer, suite, hash, session }: Settled, alpn: string | undefined, identity: VerifiedIdentity, resumptionSecret: Bytes,
): TicketTaker {
  const { goal } = offer;
  const { settings, serverName } = goal;
  const fullHandshakeMs = session?.fullHandshakeMs ?? settings.now();
  return {
    take({ lifetime, ageAdd, nonce, ticket }) {
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
        peer: { presented: identity.presented, path: identity.path, names: identity.names },
        ticket,
        sessionId: undefined,
      });
      wipe(secret);
      return keepSession({ state, lifetimeSeconds, maxEarlyData: 0 }, goal);
    },
    wipe: () => wipe(resumptionSecret),
  };
}
