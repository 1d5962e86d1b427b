import { clientConfig, memoryClientSessions, TlsError } from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { explain, printable, toText } from "@sallyport/explain";
import { serverVerifier, trustAnchors } from "@sallyport/x509";
import { type Lanes, type Measured, measure, measureNode, type Shaken } from "../bench/measure.ts";
import { type Command, type ExitCode, flag, type Given, hostAndPort, type Io, number, text } from "../command.ts";
import { rootsOf } from "../roots.ts";
import { painter } from "../terminal.ts";

export const benchCommand: Command = {
  name: "bench",
  takes: "HOST:PORT",
  summary: "how many handshakes a second, and how long each takes: full, resumed, and by node:tls",
  options: {
    seconds: { type: "string", takes: "<n>", help: "for each kind (default 3, at most 60)" },
    parallel: { type: "string", takes: "<n>", help: "connections at a time (default 1, at most 64)" },
    servername: { type: "string", takes: "<name>", help: "whom to ask for (default HOST)" },
    cafile: { type: "string", takes: "<file>", help: "roots to trust, in PEM (default: the platform's)" },
    timeout: { type: "string", takes: "<ms>", help: "for a handshake (default 10000)" },
    json: { type: "boolean", help: "the figures as JSON" },
  },
  run,
};

interface Row {
  readonly what: string;
  readonly handshakes: number;
  readonly perSecond: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly slowestMs: number;
}

/** Whose machines it loads is the caller's to know. 1: a kind of handshake failed. */
async function run(given: Given, io: Io): Promise<ExitCode> {
  const { host, port } = hostAndPort(given.positionals[0]);
  const lanes: Lanes = {
    host,
    port,
    servername: text(given, "servername") ?? host,
    lanes: number(given, "parallel", 1, 64) ?? 1,
    ms: (number(given, "seconds", 1, 60) ?? 3) * 1000,
    timeoutMs: number(given, "timeout", 1, 600_000) ?? 10_000,
  };
  const roots = await rootsOf(given);
  const verifier = serverVerifier({ provider: node, anchors: trustAnchors(roots, { leftOut: () => {} }) });
  const options = { provider: node, now: Date.now, verifier };
  const ways = [
    ["full", () => measure(lanes, clientConfig(options))],
    ["resumed", () => measure(lanes, clientConfig({ ...options, sessions: memoryClientSessions() }))],
    ["node:tls", () => measureNode(lanes, { ca: roots })],
  ] as const;
  const rows: Row[] = [];
  let first: Measured | undefined;
  for (const [what, measured] of ways) {
    io.note(`${what} ... `);
    const outcome = await measured();
    first ??= outcome;
    if (outcome.failure !== undefined) return failed(outcome.failure, io, given);
    rows.push(...rowsOf(what, outcome));
  }
  const { version, suite, group, peerSignatureScheme } = first?.info ?? {};
  const agreed = [version, suite, group, peerSignatureScheme].filter((part) => part !== undefined).join(", ");
  if (flag(given, "json")) io.print(JSON.stringify({ host, port, parallel: lanes.lanes, agreed, rows }, undefined, 2));
  else io.print(table(`${printable(host)}:${port}, ${lanes.lanes} at a time; ${agreed}`, rows, io));
  return 0;
}

function failed({ error, count }: NonNullable<Measured["failure"]>, io: Io, given: Given): ExitCode {
  const report = explain(error instanceof TlsError ? error : String(error), { role: "client" });
  if (flag(given, "json")) io.print(JSON.stringify({ failures: count, report }, undefined, 2));
  else if (report.causes.length === 0) io.complain(`sallyport: ${printable(error.message)}`);
  else io.print(toText(report, { paint: painter(io.colour) }));
  return 1;
}

/** The first connection of a client with sessions is a full one: it is left out. */
function rowsOf(what: string, { shaken, tookMs }: Measured): readonly Row[] {
  const kinds = what === "resumed" ? shaken.filter(({ kind }) => !kind.startsWith("full")) : shaken;
  if (kinds.length === 0) return [];
  const sorted = kinds.map(({ ms }: Shaken) => ms).sort((one, other) => one - other);
  const at = (share: number): number => rounded(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return [
    {
      what,
      handshakes: kinds.length,
      perSecond: rounded((kinds.length / tookMs) * 1000),
      medianMs: at(0.5),
      p95Ms: at(0.95),
      slowestMs: at(1),
    },
  ];
}
const rounded = (value: number): number => Math.round(value * 100) / 100;

function table(title: string, rows: readonly Row[], io: Io): string {
  const head = ["", "handshakes", "a second", "median ms", "95 % ms", "slowest ms"];
  const cells = rows.map(({ what, handshakes, perSecond, medianMs, p95Ms, slowestMs }) =>
    [what, handshakes, perSecond, medianMs, p95Ms, slowestMs].map(String),
  );
  const lines = [head, ...cells].map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(10) : cell.padStart(12))).join(""),
  );
  const missing = rows.some(({ what }) => what === "resumed")
    ? []
    : ["The server gives no tickets, or takes none: nothing was resumed."];
  return [painter(io.colour)("heading", title), ...lines, ...missing].join("\n");
}
