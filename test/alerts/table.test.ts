// What may be counted as a row that passed.
import { expect, test } from "vitest";
import { ScriptedClient } from "../support/scripted-peer.ts";
import { outcomeOf } from "./outcome.ts";
import { type Row, rows, scoreOf, scoreText, type Tried } from "./table.ts";

const row: Row = { id: "A-1", role: "any", version: ["1.2", "1.3"], stimulus: "", allowed: ["decode_error"] };
const tried = (version: Tried["version"], ...roles: Tried["roles"]): Tried => ({
  id: "A-1",
  version,
  roles,
  deviates: false,
  disputed: false,
});
const all = [tried("1.2", "client", "server"), tried("1.3", "client", "server")];
const missing = (...each: readonly Tried[]): readonly (readonly string[])[] => [...scoreOf([row], each).missing.values()];

test("a row has passed if it was tried in each role and version that it names", () => {
  expect(scoreOf([row], all)).toMatchObject({ passed: [row], deviating: [], outOfScope: [], total: 1 });
  expect(missing(...all)).toEqual([]);
});

test("a row that lacks a role or a version has not passed, and the score says what is missing", () => {
  expect(missing()).toEqual([["1.2 client", "1.2 server", "1.3 client", "1.3 server"]]);
  expect(missing(tried("1.3", "client", "server"))).toEqual([["1.2 client", "1.2 server"]]);
  expect(missing(tried("1.2", "client"), tried("1.3", "client", "server"))).toEqual([["1.2 server"]]);
  expect(missing({ ...tried("1.2"), id: "A-2" }, ...all)).toEqual([]);
});

test("a row that names no version or is out of scope has never passed", () => {
  expect(scoreOf([{ ...row, version: [] }], all).passed).toEqual([]);
  expect(scoreOf([{ ...row, needs: "ech" }], all)).toMatchObject({ passed: [], outOfScope: [{ id: "A-1" }], total: 1 });
});

test("an outcome that is allowed but not preferred is told apart", () => {
  const [first, ...others] = all;
  const score = scoreOf([row], [{ ...tried("1.2", "client", "server"), ...first, deviates: true }, ...others]);
  expect(score).toMatchObject({ passed: [row], deviating: [row] });
  expect(scoreText(score, () => undefined)).toEqual([
    "alert rows passed, with an outcome that is allowed, but not preferred: A-1",
    "alert rows: 1 passed / 1 in scope / 1 in total",
  ]);
});

test("a disputed row is told apart", () => {
  const [first, ...others] = all;
  const score = scoreOf([row], [{ ...tried("1.2", "client", "server"), ...first, disputed: true }, ...others]);
  expect(scoreText(score, () => undefined)).toEqual([
    "alert rows passed, as the RFC says instead of the table (test/alerts/disputed.md): A-1",
    "alert rows: 1 passed / 1 in scope / 1 in total",
  ]);
});

test("the text has what did not pass, by its reason", () => {
  expect(
    scoreText(scoreOf([row, { ...row, id: "B-1", needs: "ech" }], [tried("1.3", "client", "server")]), () => "not built"),
  ).toEqual([
    "alert rows out of scope, need ech: B-1",
    "alert rows not passed, not built: A-1 (1.2 client, 1.2 server)",
    "alert rows: 0 passed / 1 in scope / 2 in total",
  ]);
});

test("the table has 456 rows, 421 of them in scope", () => {
  expect(rows).toHaveLength(456);
  expect(rows.filter(({ needs }) => needs === undefined)).toHaveLength(421);
  expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
});

test("a machine that got no stimulus is no outcome", () => {
  expect(() => outcomeOf(new ScriptedClient().to("START"))).toThrow("no stimulus for the server at START");
});
