// Names of the registries: how a list of them is read, and all that there are.
import {
  type CertificateType,
  type CipherSuiteName,
  certificateTypeIds,
  groupIds,
  type HashName,
  type NamedGroup,
  type ProtocolVersion,
  type SignatureScheme,
  schemeIds,
  suiteIds,
  versionIds,
} from "../wire/registry.ts";
import { nearest, type Problems } from "./problems.ts";

/** The names that are known, each once, in their order; what is wrong with the others is reported. */
export function readNames<Name extends string>(
  given: readonly Name[],
  path: string,
  known: readonly Name[],
  problems: Problems,
): readonly Name[] {
  const list = listOf(given);
  if (list === undefined) {
    problems.add("wrong-type", path, "is no list", "give an array of names");
    return [];
  }
  const names = new Set<Name>();
  for (const [at, name] of list.entries()) {
    const here = `${path}[${at}]`;
    if (!known.includes(name)) {
      const meant = nearest(String(name), known);
      const remedy = meant === undefined ? "leave it out" : `write ${meant}, or leave it out`;
      problems.add("unknown-name", here, `${String(name)} is not known here`, remedy);
    } else if (names.has(name)) {
      problems.add("duplicate", here, `${name} is there twice`, "leave one out");
    }
    names.add(name);
  }
  if (list.length === 0) problems.add("empty-list", path, "is empty", "name at least one, or leave it out for the default");
  return Object.freeze([...names].filter((name) => known.includes(name)));
}

/** A frozen copy; undefined if there is no list, which callers without types manage too. */
export function listOf<Entry>(given: readonly Entry[] | undefined): readonly Entry[] | undefined {
  return Array.isArray(given) ? Object.freeze([...given]) : undefined;
}

// ── The lists ───────────────────────────────────────────────────────────────────────────────────────────────────────

const namesOf = <Name extends string>(registry: Readonly<Record<Name, unknown>>): readonly Name[] =>
  // A registry is a literal of ours: its keys are its type's.
  Object.keys(registry) as Name[];
export const versionNames: readonly ProtocolVersion[] = namesOf(versionIds);
export const suiteNames: readonly CipherSuiteName[] = namesOf(suiteIds);
export const groupNames: readonly NamedGroup[] = namesOf(groupIds);
export const schemeNames: readonly SignatureScheme[] = Object.freeze(namesOf(schemeIds));
export const certificateTypes: readonly CertificateType[] = Object.freeze(namesOf(certificateTypeIds));
export const hashNames: readonly HashName[] = ["sha256", "sha384", "sha512"];
