// What an idle connection costs a server's process, socket and streams included: resident memory, many connections less few.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls, createSecureContext, type SecureContext } from "node:tls";
import type { ClientConfig } from "@sallyport/core";
import { connect } from "@sallyport/node";
import type { Authority } from "../packages/cli/src/demo/authority.ts";
import type { Effort, Measured } from "./report.ts";
import { digits, type Spread, spread, table } from "./rounds.ts";
import type { RssQuestion, RssServer, RssWeight } from "./rss-server.ts";
import { client } from "./sides.ts";

const names: readonly RssServer[] = ["net", "node:tls", "crypto-node"];

/**
 * The young generation of V8 grows by how much of the handshakes' garbage is alive when the collector looks, up to 32 MiB once a process,
 * and is given back when it idles: spread over 2,000 connections that is as much as they weigh. So they are weighed with one that
 * stays as it is, too.
 */
const youngs = { grows: [], stays: ["--max-semi-space-size=1"] } as const;
type Young = keyof typeof youngs;

/** Each connection has said one line and heard it; then nobody uses it. Every round has a server process of its own. */
export async function measureRss(authority: Authority, { quick }: Effort): Promise<Measured> {
  const rounds = quick ? 1 : 3;
  const measured: Record<Young, Weighed>[][] = [];
  for (let round = 0; round < rounds; round++) {
    const each: Record<Young, Weighed>[] = [];
    for (const name of names) {
      each.push({ grows: await weigh(name, authority, "grows"), stays: await weigh(name, authority, "stays") });
    }
    measured.push(each);
  }
  const kibibytes = (name: RssServer, of: (weights: Record<Young, Weighed>) => number): Spread =>
    spread(measured.flatMap((round) => round.filter((_, at) => names[at] === name).map((weights) => of(weights) / 1024)));
  const cell = ({ median, least, most }: Spread): string => `${digits(median)} (${digits(least)}..${digits(most)})`;
  const rows = [[`a server's ${digits(count)} idle connections, KiB each`, "RSS", "RSS, the young generation at 2 MiB", "heap"]];
  for (const name of names) {
    const heap = kibibytes(name, ({ stays }) => stays.heap);
    rows.push([
      name,
      cell(kibibytes(name, ({ grows }) => grows.rss)),
      cell(kibibytes(name, ({ stays }) => stays.rss)),
      digits(heap.median),
    ]);
  }
  const ratio = spread(measured.map(([, theirs, ours]) => (ours?.stays.rss ?? Number.NaN) / (theirs?.stays.rss ?? Number.NaN)));
  return {
    figures: [
      {
        what: "idle connection, the server's RSS, the young generation at 2 MiB",
        value: kibibytes("crypto-node", ({ stays }) => stays.rss),
        goal: { better: "less", mustReach: 16, aim: 12, unit: " KiB" },
      },
      { what: "the same, to node:tls's", value: ratio, goal: { better: "less", mustReach: 0.5, aim: 0.4, unit: "x" } },
    ],
    tables: [table(rows)],
    pictures: [
      {
        kind: "lines",
        name: "memory",
        title: "Resident memory of a server by its idle connections",
        x: { title: "connections", scale: "linear" },
        y: { title: "MiB more than with the first hundred", scale: "linear" },
        panels: [
          {
            title: "the young generation at 2 MiB",
            lines: names.map((name, at) => ({ name, points: pointsOf(measured.map((round) => round[at])) })),
          },
        ],
      },
    ],
  };
}

/** MiB by connections: the median of the rounds. */
function pointsOf(rounds: readonly (Record<Young, Weighed> | undefined)[]): (readonly [number, number])[] {
  return counts.map((count, at) => [
    count,
    spread(rounds.map((round) => (round?.stays.byCount[at] ?? Number.NaN) / mebibyte)).median,
  ]);
}

/** Bytes a connection, and of so many as `counts` has. */
interface Weighed extends RssWeight {
  readonly byCount: readonly number[];
}
const mebibyte = 1024 * 1024;
const counts = [500, 1000, 1500, 2000] as const;
const count = counts.at(-1) ?? 0;

/** Of so many as `counts` has, behind 100 that fill what the first ones fill. */
async function weigh(name: RssServer, authority: Authority, young: Young): Promise<Weighed> {
  const server = fork(new URL("./rss-server.ts", import.meta.url), {
    execArgv: [...process.execArgv, "--expose-gc", ...youngs[young]],
  });
  server.send({ name, authority } satisfies RssQuestion);
  const [port] = await answer<number>(server);
  const sockets: Duplex[] = [];
  const open = async (many: number): Promise<void> => {
    for (let made = 0; made < many; made += 20) {
      sockets.push(
        ...(await Promise.all(Array.from({ length: Math.min(20, many - made) }, () => connected(name, port, authority)))),
      );
    }
  };
  await open(100);
  const few = await asked(server);
  const byCount: number[] = [];
  let last = few;
  for (const [at, many] of counts.entries()) {
    await open(many - (counts[at - 1] ?? 0));
    last = await asked(server);
    byCount.push(last.rss - few.rss);
  }
  for (const socket of sockets) socket.destroy();
  server.kill();
  return { rss: (last.rss - few.rss) / count, heap: (last.heap - few.heap) / count, byCount };
}

async function asked(server: ChildProcess): Promise<RssWeight> {
  server.send("weigh");
  const [weight] = await answer<RssWeight>(server);
  return weight;
}

/** @throws where its process ends instead */
async function answer<Answer>(server: ChildProcess): Promise<[Answer]> {
  const ended = new AbortController();
  const end = (code: number | null, signal: string | null): void =>
    ended.abort(new Error(`the server's process ended (${code ?? signal})`));
  server.once("exit", end);
  const [message] = await once(server, "message", { signal: ended.signal });
  server.off("exit", end);
  return [message];
}

async function connected(name: RssServer, port: number, { pem }: Authority): Promise<Duplex> {
  const socket = open(name, port, pem);
  socket.on("error", () => {}); // when the server is killed
  socket.write("hello");
  await once(socket, "data");
  return socket;
}

let config: ClientConfig | undefined;
let secureContext: SecureContext | undefined;

function open(name: RssServer, port: number, ca: string): Duplex {
  const target = { port, host: "127.0.0.1", servername: "localhost" };
  if (name === "net") return connectTcp(target);
  if (name === "node:tls") {
    secureContext ??= createSecureContext({ ca, minVersion: "TLSv1.3" });
    return connectTls({ ...target, secureContext });
  }
  config ??= client("crypto-node", { pem: ca });
  return connect({ ...target, config });
}
