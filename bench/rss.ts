// What an idle connection costs a server's process, socket and streams included: resident memory, with so many more of them.
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

/** Each connection has said one line and heard it; then nobody uses it. Every round has a server process of its own. */
export async function measureRss(authority: Authority, { quick }: Effort): Promise<Measured> {
  const count = 2000;
  const rounds = quick ? 1 : 3;
  const rows = [[`a server's ${digits(count)} idle connections, KiB each`, "RSS, the first", "RSS, so many more", "heap"]];
  const measured = new Map<RssServer, Weights[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of names) measured.get(name)?.push(await weigh(name, authority, count));
  }
  const kibibytes = (name: RssServer, of: (weights: Weights) => number): Spread =>
    spread(measured.get(name)?.map((weights) => of(weights) / 1024) ?? []);
  const cell = ({ median, least, most }: Spread): string => `${digits(median)} (${digits(least)}..${digits(most)})`;
  for (const name of names) {
    const first = kibibytes(name, ({ first: { rss } }) => rss);
    const more = kibibytes(name, ({ more: { rss } }) => rss);
    rows.push([name, cell(first), cell(more), digits(kibibytes(name, ({ more: { heap } }) => heap).median)]);
  }
  const ours = measured.get("crypto-node") ?? [];
  const theirs = measured.get("node:tls") ?? [];
  const ratio = spread(ours.map(({ more: { rss } }, round) => rss / (theirs[round]?.more.rss ?? Number.NaN)));
  return {
    figures: [
      {
        what: "idle connection, the server's RSS",
        value: kibibytes("crypto-node", ({ more: { rss } }) => rss),
        goal: { better: "less", mustReach: 16, aim: 12, unit: " KiB" },
      },
      { what: "the same, to node:tls's", value: ratio, goal: { better: "less", mustReach: 0.5, aim: 0.4, unit: "x" } },
    ],
    tables: [table(rows)],
  };
}

/** Per connection. */
interface Weights {
  /** With what a process has once: code, and the young generation, which V8 sizes by the garbage of handshakes. */
  readonly first: RssWeight;
  readonly more: RssWeight;
}

async function weigh(name: RssServer, authority: Authority, count: number): Promise<Weights> {
  const server = fork(new URL("./rss-server.ts", import.meta.url), { execArgv: [...process.execArgv, "--expose-gc"] });
  server.send({ name, authority } satisfies RssQuestion);
  const [port] = await answer<number>(server);
  const sockets: Duplex[] = [];
  const open = async (many: number): Promise<void> => {
    for (let made = 0; made < many; made += 20) {
      sockets.push(...(await Promise.all(Array.from({ length: Math.min(20, many - made) }, () => connected(name, port, authority)))));
    }
  };
  await open(100);
  const few = await asked(server);
  await open(count);
  const many = await asked(server);
  await open(count);
  const twice = await asked(server);
  for (const socket of sockets) socket.destroy();
  server.kill();
  const each = (from: RssWeight, to: RssWeight): RssWeight => ({ rss: (to.rss - from.rss) / count, heap: (to.heap - from.heap) / count });
  return { first: each(few, many), more: each(many, twice) };
}

async function asked(server: ChildProcess): Promise<RssWeight> {
  server.send("weigh");
  const [weight] = await answer<RssWeight>(server);
  return weight;
}

async function answer<Answer>(server: ChildProcess): Promise<[Answer]> {
  const [message] = await once(server, "message");
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
