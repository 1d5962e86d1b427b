// Pictures as SVG, beside README.md.
import { mkdirSync, writeFileSync } from "node:fs";
import * as echarts from "echarts";
import type { Axis, Bars, Cells, Lines, Picture } from "./pictures.ts";
import { digits } from "./rounds.ts";

const folder = new URL("./plots/", import.meta.url);

/** @returns Markdown that shows it */
export function plot(picture: Picture): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL(`${picture.name}.svg`, folder), drawing(picture));
  return `![${picture.title}](plots/${picture.name}.svg)`;
}

export function drawing(picture: Picture): string {
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width: 900, height: heightOf(picture) });
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    textStyle: { fontFamily: "system-ui, sans-serif" },
    ...optionsOf(picture),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}

function heightOf(picture: Picture): number {
  return picture.kind === "cells" ? 120 + 30 * picture.rows.length : 420;
}

function optionsOf(picture: Picture): object {
  switch (picture.kind) {
    case "lines":
      return linesOf(picture);
    case "bars":
      return barsOf(picture);
    case "cells":
      return cellsOf(picture);
  }
}

/** The same who has the same colour in every picture; they can be told apart without seeing red and green (Okabe and Ito). */
const colours: Readonly<Record<string, string>> = {
  net: "#999999",
  "node:tls": "#333333",
  bare: "#999999",
  "crypto-node": "#0072b2",
  "crypto-noble": "#d55e00",
  "crypto-wasm": "#009e73",
};

function linesOf({ title, x, y, panels }: Lines): object {
  const names = [...new Set(panels.flatMap(({ lines }) => lines.map(({ name }) => name)))];
  return {
    ...framed(
      title,
      panels.map((panel) => panel.title),
      names,
    ),
    xAxis: panels.map((_, gridIndex) => ({ gridIndex, ...axisOf(x), name: x.title, nameLocation: "middle", nameGap: 28 })),
    yAxis: panels.map((_, gridIndex) => ({
      gridIndex,
      ...axisOf(y),
      ...(gridIndex === 0 ? { name: y.title, nameTextStyle: { align: "left" } } : {}),
    })),
    series: panels.flatMap(({ lines }, index) =>
      lines.map(({ name, bounds, points }) => {
        const color = colours[bounds ?? name];
        return {
          name,
          type: "line",
          xAxisIndex: index,
          yAxisIndex: index,
          data: points,
          symbolSize: 5,
          ...(bounds === undefined ? {} : { symbol: "none" }),
          itemStyle: { color },
          lineStyle: { color, width: bounds === undefined ? 2.5 : 1.5, type: bounds === undefined ? "solid" : "dashed" },
        };
      }),
    ),
  };
}

function barsOf({ title, y, groups, panels }: Bars): object {
  const names = [...new Set(panels.flatMap(({ bars }) => bars.map(({ name }) => name)))];
  return {
    ...framed(
      title,
      panels.map((panel) => panel.title),
      names,
    ),
    xAxis: panels.map((_, gridIndex) => ({
      gridIndex,
      type: "category",
      data: groups,
      axisLabel: { interval: 0, fontSize: 11 },
    })),
    yAxis: panels.map((_, gridIndex) => ({
      gridIndex,
      type: "value",
      ...(gridIndex === 0 ? { name: y, nameTextStyle: { align: "left" } } : {}),
    })),
    series: panels.flatMap(({ bars }, index) =>
      bars.map(({ name, values }) => ({
        name,
        type: "bar",
        xAxisIndex: index,
        yAxisIndex: index,
        data: values,
        itemStyle: { color: colours[name] },
        label: { show: true, position: "top", fontSize: 10, formatter: ({ value }: { readonly value: number }) => digits(value) },
      })),
    ),
  };
}

function cellsOf({ title, columns, rows }: Cells): object {
  const data = rows.flatMap(({ values }, row) =>
    values.map((value, column) =>
      value === null
        ? {
            value: [column, row, 0],
            itemStyle: { color: "#eeeeee" },
            label: { formatter: "can't ask", color: "#777777" },
            visualMap: false,
          }
        : { value: [column, row, value] },
    ),
  );
  return {
    title: titleOf(title),
    grid: { left: 350, right: 20, top: 80, bottom: 20 },
    xAxis: {
      type: "category",
      position: "top",
      data: columns,
      axisTick: { show: false },
      axisLabel: { interval: 0, formatter: (name: string) => name.replace(" ", "\n") },
    },
    yAxis: { type: "category", inverse: true, data: rows.map(({ name }) => name), axisTick: { show: false } },
    visualMap: { show: false, min: 0, max: 100, dimension: 2, inRange: { color: ["#f4a582", "#fddbc7", "#d1e5f0", "#92c5de"] } },
    series: [
      { type: "heatmap", data, label: { show: true, color: "#000000" }, itemStyle: { borderColor: "#ffffff", borderWidth: 2 } },
    ],
  };
}

/** Title, a legend, and a grid for each panel with its own title above it. */
function framed(title: string, panels: readonly string[], names: readonly string[]): object {
  const [left, gap] = [6, 5];
  const width = (100 - left - 2 - gap * (panels.length - 1)) / panels.length;
  const leftOf = (index: number): string => `${left + index * (width + gap)}%`;
  return {
    title: [
      titleOf(title),
      ...panels.map((text, index) => ({ text, left: leftOf(index), top: 34, textStyle: { fontSize: 12, fontWeight: "normal" } })),
    ],
    // Widths are guessed without a font: the gap keeps a name off the next one's line.
    legend: { bottom: 4, data: names, itemWidth: 32, itemGap: 30 },
    grid: panels.map((_, index) => ({ left: leftOf(index), width: `${width}%`, top: 86, bottom: 84 })),
  };
}
function titleOf(text: string): object {
  return { text, left: "center", top: 6, textStyle: { fontSize: 14 } };
}

function axisOf({ scale }: Axis): object {
  switch (scale) {
    case "linear":
      return { type: "value" };
    case "log":
      return { type: "log", logBase: 10 };
    case "size":
      return { type: "log", logBase: 4, min: 64, axisLabel: { formatter: sizeText } };
  }
}
function sizeText(bytes: number): string {
  return bytes < 1024 ? `${bytes}` : `${bytes / 1024} Ki`;
}
