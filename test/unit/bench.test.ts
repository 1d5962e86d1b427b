// What bench/README.md shows is what was kept, the worst of it first, each with its reason.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { deliveryKept, deliveryTable } from "../../bench/delivery/kept.ts";
import { drawing } from "../../bench/plots.ts";
import { between, reasonOf, results } from "../../bench/readme.ts";
import { type Figure, goals, type Kept, type KeptRuns, kept } from "../../bench/report.ts";
import { root } from "../support/sources.ts";

const readme = readFileSync(`${root}bench/README.md`, "utf8");

describe("bench/README.md", () => {
  test("shows what results/ keeps", () => {
    const shown = results(kept(), (picture) => `![${picture.title}](plots/${picture.name}.svg)`);
    expect(between(readme, shown)).toBe(readme);
  });

  test("every measurement with a goal has a section of NOTES.md, where it says why", () => {
    const notes = readFileSync(`${root}bench/NOTES.md`, "utf8");
    const anchors = [...notes.matchAll(/^## (.+)$/gm)].map(
      ([, title = ""]) => `NOTES.md#${title.toLowerCase().replaceAll(" ", "-")}`,
    );
    const measured = kept()
      .flatMap(({ runs }) => runs)
      .filter(({ figures }) => figures.length > 0);
    expect(measured.length).toBeGreaterThan(5);
    for (const { name } of measured) expect(anchors).toContain(reasonOf(name));
  });

  test("every picture that it shows is there", () => {
    const pictures = [...readme.matchAll(/\]\(plots\/([^)]+)\)/g)].map(([, file]) => file);
    expect(pictures.length).toBeGreaterThan(0);
    expect(readdirSync(`${root}bench/plots`)).toEqual(expect.arrayContaining(pictures));
  });

  test("the table of delivery/README.md is the one that was kept", () => {
    const delivered = deliveryKept();
    expect(readFileSync(`${root}bench/delivery/README.md`, "utf8")).toContain(delivered && deliveryTable(delivered));
  });
});

describe("the figures against their goals", () => {
  const node20: KeptRuns = {
    node: "Node 20",
    runs: [run("bulk", [figure("send", 0.9), figure("receive", 1.2), figure("ask", 0.4, "lemon")])],
  };
  const node24: KeptRuns = { node: "Node 24", runs: [run("bulk", [figure("send", 1.5), figure("receive", 0.5)])] };

  test("what falls short on any version of Node.js stands first, and says on which, with its reason", () => {
    const [, , ...rows] = goals([node20, node24], (name) => `NOTES.md#${name}`)
      .split("\n")
      .map(cells);
    expect(rows).toEqual([
      ["send", "0.90x (0.90..0.90)", "1.50x (1.50..1.50)", "1.00x", "2.00x", "[short](NOTES.md#bulk) on 20, reached on 24"],
      ["receive", "1.20x (1.20..1.20)", "0.50x (0.50..0.50)", "1.00x", "2.00x", "reached on 20, [short](NOTES.md#bulk) on 24"],
      ["ask", "0.40x (0.40..0.40), lemon", "", "1.00x", "2.00x", "[short](NOTES.md#bulk)"],
    ]);
  });

  test("one version has one column, and what is reached stands behind what is not", () => {
    const shown = goals([node20]).split("\n").map(cells);
    expect(shown[0]).toEqual(["what", "measured", "must reach", "aim", ""]);
    expect(shown.slice(2).map(([what, , , , verdict]) => [what, verdict])).toEqual([
      ["send", "short"],
      ["ask", "short"],
      ["receive", "reached"],
    ]);
  });
});

describe("a picture", () => {
  test("of lines names each, and each panel", () => {
    const axis = { title: "bytes", scale: "size" } as const;
    const svg = drawing({
      kind: "lines",
      name: "x",
      title: "Records",
      x: axis,
      y: { title: "MB", scale: "log" },
      panels: [
        {
          title: "AES",
          lines: [
            {
              name: "crypto-node",
              points: [
                [64, 10],
                [16_384, 1000],
              ],
            },
          ],
        },
        {
          title: "ChaCha",
          lines: [
            {
              name: "libsodium",
              bounds: "crypto-node",
              points: [
                [64, 20],
                [16_384, 2000],
              ],
            },
          ],
        },
      ],
    });
    for (const text of ["Records", "AES", "ChaCha", "crypto-node", "libsodium", "bytes", "16 Ki"])
      expect(svg).toContain(`>${text}<`);
  });

  test("of shares says each, and who couldn't be asked", () => {
    const rows = [{ name: "plain HTTP", values: [100, null, 65.4] }];
    const svg = drawing({ kind: "cells", name: "x", title: "Alerts", columns: ["one", "two", "three"], rows });
    for (const text of ["plain HTTP", "100", "can&#39;t ask", "65.4"]) expect(svg).toContain(`>${text}<`);
  });

  test("of bars says the figure above each", () => {
    const svg = drawing({
      kind: "bars",
      name: "x",
      title: "Handshakes",
      y: "a second",
      groups: ["full"],
      panels: [{ title: "", bars: [{ name: "node:tls", values: [1234] }] }],
    });
    expect(svg).toContain(">1,234<");
  });
});

function run(name: string, figures: readonly Figure[]): Kept {
  return { name, where: "here", rounds: 1, quick: false, figures, tables: [] };
}
function figure(what: string, median: number, beside?: string): Figure {
  const goal = { better: "more", mustReach: 1, aim: 2, unit: "x" } as const;
  return { what, value: { median, least: median, most: median }, goal, ...(beside === undefined ? {} : { beside }) };
}
function cells(row: string): string[] {
  return row
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
}
