// What a measurement gives, and how it is shown: tables for the eye, figures against their goals, JSON for whoever goes on with it.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { arch, cpus, platform } from "node:os";
import { fileURLToPath } from "node:url";
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
  readonly what: string;
  readonly value: Spread;
  readonly goal: Goal;
}
export interface Measured {
  readonly figures: readonly Figure[];
  /** Markdown. */
  readonly tables: readonly string[];
  /** For a plot. */
  readonly curves?: readonly Curve[];
}
export interface Curve {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}
export interface Effort {
  readonly quick: boolean;
  readonly rounds: number;
}

export interface Kept extends Measured {
  readonly name: string;
  readonly where: string;
  readonly rounds: number;
  readonly quick: boolean;
}

export function where(): string {
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  return `${cpus().length} x ${model}, ${platform()} ${arch()}, Node ${process.version}, OpenSSL ${process.versions.openssl}`;
}

/** Each figure beside what it must reach and what it aims at; what falls short comes first. */
export function goals(figures: readonly Figure[]): string {
  const rows = figures.map(({ what, value, goal }) => {
    const { mustReach, aim, unit } = goal;
    const range = `${digits(value.least)}..${digits(value.most)}`;
    return {
      short: verdict(value, goal) === "short",
      cells: [what, `${digits(value.median)}${unit} (${range})`, bound(mustReach, goal), aim === undefined ? "" : bound(aim, goal), verdict(value, goal)],
    };
  });
  const sorted = [...rows.filter(({ short }) => short), ...rows.filter(({ short }) => !short)];
  return table([["what", "measured", "must reach", "aim", ""], ...sorted.map(({ cells }) => cells)]);
}

function verdict({ median }: Spread, { better, mustReach, aim }: Goal): "short" | "reached" | "aim reached" {
  const reaches = (limit: number): boolean => (better === "more" ? median >= limit : median <= limit);
  if (!reaches(mustReach)) return "short";
  return aim !== undefined && reaches(aim) ? "aim reached" : "reached";
}

function bound(limit: number, { better, unit }: Goal): string {
  return `${better === "more" ? "" : "≤ "}${digits(limit)}${unit}`;
}

const folder = new URL(`./results/node${process.versions.node.split(".")[0]}/`, import.meta.url);

export function keep(name: string, { quick, rounds }: Effort, measured: Measured): void {
  mkdirSync(folder, { recursive: true });
  const kept: Kept = { name, where: where(), rounds, quick, ...measured };
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify(kept, undefined, 2)}\n`);
}

/** The last run of each, of this Node.js version. */
export function kept(): readonly Kept[] {
  const names = readdirSync(fileURLToPath(folder)).filter((name) => name.endsWith(".json")).sort();
  return names.map((name): Kept => JSON.parse(readFileSync(new URL(name, folder), "utf8")));
}
