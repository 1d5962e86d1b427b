import { importPsk, pskFingerprint } from "../crypto/key-schedule.ts";
import type { HashImplementation, SuiteImplementation } from "../crypto/provider.ts";
import { type Bytes, copy, hex } from "../wire/bytes.ts";
import { type HashName, versionIds } from "../wire/registry.ts";
import { write } from "../wire/writer.ts";
import { listOf } from "./names.ts";
import { suiteMeanings } from "./parameters.ts";
import type { Problems } from "./problems.ts";
import { ExternalPsk } from "./psk.ts";
import type { CommonSettings } from "./settings.ts";

/** An external PSK as it is offered and taken for the suites of one hash. */
export interface PreparedPsk {
  /** On the wire: the caller's, or ImportedIdentity. */
  readonly identity: Bytes;
  /** The caller's. */
  readonly name: Bytes;
  readonly hash: HashName;
  readonly binder: "ext binder" | "imp binder";
  /** In the caller's order. */
  readonly rank: number;
  /** Lives as long as the config. */
  readonly key: Bytes;
  /** What a session remembers of it. */
  readonly fingerprint: Bytes;
}

/** In the caller's order, an imported one once for each hash of our suites. */
export function readPsks(
  given: readonly ExternalPsk[] | undefined,
  { suites, hashes, versions }: Omit<CommonSettings, "id">,
  problems: Problems,
): readonly PreparedPsk[] {
  if (given === undefined) return Object.freeze([]);
  const path = "psks";
  const list = listOf(given);
  if (list === undefined) {
    problems.add("wrong-type", path, "is no list", "give an array of what importedPsk or dangerousRawPsk made");
    return [];
  }
  if (list.length > 0 && !versions.includes("tls1.3")) {
    problems.add("other-version", path, "are for tls1.3", "name tls1.3 in versions, or leave them out");
    return [];
  }
  // Without a provider to compare with, that is the problem.
  if (suites.length === 0) return [];
  const spoken = new Set(
    suites.map(({ name }) => suiteMeanings[name]).flatMap((suite) => (suite.version === "tls1.3" ? [suite.hash] : [])),
  );
  const prepared = new Map<string, PreparedPsk>();
  for (const [at, psk] of list.entries()) {
    const here = `${path}[${at}]`;
    const key = ExternalPsk.keyOf(psk);
    const hash = key && hashes.get(psk.hash);
    if (key === undefined) {
      problems.add("wrong-type", here, "is no ExternalPsk", "give what importedPsk or dangerousRawPsk made");
    } else if (psk.kind === "raw" && !spoken.has(psk.hash)) {
      problems.add("no-suite-for-psk", here, `goes with ${psk.hash}, and no suite does`, "add such a suite, or leave it out");
    } else if (hash === undefined) {
      problems.add("missing-hash", here, `needs ${psk.hash}, which the provider lacks`, "leave it out, or add the hash");
    } else {
      const ways = prepare(psk, at, key, hash, spoken, hashes);
      if (ways.some(({ identity }) => prepared.has(hex(identity)))) {
        problems.add(
          "duplicate",
          here,
          "has the identity of one before it",
          "leave one out, or tell them apart by their identity",
        );
      }
      for (const way of ways) prepared.set(hex(way.identity), way);
    }
  }
  return Object.freeze([...prepared.values()]);
}

/** Whether nobody is proven by a certificate. @param proof credentials, or a verifier; absent or empty: there is none. */
export function isPskOnly(psks: readonly ExternalPsk[] | undefined, proof: unknown): boolean {
  const none = proof === undefined || listOf(proof as readonly unknown[])?.length === 0;
  return none && (listOf(psks)?.length ?? 0) > 0;
}

/** Without certificates only TLS 1.3 is spoken, and of its suites those that a PSK goes with. @param named by the caller. */
export function forPsksAlone(
  common: Omit<CommonSettings, "id">,
  psks: readonly PreparedPsk[],
  named: readonly unknown[] | undefined,
  problems: Problems,
): Omit<CommonSettings, "id"> {
  for (const version of common.versions) {
    if (version === "tls1.3") continue;
    const problem = `has ${version}, in which nobody is proven by a PSK`;
    problems.add("no-credential-for-version", "versions", problem, `leave ${version} out, or prove who you are by a certificate`);
  }
  const fits = ({ hash }: SuiteImplementation): boolean => psks.some((psk) => psk.hash === hash);
  for (const suite of named === undefined || psks.length === 0 ? [] : common.suites) {
    if (fits(suite)) continue;
    problems.add(
      "no-psk-for-suite",
      "suites",
      `${suite.name} goes with none of the PSKs`,
      `leave it out, or give one of ${suite.hash}`,
    );
  }
  return psks.length === 0 ? common : { ...common, suites: Object.freeze(common.suites.filter(fits)) };
}

function prepare(
  psk: ExternalPsk,
  rank: number,
  key: Bytes,
  hash: HashImplementation,
  spoken: ReadonlySet<HashName>,
  hashes: CommonSettings["hashes"],
): readonly PreparedPsk[] {
  const name = copy(psk.identity);
  if (psk.kind === "raw") {
    const fingerprint = pskFingerprint(hash, key, name);
    return [Object.freeze({ identity: name, name, hash: psk.hash, binder: "ext binder", rank, key: copy(key), fingerprint })];
  }
  return [...spoken].flatMap((target) => {
    const meant = hashes.get(target);
    if (meant === undefined) return [];
    const identity = importedIdentity(psk, target);
    const imported = importPsk(hash, key, identity, meant.length);
    const fingerprint = pskFingerprint(meant, imported, identity);
    return [Object.freeze({ identity, name, hash: target, binder: "imp binder" as const, rank, key: imported, fingerprint })];
  });
}

/** RFC 9258 §5.1. */
function importedIdentity({ identity, context }: ExternalPsk, target: HashName): Bytes {
  return write((writer) => writer.opaque(2, identity).opaque(2, context).u16(versionIds["tls1.3"]).u16(kdfIds[target]));
}

/** TLS KDF Identifiers (RFC 9258 §10). No suite has the third. */
const kdfIds: Readonly<Record<HashName, number>> = { sha256: 1, sha384: 2, sha512: 3 };
