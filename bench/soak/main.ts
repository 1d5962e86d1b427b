// `npm run soak -- --minutes 60 --pause 50`: a mixed load on a server and a client, in two processes, and whether their memory grows.
// Ends with 1 if it does: the level at the end is above that of the first five minutes (of a short run, its first third) by over 5 %.
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { setTimeout as after } from "node:timers/promises";
import { parseArgs } from "node:util";
import { connect, type TlsSocket } from "@sallyport/node";
import { makeAuthority } from "../../packages/cli/src/demo/authority.ts";
import { where } from "../report.ts";
import { spread } from "../rounds.ts";
import { handshakeTimeoutMs } from "../serve.ts";
import { resumingClient } from "../sides.ts";
import { type Weight, weigh } from "./weight.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "60" },
    /** Milliseconds between two works of a lane: without them both cores are taken. */
    pause: { type: "string", default: "0" },
  },
});
const minutes = Number(values.minutes);
const pauseMs = Number(values.pause);
if (!(minutes > 0)) throw new Error("--minutes takes a number above zero");

const authority = await makeAuthority();
const server = fork(new URL("./server.ts", import.meta.url), { execArgv: process.execArgv });
server.send(authority);
const [port] = await once(server, "message");
const config = resumingClient("crypto-node", authority);
const until = performance.now() + minutes * 60_000;
const done = { bulk: 0, small: 0, connects: 0, aborts: 0 };

/** Ten a minute at most. */
interface Sample {
  readonly minute: number;
  readonly server: Weight;
  readonly client: Weight;
}
const samples: Sample[] = [];

await Promise.all([
  lane("bulk", () => answered(open(), `${4 * 1024 * 1024} 65536`, 4 * 1024 * 1024)),
  lane("bulk", () => answered(open(), `${1024 * 1024} 1000`, 1024 * 1024)),
  lane("small", small),
  lane("small", small),
  lane("connects", () => answered(open(), "1 1", 1)),
  lane("connects", () => answered(open(), "1 1", 1)),
  lane("aborts", abort),
  lane("aborts", abort),
  watch(),
]);
server.kill();
report();

/** Does it again and again, until the time is over. */
async function lane(kind: keyof typeof done, work: () => Promise<void>): Promise<void> {
  while (performance.now() < until) {
    await work();
    done[kind] += 1;
    if (pauseMs > 0) await after(pauseMs);
  }
}

function open(): TlsSocket {
  return connect({ config, port, host: "127.0.0.1", servername: "localhost", handshakeTimeoutMs });
}

async function answered(socket: TlsSocket, line: string, bytes: number): Promise<void> {
  const closed = once(socket, "close");
  let left = bytes;
  socket.on("data", (data: Uint8Array) => {
    left -= data.length;
  });
  socket.write(line);
  await closed;
  if (left !== 0) throw new Error(`${left} of ${bytes} bytes are missing`);
}

/** A hundred short questions on one connection. */
async function small(): Promise<void> {
  const socket = open();
  socket.write("echo");
  for (let asked = 0; asked < 100; asked++) {
    socket.write(Buffer.alloc(100, asked));
    for (let left = 100; left > 0; ) {
      const [data] = await once(socket, "data");
      left -= data.length;
    }
  }
  socket.end();
  await once(socket, "close");
}

/** At any moment: while it connects, in the handshake, in the middle of an answer. */
async function abort(): Promise<void> {
  const socket = open();
  socket.on("error", () => {});
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.resume().write(`${8 * 1024 * 1024} 16384`);
  await after(Math.random() * 40);
  socket.destroy();
  await closed;
}

async function watch(): Promise<void> {
  const started = performance.now();
  const pause = Math.max(2_000, Math.min(6_000, (minutes * 60_000) / 60));
  while (performance.now() < until) {
    await after(pause);
    server.send("weigh");
    const [weight] = await once(server, "message");
    const sample: Sample = { minute: (performance.now() - started) / 60_000, server: weight, client: weigh() };
    samples.push(sample);
    const counts = Object.entries(done).map(([kind, count]) => `${count} ${kind}`);
    console.log(
      `${sample.minute.toFixed(1)} min: server ${sample.server.rss.toFixed(0)} MiB, client ${sample.client.rss.toFixed(0)} MiB; ${counts.join(", ")}`,
    );
  }
}

function report(): void {
  const first = Math.min(5, minutes / 3);
  let grows = false;
  const levels = Object.fromEntries(
    (["server", "client"] as const).map((side) => {
      const of = (from: number, to: number, what: keyof Weight): readonly number[] =>
        samples.filter(({ minute }) => minute >= from && minute < to).map((sample) => sample[side][what]);
      // A process finds its level within the first half of that; garbage that waits for its collection goes up and down around it.
      const early = spread(of(first / 2, first, "rss")).most;
      const late = spread(of(minutes - first, Number.POSITIVE_INFINITY, "rss")).median;
      grows ||= late > early * 1.05;
      // What is alive is what is left behind a collection: the least of a while.
      const alive = ([from, to]: readonly [number, number]): number =>
        spread(of(from, to, "heapUsed")).least + spread(of(from, to, "arrayBuffers")).least;
      const aliveEarly = alive([first / 2, first]);
      const aliveLate = alive([minutes - first / 2, Number.POSITIVE_INFINITY]);
      return [side, { early, late, ratio: late / early, aliveEarly, aliveLate }];
    }),
  );
  for (const [side, { early, late, ratio, aliveEarly, aliveLate }] of Object.entries(levels)) {
    console.log(
      `${side}: ${early.toFixed(0)} -> ${late.toFixed(0)} MiB resident (${ratio.toFixed(2)}), ${aliveEarly.toFixed(1)} -> ${aliveLate.toFixed(1)} MiB alive`,
    );
  }
  console.log(grows ? "grows" : "does not grow");
  mkdirSync(new URL("../results/", import.meta.url), { recursive: true });
  const kept = { where: where(), minutes, pauseMs, done, levels, grows, samples };
  writeFileSync(new URL("../results/soak.json", import.meta.url), `${JSON.stringify(kept, undefined, 1)}\n`);
  process.exitCode = grows ? 1 : 0;
}
