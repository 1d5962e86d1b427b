// Sessions of TLS 1.2: by id (RFC 5246 §7.3) where states are kept, by ticket (RFC 5077) where they are sealed; none without
// extended_master_secret (RFC 7627 §5.3). What doesn't open or fit is a full handshake, and never an alert.
import { plainIdentity } from "../../../config/identity.ts";
import { suiteMeanings } from "../../../config/parameters.ts";
import { askSessionData } from "../../../config/session-data.ts";
import type { ServerSettings } from "../../../config/settings.ts";
import { expectLength } from "../../../crypto/results.ts";
import { fail } from "../../../errors.ts";
import { encodeSession, isFresh, type SessionState } from "../../../session/state.ts";
import { type Bytes, empty, equal, wipe } from "../../../wire/bytes.ts";
import type { DecodedClientHello } from "../../../wire/client-hello.ts";
import { suiteIds } from "../../../wire/registry.ts";
import { encodeTicketTls12 } from "../../../wire/tls12-messages.ts";
import { stillHolds } from "../../identity.ts";
import type { Context } from "../../table.ts";
import { infoOf, madeTls12 } from "../info.ts";
import { type Candidate, type Found, firstThatFits, keep, lifetimeOf, seal } from "../sessions.ts";
import type { At, Settled } from "../states.ts";

/** By what the client will find its session again: an id that ServerHello says, or a ticket that it announces. */
export type Handle = { readonly kind: "id"; readonly id: Bytes } | { readonly kind: "ticket" };

/** Whether a session is looked for, and then the key exchange. */
export function lookUpOrStart(hello: DecodedClientHello, settled: Settled): At<"lookUpSessionTls12"> | At<"startShare"> {
  const kind = candidatesTls12(hello, settled.settings).length > 0 ? "lookUpSessionTls12" : "startShare";
  return { kind, hello, settled };
}

/** An id may be one that TLS 1.3's compatibility mode made up: who looks finds nothing. */
export function candidatesTls12(
  { sessionTicket, legacySessionId }: DecodedClientHello,
  { sessions, resumesTls12 }: ServerSettings,
): Candidate[] {
  if (sessions === undefined || !resumesTls12) return [];
  const id = "current" in sessions ? (sessionTicket ?? empty) : legacySessionId;
  return id.length > 0 ? [{ index: 0, id }] : [];
}

/** @returns the session, and what the hello settled with the session's suite. */
export function takeTls12(
  { hello, settled }: At<"lookUpSessionTls12">,
  found: readonly Found[],
): { readonly session: SessionState; readonly settled: Settled } | undefined {
  const { settings } = settled;
  const nowMs = settings.now();
  const session = firstThatFits(found, settings, (state) => fits(state, hello, settings, nowMs))?.state;
  const suite = session && settings.suites.find(({ name }) => name === session.suite);
  const hash = suite && settings.hashes.get(suite.hash);
  if (session === undefined || suite === undefined || hash === undefined) return undefined;
  // RFC 7627 §5.3: "the server MUST abort the abbreviated handshake": all our sessions have used the extension.
  if (!hello.extendedMasterSecret) {
    wipe(session.secret);
    fail("extended-master-secret-required", { message: "client_hello", by: "session" }, "RFC 7627 §5.3");
  }
  return { session, settled: { ...settled, suite, hash } };
}

function fits(state: SessionState, hello: DecodedClientHello, settings: ServerSettings, nowMs: number): boolean {
  if (suiteMeanings[state.suite].version !== "tls1.2" || !settings.suites.some(({ name }) => name === state.suite)) return false;
  const offered = hello.cipherSuites.some(({ id }) => id === suiteIds[state.suite]);
  // RFC 6066 §3: with another name "it proceeds with a full handshake".
  const sameName = state.serverName === hello.serverName;
  return (
    offered &&
    sameName &&
    equal(state.configId, settings.id) &&
    isFresh(state, nowMs) &&
    stillHolds(state, settings.clientAuthentication?.verifier, nowMs)
  );
}

/** Of a full handshake. undefined: the session ends with its connection. */
export function handleFor(
  hello: DecodedClientHello,
  { sessions, resumesTls12, provider, now }: ServerSettings,
): Handle | undefined {
  // RFC 7627 §5.4: what was made without the extension is not resumed.
  if (sessions === undefined || !resumesTls12 || !hello.extendedMasterSecret) return undefined;
  if (!("current" in sessions)) return { kind: "id", id: expectLength(provider.random(32), 32, "random").slice() };
  return hello.sessionTicket !== undefined && lifetimeOf(sessions, now()) > 0 ? { kind: "ticket" } : undefined;
}

/**
 * Made in the step that verified the client's Finished: it holds who that is.
 *
 * @returns NewSessionTicket, if one was announced.
 */
export function rememberSession(connection: At<"expectFinishedTls12">, { link }: Context): Bytes | undefined {
  const { settled, handle, master, peer } = connection;
  const { settings, negotiated, suite } = settled;
  const { sessions } = settings;
  if (sessions === undefined || handle === undefined) return undefined;
  const nowMs = settings.now();
  const lifetimeSeconds = lifetimeOf(sessions, nowMs);
  const identity = peer?.identity;
  const state = encodeSession({
    suite: suite.name,
    secret: master,
    alpn: negotiated.alpn,
    serverName: negotiated.serverName,
    configId: settings.id,
    fullHandshakeMs: nowMs,
    issuedMs: nowMs,
    lifetimeSeconds,
    ageAdd: 0,
    maxEarlyData: 0,
    peer: identity && plainIdentity(identity),
    psk: undefined,
    ticket: undefined,
    sessionId: undefined,
    data: askSessionData(settings.sessionData, infoOf(settled, madeTls12(connection), link.recordSizes)),
  });
  const session = { state, lifetimeSeconds, maxEarlyData: 0 };
  if (!("current" in sessions)) {
    if (handle.kind === "id") keep(handle.id, session, sessions, link);
    return undefined;
  }
  // The key may be gone since the ticket was announced.
  const ticket = lifetimeSeconds === 0 ? empty : seal(session, sessions, settings.provider);
  // What is long comes back in a hello, whose other half must hold all else. RFC 5077 §3.3: an empty one is none.
  const fitting = ticket.length > settings.limits.clientHello / 2 ? empty : ticket;
  return encodeTicketTls12({ lifetimeHint: lifetimeSeconds, ticket: fitting });
}
