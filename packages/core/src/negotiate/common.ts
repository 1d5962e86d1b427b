import type { Registered } from "../wire/registry.ts";

/** Those of ours that the client has, in our order or in the client's. Its list may have thousands: each is looked at once for one of ours. */
export function commonOf<Name extends string>(
  ours: readonly Name[],
  ids: Readonly<Record<Name, number>>,
  theirs: readonly Registered[],
  byTheirOrder: boolean,
): Name[] {
  const common = ours.filter((name) => has(theirs, ids[name]));
  if (!byTheirOrder || common.length < 2) return common;
  const rank = new Map(theirs.map(({ id }, at): [number, number] => [id, at]));
  return common.sort((one, other) => (rank.get(ids[one]) ?? 0) - (rank.get(ids[other]) ?? 0));
}

export function has(theirs: readonly Registered[], wanted: number): boolean {
  for (const { id } of theirs) if (id === wanted) return true;
  return false;
}
