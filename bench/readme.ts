// Puts what results/ keeps into README.md, between its two marks, with its pictures.
import { readFileSync, writeFileSync } from "node:fs";
import { deliveryKept, deliveryPicture } from "./delivery/kept.ts";
import { plot } from "./plots.ts";
import { goals, type Kept, type KeptRuns } from "./report.ts";

const readme = new URL("./README.md", import.meta.url);
const [begin, end] = ["<!-- results: written by `npm run bench` -->", "<!-- end of results -->"];

/** The sections of NOTES.md that have the reasons, by measurement. */
const reasons: Readonly<Record<string, string>> = {
  bound: "pure-javascript",
  bulk: "bulk",
  growth: "an-idle-connection",
  handshakes: "a-handshake-at-the-server",
  others: "other-tls-in-javascript",
  records: "records-in-memory",
  rss: "an-idle-connection",
};

/** @param columns the oldest Node.js first, whose tables and pictures are shown; of the others the figures against the goals alone */
export function writeReadme(columns: readonly KeptRuns[]): void {
  writeFileSync(readme, between(readFileSync(readme, "utf8"), results(columns)));
}

/** @returns `text` with `shown` in the place of what stood between the marks */
export function between(text: string, shown: string): string {
  return `${text.slice(0, text.indexOf(begin))}${begin}\n\n${shown}\n\n${text.slice(text.indexOf(end))}`;
}

export function results(columns: readonly KeptRuns[], draw: typeof plot = plot): string {
  const shown = columns[0]?.runs ?? [];
  const delivered = deliveryKept();
  return [
    columns.map(whereOf).join("\n\n"),
    goals(columns, reasonOf),
    ...shown.flatMap(({ pictures = [] }) => pictures.map((picture) => draw(picture))),
    ...(delivered === undefined
      ? []
      : [draw(deliveryPicture(delivered)), "By `npm run delivery`: [what each row is](delivery/README.md)."]),
    ...shown.flatMap(({ tables }) => tables),
  ].join("\n\n");
}

/** Where in NOTES.md it stands why a measurement gives what it gives. */
export function reasonOf(measurement: string): string | undefined {
  const section = reasons[measurement];
  return section && `NOTES.md#${section}`;
}

function whereOf({ runs }: KeptRuns): string {
  const where = [...new Set(runs.map((run) => run.where))].join("  \n");
  const quick = runs.filter((run: Kept) => run.quick).map(({ name }) => name);
  return quick.length === 0 ? where : `${where}  \nBy a quick run: ${quick.join(", ")}.`;
}
