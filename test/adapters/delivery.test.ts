// The table of bench/delivery, for our own adapters, as a test: whatever a client sends behind a handshake that is refused, it reads
// the alert, and then an orderly end.
import { describe, expect, test } from "vitest";
import { attempt } from "../../bench/delivery/attempt.ts";
import { startContenders } from "../../bench/delivery/contenders.ts";
import { makeScenarios } from "../../bench/delivery/scenarios.ts";
import { makePki } from "../support/pki.ts";

const pki = await makePki();
const scenarios = await makeScenarios(pki);
/** Which is more than the drain promises to read, and for longer than it waits. */
const beyondTheBound = /10 MiB|reading behind/;

describe("an alert is delivered, and behind it an orderly end", () => {
  test("by the node, webstreams and deno adapters, to every client within the bounds, 20 of 20 times", async () => {
    await using contenders = await startContenders(pki, "sallyport");
    expect(contenders.all.map(({ name }) => name)).toEqual(["sallyport node", "sallyport webstreams", "sallyport deno"]);
    for (const { name, port, run } of scenarios.filter((scenario) => !beyondTheBound.test(scenario.name))) {
      for (const contender of contenders.all) {
        const at = contender.ports[port] ?? 0;
        const outcomes = await Promise.all(Array.from({ length: 20 }, () => attempt(at, run)));
        const missed = outcomes.filter(({ alert, end }) => !alert || end !== "end");
        expect(missed, `${contender.name}: ${name}`).toEqual([]);
      }
    }
  });

  test("and the alert alone to one that streams beyond the bounds and reads meanwhile", async () => {
    await using contenders = await startContenders(pki, "sallyport node");
    const [scenario] = scenarios.filter(({ name }) => /10 MiB/.test(name));
    const at = contenders.all[0]?.ports.open ?? 0;
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => attempt(at, scenario?.run ?? (async () => {}))));
    expect(outcomes.map(({ alert }) => alert)).toEqual([true, true, true, true, true]);
  });
});
