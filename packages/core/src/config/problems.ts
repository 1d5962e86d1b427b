// What is wrong with a config: gathered, so that its maker hears of everything at once and not of one thing a run.
import { ConfigError, type ConfigProblem } from "../errors.ts";

export type ProblemKind =
  | "wrong-type"
  | "unknown-option"
  | "missing-option"
  | "not-supported-here"
  | "unknown-name"
  | "not-in-provider"
  | "not-in-groups"
  | "duplicate"
  | "empty-list"
  | "bad-alpn"
  | "bad-key-shares"
  | "wrong-length"
  | "weak-key"
  | "no-suite-for-psk"
  | "no-psk-for-suite"
  | "too-many-psks"
  | "psk-replaces-certificate"
  | "too-many-authorities"
  | "too-many-filters"
  | "no-randomness"
  | "no-clock"
  | "missing-hash"
  | "suite-mismatch"
  | "other-version"
  | "no-suite-for-version"
  | "no-group-for-version"
  | "no-scheme-for-version"
  | "no-credential-for-version"
  | "no-suite-for-credentials"
  | "no-usable-scheme"
  | "no-common-scheme"
  | "no-name"
  | "nobody-to-judge"
  | "bad-certificate"
  | "bad-compressor"
  | "chain-too-long"
  | "bad-staple"
  | "no-issuers"
  | "unsupported-key"
  | "scheme-needs-other-key"
  | "certificate-has-other-key"
  | "signer-has-other-key"
  | "not-a-count"
  | "not-a-positive-integer"
  | "limit-too-small"
  | "limit-too-large";

export class Problems {
  readonly #found: ConfigProblem[] = [];

  /**
   * @param path such as `credentials[1].signer`
   * @param problem goes on where the path stops: "is empty"
   * @param remedy what to do, as an order: "leave it out"
   */
  add(kind: ProblemKind, path: string, problem: string, remedy: string): void {
    this.#found.push(Object.freeze({ kind, path, problem, remedy }));
  }

  get count(): number {
    return this.#found.length;
  }

  toString(): string {
    return this.#found.map(({ path, problem, remedy }) => `${path} ${problem}; ${remedy}`).join("\n");
  }

  /** Only where something was found. @throws ConfigError with all of it */
  refuse(): never {
    const [first, ...others] = this.#found;
    if (first === undefined) throw new TypeError("refused without a problem");
    throw new ConfigError([first, ...others]);
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Reads every property once: a getter that answers differently the second time changes nothing.
 *
 * @throws ConfigError if there are no properties to read
 */
export function snapshot<T extends object>(given: T, problems: Problems): T {
  if (!isRecord(given)) {
    problems.add("wrong-type", "options", "are no object", "give an object");
    problems.refuse();
  }
  const read: Record<string, unknown> = {};
  // `in`, so that options which inherit their defaults are read like any other.
  for (const name in given) read[name] = given[name];
  // The same names with the same values.
  return read as T;
}

/** An option that nobody reads is a wish that silently does not come true. */
export function rejectUnknownKeys(given: object, known: readonly string[], path: string, problems: Problems): void {
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    const meant = nearest(name, known);
    problems.add(
      "unknown-option",
      path === "" ? name : `${path}.${name}`,
      "is no option",
      meant === undefined ? "leave it out" : `write ${meant}, or leave it out`,
    );
  }
}

/** The name that `typed` was probably meant to be; undefined if none is near. */
export function nearest(typed: string, known: readonly string[]): string | undefined {
  const ranked = known.map((name) => ({ name, distance: editDistance(typed.toLowerCase(), name.toLowerCase()) }));
  const [best] = ranked.sort((one, other) => one.distance - other.distance);
  return best !== undefined && best.distance <= Math.max(2, typed.length / 3) ? best.name : undefined;
}

/** Levenshtein's; option names are short, and only a mistake pays for it. */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let line = 1; line <= one.length; line++) {
    const next = [line];
    for (let column = 1; column <= other.length; column++) {
      const replaced = (row[column - 1] ?? 0) + (one[line - 1] === other[column - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
