// 256 MiB over loopback from this process to another one, beside node:tls in the same run.
import { fork } from "node:child_process";
import type { AddressInfo, Server } from "node:net";
import { extname } from "node:path";
import type { Duplex } from "node:stream";
import { createServer as createTlsServer } from "node:tls";
import { serverConfig } from "@sallyport/core";
import { node, signer } from "@sallyport/crypto-node";
import { createServer } from "@sallyport/node";
import { credential } from "@sallyport/x509";
import type { Authority } from "./authority.ts";

export interface BulkOrder {
  readonly ca: string;
  /** Ports. */
  readonly sallyport: number;
  readonly nodeTls: number;
  /** Bytes. */
  readonly warmUp: number;
  readonly bytes: number;
  readonly rounds: number;
}
/** Seconds of one round. */
export interface BulkTimes {
  readonly sallyport: number;
  readonly nodeTls: number;
}

export interface BulkResult {
  readonly mebibytes: number;
  /** Medians, MB/s. */
  readonly sallyport: number;
  readonly nodeTls: number;
  /** Ours to theirs, round by round, ascending. */
  readonly ratios: readonly number[];
}

const mebibyte = 1024 * 1024;
const order = { warmUp: 64 * mebibyte, bytes: 256 * mebibyte, rounds: 3 };

/** Same certificate, same suite, same chunks, same code around both. */
export async function measureBulk({ pem, leaf }: Authority): Promise<BulkResult> {
  const suite = "TLS_AES_128_GCM_SHA256";
  const credentials = [credential({ chain: leaf.chainPem, signer: signer(leaf.keyPem) })] as const;
  const config = serverConfig({ provider: node, now: Date.now, credentials, suites: [suite] });
  const ours = createServer({ accept: config }, serve);
  const theirs = createTlsServer(
    { cert: leaf.chainPem, key: leaf.keyPem, ciphers: suite, minVersion: "TLSv1.3", noDelay: true },
    serve,
  );
  try {
    const ports = { sallyport: await listening(ours), nodeTls: await listening(theirs) };
    const times = await runClient({ ca: pem, ...ports, ...order });
    const rate = (seconds: number): number => order.bytes / seconds / 1e6;
    return {
      mebibytes: order.bytes / mebibyte,
      sallyport: median(times.map((round) => rate(round.sallyport))),
      nodeTls: median(times.map((round) => rate(round.nodeTls))),
      ratios: times.map((round) => round.nodeTls / round.sallyport).sort((one, other) => one - other),
    };
  } finally {
    ours.close();
    theirs.close();
  }
}

const chunk = Buffer.alloc(64 * 1024, "sallyport ");

/** Answers a line with a number by so many bytes. */
function serve(socket: Duplex): void {
  socket.on("error", () => {}); // the client's side of it fails too, and tells
  socket.once("data", (line) => {
    let left = Number.parseInt(String(line), 10);
    const pump = (): void => {
      while (left > 0) {
        const part = left < chunk.length ? chunk.subarray(0, left) : chunk;
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
  return new Promise((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

function runClient(order: BulkOrder): Promise<readonly BulkTimes[]> {
  // The same file ending as this one: .ts from the sources, .js from the build.
  const child = fork(new URL(`./bulk-client${extname(import.meta.url)}`, import.meta.url), { execArgv: process.execArgv });
  return new Promise((resolve, reject) => {
    child.once("message", (answer: { readonly times: readonly BulkTimes[] } | { readonly error: string }) => {
      if ("times" in answer) resolve(answer.times);
      else reject(new Error(answer.error));
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the receiving process ended with ${code}`)));
    child.send(order);
  });
}

/** Of a list that is not empty. */
function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}
