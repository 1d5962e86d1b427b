// npm run planted [-- name…] [--keep]: how fast each planted bug is found, by which law, on which provider; `--keep` puts
// what found it into the corpus.
import { spawnSync } from "node:child_process";
import { type PlantedBug, plant, plantedBugs, root } from "./bugs.ts";

const keeps = process.argv.includes("--keep");
const wanted = process.argv.slice(2).filter((word) => word !== "--keep");
const bugs = plantedBugs.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
let missed = 0;
for (const bug of bugs) {
  const { found, seconds, conversations, said } = hunt(bug);
  if (!found) missed++;
  console.log(`${found ? "found " : "MISSED"} ${bug.name.padEnd(28)} ${bug.provider.padEnd(4)} ${seconds.toFixed(1).padStart(6)} s ${String(conversations).padStart(7)} of ${bug.budget} conversations: ${said}`);
}
console.log(`${bugs.length - missed} of ${bugs.length} planted bugs found`);
process.exit(missed === 0 ? 0 : 1);

function hunt(bug: PlantedBug): { found: boolean; seconds: number; conversations: string; said: string } {
  const core = plant(bug);
  const started = performance.now();
  const node = ["--import", "./bench/register.mjs", "--import", "./test/property/planted/register.mjs", "--conditions=sallyport-source"];
  const args = ["test/fuzz/main.ts", "--seed", "1", "--provider", bug.provider, "--conversations", String(bug.budget), "--workers", "1", "--patience", "60", "--brief", ...(keeps ? ["--keep", bug.name] : ["--forget"])];
  const { stdout } = spawnSync(process.execPath, [...node, ...args], { cwd: root, encoding: "utf8", env: { ...process.env, SALLYPORT_PLANTED_CORE: core }, maxBuffer: 2 ** 26 });
  const said = stdout.split("\n").filter((line) => line.startsWith("VIOLATION: "));
  const [, conversations = "?"] = /^(\d+) conversations/m.exec(stdout) ?? [];
  const law = said.find((line) => bug.law.test(line));
  return { found: law !== undefined, seconds: (performance.now() - started) / 1000, conversations, said: (law ?? said[0] ?? "nothing").slice(0, 110) };
}
