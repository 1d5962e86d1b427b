// The alert conformance table, row by row: the stimulus is given to the machine on the wire, and what it tells its peer is read
// from bytes that the peer opened with its own keys.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { deviations, gaps } from "./exceptions.ts";
import { outcomeOf, type Stimuli } from "./outcome.ts";
import { certificates } from "./rows/certificates.ts";
import { clientHellos } from "./rows/client-hellos.ts";
import { connections } from "./rows/connections.ts";
import { framing, statesNeverTried } from "./rows/framing.ts";
import { records } from "./rows/records.ts";
import { serverFlights } from "./rows/server-flights.ts";
import { type Role, ScriptedPeer } from "../support/scripted-peer.ts";

interface Row {
  readonly id: string;
  readonly role: Role | "any";
  readonly version: readonly string[];
  readonly stimulus: string;
  readonly allowed: readonly string[];
}
const { rows } = JSON.parse(readFileSync(new URL("data/alerts.json", import.meta.url), "utf8")) as {
  readonly rows: readonly Row[];
};
const families: readonly Stimuli[] = [records, framing, clientHellos, serverFlights, certificates, connections];
const stimuli: Stimuli = Object.assign({}, ...families);
/** Row, or row and role → why it is not tried. */
const missing: ReadonlyMap<string, string> = new Map(
  Object.entries(gaps).flatMap(([why, ids]) => ids.map((id) => [id, why] as const)),
);

describe.each(rows.filter(({ id }) => Object.hasOwn(stimuli, id)).map((row) => [row.id, row] as const))("%s", (id, row) => {
  test(`${row.stimulus}: ${row.allowed[0]}`, () => {
    const outcomes = (stimuli[id]?.() ?? []).map((each) => (each instanceof ScriptedPeer ? outcomeOf(each) : each));
    const roles: readonly Role[] = row.role === "any" ? ["client", "server"] : [row.role];
    for (const role of roles) {
      if (missing.has(`${id} ${role}`)) continue;
      expect(
        outcomes.some(({ machine }) => machine === role),
        `tried on a ${role}`,
      ).toBe(true);
    }
    const deviation = deviations[id];
    const preferred = deviation === undefined ? row.allowed.slice(0, 1) : deviation.told;
    expect(
      outcomes.filter(({ told }) => !preferred.includes(told)),
      `all others than ${preferred.join(", ")}`,
    ).toEqual([]);
    expect(deviation?.told.filter((told) => !row.allowed.includes(told)) ?? []).toEqual([]);
    for (const told of deviation?.told ?? []) expect(outcomes.map((outcome) => outcome.told)).toContain(told);
  });
});

describe("the table", () => {
  test("every row is tried, or is listed with the reason why not", () => {
    const unknown = rows.map(({ id }) => id).filter((id) => !Object.hasOwn(stimuli, id) && !missing.has(id));
    expect(unknown).toEqual([]);
  });
  test("no row is both tried and listed, and all that are listed or tried are rows", () => {
    const ids = new Set(rows.map(({ id }) => id));
    expect([...missing.keys()].filter((id) => Object.hasOwn(stimuli, id))).toEqual([]);
    const named = [...Object.keys(stimuli), ...Object.keys(deviations), ...missing.keys()];
    expect(named.filter((id) => !ids.has(id.split(" ")[0] ?? ""))).toEqual([]);
    expect(families.flatMap((family) => Object.keys(family))).toHaveLength(Object.keys(stimuli).length);
  });
  test("every state that waits for a message has been given every other one", () => {
    expect(statesNeverTried()).toEqual([]);
  });
  test("a deviation names what comes beside or instead of the preferred outcome", () => {
    for (const [id, { told }] of Object.entries(deviations)) {
      expect([id, told]).not.toEqual([id, rows.find((row) => row.id === id)?.allowed.slice(0, 1)]);
    }
  });
});
