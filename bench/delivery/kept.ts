// What `npm run delivery` found, kept: the table of README.md, and a picture.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Cells } from "../pictures.ts";
import { table } from "../rounds.ts";

export interface Delivered {
  readonly where: string;
  /** A cell. */
  readonly tries: number;
  /** At a time. */
  readonly together: number;
  readonly servers: readonly string[];
  readonly scenarios: readonly { readonly name: string; readonly shares: readonly (Share | null)[] }[];
}
/** Of 100 clients; null: it can't ask for client certificates. */
export interface Share {
  /** Read the alert. */
  readonly alert: number;
  /** And then an orderly end, and no reset. */
  readonly clean: number;
}

const file = new URL("./results.json", import.meta.url);
const readme = new URL("./README.md", import.meta.url);
const [begin, end] = ["<!-- results: written by `npm run delivery` -->", "<!-- end of results -->"];

/** undefined: none was kept yet. */
export function deliveryKept(): Delivered | undefined {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
}

export function keepDelivery(delivered: Delivered): void {
  writeFileSync(file, `${JSON.stringify(delivered, undefined, 2)}\n`);
  const text = readFileSync(readme, "utf8");
  writeFileSync(
    readme,
    `${text.slice(0, text.indexOf(begin))}${begin}\n\n${deliveryTable(delivered)}\n\n${text.slice(text.indexOf(end))}`,
  );
}

export function deliveryTable({ where, tries, together, servers, scenarios }: Delivered): string {
  const said = `${where}  \n${tries} tries a cell, ${together} at a time: alert read (and then an orderly end, and no reset), of 100`;
  const cell = (share: Share | null): string => {
    if (share === null) return "can't ask";
    return share.alert === share.clean ? `${share.alert}` : `${share.alert} (${share.clean})`;
  };
  return `${said}\n\n${table([["", ...servers], ...scenarios.map(({ name, shares }) => [name, ...shares.map(cell)])])}`;
}

export function deliveryPicture({ tries, servers, scenarios }: Delivered): Cells {
  return {
    kind: "cells",
    name: "delivery",
    title: `The alert of a refused handshake: how many of 100 clients read it (${tries} tries a cell)`,
    columns: servers,
    rows: scenarios.map(({ name, shares }) => ({ name, values: shares.map((share) => share?.alert ?? null) })),
  };
}
