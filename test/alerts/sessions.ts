// Peers that have met the machine before: its tickets at a client, tickets of their own at a server.
import {
  type Bytes,
  clientConfig,
  dangerousRawPsk,
  type PskServerOptions,
  type ServerOptions,
  serverConfig,
  type StoredSession,
  type SyncClientSessionStore,
  type SyncServerSessionStore,
  ticketKeys,
} from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { changed, type Extension, extension, repeat, text, u32, v16, v8 } from "../support/octets.ts";
import {
  extensions,
  ScriptedClient,
  type ScriptedClientOptions,
  ScriptedServer,
  type ScriptedServerOptions,
  type ScriptedSession,
} from "../support/scripted-peer.ts";
import {
  extensionsTls12,
  ScriptedClientTls12,
  ScriptedServerTls12,
  type ScriptedServerTls12Options,
  type ScriptedSessionTls12,
} from "../support/scripted-tls12.ts";

/** Opens all tickets of this run. */
export const sessions = ticketKeys({ random: node.random, now: Date.now });

const once = <Value>(make: () => Value): (() => Value) => {
  let value: { readonly made: Value } | undefined;
  return () => {
    value ??= { made: make() };
    return value.made;
  };
};
/** What a server of that config gives behind a full handshake. */
export function ticketsOf(config: Partial<ServerOptions> = {}): readonly ScriptedSession[] {
  return new ScriptedClient({ config: { sessions, ...config } }).to("CONNECTED").tickets;
}
const usual = once(() => ticketsOf().slice(0, 1));

/** A client that offers a session which the server has given. */
export function resumingClient({ config, ...options }: ScriptedClientOptions = {}): ScriptedClient {
  return new ScriptedClient({ config: { sessions, ...config }, sessions: usual(), ...options });
}

const secret = repeat(32, 0x5a);
const shared = dangerousRawPsk({ identity: text("a key from elsewhere"), key: secret, hash: "sha256" });
/** A PSK that no ticket stands for, as both scripted peers say it. */
export const external: ScriptedSession = { ticket: text("a key from elsewhere"), ageAdd: 0, secret, binder: "ext binder" };
const common = { provider: node, now: Date.now, alpn: ["h2", "http/1.1"], psks: [shared] } as const;

/** A client that offers it to a server that has nothing else. */
export function externalClient(
  { shares, sessions: offered = [external], binders }: ScriptedClientOptions = {},
  options: Partial<PskServerOptions> = {},
): ScriptedClient {
  const configured = serverConfig({ ...common, ...options });
  return new ScriptedClient({ configured, sessions: offered, ...(shares && { shares }), ...(binders && { binders }) });
}
/** A server that takes it, to a client that takes nothing else. */
export function externalServer(options: Omit<ScriptedServerOptions, "config"> = {}): ScriptedServer {
  return new ScriptedServer({ configured: clientConfig(common), session: external, ...options });
}

const given = once(() => {
  const kept: StoredSession[] = [];
  const store: SyncClientSessionStore = { take: () => undefined, put: (_, session) => void kept.push(session) };
  const session = new ScriptedServer({ config: { sessions: store } }).proceed().newSessionTicket();
  return { session, kept };
});
/** A server whose ticket the client offers, and which takes it up. */
export function resumingServer({ config, ...options }: ScriptedServerOptions = {}): ScriptedServer {
  const { session, kept } = given();
  const store: SyncClientSessionStore = { take: () => kept[0], put: () => {} };
  const server = new ScriptedServer({ config: { sessions: store, ...config }, session, ...options });
  if (server.selected === undefined) throw new Error("the client does not offer the session");
  return server;
}

const startedMs = Date.now();
/** A server's config that takes early data, each time anew. Its clock stands still, so that no ticket is too old on a slow machine. */
export const takesEarly: Partial<ServerOptions> = {
  now: () => startedMs,
  earlyData: { maxBytes: 1000, singleUse: { use: () => "fresh" } },
};
/** A client whose session allows early data, which is offered. Its ticket is young. */
export function earlyClient({ config, ...options }: ScriptedClientOptions = {}): ScriptedClient {
  const all = { ...takesEarly, ...config };
  return resumingClient({ sessions: ticketsOf(takesEarly).slice(0, 1), config: all, ...options }).extend(
    extension(extensions.earlyData),
  );
}

