// Peers that have met the machine before: its tickets at a client, tickets of their own at a server.
import { type ServerOptions, type StoredSession, type SyncClientSessionStore, ticketKeys } from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import {
  ScriptedClient, type ScriptedClientOptions, ScriptedServer, type ScriptedServerOptions, type ScriptedSession,
} from "../support/scripted-peer.ts";

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
