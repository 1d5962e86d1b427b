// npm run planted [-- name…] [--keep] [--units]: how fast each planted bug is found, by which law, on which provider, within its budget
// of conversations. The true core has had the same conversations then, and comes through them: what it fails on too finds nothing.
// `--keep` puts what found it into the corpus; `--units` runs the unit tests against each bug instead, which they must not see.
import { spawnSync } from "node:child_process";
import { type PlantedBug, plant, plantedBugs, root } from "./bugs.ts";

const words = process.argv.slice(2);
const keeps = words.includes("--keep");
const names = words.filter((word) => !word.startsWith("--"));
const bugs = plantedBugs.filter(({ name }) => names.length === 0 || names.some((part) => name.includes(part)));
const good = bugs.filter(words.includes("--units") ? passesUnits : isFound).length;
console.log(`${good} of ${bugs.length} planted bugs ${words.includes("--units") ? "pass the unit tests" : "found"}`);
process.exit(good === bugs.length ? 0 : 1);

function isFound(bug: PlantedBug): boolean {
  const started = performance.now();
  const { said, conversations } = fuzz(bug, bug.budget, plant(bug));
  const seconds = (performance.now() - started) / 1000;
  const law = said.find((line) => bug.law.test(line));
  const without = law === undefined ? [] : fuzz(bug, Math.max(conversations, 1000), undefined).said;
  const found = law !== undefined && without.length === 0;
  const what = without.length > 0 ? `the true core fails, too: ${without[0]}` : (law ?? said[0] ?? "nothing");
  console.log(
    `${found ? "found " : "MISSED"} ${bug.name.padEnd(28)} ${bug.provider.padEnd(4)} ${seconds.toFixed(1).padStart(6)} s ${String(conversations).padStart(7)} of ${bug.budget} conversations: ${what.slice(0, 110)}`,
  );
  return found;
}

/** @param core undefined: the true one. */
function fuzz(
  { name, provider }: PlantedBug,
  most: number,
  core: string | undefined,
): { readonly said: readonly string[]; readonly conversations: number } {
  const node = [
    "--import",
    "./bench/register.mjs",
    ...(core === undefined ? [] : ["--import", "./test/property/planted/register.mjs"]),
    "--conditions=sallyport-source",
  ];
  const args = [
    "test/fuzz/main.ts",
    "--seed",
    "1",
    "--provider",
    provider,
    "--conversations",
    String(most),
    "--workers",
    "1",
    "--patience",
    "60",
    "--brief",
    ...(keeps && core !== undefined ? ["--keep", name] : ["--forget"]),
  ];
  const env = core === undefined ? process.env : { ...process.env, SALLYPORT_PLANTED_CORE: core };
  const { stdout } = spawnSync(process.execPath, [...node, ...args], { cwd: root, encoding: "utf8", env, maxBuffer: 2 ** 26 });
  const [, conversations = "0"] = /^(\d+) conversations/m.exec(stdout) ?? [];
  return { said: stdout.split("\n").filter((line) => line.startsWith("VIOLATION: ")), conversations: Number(conversations) };
}

function passesUnits(bug: PlantedBug): boolean {
  const started = performance.now();
  const args = ["node_modules/vitest/vitest.mjs", "run", "--config", "test/property/planted/vitest.config.ts"];
  const { stdout, stderr, signal } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, SALLYPORT_PLANTED_CORE: plant(bug) },
    maxBuffer: 2 ** 28,
    // Minutes are enough for all of them; what hangs has been seen.
    timeout: 900_000,
    killSignal: "SIGKILL",
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(6);
  const told = stdout.split("\n").findLast((line) => line.startsWith("{"));
  if (told === undefined) {
    const why = signal === null ? `no test ran: ${stderr.slice(0, 300)}` : "they hang";
    console.log(`FAILED ${bug.name.padEnd(28)} ${seconds} s: ${why}`);
    return false;
  }
  const report: Report = JSON.parse(told);
  const failed = report.testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === "failed");
  const passes = failed.length === 0 && report.numPassedTests > 0;
  console.log(
    `${passes ? "passes" : "SEEN  "} ${bug.name.padEnd(28)} ${seconds} s: ${report.numPassedTests} unit tests pass, ${failed.length} fail${failed
      .map(({ fullName }) => `; ${fullName}`)
      .join("")
      .slice(0, 400)}`,
  );
  return passes;
}
/** Of vitest's json reporter. */
interface Report {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}
