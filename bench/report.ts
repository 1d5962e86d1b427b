// What a measurement gives, and how it is shown: tables for the eye, figures against their goals, JSON for whoever goes on with it.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { arch, cpus, platform } from "node:os";
import { fileURLToPath } from "node:url";
import type { Picture } from "./pictures.ts";
import { digits, type Spread, table } from "./rounds.ts";

export interface Goal {
  readonly better: "more" | "less";
  readonly mustReach: number;
  /** Absent: what must be reached is all. */
  readonly aim?: number;
  /** Behind the number: `x`, ` %`, ` KiB`. */
  readonly unit: string;
}
export interface Figure {
  /** The same in every run: by it the figures of two versions of Node.js meet. */
  readonly what: string;
  readonly value: Spread;
  readonly goal: Goal;
  /** What `bare` gives in the same rounds: whoever makes the same calls gives no more. */
  readonly limit?: Spread;
  /** Whom it was compared with, where the run decided that. */
  readonly beside?: string;
}
export interface Measured {
  readonly figures: readonly Figure[];
  /** Markdown. */
  readonly tables: readonly string[];
  readonly pictures?: readonly Picture[];
}
export interface Effort {
  readonly quick: boolean;
  readonly rounds: number;
}

/** One measurement on one version of Node.js. */
export interface Kept extends Measured {
  readonly name: string;
  readonly where: string;
  readonly rounds: number;
  readonly quick: boolean;
}
export interface KeptRuns {
  /** `Node 20` */
  readonly node: string;
  readonly runs: readonly Kept[];
}

export function where(): string {
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  return `${cpus().length} x ${model}, ${platform()} ${arch()}, Node ${process.version}, OpenSSL ${process.versions.openssl}`;
}

/**
 * Each figure beside what it must reach and what it aims at, a column for each version of Node.js. What falls short on any of them
 * comes first, and links to its reason.
 *
 * @param reasonOf where a measurement's reason stands, by its name; undefined: nowhere
 */
export function goals(
  columns: readonly KeptRuns[],
  reasonOf: (measurement: string) => string | undefined = () => undefined,
): string {
  const found = new Map<string, Row>();
  for (const [column, { runs }] of columns.entries()) {
    for (const run of runs) {
      for (const figure of run.figures) {
        const row = found.get(figure.what) ?? {
          goal: figure.goal,
          reason: reasonOf(run.name),
          figures: columns.map(() => undefined),
        };
        row.figures[column] = figure;
        found.set(figure.what, row);
      }
    }
  }
  const rows = [...found].map(([what, { goal, reason, figures }]) => {
    const verdicts = figures.map((figure) => figure && verdict(figure.value, goal));
    const { mustReach, aim } = goal;
    return {
      isShort: verdicts.includes("short"),
      cells: [
        what,
        ...figures.map(measuredText),
        bound(mustReach, goal),
        aim === undefined ? "" : bound(aim, goal),
        said(columns, verdicts, reason),
      ],
    };
  });
  const sorted = [...rows.filter(({ isShort }) => isShort), ...rows.filter(({ isShort }) => !isShort)];
  const heads = columns.length === 1 ? ["measured"] : columns.map(({ node }) => node);
  return table([["what", ...heads, "must reach", "aim", ""], ...sorted.map(({ cells }) => cells)]);
}

interface Row {
  readonly goal: Goal;
  readonly reason: string | undefined;
  /** By column. */
  readonly figures: (Figure | undefined)[];
}
type Verdict = "short" | "reached" | "aim reached";

function measuredText(figure: Figure | undefined): string {
  if (figure === undefined) return "";
  const {
    value: { median, least, most },
    goal: { unit },
    beside,
    limit,
  } = figure;
  const reachable = limit === undefined ? "" : ` of ${digits(limit.median)}${unit}`;
  return `${digits(median)}${unit} (${digits(least)}..${digits(most)})${reachable}${beside === undefined ? "" : `, ${beside}`}`;
}

/** Once where all say the same. */
function said(columns: readonly KeptRuns[], verdicts: readonly (Verdict | undefined)[], reason: string | undefined): string {
  const linked = (text: Verdict): string => (text === "short" && reason !== undefined ? `[short](${reason})` : text);
  const told = verdicts.flatMap((one, column) => (one === undefined ? [] : [{ one, node: columns[column]?.node ?? "" }]));
  const [first] = told;
  if (first === undefined) return "";
  if (told.every(({ one }) => one === first.one)) return linked(first.one);
  return told.map(({ one, node }) => `${linked(one)} on ${node.replace("Node ", "")}`).join(", ");
}

function verdict({ median }: Spread, { better, mustReach, aim }: Goal): Verdict {
  const reaches = (limit: number): boolean => (better === "more" ? median >= limit : median <= limit);
  if (!reaches(mustReach)) return "short";
  return aim !== undefined && reaches(aim) ? "aim reached" : "reached";
}

function bound(limit: number, { better, unit }: Goal): string {
  return `${better === "more" ? "" : "≤ "}${digits(limit)}${unit}`;
}

const folder = new URL("./results/", import.meta.url);

export function keep(name: string, { quick, rounds }: Effort, measured: Measured): void {
  const own = new URL(`node${process.versions.node.split(".")[0]}/`, folder);
  mkdirSync(own, { recursive: true });
  const kept: Kept = { name, where: where(), rounds, quick, ...measured };
  writeFileSync(new URL(`${name}.json`, own), `${JSON.stringify(kept, undefined, 2)}\n`);
}

/** The last run of each, by version of Node.js, the oldest first. */
export function kept(): readonly KeptRuns[] {
  const versions = readdirSync(folder)
    .filter((name) => /^node\d+$/.test(name))
    .map((name) => Number(name.slice("node".length)));
  return versions
    .sort((one, other) => one - other)
    .map((version) => ({ node: `Node ${version}`, runs: runsOf(new URL(`node${version}/`, folder)) }));
}
function runsOf(of: URL): readonly Kept[] {
  const names = readdirSync(fileURLToPath(of))
    .filter((name) => name.endsWith(".json"))
    .sort();
  return names.map((name): Kept => JSON.parse(readFileSync(new URL(name, of), "utf8")));
}