const givenEarly = once(() => {
  const kept: StoredSession[] = [];
  const store: SyncClientSessionStore = { take: () => undefined, put: (_, session) => void kept.push(session) };
  const server = new ScriptedServer({ config: { sessions: store } });
  server.to("WAIT_EE").say(server.encryptedExtensions(h2)).skipTo("WAIT_CERT_CR");
  return { session: server.proceed().newSessionTicket(extension(extensions.earlyData, u32(1000))), kept };
});
/** What the session's connection spoke. */
export const h2: Extension = extension(extensions.alpn, v16(v8(text("h2"))));
/** A server whose ticket allows early data, which the client has offered. */
export function earlyServer(
  { config, ...options }: ScriptedServerOptions = {},
  change = (state: Bytes) => state,
): ScriptedServer {
  const {
    session,
    kept: [kept],
  } = givenEarly();
  if (kept === undefined) throw new Error("no session");
  const store: SyncClientSessionStore = { take: () => ({ ...kept, state: change(kept.state) }), put: () => {} };
  const server = new ScriptedServer({ config: { sessions: store, earlyData: true, ...config }, session, ...options });
  if (server.read?.epoch !== "early") throw new Error("the client offers no early data");
  return server;
}
/** One whose client remembers another suite of the same hash. */
export function otherSuiteServer(): ScriptedServer {
  const suites = ["TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"] as const;
  // The suite's number stands behind the format's byte.
  return earlyServer({ config: { suites }, earlyCipher: "chacha20-poly1305" }, (state) => changed(state, 2, 0x1301 ^ 0x1303));
}

// ── TLS 1.2 ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Keeps what it gives an id for. */
const kept = new Map<string, Uint8Array>();
const store: SyncServerSessionStore = {
  find: (id) => kept.get(id.join()),
  put: (id, { state }) => void kept.set(id.join(), state),
};
const configs = { ticket: { sessions }, id: { sessions: store } } as const;
export type Way = keyof typeof configs;
export const ways: readonly Way[] = ["ticket", "id"];

/** What a server of that config leaves behind a full handshake. */
export function sessionOfTls12(
  way: Way,
  config: Partial<ServerOptions> = {},
  offered: ScriptedClientTls12Change = (client) => client,
): ScriptedSessionTls12 {
  const client = offered(
    new ScriptedClientTls12({ ...configs[way], ...config }).extend(extension(extensionsTls12.sessionTicket)),
  );
  return client.to("CONNECTED").session;
}
export type ScriptedClientTls12Change = (client: ScriptedClientTls12) => ScriptedClientTls12;
const usualTls12 = { ticket: once(() => sessionOfTls12("ticket")), id: once(() => sessionOfTls12("id")) };

/** A client that has said nothing yet, and offers a session which the server has given. */
export function resumingClientTls12(way: Way = "ticket", config: Partial<ServerOptions> = {}): ScriptedClientTls12 {
  return new ScriptedClientTls12({ ...configs[way], ...config }).offering(usualTls12[way]());
}

const left = (given: ScriptedServerTls12Options) =>
  once(() => {
    const puts: StoredSession[] = [];
    const sessions: SyncClientSessionStore = { take: () => undefined, put: (_, session) => void puts.push(session) };
    const { session } = new ScriptedServerTls12({ ...given, config: { sessions } }).proceed();
    return { session, puts };
  });
const leftTls12 = { ticket: left({ ticket: text("a ticket of TLS 1.2") }), id: left({ id: repeat(32, 0x1d) }) };
/** A server whose session the client offers, and which takes it up. */
export function resumingServerTls12(
  way: Way = "ticket",
  { config, ...options }: ScriptedServerTls12Options = {},
): ScriptedServerTls12 {
  const { session, puts } = leftTls12[way]();
  const sessions: SyncClientSessionStore = { take: () => puts[0], put: () => {} };
  const server = new ScriptedServerTls12({ config: { sessions, ...config }, session, ...options });
  if (server.resumes === undefined) throw new Error("the client does not offer the session");
  return server;
}
