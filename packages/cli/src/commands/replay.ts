import { readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { type ClientHello, readClientHello } from "@sallyport/core";
import { bytesInText, explain, type Report, toText } from "@sallyport/explain";
import { type Command, type ExitCode, flag, type Given, hostAndPort, type Io, Misuse, number } from "../command.ts";
import { type Asked, ask } from "../hello/ask.ts";
import { type Change, changesFor } from "../hello/changes.ts";
import { encodeHello, partsOf } from "../hello/edit.ts";
import { painter } from "../terminal.ts";

export const replayCommand: Command = {
  name: "replay",
  takes: "HELLO HOST:PORT",
  summary: "sends a captured ClientHello to a server, and explains the answer",
  options: {
    search: { type: "boolean", help: "look for the smallest change that gets a ServerHello: at most 20 connections" },
    pause: { type: "string", takes: "<ms>", help: "between two connections (default 250)" },
    timeout: { type: "string", takes: "<ms>", help: "for an answer (default 5000)" },
    json: { type: "boolean", help: "the outcome as JSON" },
  },
  run,
};

const mostConnections = 20;

export interface Searched {
  /** Whether the hello as it is gets a ServerHello. */
  readonly taken: boolean;
  readonly report: Report;
  /** The smallest sets of changes that get one, by their titles; empty: none was found, or none was needed. */
  readonly changes: readonly (readonly string[])[];
  readonly connections: number;
}

async function run(given: Given, io: Io): Promise<ExitCode> {
  const [file, target] = given.positionals;
  if (file === undefined || target === undefined)
    throw new Misuse("replay takes a ClientHello (a file, hex, or -) and HOST:PORT");
  const { host, port } = hostAndPort(target);
  const wire = await helloBytes(file, io);
  const hello = decoded(wire);
  const pauseMs = number(given, "pause", 0, 60_000) ?? 250;
  const timeoutMs = number(given, "timeout", 1, 600_000) ?? 5_000;
  const asked = await ask(wire, host, port, timeoutMs);
  const report = reportOf(wire, asked);
  const taken = isTaken(asked);
  const searched: Searched =
    taken || !flag(given, "search")
      ? { taken, report, changes: [], connections: 1 }
      : await search(hello, host, { taken, report, connections: 1 }, async (bytes) => {
          await wait(pauseMs);
          io.note(".");
          return ask(bytes, host, port, timeoutMs);
        });
  if (flag(given, "json")) io.print(JSON.stringify(searched, undefined, 2));
  else io.print([toText(report, { paint: painter(io.colour) }), ...conclusion(searched, flag(given, "search"))].join("\n"));
  return taken || searched.changes.length > 0 ? 0 : 1;
}

/** One change at a time, then two together; those that mend what the report suspects come first. */
async function search(
  hello: ClientHello,
  host: string,
  before: Omit<Searched, "changes">,
  send: (bytes: Uint8Array) => Promise<Asked>,
): Promise<Searched> {
  const suspected = before.report.causes.map(({ id }) => id);
  const rank = ({ mends }: Change): number =>
    Math.min(...mends.map((id) => (suspected.includes(id) ? suspected.indexOf(id) : 99)));
  const single = [...changesFor(hello, host)].sort((one, other) => rank(one) - rank(other));
  const pairs = single.flatMap((one, at) => single.slice(at + 1).map((other) => [one, other]));
  let { connections } = before;
  for (const sets of [single.map((one) => [one]), pairs]) {
    const found: string[][] = [];
    for (const set of sets) {
      if (connections >= mostConnections) break;
      connections++;
      const parts = set.reduce((changed, change) => change.apply(changed), partsOf(hello));
      if (isTaken(await send(encodeHello(parts)))) found.push(set.map(({ title }) => title));
      // A pair that works is enough: other pairs with the same two obstacles say nothing new.
      if (sets === pairs && found.length > 0) break;
    }
    if (found.length > 0) return { ...before, changes: found, connections };
  }
  return { ...before, changes: [], connections };
}

function conclusion({ taken, changes, connections }: Searched, searching: boolean): readonly string[] {
  if (taken) return ["The server takes this hello: it answered with a ServerHello."];
  if (!searching) return [];
  if (changes.length === 0) return [`No single change, and no pair, got a ServerHello (${connections} connections).`];
  const lines = changes.map((set) => `- ${set.join(", and also ")}`);
  const together =
    (changes[0]?.length ?? 1) > 1
      ? "The smallest change that gets a ServerHello; each alone does not"
      : "Any one of these gets a ServerHello";
  return [`${together} (${connections} connections):`, ...lines];
}

function isTaken({ answer }: Asked): boolean {
  return answer.serverHello !== undefined;
}

function reportOf(wire: Uint8Array, { received, end }: Asked): Report {
  const inputs = [
    { from: "client" as const, input: wire },
    ...(received.length === 0 ? [] : [{ from: "server" as const, input: received }]),
  ];
  if (end === "silence" && received.length === 0) return explain(inputs, { silence: true });
  const cut = received.length > 0 ? [] : [end === "reset" ? "ECONNRESET" : "socket hang up"];
  return explain([...inputs, ...cut]);
}

async function helloBytes(name: string, io: Io): Promise<Uint8Array> {
  const file = name === "-" ? await io.readInput() : await readFile(name).catch(() => undefined);
  const text = file === undefined ? name : Buffer.from(file).toString("latin1");
  const found = file !== undefined && file[0] === 22 ? new Uint8Array(file) : bytesInText(text)[0];
  if (found === undefined) throw new Misuse("there is no ClientHello in it: hex, a dump, or the bytes of a record");
  // A handshake message alone has no record around it yet.
  return found[0] === 1 ? Uint8Array.from([22, 3, 1, found.length >> 8, found.length & 0xff, ...found]) : found;
}

function decoded(wire: Uint8Array): ClientHello {
  const length = ((wire[3] ?? 0) << 8) | (wire[4] ?? 0);
  const read = readClientHello(wire.subarray(5, 5 + length));
  if (read.kind === "malformed") throw new Misuse(`it can't be decoded: ${read.error.message}`);
  return read.clientHello;
}
