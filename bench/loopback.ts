// Two processes on loopback: this one serves, a child connects. node:tls beside the node adapter on both providers.
import { fork } from "node:child_process";
import type { AddressInfo, Server } from "node:net";
import type { Duplex } from "node:stream";
import { createServer as createTlsServer } from "node:tls";
import { createServer } from "@sallyport/node";
import type { Authority } from "../packages/cli/src/demo/authority.ts";
import { recordSizes, sizeText } from "./memory.ts";
import { digits, inTurns, ratios, ratioText, spread, table } from "./rounds.ts";
import { server } from "./sides.ts";

export type Contender = "node:tls" | "crypto-node" | "crypto-noble";
const contenders: readonly Contender[] = ["node:tls", "crypto-node", "crypto-noble"];

/** What the child is asked to do. */
export type Job = { readonly contender: Contender; readonly port: number; readonly ca: string } & (
  | { readonly kind: "download"; readonly bytes: number; readonly write: number }
  | { readonly kind: "handshakes"; readonly count: number; readonly inFlight: number }
);
export interface Done {
  readonly seconds: number;
  /** Of the child, user and system. */
  readonly cpuSeconds: number;
}

/** Both processes, until `close`. */
export interface Loopback {
  /** What it took, and this process's CPU seconds meanwhile. */
  run(contender: Contender, job: Work): Promise<Done & { readonly serverCpuSeconds: number }>;
  close(): void;
}
type Work = Pick<Extract<Job, { kind: "download" }>, "kind" | "bytes" | "write"> | Pick<Extract<Job, { kind: "handshakes" }>, "kind" | "count" | "inFlight">;

export async function openLoopback(authority: Authority): Promise<Loopback> {
  const { leaf, pem } = authority;
  const nodeTls = { cert: leaf.chainPem, key: leaf.keyPem, minVersion: "TLSv1.3", ciphers: "TLS_AES_128_GCM_SHA256", noDelay: true } as const;
  const servers: Readonly<Record<Contender, Server>> = {
    "node:tls": createTlsServer(nodeTls, serve),
    "crypto-node": createServer({ accept: server("crypto-node", authority) }, serve),
    "crypto-noble": createServer({ accept: server("crypto-noble", authority) }, serve),
  };
  const ports = Object.fromEntries(
    await Promise.all(contenders.map(async (name): Promise<[Contender, number]> => [name, await listening(servers[name])])),
  ) as Record<Contender, number>; // all contenders
  const child = fork(new URL("./loopback-client.ts", import.meta.url), { execArgv: process.execArgv });

  return {
    async run(contender, work) {
      const before = process.cpuUsage();
      child.send({ contender, port: ports[contender], ca: pem, ...work } satisfies Job);
      const done = await new Promise<Done>((resolve, reject) => {
        child.removeAllListeners("message").once("message", (answer: Done | { readonly error: string }) => {
          if ("error" in answer) reject(new Error(answer.error));
          else resolve(answer);
        });
      });
      const { user, system } = process.cpuUsage(before);
      return { ...done, serverCpuSeconds: (user + system) / 1e6 };
    },
    close() {
      child.disconnect();
      for (const name of contenders) servers[name].close();
    },
  };
}

export interface ThroughputOptions {
  readonly rounds: number;
  /** Bytes of 16 KiB writes; less where writes are smaller, and for crypto-noble. */
  readonly bytes: number;
}

/** The server writes, the client counts. */
export async function measureThroughput(loopback: Loopback, { rounds, bytes }: ThroughputOptions): Promise<string> {
  const rows =
    [["loopback, by size of a write", "node:tls MB/s", "crypto-node MB/s", "of node:tls", "crypto-noble MB/s", "of node:tls"]];
  for (const write of recordSizes) {
    const share = write >= 16_384 ? 1 : write >= 1024 ? 4 : 32;
    const download = async (contender: Contender): Promise<number> => {
      const length = bytes / share / (contender === "crypto-noble" ? Math.max(1, 16 / share) : 1);
      const { seconds } = await loopback.run(contender, { kind: "download", bytes: length, write });
      return length / seconds / 1e6;
    };
    for (const name of contenders) await download(name); // warm
    const results = await inTurns(rounds, everyContender(download));
    rows.push([
      sizeText(write),
      digits(spread(results["node:tls"]).median),
      digits(spread(results["crypto-node"]).median), ratioText(ratios(results["crypto-node"], results["node:tls"])),
      digits(spread(results["crypto-noble"]).median), ratioText(ratios(results["crypto-noble"], results["node:tls"])),
    ]);
  }
  return table(rows);
}

export interface HandshakeOptions {
  readonly rounds: number;
  /** A round; a tenth of it for crypto-noble. */
  readonly count: number;
  /** Beforehand, uncounted: a process gets twice as fast within its first thousands. */
  readonly warmUp: number;
}

/** Full handshakes: X25519, ECDSA P-256, one certificate, one byte from the server. 16 in flight. */
export async function measureHandshakes(loopback: Loopback, { rounds, count, warmUp }: HandshakeOptions): Promise<string> {
  const shake = async (contender: Contender, whole: number = count) => {
    const share = contender === "crypto-noble" ? whole / 10 : whole;
    const { seconds, cpuSeconds, serverCpuSeconds } =
      await loopback.run(contender, { kind: "handshakes", count: share, inFlight: 16 });
    return { rate: share / seconds, client: (cpuSeconds / share) * 1000, server: (serverCpuSeconds / share) * 1000 };
  };
  for (const name of contenders) await shake(name, warmUp);
  const results = await inTurns(rounds, everyContender((name) => shake(name)));
  const rows =
    [["handshakes on loopback", "a second", "of node:tls", "server CPU ms", "of node:tls", "client CPU ms", "of node:tls"]];
  for (const name of contenders) {
    const columns = (["rate", "server", "client"] as const).flatMap((what) => {
      const ours = results[name].map((result) => result[what]);
      const theirs = results["node:tls"].map((result) => result[what]);
      return [digits(spread(ours).median), name === "node:tls" ? "1" : ratioText(ratios(ours, theirs))];
    });
    rows.push([name, ...columns]);
  }
  return table(rows);
}

function everyContender<Result>(
  run: (contender: Contender) => Promise<Result>,
): Readonly<Record<Contender, () => Promise<Result>>> {
  return {
    "node:tls": () => run("node:tls"), "crypto-node": () => run("crypto-node"), "crypto-noble": () => run("crypto-noble"),
  };
}

/** Answers the line `<bytes> <size of a write>`. */
function serve(socket: Duplex): void {
  socket.on("error", () => {}); // the client fails too, and tells
  socket.once("data", (line) => {
    const [bytes = 0, size = 1] = String(line).split(" ").map(Number);
    const piece = Buffer.alloc(size, 7);
    let left = bytes;
    const pump = (): void => {
      while (left > 0) {
        const part = left < size ? piece.subarray(0, left) : piece;
        left -= part.length;
        if (!socket.write(part)) return void socket.once("drain", pump);
      }
      socket.end();
    };
    pump();
  });
}

function listening(server: Server): Promise<number> {
  // A TCP server that listens has this kind of address.
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)));
}
