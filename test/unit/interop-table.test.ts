import { describe, expect, test } from "vitest";
import { cellsOf, keyOf, type Met, reasons, tableText } from "../interop/features.ts";

const met: Met = { peer: "openssl", role: "server", version: "tls1.3", feature: "resumption" };
const markOf = (lines: readonly string[], row: RegExp): string => lines.find((line) => row.test(line)) ?? "";

describe("the table of interop", () => {
  test("a cell is met by a test alone, has its reason, or is a hole", () => {
    const before = cellsOf([]);
    const after = cellsOf([met, met]);
    expect(before.filter(({ outcome }) => outcome === "met")).toEqual([]);
    expect(after.filter(({ outcome }) => outcome === "met").map(keyOf)).toEqual([keyOf(met)]);
    expect(before.find((cell) => keyOf(cell) === keyOf(met))?.outcome).toBe(undefined);
  });

  test("what TLS 1.2 has not is no cell of it", () => {
    const features = new Set(
      cellsOf([])
        .filter(({ version }) => version === "tls1.2")
        .map(({ feature }) => feature),
    );
    expect([...features]).toEqual(["full", "resumption", "client", "staples", "alpn", "close"]);
  });

  test("every reason is the reason of some cell, so that none outlives its peer", () => {
    const given = new Set(cellsOf([]).map(({ outcome }) => outcome));
    expect(reasons.filter((reason) => !given.has(reason)).map(({ why }) => why)).toEqual([]);
  });

  test("it is printed with a row a peer, role and version, and each reason once", () => {
    const lines = tableText(cellsOf([met]));
    expect(lines[0]).toMatch(/^interop: 1 cells met, of \d+/);
    expect(markOf(lines, /^openssl +its client, our server +1\.3/)).toMatch(/ yes /);
    expect(markOf(lines, /^openssl +its client, our server +1\.2/)).toMatch(/ - /);
    expect(new Set(lines).size).toBe(lines.length);
    expect(lines.some((line) => /^\d+ {2}(can't|not tried): /.test(line))).toBe(true);
  });
});
