// A child: `serve.ts sallyport|node:tls`, its question as JSON on the first line of standard input. Prints its port; tells about
// itself at each further line, and stops to listen when standard input ends: then nothing may keep it alive.
import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";
import { createInterface } from "node:readline";
import type { Duplex } from "node:stream";
import { createServer as createTls } from "node:tls";
import { serverConfig } from "@sallyport/core";
import { node, signer } from "@sallyport/crypto-node";
import { budget, createServer } from "@sallyport/node";
import { credential } from "@sallyport/x509";

export interface ServeQuestion {
  readonly chainPem: string;
  readonly keyPem: string;
  readonly handshakeTimeoutMs?: number;
}
export interface Report {
  /** Bytes. */
  readonly rss: number;
  readonly heap: number;
  readonly external: number;
  readonly connections: number;
  /** Established, and at the end of a handshake that failed. */
  readonly counts: { readonly established: number; readonly failed: number };
  readonly handshakesInProgress: number;
  readonly closing: number;
  /** What keeps the process alive or might: by kind. */
  readonly active: { readonly [kind: string]: number };
  /** Alerts that were due, by what became of them. */
  readonly deliveries: { readonly [delivery: string]: number };
}

const [kind] = process.argv.slice(2);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { chainPem, keyPem, handshakeTimeoutMs }: ServeQuestion = JSON.parse((await lines.next()).value ?? "{}");
const shared = budget();
const deliveries: { [delivery: string]: number } = {};
const server = kind === "node:tls" ? theirs() : ours();
server.listen({ port: 0, host: "127.0.0.1", backlog: 8192 });
await once(server, "listening");
console.log(`listening ${(server.address() as AddressInfo).port}`);
for (let line = await lines.next(); !line.done; line = await lines.next())
  console.log(`report ${JSON.stringify(await report())}`);
server.close();

function ours(): Server {
  const accept = serverConfig({
    provider: node,
    now: Date.now,
    credentials: [credential({ chain: chainPem, signer: signer(keyPem) })],
  });
  const timeout = handshakeTimeoutMs === undefined ? {} : { handshakeTimeoutMs };
  return createServer({ accept, budget: shared, ...timeout }, serve).on("tlsClientError", ({ delivery }) => {
    deliveries[delivery] = (deliveries[delivery] ?? 0) + 1;
  });
}
function theirs(): Server {
  const timeout = handshakeTimeoutMs === undefined ? {} : { handshakeTimeout: handshakeTimeoutMs };
  return createTls({ cert: chainPem, key: keyPem, ...timeout }, serve).on("tlsClientError", () => {});
}
/** `flood` is answered with data without end, everything else with itself. */
function serve(socket: Duplex): void {
  socket.on("error", () => {});
  socket.once("data", (first: Buffer) => {
    if (first.toString("latin1", 0, 5) === "flood") {
      const chunk = Buffer.alloc(64 * 1024);
      const pour = (): void => {
        while (socket.write(chunk));
      };
      socket.on("drain", pour);
      return pour();
    }
    socket.write(first);
    socket.pipe(socket);
  });
}

async function report(): Promise<Report> {
  for (let round = 0; round < 4; round++) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { rss, heapUsed: heap, external } = process.memoryUsage();
  const connections = await new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)));
  const active: { [kind: string]: number } = {};
  for (const resource of process.getActiveResourcesInfo()) active[resource] = (active[resource] ?? 0) + 1;
  const { handshakesInProgress, closing, counts } = shared;
  return { rss, heap, external, connections, counts, handshakesInProgress, closing, active, deliveries };
}
