// `npm run delivery`: how often the alert of a refused handshake reaches the client, server by server. `--tries 500` is what
// DELIVERY.md was printed with; `--only sallyport` leaves the others out.
import { arch, cpus, platform } from "node:os";
import { parseArgs } from "node:util";
import { makePki } from "../../test/support/pki.ts";
import { versionOf } from "../../test/support/processes.ts";
import { table } from "../rounds.ts";
import { attempt, type Outcome } from "./attempt.ts";
import { type Contender, startContenders } from "./contenders.ts";
import { makeScenarios, type Scenario } from "./scenarios.ts";

const { values: { tries: triesText, only } } = parseArgs({
  options: { tries: { type: "string", default: "100" }, only: { type: "string", default: "" } },
});
const tries = Number(triesText);
/** At the same time; in turns between the servers, so that what else the machine does meets all of them. */
const together = { quick: 20, slow: 50 };

const pki = await makePki();
const scenarios = await makeScenarios(pki);
await using contenders = await startContenders(pki, only);

const bin = new URL("../../node_modules/.bin/", import.meta.url).pathname;
const others = [versionOf(`${bin}deno`, "--version"), `bun ${versionOf(`${bin}bun`, "--version")}`].join(", ");
console.log(`${cpus().length} x ${cpus()[0]?.model.trim()}, ${platform()} ${arch()}, node ${process.version}, ${others}`);
console.log(`${tries} tries a cell, ${together.quick} at a time: alert read (and then an orderly end, and no reset), of 100\n`);

const rows = [["", ...contenders.all.map(({ name }) => name)]];
for (const scenario of scenarios) {
  const outcomes = await inTurns(scenario, contenders.all);
  rows.push([scenario.name, ...outcomes.map(cell)]);
  console.error(rows.at(-1)?.join("  "));
}
console.log(table(rows));

async function inTurns(scenario: Scenario, all: readonly Contender[]): Promise<Outcome[][]> {
  const outcomes = all.map((): Outcome[] => []);
  const most = scenario.slow ? together.slow : together.quick;
  for (let begun = 0; begun < tries; begun += most) {
    for (const [index, { ports }] of all.entries()) {
      const port = ports[scenario.port];
      if (port === undefined) continue;
      const batch = Array.from({ length: Math.min(most, tries - begun) }, () => attempt(port, scenario.run));
      outcomes[index]?.push(...(await Promise.all(batch)));
    }
  }
  return outcomes;
}

function cell(outcomes: readonly Outcome[]): string {
  if (outcomes.length === 0) return "can't ask";
  const percent = (count: number): string => `${Math.floor((1000 * count) / outcomes.length) / 10}`;
  const alerts = outcomes.filter(({ alert }) => alert).length;
  const clean = outcomes.filter(({ alert, end }) => alert && end === "end").length;
  return alerts === clean ? percent(alerts) : `${percent(alerts)} (${percent(clean)})`;
}
