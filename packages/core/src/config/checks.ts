// What both roles' options have in common: read once, checked against the provider, and completed.
import type { CryptoProvider, Group, HashImplementation, SuiteImplementation, Verification } from "../crypto/provider.ts";
import { maxPlaintext } from "../record/format.ts";
import { leastRecordSize } from "../record/size-limit.ts";
import {
  type CertificateType, type CipherSuiteName, certificateTypeIds, groupIds, type HashName, type NamedGroup,
  type ProtocolVersion, type SignatureScheme, schemeIds, suiteIds,
  versionIds,
} from "../wire/registry.ts";
import { readCompressors } from "./certificate-compression.ts";
import { readLimits } from "./limits.ts";
import type { CommonOptions } from "./options.ts";
import { groupVersions, schemeMeanings, signsIn, suiteMeanings } from "./parameters.ts";
import { isRecord, nearest, type Problems } from "./problems.ts";
import type { CommonSettings } from "./settings.ts";

/** The names of CommonOptions. A record, so that one that is forgotten here does not compile. */
export const commonOptions: Readonly<Record<keyof CommonOptions, true>> = {
  provider: true,
  now: true,
  versions: true,
  suites: true,
  groups: true,
  schemes: true,
  alpn: true,
  limits: true,
  maxRecordSize: true,
  certificateCompression: true,
  truncation: true,
  label: true,
  requireExtendedMasterSecret: true,
  dangerousKeyLog: true,
  dangerousExtractSecrets: true,
  psks: true,
  trace: true,
};

/**
 * @param signable schemes of our own signers, which `schemes` may name though the provider can't verify them
 * @returns with empty lists if there is no provider to compare with; then that is the problem, and not what the lists lack
 */
export function readCommon(
  options: CommonOptions, signable: readonly SignatureScheme[], problems: Problems,
): Omit<CommonSettings, "id"> {
  const alpn = readAlpn(options.alpn, "alpn", problems);
  const limits = readLimits(options.limits, problems);
  const truncation = readChoice(options.truncation, "truncation", ["strict", "lenient"], problems);
  checkClock(options.now, problems);
  checkFunction(options.dangerousKeyLog, "dangerousKeyLog", problems);
  checkFunction(options.trace, "trace", problems);
  if (options.label !== undefined && typeof options.label !== "string") {
    problems.add("wrong-type", "label", "is no string", "give a string");
  }

  const provider = readProvider(options.provider, problems);
  const hashes = new Map(provider?.hashes.map((hash): [HashName, HashImplementation] => [hash.name, hash]));
  const versions = readVersions(options, signable, provider, problems);
  const suites = readSuites(options.suites, provider, versions, problems);
  if (provider !== undefined) checkHashes(suites, hashes, problems);
  const groups = readGroups(options.groups, provider, versions, problems);
  const verifications = readVerifications(options.schemes, provider, signable, problems);
  return {
    provider: options.provider,
    now: options.now,
    versions,
    suites,
    groups,
    hashes,
    verifications,
    alpn,
    limits,
    maxRecordSize: readRecordSize(options.maxRecordSize, problems),
    requireExtendedMasterSecret: readFlag(options.requireExtendedMasterSecret, "requireExtendedMasterSecret", problems),
    compressors: readCompressors(options.certificateCompression, versions, problems),
    truncation,
    keyLog: options.dangerousKeyLog,
    trace: options.trace,
    mayExtract: readFlag(options.dangerousExtractSecrets, "dangerousExtractSecrets", problems),
  };
}

// ── Lists of names ──────────────────────────────────────────────────────────────────────────────────────────────────

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

const namesOf = <Name extends string>(registry: Readonly<Record<Name, unknown>>): readonly Name[] =>
  // A registry is a literal of ours: its keys are its type's.
  Object.keys(registry) as Name[];
const versionNames: readonly ProtocolVersion[] = namesOf(versionIds);
const suiteNames: readonly CipherSuiteName[] = namesOf(suiteIds);
export const groupNames: readonly NamedGroup[] = namesOf(groupIds);
export const schemeNames: readonly SignatureScheme[] = Object.freeze(namesOf(schemeIds));
export const certificateTypes: readonly CertificateType[] = Object.freeze(namesOf(certificateTypeIds));
const hashNames: readonly HashName[] = ["sha256", "sha384", "sha512"];

