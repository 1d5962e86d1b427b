// States × faults: in whose place something was wrong, and what. A state is told by role, version and the message that is due in it.
import { acts } from "@sallyport/arbitraries";

/** @param hits by `role version|message|layer act` */
export function drawHeatMap(hits: ReadonlyMap<string, number>): string {
  const columns = Object.entries(acts).flatMap(([layer, each]) => each.map((act) => `${layer} ${act}`));
  const rows = [...new Set([...hits.keys()].map((key) => key.split("|").slice(0, 2).join("|")))].sort();
  const lines = rows.map((row) => {
    const counts = columns.map((column) => hits.get(`${row}|${column}`) ?? 0);
    return `${row.replace("|", ": ").padEnd(44)} ${counts.map(shade).join("")}`;
  });
  const holes = rows.flatMap((row) => columns.filter((column) => !hits.has(`${row}|${column}`) && isPossible(row, column)).map((column) => `${row.replace("|", ": ")} × ${column}`));
  const legend = Object.entries(acts).map(([layer, each]) => `${layer}: ${each.join(" ")}`);
  return [
    "how often what was wrong with which message; a column each act, in this order:", ...legend,
    "· never  1 1–9  2 10–99  3 100–999  4 1,000–9,999  5 more", ...lines,
    holes.length === 0 ? "no holes" : `${holes.length} holes: ${holes.slice(0, 40).join("; ")}${holes.length > 40 ? "; …" : ""}`,
  ].join("\n");
}

function shade(count: number): string {
  return count === 0 ? "·" : String(Math.min(5, 1 + Math.floor(Math.log10(count))));
}

/** Only these have extensions; what is no handshake message can't be of another type, or cut in its vectors. */
function isPossible(row: string, column: string): boolean {
  const message = row.slice(row.indexOf("|") + 1);
  const isHandshake = !["alert", "data", "change_cipher_spec"].includes(message);
  if (!column.startsWith("extension")) return isHandshake || !/^message (number|retype|length)$/.test(column);
  const tls12 = row.includes("tls1.2");
  return ["client_hello", "server_hello", ...(tls12 ? [] : ["encrypted_extensions", "certificate_request", "new_session_ticket"])].includes(message);
}
