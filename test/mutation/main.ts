// npm run mutation -- SOURCE… [--tests PATH,…] [--patience MS] [--again], behind `npm install --no-save @stryker-mutator/instrumenter@9.6.1`,
// which is for this alone: changes core's checks one by one, and prints each change that no test sees, unless `survivors.ts` explains
// it. SOURCE: a file, or a folder of them; PATH as vitest takes it, from test/, by default what `rooms.ts` has for the sources;
// --patience: no test is asked that takes longer; --again: of the same sources, only what survived the last time and is not explained,
// such as by new tests.
import { parseArgs } from "node:util";
import { changesIn } from "./changes.ts";
import { entries, folder, forgetEntries, keepKilled, living, note, root, writePlan } from "./plan.ts";
import { explanationOf, report } from "./report.ts";
import { testsFor } from "./rooms.ts";
import { runTests } from "./run-tests.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { tests: { type: "string" }, patience: { type: "string", default: "1000" }, again: { type: "boolean" } },
});
if (positionals.length === 0) throw new Error("which sources? For example packages/core/src/negotiate/");
const started = performance.now();
const { sources, mutants } = await changesIn(positionals);
const files = Object.keys(sources).map((path) => path.slice(root.length));
const made = mutants.filter(({ statusReason }) => statusReason === undefined);
const tests = values.tests?.split(",") ?? testsFor(files);
console.log(`${made.length} changes of ${files.length} files, against ${tests.join(", ")}`);
console.log(`100 changes take 10 to 60 seconds on a core of their own; what has been done stands in ${folder}`);

if (values.again === true) keepKilled(sources);
else forgetEntries();
const spared = values.again === true ? made.filter((mutant) => explanationOf(mutant) !== undefined).map(({ id }) => id) : [];
const plan = { sources, mutants, spared, tests, patience: Number(values.patience), atLoad: undefined };
writePlan(plan);
await runTests();

// What runs while modules load has been the original, whatever was switched on later: the modules are loaded once more for each.
const noted = entries();
const asked = new Set(noted.flatMap((entry) => (entry.kind === "asked" ? entry.mutants : [])));
const loaded = new Set(noted.flatMap((entry) => (entry.kind === "loaded" ? entry.mutants : [])));
const lives = living(mutants, noted);
for (const { id } of made.filter(({ id }) => lives.has(id) && loaded.has(id) && !asked.has(id))) {
  writePlan({ ...plan, tests: tests.slice(0, 4), atLoad: id });
  if (!(await runTests())) note({ kind: "killed", mutant: id, by: "the first tests, or the loading itself" });
}
process.exit(report(plan, entries(), started));
