// `npm run limbo [-- file]`: how many of x509-limbo's cases our verifiers judge as expected, and how many others do that are here.
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { noble } from "@sallyport/crypto-noble";
import { node } from "@sallyport/crypto-node";
import { judge, type LimboCase, limboFile, readLimbo, scoreOf } from "../support/limbo.ts";
import { others } from "./others.ts";

const [file = limboFile] = process.argv.slice(2);
if (!existsSync(file)) {
  console.error(`${file} is not there; give a limbo.json, or the folder of limbo-dev.json.gz in SALLYPORT_VECTORS`);
  process.exit(1);
}
const cases = readLimbo(file);
console.log(`x509-limbo, ${cases.length} cases of ${file}\n`);
line("", "agree", "accepts bad", "rejects good");
const ours = [node, noble({ random: (length) => new Uint8Array(randomBytes(length)) })];
for (const provider of ours) {
  const judged = new Map(cases.map((testcase) => [testcase.id, judge(testcase, provider)]));
  print(`Sallyport (${provider.name})`, ({ id }) => judged.get(id)?.accepted === true);
}
for (const { name, accepted } of others(cases)) print(name, ({ id }) => accepted.has(id));

console.log("\nSallyport otherwise than expected (test/vectors/limbo.md has the reasons):");
const [first = node] = ours;
for (const testcase of cases) {
  const { accepted, why } = judge(testcase, first);
  if (accepted !== (testcase.expected_result === "SUCCESS")) console.log(`  ${testcase.id}: ${why}`);
}

function print(name: string, accepts: (testcase: LimboCase) => boolean): void {
  const { agree, acceptsBad, rejectsGood } = scoreOf(cases, accepts);
  line(name, String(agree), String(acceptsBad), String(rejectsGood));
}
function line(name: string, ...columns: readonly string[]): void {
  console.log(name.padEnd(34) + columns.map((column) => column.padStart(14)).join(""));
}
