// What became of every change, and what of it is not explained.
import { readFileSync } from "node:fs";
import { type Entry, killers, type Mutant, type Plan, root } from "./plan.ts";
import { survivors } from "./survivors.ts";

/** Prints it. Gives the exit status: 0 if every survivor is explained, and every explanation is of one. */
export function report({ mutants, sources }: Plan, noted: readonly Entry[], started: number): number {
  const killed = killers(noted);
  const asked = new Set(
    noted.flatMap((entry) => (entry.kind === "asked" || entry.kind === "no-difference" ? entry.mutants : [])),
  );
  const explained = new Set<string>();
  let unexplained = 0;
  const survive = mutants.filter(({ id, statusReason }) => statusReason === undefined && !killed.has(id));
  for (const mutant of survive) {
    const change = describe(mutant);
    const { file, place, line } = placeOf(mutant);
    const why = explanationOf(mutant);
    if (why === undefined) unexplained++;
    else explained.add(`${line}\n${change}`);
    const word = why !== undefined ? "explained" : asked.has(mutant.id) ? "SURVIVES " : "UNREACHED";
    console.log(`${word} ${file}:${place}: ${line}\n    ${change}${why === undefined ? "" : `\n    ${why}`}`);
  }
  const files = Object.keys(sources);
  const stale = survivors
    .filter(({ file }) => files.some((path) => path.endsWith(file)))
    .flatMap(({ file, line, changes }) =>
      changes.filter((change) => !explained.has(`${line}\n${change}`)).map((change) => `${file}: ${line}\n    ${change}`),
    );
  for (const each of stale) console.log(`NO SURVIVOR ${each}`);
  for (const entry of noted) if (entry.kind === "not-asked") console.log(`not asked: ${entry.test}: ${entry.why}`);
  const made = mutants.filter(({ statusReason }) => statusReason === undefined).length;
  const minutes = ((performance.now() - started) / 60_000).toFixed(1);
  console.log(
    `${made} changes, ${killed.size} killed, ${survive.length - unexplained} explained, ${unexplained} not; ${minutes} minutes`,
  );
  return unexplained + stale.length === 0 ? 0 : 1;
}

/** Why nobody needs to see it; undefined: nobody says so. */
export function explanationOf(mutant: Mutant): string | undefined {
  const change = describe(mutant);
  const { file, line } = placeOf(mutant);
  return survivors.find((each) => file.endsWith(each.file) && each.line === line && each.changes.includes(change))?.why;
}

function placeOf({ fileName, location }: Mutant): { readonly file: string; readonly place: string; readonly line: string } {
  const line = linesOf(fileName)[location.start.line] ?? "";
  return {
    file: fileName.slice(root.length),
    place: `${location.start.line + 1}:${location.start.column + 1}`,
    line: line.trim(),
  };
}

/** What it was → what it is, in one line and not much of it. */
function describe({ fileName, location: { start, end }, replacement }: Mutant): string {
  const lines = linesOf(fileName).slice(start.line, end.line + 1);
  const last = lines.length - 1;
  const original = lines
    .map((line, at) => line.slice(at === 0 ? start.column : 0, at === last ? end.column : undefined))
    .join(" ");
  return `${brief(original)} → ${brief(replacement)}`;
}
function brief(code: string): string {
  const text = code.replace(/\s+/g, " ");
  return text.length <= 100 ? text : `${text.slice(0, 70)} … ${text.slice(-20)}`;
}

const texts = new Map<string, readonly string[]>();
function linesOf(path: string): readonly string[] {
  const lines = texts.get(path) ?? readFileSync(path, "utf8").split("\n");
  texts.set(path, lines);
  return lines;
}
