// What is said of single connections, put together: one finding for all whom it concerns, and one outcome a profile.
import type { LintFinding, LintOutcome, Remark, Severity } from "./report.ts";

/** A profile under one name. */
export interface Connection {
  readonly name: string;
  readonly agreed: string | undefined;
  readonly said: readonly Remark[];
}

export function outcomeOf(
  { id, title, dated }: { readonly id: string; readonly title: string; readonly dated: string },
  connections: readonly Connection[],
): LintOutcome {
  const bad = connections.filter(({ said }) => said.some(({ severity }) => severity === "failure"));
  const shown = bad[0] ?? connections[0];
  const because = bad.flatMap(({ said }) => said.filter(({ severity }) => severity === "failure").map(({ clause }) => clause));
  return {
    id,
    title,
    dated,
    result: bad.length === 0 ? "works" : "fails",
    agreed: shown?.agreed,
    because: [...new Set(because)].slice(0, 12),
  };
}

export class Remarks {
  readonly #names: readonly string[];
  readonly #kept = new Map<string, { readonly remark: Remark; readonly concerns: Set<string>; readonly names: Set<string> }>();

  /** @param names that are asked for at all */
  constructor(names: readonly string[]) {
    this.#names = names;
  }

  add(remark: Remark, concerns?: string, name?: string): void {
    const key = `${remark.id} ${remark.clause}`;
    const kept = this.#kept.get(key) ?? { remark, concerns: new Set<string>(), names: new Set<string>() };
    this.#kept.set(key, kept);
    if (concerns !== undefined) kept.concerns.add(concerns);
    if (name !== undefined) kept.names.add(name);
  }

  /** The worst first, and of them those that concern most. */
  findings(): readonly LintFinding[] {
    return [...this.#kept.values()]
      .sort((one, other) => rank[one.remark.severity] - rank[other.remark.severity] || other.concerns.size - one.concerns.size)
      .slice(0, mostFindings)
      .map(({ remark: { id, severity, clause, remedy }, concerns, names }) => ({
        id,
        severity,
        what: `${upper(clause)}.`,
        remedy,
        concerns: [...concerns],
        names: names.size === this.#names.length ? [] : [...names],
      }));
  }
}

const rank: { readonly [S in Severity]: number } = { failure: 0, warning: 1, information: 2 };
const mostFindings = 200;
const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
