// Puts what results/ keeps into README.md, between its two marks, with plots beside it.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as echarts from "echarts";
import { type Curve, goals, type Kept } from "./report.ts";

const readme = new URL("./README.md", import.meta.url);
const plots = new URL("./plots/", import.meta.url);
const [begin, end] = ["<!-- results: written by `npm run bench` -->", "<!-- end of results -->"];

/** Only of the oldest Node.js that is supported; of others results/ alone is kept. */
export function writeReadme(runs: readonly Kept[]): void {
  if (!process.versions.node.startsWith("20.")) return;
  const text = readFileSync(readme, "utf8");
  const [before, , after] = [text.slice(0, text.indexOf(begin)), begin, text.slice(text.indexOf(end))];
  writeFileSync(readme, `${before}${begin}\n\n${results(runs)}\n\n${after}`);
}

function results(runs: readonly Kept[]): string {
  const where = [...new Set(runs.map((run) => run.where))].join("  \n");
  const quick = runs.filter((run) => run.quick).map(({ name }) => name);
  const notes = quick.length === 0 ? "" : `\n\nBy a quick run: ${quick.join(", ")}.`;
  const pictures = runs.flatMap((run) => (run.curves === undefined ? [] : [picture(run.name, run.curves)]));
  const tables = runs.flatMap((run) => run.tables);
  return [`${where}${notes}`, goals(runs.flatMap((run) => run.figures)), ...pictures, ...tables].join("\n\n");
}

function picture(name: string, curves: readonly Curve[]): string {
  mkdirSync(plots, { recursive: true });
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width: 860, height: 520 });
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    title: { text: "Sealing records, MB a CPU second, by plaintext bytes a record", left: "center", textStyle: { fontSize: 14 } },
    legend: { bottom: 0, textStyle: { fontSize: 11 } },
    grid: { left: 60, right: 30, top: 40, bottom: 130 },
    xAxis: { type: "log", logBase: 2, min: 64, max: 16_384 },
    yAxis: { type: "log", min: 1 },
    series: curves.map(({ name: series, points }) => ({
      name: series, type: "line", data: points.map(([x, y]) => [x, y]), symbolSize: 5,
      lineStyle: { type: series.endsWith("bare cipher") ? "dashed" : "solid" },
    })),
  });
  writeFileSync(new URL(`${name}.svg`, plots), chart.renderToSVGString());
  chart.dispose();
  return `![${name}: record throughput by size](plots/${name}.svg)`;
}
