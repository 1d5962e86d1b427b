// What the command tells the tests that it runs, and what they tell it: files in .tmp/mutation/, as both are processes of their own.
import { appendFileSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root: string = fileURLToPath(new URL("../../", import.meta.url));
export const folder = `${root}.tmp/mutation`;

export interface Plan {
  /** Absolute path → the source with every change in it, one of which is switched on. */
  readonly sources: Readonly<Record<string, string>>;
  readonly mutants: readonly Mutant[];
  /** Not tried: survivors that are explained. */
  readonly spared: readonly string[];
  /** Globs, in the order in which they run. */
  readonly tests: readonly string[];
  /** Milliseconds of a core: a test that takes longer is not asked. */
  readonly patience: number;
  /** To be in force while modules load: the one change that is judged; undefined: all that tests reach, one after the other. */
  readonly atLoad: string | undefined;
}

/** A change of one expression or statement. As Stryker's instrumenter gives it; places begin at 0. */
export interface Mutant {
  readonly id: string;
  readonly fileName: string;
  readonly mutatorName: string;
  readonly replacement: string;
  readonly location: { readonly start: Place; readonly end: Place };
  /** Why it is not made. */
  readonly statusReason?: string;
}
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** One line of the journal. */
export type Entry =
  | { readonly kind: "killed"; readonly mutant: string; readonly by: string }
  /** To each this test has something to say; all but those that are killed by it survive. */
  | { readonly kind: "asked"; readonly test: string; readonly mutants: readonly string[] }
  /** Reached while modules load, when nothing has been switched on. */
  | { readonly kind: "loaded"; readonly mutants: readonly string[] }
  /** Reached by tests of one file, and in none did it change a value. */
  | { readonly kind: "no-difference"; readonly mutants: readonly string[] }
  /** What such a test has killed lives. */
  | { readonly kind: "not-asked"; readonly test: string; readonly why: string };

const journal = `${folder}/journal.jsonl`;
const now = `${folder}/now.json`;

export function note(entry: Entry): void {
  appendFileSync(journal, `${JSON.stringify(entry)}\n`);
}
export function entries(): readonly Entry[] {
  return readFileSync(journal, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line): Entry => JSON.parse(line));
}
export function forgetEntries(): void {
  writeFileSync(journal, "");
}
/** What was killed stays dead, and what lives is asked for anew. @throws if it was killed in other sources */
export function keepKilled(sources: Plan["sources"]): void {
  if (JSON.stringify(readPlan().sources) !== JSON.stringify(sources)) throw new Error("the last time it was other sources");
  const noted = entries();
  forgetEntries();
  for (const [mutant, by] of killers(noted)) note({ kind: "killed", mutant, by });
  const reached = noted.flatMap((entry) => (entry.kind === "asked" || entry.kind === "no-difference" ? entry.mutants : []));
  note({ kind: "no-difference", mutants: [...new Set(reached)] });
}

/** What is tried at this moment; it stands there when it hangs. */
export interface Trial {
  readonly mutant: string | undefined;
  readonly test: string;
  /** Milliseconds: what takes longer takes for ever. */
  readonly patience: number;
}
export function begin(trial: Trial): void {
  writeFileSync(`${now}.new`, JSON.stringify(trial));
  renameSync(`${now}.new`, now); // whole, whenever it is read
}
export function current(): { readonly trial: Trial; readonly text: string } {
  const text = readFileSync(now, "utf8");
  return { trial: JSON.parse(text), text };
}

export function writePlan(plan: Plan): void {
  writeFileSync(`${folder}/plan.json`, JSON.stringify(plan));
}
export function readPlan(): Plan {
  return JSON.parse(readFileSync(`${folder}/plan.json`, "utf8"));
}

/** Those that no test has killed, of those given. */
export function living(mutants: readonly Mutant[], noted: readonly Entry[]): ReadonlySet<string> {
  const dead = killers(noted);
  return new Set(mutants.filter(({ id, statusReason }) => statusReason === undefined && !dead.has(id)).map(({ id }) => id));
}

/** Change → the test that saw it first. */
export function killers(noted: readonly Entry[]): ReadonlyMap<string, string> {
  const distrusted = new Set(noted.flatMap((entry) => (entry.kind === "not-asked" ? [entry.test] : [])));
  const dead = new Map<string, string>();
  for (const entry of noted) {
    if (entry.kind === "killed" && !distrusted.has(entry.by) && !dead.has(entry.mutant)) dead.set(entry.mutant, entry.by);
  }
  return dead;
}
