// What both roles' options have in common: read once, checked against the provider, and completed.
import type { HashImplementation } from "../crypto/provider.ts";
import type { HashName, SignatureScheme } from "../wire/registry.ts";
import { readCompressors } from "./certificate-compression.ts";
import { checkHashes, readGroups, readSuites, readVerifications, readVersions } from "./check-parameters.ts";
import { readProvider } from "./check-provider.ts";
import { readLimits } from "./limits.ts";
import type { CommonOptions } from "./options.ts";
import type { Problems } from "./problems.ts";
import { checkClock, checkFunction, readAlpn, readChoice, readFlag, readRecordSize } from "./read-option.ts";
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
  resumesTls12: true,
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
  options: CommonOptions,
  signable: readonly SignatureScheme[],
  problems: Problems,
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
    resumesTls12: readFlag(options.resumesTls12, "resumesTls12", problems, true),
    compressors: readCompressors(options.certificateCompression, versions, problems),
    truncation,
    keyLog: options.dangerousKeyLog,
    trace: options.trace,
    mayExtract: readFlag(options.dangerousExtractSecrets, "dangerousExtractSecrets", problems),
  };
}