/** Newest first, however they were named: the newest that both sides have is taken (RFC 9846 §4.3.1). */
function readVersions(
  options: CommonOptions, signable: readonly SignatureScheme[], provider: Offer | undefined, problems: Problems,
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
  options: CommonOptions, signable: readonly SignatureScheme[], provider: Offer | undefined,
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

function readSuites(
  given: readonly CipherSuiteName[] | undefined,
  provider: Offer | undefined,
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

function checkHashes(
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

function readGroups(
  given: readonly NamedGroup[] | undefined,
  provider: Offer | undefined,
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

function readVerifications(
  given: readonly SignatureScheme[] | undefined,
  provider: Offer | undefined,
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

function reportMissing(path: string, name: string, provider: Offer | undefined, problems: Problems): void {
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

// ── Provider ────────────────────────────────────────────────────────────────────────────────────────────────────────

type Offer = Omit<CryptoProvider, "random">;

/** What the provider lists now; undefined if there is no provider to speak of. */
function readProvider(given: CryptoProvider, problems: Problems): Offer | undefined {
  if (given === undefined) {
    problems.add("missing-option", "provider", "is missing", "give a CryptoProvider: there is no default one");
    return undefined;
  }
  if (!isRecord(given)) {
    problems.add("wrong-type", "provider", "is no object", "give a CryptoProvider");
    return undefined;
  }
  checkRandom(given, problems);
  const offer: Offer = {
    name: given.name,
    suites: readProvided(given.suites, "provider.suites", ({ name }) => name, suiteNames, problems),
    groups: readProvided(given.groups, "provider.groups", ({ name }) => name, groupNames, problems),
    verifications: readProvided(given.verifications, "provider.verifications", ({ scheme }) => scheme, schemeNames, problems),
    hashes: readProvided(given.hashes, "provider.hashes", ({ name }) => name, hashNames, problems),
  };
  for (const list of ["suites", "groups"] as const) {
    if (given[list]?.length === 0) problems.add("empty-list", `provider.${list}`, "is empty", "take a provider that has some");
  }
  return offer;
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

// ── Single options ──────────────────────────────────────────────────────────────────────────────────────────────────

function checkClock(now: () => number, problems: Problems): void {
  const remedy = "give a function such as Date.now: core has no clock";
  if (now === undefined) return problems.add("missing-option", "now", "is missing", remedy);
  try {
    const time = now();
    if (!Number.isFinite(time)) problems.add("no-clock", "now", `gives ${String(time)}, which is no time`, remedy);
  } catch (thrown) {
    problems.add("no-clock", "now", `throws ${String(thrown)}`, remedy);
  }
}

/** Protocol names as they stand on the wire: a character a byte, 1 to 255 of them (RFC 7301 §3.1). */
export function readAlpn(given: readonly string[] | undefined, path: string, problems: Problems): readonly string[] {
  if (given === undefined) return Object.freeze([]);
  const names = listOf(given);
  if (names === undefined) {
    problems.add("wrong-type", path, "is no list", "give an array of protocol names");
    return [];
  }
  let octets = 0;
  for (const [at, name] of names.entries()) {
    const here = `${path}[${at}]`;
    if (typeof name !== "string") {
      problems.add("wrong-type", here, "is no string", "give a protocol name such as http/1.1");
      continue;
    }
    if (name.length === 0 || name.length > 255) {
      problems.add("bad-alpn", here, `has ${name.length} bytes`, "give a name of 1 to 255 bytes");
    } else if ([...name].some((character) => (character.codePointAt(0) ?? 0) > 255)) {
      problems.add("bad-alpn", here, `${name} has characters that are no bytes`, "give a character a byte, codes 0 to 255");
    }
    if (names.indexOf(name) < at) problems.add("duplicate", here, `${name} is there twice`, "leave one out");
    octets += 1 + name.length;
  }
  if (octets > roomForAlpn) {
    problems.add("bad-alpn", path, `takes ${octets} bytes on the wire`, `name fewer: there is room for ${roomForAlpn}`);
  }
  return names;
}

/** All extensions of a hello together have 2^16 - 1 bytes at most; half of them for the others, a server's cookie among them. */
const roomForAlpn = 2 ** 15;

/** One of `choices`, the first by default. */
export function readChoice<Choice extends string>(
  given: Choice | undefined,
  path: string,
  choices: readonly [Choice, ...Choice[]],
  problems: Problems,
): Choice {
  if (given === undefined) return choices[0];
  if (choices.includes(given)) return given;
  problems.add("unknown-name", path, `is ${String(given)}`, `write ${choices.join(" or ")}, or leave it out`);
  return choices[0];
}

export function readFlag(given: boolean | undefined, path: string, problems: Problems): boolean {
  if (given === undefined || typeof given === "boolean") return given ?? false;
  problems.add("wrong-type", path, "is neither true nor false", "write true or false");
  return false;
}

function readRecordSize(given: number | undefined, problems: Problems): number {
  const path = "maxRecordSize";
  if (given === undefined) return maxPlaintext;
  const remedy = `give ${leastRecordSize} to ${maxPlaintext}, or leave it out`;
  if (!Number.isSafeInteger(given) || given <= 0) {
    problems.add("not-a-positive-integer", path, `is ${String(given)}`, remedy);
  } else if (given < leastRecordSize) {
    problems.add("limit-too-small", path, `is ${given}, and no peer takes less than ${leastRecordSize} (RFC 8449 §4)`, remedy);
  } else if (given > maxPlaintext) {
    problems.add("limit-too-large", path, `is ${given}, and no record holds more than ${maxPlaintext}`, remedy);
  }
  return given;
}

function checkFunction(given: unknown, path: string, problems: Problems): void {
  if (given !== undefined && typeof given !== "function") {
    problems.add("wrong-type", path, "is no function", "give a function, or leave it out");
  }
}
