import type { ClientSessionKey, StoredSession, SyncClientSessionStore } from "./types.ts";

/** Tickets that a server gives are used once each; more than so many of one server are not kept. */
const ticketsPerServer = 8;

/**
 * A client's sessions in memory. `take` gives the newest, once.
 *
 * @param options.capacity servers; the one that was longest not used goes first. Default 256.
 */
export function memoryClientSessions({ capacity = 256 }: { readonly capacity?: number } = {}): SyncClientSessionStore {
  const servers = new Map<string, StoredSession[]>();
  const nameOf = ({ serverName, partition, config }: ClientSessionKey): string => JSON.stringify([serverName, partition, config]);
  return {
    take(key) {
      const name = nameOf(key);
      const sessions = servers.get(name);
      const session = sessions?.pop();
      servers.delete(name);
      // Behind all others: it was used just now.
      if (sessions !== undefined && sessions.length > 0) servers.set(name, sessions);
      return session;
    },
    put(key, session) {
      const name = nameOf(key);
      const sessions = servers.get(name) ?? [];
      servers.delete(name);
      servers.set(name, [...sessions, session].slice(-ticketsPerServer));
      const [oldest] = servers.keys();
      if (servers.size > capacity && oldest !== undefined) servers.delete(oldest);
    },
  };
}
