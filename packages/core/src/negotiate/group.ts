import { groupVersions } from "../config/parameters.ts";
import type { ServerSettings } from "../config/settings.ts";
import type { ClientHello } from "../wire/client-hello.ts";
import { extensionIds, groupIds, isGrease, type NamedGroup, type ProtocolVersion, type Registered } from "../wire/registry.ts";
import type { Refuse } from "./refusal.ts";

/**
 * TLS 1.3: our first that the client has sent a share for; else our first that it has, for which it must be asked. A round trip
 * costs more than what lies between two groups that we both find good enough.
 */
export function chooseShare(
  hello: ClientHello,
  settings: ServerSettings,
  refuse: Refuse,
): { readonly group: NamedGroup; readonly needsRetry: boolean } | undefined {
  // RFC 9846 §9.2: neither may be missing, nor stand without the other.
  const sentShares = hello.extensions.some(({ type }) => type.id === extensionIds.key_share);
  if (hello.groups === undefined) refuse({ kind: "missing-extension", extension: "supported_groups" });
  if (!sentShares) refuse({ kind: "missing-extension", extension: "key_share" });
  if (hello.groups === undefined) return undefined;

  const common = commonGroups(hello.groups, groupsFor("tls1.3", settings), refuse);
  const shared = common.find((name) => hello.keyShareGroups.some(({ id }) => id === groupIds[name]));
  const group = shared ?? common[0];
  return group && { group, needsRetry: shared === undefined };
}

/** TLS 1.2: our first that the client has, or is assumed to have if it doesn't say (RFC 8422 §4). */
export function chooseGroup(hello: ClientHello, settings: ServerSettings, refuse: Refuse): NamedGroup | undefined {
  const ours = groupsFor("tls1.2", settings);
  if (hello.groups !== undefined) return commonGroups(hello.groups, ours, refuse)[0];
  const { assumeGroups } = settings;
  if (assumeGroups === undefined) return refuse({ kind: "no-supported-groups" });
  const assumed = assumeGroups.map((name): Registered => ({ id: groupIds[name], name }));
  return commonGroups(assumed, ours, refuse)[0];
}

/** No version is common; but a group that is in none of our versions would be the next obstacle in each. */
export function checkGroups(hello: ClientHello, settings: ServerSettings, refuse: Refuse): undefined {
  if (hello.groups === undefined) return;
  commonGroups(
    hello.groups,
    settings.groups.map(({ name }) => name),
    refuse,
  );
}

function groupsFor(version: ProtocolVersion, { groups }: ServerSettings): readonly NamedGroup[] {
  return groups.map(({ name }) => name).filter((name) => groupVersions[name].includes(version));
}

/** In our order. Never empty without a reason. */
function commonGroups(offered: readonly Registered[], ours: readonly NamedGroup[], refuse: Refuse): readonly NamedGroup[] {
  const theirs = offered.filter(({ id }) => !isGrease(id));
  const common = ours.filter((name) => theirs.some(({ id }) => id === groupIds[name]));
  if (common.length === 0) refuse({ kind: "no-common-group", theirs, ours });
  return common;
}
