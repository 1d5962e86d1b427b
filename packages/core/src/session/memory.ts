import type { NamedGroup } from "../wire/registry.ts";
import type { ClientSessionKey, StoredSession, SyncClientSessionStore } from "./types.ts";

/** Tickets that a server gives are used once each; more than so many of one server are not kept. */
const ticketsPerServer = 8;

/**
 * A client's sessions in memory. `take` gives the newest, once. Groups that servers asked for are remembered beside them.
 *
 * @param options.capacity servers; the one that was longest not used goes first. Default 256.
 */
export function memoryClientSessions({ capacity = 256 }: { readonly capacity?: number } = {}): SyncClientSessionStore {
  const servers = new Map<string, StoredSession[]>();
  const groups = new Map<string, NamedGroup>();
  const nameOf = ({ serverName, partition, config }: ClientSessionKey): string => JSON.stringify([serverName, partition, config]);
  /** Behind all others: it was used just now. */
  const keep = <Value>(kept: Map<string, Value>, name: string, value: Value): void => {
    kept.delete(name);
    kept.set(name, value);
    const [oldest] = kept.keys();
    if (kept.size > capacity && oldest !== undefined) kept.delete(oldest);
  };
  return {
    take(key) {
      const name = nameOf(key);
      const sessions = servers.get(name);
      const session = sessions?.pop();
      servers.delete(name);
      if (sessions !== undefined && sessions.length > 0) keep(servers, name, sessions);
      return session;
    },
    put(key, session) {
      const name = nameOf(key);
      keep(servers, name, [...(servers.get(name) ?? []), session].slice(-ticketsPerServer));
    },
    groups: {
      recall(key) {
        const name = nameOf(key);
        const group = groups.get(name);
        if (group !== undefined) keep(groups, name, group);
        return group;
      },
      remember: (key, group) => keep(groups, nameOf(key), group),
    },
  };
}
