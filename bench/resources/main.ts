// `npm run resources`: what many and what hostile clients cost. `--scale 0.1` for a tenth of it.
import { parseArgs } from "node:util";
import { digits, table } from "../rounds.ts";
import { aborts, besieged, type besiegers, idleWeight, neverReading } from "./measures.ts";

const { values } = parseArgs({ options: { scale: { type: "string", default: "1" } } });
const scaled = (count: number): number => Math.max(20, Math.round(count * Number(values.scale)));

const idle = scaled(2_000);
const [ours, theirs] = [await idleWeight("sallyport", idle), await idleWeight("node:tls", idle)];
console.log(
  table([
    ["idle connections", "how many", "KiB of RSS each", "of node:tls"],
    ["node:tls", digits(idle), digits(theirs), "1"],
    ["sallyport node", digits(idle), digits(ours), digits(ours / theirs)],
  ]),
  "\n",
);

const handshakes = scaled(10_000);
const { before, after, exit } = await aborts(handshakes);
console.log(
  table([
    [`${digits(handshakes)} handshakes left at every stage`, "before", "after"],
    ["sockets", digits(before.connections), digits(after.connections)],
    ["timers", digits(before.active["Timeout"] ?? 0), digits(after.active["Timeout"] ?? 0)],
    ["heap, MiB", digits(before.heap / 2 ** 20), digits(after.heap / 2 ** 20)],
    ["established", digits(before.counts.established), digits(after.counts.established)],
    ["failed", digits(before.counts.failed), digits(after.counts.failed)],
  ]),
);
console.log(`\nThe process ended by itself: ${exit === 0 ? "yes" : exit}.\n`);

const timeoutMs = 10_000;
const rows = [
  [
    "beside",
    "how many",
    "honest clients served",
    "slowest, ms",
    "ended with their alert",
    "heap and buffers during, MiB",
    "left behind",
  ],
];
for (const [name, count] of [
  ["silent", 5_000],
  ["slowloris", 2_000],
  ["hello and no more", 2_000],
] as const satisfies readonly (readonly [keyof typeof besiegers, number])[]) {
  const many = scaled(count);
  const result = await besieged(name, many, 50, timeoutMs);
  const during = (result.during.heap + result.during.external) / 2 ** 20;
  rows.push([
    name,
    digits(many),
    digits(result.served),
    digits(result.slowest),
    digits(result.alerts),
    digits(during),
    digits(result.after.connections),
  ]);
}
console.log(table(rows), "\n");

const readers = scaled(500);
const { perClient, slowest } = await neverReading(readers);
console.log(
  `${digits(readers)} clients that ask for data without end and never read: ${digits(perClient / 1024)} KiB each, ` +
    `and another one is served in ${digits(slowest)} ms.`,
);
