// Bytes on a socket: in bulk, in small writes, back and forth.
import type { Loopback } from "./loopback.ts";
import { sizeText } from "./memory.ts";
import type { Effort, Figure, Goal, Measured } from "./report.ts";
import { digits, inTurns, ratios, ratioText, spread, table } from "./rounds.ts";
import type { Outcome, Work } from "./work.ts";

const mebibyte = 1024 * 1024;
const contenders = ["node:tls", "bare", "crypto-node"] as const;

interface Job {
  readonly what: string;
  readonly work: Work;
  /** What a run is divided by, and what comes of it a second. */
  readonly units: number;
  readonly unit: string;
  readonly figures: readonly {
    readonly what: string;
    readonly by: "seconds" | "cpuSeconds" | "serverCpuSeconds";
    readonly goal: Goal;
  }[];
}

function x(mustReach: number, aim: number): Goal {
  return { better: "more", mustReach, aim, unit: "x" };
}

/** One connection. The server writes, the client counts. Each ratio is node:tls's time to ours. */
export async function measureBulk(loopback: Loopback, effort: Effort): Promise<Measured> {
  const large = (effort.quick ? 64 : 256) * mebibyte;
  const small = (effort.quick ? 16 : 64) * mebibyte;
  const count = effort.quick ? 2_000 : 10_000;
  return measureJobs(loopback, effort, [
    {
      what: "bulk, 64 KiB writes",
      work: { kind: "download", bytes: large, write: 65_536 },
      units: large / 1e6,
      unit: "MB/s",
      figures: [
        { what: "bulk send, 64 KiB writes, by the clock", by: "seconds", goal: x(0.75, 0.9) },
        { what: "bulk send, by the sender's CPU", by: "serverCpuSeconds", goal: x(0.75, 0.9) },
        { what: "bulk receive, by the receiver's CPU", by: "cpuSeconds", goal: x(0.95, 1) },
      ],
    },
    {
      what: "1 KiB writes",
      work: { kind: "download", bytes: small, write: 1024 },
      units: small / 1e6,
      unit: "MB/s",
      figures: [{ what: "1 KiB writes, put together into full records", by: "seconds", goal: x(1.05, 1.2) }],
    },
    {
      what: "request and answer, 100 B",
      work: { kind: "ping-pong", count, size: 100 },
      units: count,
      unit: "a second",
      figures: [{ what: "request and answer, 100 B", by: "seconds", goal: x(0.65, 0.8) }],
    },
  ]);
}

async function measureJobs(loopback: Loopback, { rounds }: Effort, jobs: readonly Job[]): Promise<Measured> {
  const figures: Figure[] = [];
  const rows = [
    [
      "one connection on loopback",
      "node:tls",
      "its ciphers and sockets alone",
      "crypto-node",
      "by the clock",
      "by the server's CPU",
      "by the client's CPU",
    ],
  ];
  for (const job of jobs) {
    for (const name of contenders) await loopback.run(name, job.work); // warm
    const results = await inTurns(rounds, {
      "node:tls": () => loopback.run("node:tls", job.work),
      bare: () => loopback.run("bare", job.work),
      "crypto-node": () => loopback.run("crypto-node", job.work),
    });
    const rate = (name: (typeof contenders)[number]): string =>
      digits(job.units / spread(results[name].map(({ seconds }) => seconds)).median);
    const ratio = (by: keyof Outcome, name: (typeof contenders)[number] = "crypto-node") =>
      ratios(
        results["node:tls"].map((result) => result[by]),
        results[name].map((result) => result[by]),
      );
    const columns = (["seconds", "serverCpuSeconds", "cpuSeconds"] as const).map((by) => ratioText(ratio(by)));
    rows.push([
      job.what,
      `${rate("node:tls")} ${job.unit}`,
      `${rate("bare")} ${job.unit}`,
      `${rate("crypto-node")} ${job.unit}`,
      ...columns,
    ]);
    for (const { what, by, goal } of job.figures) figures.push({ what, value: ratio(by), limit: ratio(by, "bare"), goal });
  }
  return { figures, tables: [table(rows)] };
}

/** All providers, by the size of an application's write. */
export async function measureThroughput(loopback: Loopback, { rounds, quick }: Effort): Promise<Measured> {
  const names = ["node:tls", "crypto-node", "crypto-noble", "crypto-wasm"] as const;
  const ours = ["crypto-node", "crypto-noble", "crypto-wasm"] as const;
  const rows = [["loopback, by size of a write", "node:tls MB/s", ...ours.flatMap((name) => [`${name} MB/s`, "of node:tls"])]];
  const points: Readonly<Record<(typeof names)[number], [number, number][]>> = {
    "node:tls": [],
    "crypto-node": [],
    "crypto-noble": [],
    "crypto-wasm": [],
  };
  for (const write of [64, 256, 1024, 4096, 16_384, 65_536]) {
    const download =
      (contender: (typeof names)[number]) => async (): Promise<{ readonly clock: number; readonly cpu: number }> => {
        const bytes = Math.min(32_768 * write, (quick ? 16 : 128) * mebibyte) / slowness[contender];
        const { seconds, serverCpuSeconds } = await loopback.run(contender, { kind: "download", bytes, write });
        return { clock: bytes / seconds / 1e6, cpu: bytes / serverCpuSeconds / 1e6 };
      };
    for (const name of names) await download(name)(); // warm
    const results = await inTurns(rounds, {
      "node:tls": download("node:tls"),
      "crypto-node": download("crypto-node"),
      "crypto-noble": download("crypto-noble"),
      "crypto-wasm": download("crypto-wasm"),
    });
    const each = (name: (typeof names)[number], by: "clock" | "cpu"): number[] => results[name].map((result) => result[by]);
    for (const name of names) points[name].push([write, spread(each(name, "cpu")).median]);
    rows.push([
      sizeText(write),
      digits(spread(each("node:tls", "clock")).median),
      ...ours.flatMap((name) => [
        digits(spread(each(name, "clock")).median),
        ratioText(ratios(each(name, "clock"), each("node:tls", "clock"))),
      ]),
    ]);
  }
  return {
    figures: [],
    tables: [table(rows)],
    pictures: [
      {
        kind: "lines",
        name: "sizes",
        title: "One connection on loopback, by the size of an application's write",
        x: { title: "bytes", scale: "size" },
        y: { title: "MB a CPU second of the sender, its socket included", scale: "log" },
        panels: [
          {
            title: "AES-128-GCM; crypto-noble and crypto-wasm: ChaCha20-Poly1305",
            lines: names.map((name) => ({ name, points: points[name] })),
          },
        ],
      },
    ],
  };
}

/** Fewer bytes tell as much where each takes so much longer. */
const slowness = { "node:tls": 1, "crypto-node": 1, "crypto-noble": 8, "crypto-wasm": 4 } as const;
