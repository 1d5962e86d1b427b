// `npm run delivery`: how often the alert of a refused handshake reaches the client, server by server. `--tries 500` is a whole run,
// which is kept and shown in README.md; `--only sallyport` leaves the others out, and keeps nothing.
import { arch, cpus, platform } from "node:os";
import { parseArgs } from "node:util";
import { makePki } from "../../test/support/pki.ts";
import { versionOf } from "../../test/support/processes.ts";
import { attempt, type Outcome } from "./attempt.ts";
import { type Contender, startContenders } from "./contenders.ts";
import { type Delivered, deliveryTable, keepDelivery, type Share } from "./kept.ts";
import { makeScenarios, type Scenario } from "./scenarios.ts";

const {
  values: { tries: triesText, only },
} = parseArgs({
  options: { tries: { type: "string", default: "100" }, only: { type: "string", default: "" } },
});
const tries = Number(triesText);
/** Fewer show less, and are not kept. */
const wholeTries = 500;
/** At the same time; in turns between the servers, so that what else the machine does meets all of them. */
const together = { quick: 20, slow: 50 };

const pki = await makePki();
const scenarios = await makeScenarios(pki);
await using contenders = await startContenders(pki, only);

const bin = new URL("../../node_modules/.bin/", import.meta.url).pathname;
const others = [versionOf(`${bin}deno`, "--version"), `bun ${versionOf(`${bin}bun`, "--version")}`].join(", ");
const measured: { name: string; shares: (Share | null)[] }[] = [];
for (const scenario of scenarios) {
  const outcomes = await inTurns(scenario, contenders.all);
  measured.push({ name: scenario.name, shares: outcomes.map(shareOf) });
  console.error(
    `${scenario.name}: ${measured
      .at(-1)
      ?.shares.map((share) => share?.alert ?? "-")
      .join("  ")}`,
  );
}
const delivered: Delivered = {
  where: `${cpus().length} x ${cpus()[0]?.model.trim()}, ${platform()} ${arch()}, node ${process.version}, ${others}`,
  tries,
  together: together.quick,
  servers: contenders.all.map(({ name }) => name),
  scenarios: measured,
};
console.log(deliveryTable(delivered));
if (only === "" && tries >= wholeTries) keepDelivery(delivered);

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

function shareOf(outcomes: readonly Outcome[]): Share | null {
  if (outcomes.length === 0) return null;
  const percent = (count: number): number => Math.floor((1000 * count) / outcomes.length) / 10;
  const alerts = outcomes.filter(({ alert }) => alert);
  return { alert: percent(alerts.length), clean: percent(alerts.filter(({ end }) => end === "end").length) };
}
