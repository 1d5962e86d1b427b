import type { ServerSettings } from "../config/settings.ts";
import type { ClientHello } from "../wire/client-hello.ts";
import { extensionIds, groupIds, isGrease, type NamedGroup, type ProtocolVersion, type Registered } from "../wire/registry.ts";
import { commonOf, has } from "./common.ts";
import type { Refuse } from "./refusal.ts";

/**
 * TLS 1.3: the first that the client has sent a share for; else the first that is common, for which it must be asked. A round
 * trip costs more than what lies between two groups that we both find good enough.
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

  const common = commonGroups(hello.groups, settings.groupNames["tls1.3"], settings, refuse);
  const shared = common.filter((name) => has(hello.keyShareGroups, groupIds[name]));
  const group = prefer("tls1.3", common, shared, hello, settings, refuse);
  return group && { group, needsRetry: !shared.includes(group) };
}

/** TLS 1.2: the first that both have; the client is assumed to have some if it doesn't say (RFC 8422 §4). */
export function chooseGroup(hello: ClientHello, settings: ServerSettings, refuse: Refuse): NamedGroup | undefined {
  const { assumeGroups } = settings;
  const theirs = hello.groups ?? assumeGroups?.map((name): Registered => ({ id: groupIds[name], name }));
  if (theirs === undefined) return refuse({ kind: "no-supported-groups" });
  const common = commonGroups(theirs, settings.groupNames["tls1.2"], settings, refuse);
  return prefer("tls1.2", common, common, hello, settings, refuse);
}

/** No version is common; but a group that is in none of our versions would be the next obstacle in each. */
export function checkGroups(hello: ClientHello, settings: ServerSettings, refuse: Refuse): undefined {
  if (hello.groups === undefined) return;
  commonGroups(
    hello.groups,
    settings.groups.map(({ name }) => name),
    settings,
    refuse,
  );
}

/** undefined only with a reason. */
function prefer(
  version: ProtocolVersion,
  common: readonly NamedGroup[],
  shared: readonly NamedGroup[],
  hello: ClientHello,
  { groupOrder }: ServerSettings,
  refuse: Refuse,
): NamedGroup | undefined {
  if (typeof groupOrder !== "function" || common.length === 0) return shared[0] ?? common[0];
  const wanted = groupOrder({ version, common, shared, clientHello: hello });
  if (wanted === undefined) return refuse({ kind: "refused-by-policy", about: "group", common });
  if (!common.includes(wanted)) throw new TypeError(`groupOrder gave ${String(wanted)}, which is not common`);
  return wanted;
}

/** In the order of whose preference counts. Never empty without a reason. */
function commonGroups(
  offered: readonly Registered[],
  ours: readonly NamedGroup[],
  { groupOrder }: ServerSettings,
  refuse: Refuse,
): readonly NamedGroup[] {
  const common = commonOf(ours, groupIds, offered, groupOrder === "client");
  if (common.length === 0) refuse({ kind: "no-common-group", theirs: offered.filter(({ id }) => !isGrease(id)), ours });
  return common;
}
