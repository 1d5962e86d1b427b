// The right first guess: which groups get a share in a first flight (RFC 9846 §4.3.8), and what is learned for the next one.
import type { Group } from "../../crypto/provider.ts";
import { sessionKey } from "./session.ts";
import type { Goal } from "./states.ts";
import type { Settled } from "./tls13/states.ts";

/**
 * The config's, and the one that this server wanted before. Beside them and not in their place: a server that has got a better
 * group since must find its share, or nobody would ever leave the old one.
 */
export function groupsToShare(goal: Goal): readonly Group[] {
  const { keyShares, groups, sessions } = goal.settings;
  // None: the server is to be asked.
  if (keyShares.length === 0 || sessions?.groups === undefined) return keyShares;
  const wanted = sessions.groups.recall(sessionKey(goal));
  if (wanted === undefined) return keyShares;
  // In the order of `groups`, as the key shares must be.
  return groups.filter((group) => keyShares.includes(group) || group.name === wanted);
}

/** Once the handshake is complete, so that nobody on the path can plant a guess. */
export function rememberGroup({ offer, group, retried }: Settled): void {
  const { goal, shares } = offer;
  const { keyShares, sessions } = goal.settings;
  // Also what the server takes where there was a guess: it ends a wrong one.
  if (retried || shares.length > keyShares.length) sessions?.groups?.remember(sessionKey(goal), group.name);
}
