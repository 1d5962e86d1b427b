// Whether a provider is one, and what it lists that is known here.
import type { CryptoProvider } from "../crypto/provider.ts";
import { groupNames, hashNames, listOf, readNames, schemeNames, suiteNames } from "./names.ts";
import { isRecord, type Problems } from "./problems.ts";

/** What a provider lists. */
export type Provided = Omit<CryptoProvider, "random">;

/** What the provider lists now; undefined if there is no provider to speak of. */
export function readProvider(given: CryptoProvider, problems: Problems): Provided | undefined {
  if (given === undefined) {
    problems.add("missing-option", "provider", "is missing", "give a CryptoProvider: there is no default one");
    return undefined;
  }
  if (!isRecord(given)) {
    problems.add("wrong-type", "provider", "is no object", "give a CryptoProvider");
    return undefined;
  }
  checkRandom(given, problems);
  const provided: Provided = {
    name: given.name,
    suites: readProvided(given.suites, "provider.suites", ({ name }) => name, suiteNames, problems),
    groups: readProvided(given.groups, "provider.groups", ({ name }) => name, groupNames, problems),
    verifications: readProvided(given.verifications, "provider.verifications", ({ scheme }) => scheme, schemeNames, problems),
    hashes: readProvided(given.hashes, "provider.hashes", ({ name }) => name, hashNames, problems),
  };
  for (const list of ["suites", "groups"] as const) {
    if (given[list]?.length === 0) problems.add("empty-list", `provider.${list}`, "is empty", "take a provider that has some");
  }
  return provided;
}

function readProvided<Entry, Name extends string>(
  given: readonly Entry[],
  path: string,
  nameOf: (entry: Entry) => Name,
  known: readonly Name[],
  problems: Problems,
): readonly Entry[] {
  const entries = listOf(given);
  if (!entries?.every(isRecord)) {
    problems.add("wrong-type", path, "is no list of objects", "give a CryptoProvider, whole");
    return [];
  }
  // A server needs no verifications; what is missing elsewhere shows where it is needed.
  if (entries.length === 0) return entries;
  const names = readNames(entries.map(nameOf), path, known, problems);
  return names.flatMap((name) => entries.find((entry) => nameOf(entry) === name) ?? []);
}

/** Tried once: randomness that isn't there shows nowhere else before the first secret was made of it. */
function checkRandom(provider: CryptoProvider, problems: Problems): void {
  const path = "provider.random";
  const remedy = "take a provider that has a source of randomness";
  try {
    const bytes = provider.random(32);
    if (!(bytes instanceof Uint8Array)) problems.add("no-randomness", path, "gives no Uint8Array", remedy);
    else if (bytes.length !== 32) problems.add("no-randomness", path, `gives ${bytes.length} bytes instead of 32`, remedy);
    else if (bytes.every((byte) => byte === 0)) problems.add("no-randomness", path, "gives zeros alone", remedy);
  } catch (thrown) {
    problems.add("no-randomness", path, `throws ${String(thrown)}`, remedy);
  }
}
