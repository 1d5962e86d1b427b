// States × faults: in whose place something was wrong, and what. A state is told by role, version and the message that is due in it.
import { acts, type Fault, type Role } from "@sallyport/arbitraries";
import type { ProtocolVersion } from "@sallyport/core";

const columns = Object.entries(acts).flatMap(([layer, each]) => each.map((act) => `${layer} ${act}`));
const columnOf = new Map(
  Object.entries(acts).map(([layer, each], index, all) => {
    const before = all.slice(0, index).reduce((sum, [, { length }]) => sum + length, 0);
    return [layer, new Map(each.map((act, at) => [act as string, before + at]))] as const;
  }),
);

/** By `role version`, the message that was due, and the act's column: how often. Plain data: it goes from thread to thread. */
export type Hits = Map<string, Map<string, Uint32Array>>;

export function countHit(hits: Hits, role: Role, version: ProtocolVersion, due: string, { layer, act }: Fault): void {
  const counts = rowOf(hits, `${role} ${version}`, due);
  const column = columnOf.get(layer)?.get(act) ?? -1;
  counts[column] = (counts[column] ?? 0) + 1;
}
export function addHits(sum: Hits, more: Hits): void {
  for (const [where, rows] of more) {
    for (const [due, counts] of rows) {
      const own = rowOf(sum, where, due);
      for (const [column, count] of counts.entries()) own[column] = (own[column] ?? 0) + count;
    }
  }
}
function rowOf(hits: Hits, where: string, due: string): Uint32Array {
  const rows = hits.get(where) ?? new Map<string, Uint32Array>();
  hits.set(where, rows);
  const counts = rows.get(due) ?? new Uint32Array(columns.length);
  rows.set(due, counts);
  return counts;
}

/** What a peer of it says; by whom nothing was ever heard, has holes in all of its row. */
const dueIn: Readonly<Record<string, readonly string[]>> = {
  "server tls1.3": [
    "client_hello",
    "end_of_early_data",
    "certificate",
    "compressed_certificate",
    "certificate_verify",
    "finished",
    "key_update",
  ],
  "server tls1.2": ["client_hello", "certificate", "client_key_exchange", "certificate_verify", "finished"],
  "client tls1.3": [
    "server_hello",
    "encrypted_extensions",
    "certificate_request",
    "certificate",
    "compressed_certificate",
    "certificate_verify",
    "finished",
    "new_session_ticket",
    "key_update",
  ],
  "client tls1.2": [
    "server_hello",
    "certificate",
    "certificate_status",
    "server_key_exchange",
    "certificate_request",
    "server_hello_done",
    "new_session_ticket",
    "finished",
  ],
};

export function drawHeatMap(hits: Hits): string {
  for (const [where, dues] of Object.entries(dueIn))
    for (const due of [...dues, "change_cipher_spec", "alert", "data"]) rowOf(hits, where, due);
  const rows = [...hits].flatMap(([where, dues]) =>
    [...dues].map(([due, counts]) => ({ name: `${where}: ${due}`, counts, reaches: reachesOf(where, due) })),
  );
  rows.sort((one, other) => (one.name < other.name ? -1 : 1));
  const lines = rows.map(({ name, counts }) => `${name.padEnd(44)} ${Array.from(counts, shade).join("")}`);
  const holes = rows.flatMap(({ name, counts, reaches }) =>
    columns.filter((column, at) => counts[at] === 0 && reaches(column)).map((column) => `${name} × ${column}`),
  );
  const legend = Object.entries(acts).map(([layer, each]) => `${layer}: ${each.join(" ")}`);
  return [
    "how often what was wrong with which message; a column each act, in this order:",
    ...legend,
    "· never  1 1–9  2 10–99  3 100–999  4 1,000–9,999  5 more",
    ...lines,
    holes.length === 0 ? "no holes" : `${holes.length} holes: ${holes.slice(0, 40).join("; ")}${holes.length > 40 ? "; …" : ""}`,
  ].join("\n");
}

function shade(count: number): string {
  return count === 0 ? "·" : String(Math.min(5, 1 + Math.floor(Math.log10(count))));
}

/** Only these have extensions; what is no handshake message can't be of another type, or cut in its vectors. */
function reachesOf(where: string, due: string): (column: string) => boolean {
  const isHandshake = !["alert", "data", "change_cipher_spec"].includes(due);
  const others = where.endsWith("tls1.2") ? [] : ["encrypted_extensions", "certificate_request", "new_session_ticket"];
  const hasExtensions = ["client_hello", "server_hello", ...others].includes(due);
  return (column) =>
    column.startsWith("extension") ? hasExtensions : isHandshake || !/^message (number|retype|length)$/.test(column);
}
