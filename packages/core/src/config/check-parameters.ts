// Versions, suites, groups and schemes: of those that are named or provided the ones that go together.
import type { Group, HashImplementation, SuiteImplementation, Verification } from "../crypto/provider.ts";
import {
  type CipherSuiteName,
  type HashName,
  type NamedGroup,
  type ProtocolVersion,
  type SignatureScheme,
  versionIds,
} from "../wire/registry.ts";
import type { Provided } from "./check-provider.ts";
import { groupNames, listOf, readNames, schemeNames, suiteNames, versionNames } from "./names.ts";
import type { CommonOptions } from "./options.ts";
import { groupVersions, schemeMeanings, signsIn, suiteMeanings } from "./parameters.ts";
import type { Problems } from "./problems.ts";

/** Newest first, however they were named: the newest that both sides have is taken (RFC 9846 §4.3.1). */
export function readVersions(
  options: CommonOptions,
  signable: readonly SignatureScheme[],
  provider: Provided | undefined,
  problems: Problems,
): readonly ProtocolVersion[] {
  const given = options.versions;
  const versions =
    given === undefined ? defaultVersions(options, signable, provider) : readNames(given, "versions", versionNames, problems);
  return Object.freeze(versions.toSorted((one, other) => versionIds[other] - versionIds[one]));
}

/**
 * TLS 1.3, and 1.2 unless the suites, groups, schemes or keys that were given leave it out: nobody falls back to 1.2 alone
 * unasked.
 */
function defaultVersions(
  options: CommonOptions,
  signable: readonly SignatureScheme[],
  provider: Provided | undefined,
): readonly ProtocolVersion[] {
  const suites = listOf(options.suites) ?? provider?.suites.map(({ name }) => name) ?? [];
  const groups = listOf(options.groups) ?? provider?.groups.map(({ name }) => name) ?? [];
  const schemes = listOf(options.schemes) ?? (signable.length > 0 ? signable : schemeNames);
  const speaksTls12 =
    suites.some((name) => suiteNames.includes(name) && suiteMeanings[name].version === "tls1.2") &&
    groups.some((name) => groupNames.includes(name) && groupVersions[name].includes("tls1.2")) &&
    schemes.some((name) => schemeNames.includes(name) && signsIn("tls1.2", name));
  return speaksTls12 ? ["tls1.3", "tls1.2"] : ["tls1.3"];
}

export function readSuites(
  given: readonly CipherSuiteName[] | undefined,
  provider: Provided | undefined,
  versions: readonly ProtocolVersion[],
  problems: Problems,
): readonly SuiteImplementation[] {
  const fits = ({ name }: SuiteImplementation): boolean => versions.includes(suiteMeanings[name].version);
  const suites: SuiteImplementation[] = [];
  if (given === undefined) {
    suites.push(...(provider?.suites.filter(fits) ?? []));
  } else {
    for (const name of readNames(given, "suites", suiteNames, problems)) {
      const suite = provider?.suites.find((candidate) => candidate.name === name);
      const { version } = suiteMeanings[name];
      if (suite === undefined) reportMissing("suites", name, provider, problems);
      else if (fits(suite)) suites.push(suite);
      else problems.add("other-version", "suites", `${name} is for ${version}`, `name ${version} in versions, or leave it out`);
    }
  }
  for (const version of provider?.suites.length ? versions : []) {
    if (suites.some(({ name }) => suiteMeanings[name].version === version)) continue;
    const example = suiteNames.find((name) => suiteMeanings[name].version === version);
    const remedy = `add one, such as ${example}, or leave ${version} out`;
    problems.add("no-suite-for-version", "suites", `has none for ${version}`, remedy);
  }
  return Object.freeze(suites);
}

export function checkHashes(
  suites: readonly SuiteImplementation[],
  hashes: ReadonlyMap<HashName, HashImplementation>,
  problems: Problems,
): void {
  for (const { name, hash } of suites) {
    const meant = suiteMeanings[name].hash;
    if (hash !== meant) {
      problems.add("suite-mismatch", "provider.suites", `${name} is given with ${hash}`, `give it with ${meant}`);
    } else if (!hashes.has(hash)) {
      problems.add("missing-hash", "suites", `${name} needs ${hash}, which the provider lacks`, "leave it out, or add the hash");
    }
  }
}

export function readGroups(
  given: readonly NamedGroup[] | undefined,
  provider: Provided | undefined,
  versions: readonly ProtocolVersion[],
  problems: Problems,
): readonly Group[] {
  const fits = ({ name }: Group): boolean => groupVersions[name].some((version) => versions.includes(version));
  const groups: Group[] = [];
  if (given === undefined) {
    groups.push(...(provider?.groups.filter(fits) ?? []));
  } else {
    for (const name of readNames(given, "groups", groupNames, problems)) {
      const group = provider?.groups.find((candidate) => candidate.name === name);
      if (group === undefined) reportMissing("groups", name, provider, problems);
      else if (fits(group)) groups.push(group);
      else problems.add("other-version", "groups", `${name} is for ${groupVersions[name].join(" and ")}`, "leave it out");
    }
  }
  for (const version of provider?.groups.length ? versions : []) {
    if (groups.some(({ name }) => groupVersions[name].includes(version))) continue;
    const remedy = `add one, such as secp256r1, or leave ${version} out`;
    problems.add("no-group-for-version", "groups", `has none for ${version}`, remedy);
  }
  return Object.freeze(groups);
}

export function readVerifications(
  given: readonly SignatureScheme[] | undefined,
  provider: Provided | undefined,
  signable: readonly SignatureScheme[],
  problems: Problems,
): ReadonlyMap<SignatureScheme, Verification> {
  const provided = new Map(provider?.verifications.map((each): [SignatureScheme, Verification] => [each.scheme, each]));
  if (given === undefined) return provided;
  const chosen = new Map<SignatureScheme, Verification>();
  for (const name of readNames(given, "schemes", schemeNames, problems)) {
    const verification = provided.get(name);
    if (verification !== undefined) chosen.set(name, verification);
    else if (!signable.includes(name)) reportMissing("schemes", name, provider, problems);
  }
  return chosen;
}

function reportMissing(path: string, name: string, provider: Provided | undefined, problems: Problems): void {
  if (provider === undefined) return;
  const remedy = "leave it out, or take a provider that has it";
  problems.add("not-in-provider", path, `${name} is not in the provider ${provider.name}`, remedy);
}

/**
 * Whether some suite of TLS 1.2 goes with some of these schemes.
 *
 * @param groups what the client says in supported_groups, which must hold the certificate's curve; absent: whatever it takes
 */
export function suitesGoWithSchemes(
  suites: readonly SuiteImplementation[],
  schemes: readonly SignatureScheme[],
  groups?: readonly Group[],
): boolean {
  return schemes.some((scheme) => {
    const { suiteKey, curve } = schemeMeanings[scheme];
    const curveIsOffered = curve === undefined || groups === undefined || groups.some(({ name }) => name === curve);
    return signsIn("tls1.2", scheme) && curveIsOffered && suites.some(({ name }) => suiteMeanings[name].key === suiteKey);
  });
}
