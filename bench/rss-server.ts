// A server in a process of its own, which answers each line with itself, and tells what it weighs.
import { createServer as createTcpServer, type Server } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as after } from "node:timers/promises";
import { createServer as createTlsServer } from "node:tls";
import { createServer } from "@sallyport/node";
import type { Authority } from "../packages/cli/src/demo/authority.ts";
import { server } from "./sides.ts";

export type RssServer = "net" | "node:tls" | "crypto-node";
export interface RssQuestion {
  readonly name: RssServer;
  readonly authority: Authority;
}
/** Bytes. */
export interface RssWeight {
  readonly rss: number;
  readonly heap: number;
}

process.once("message", ({ name, authority }: RssQuestion) => {
  const listening = make(name, authority).listen(0, "127.0.0.1", () => {
    const address = listening.address();
    process.send?.(typeof address === "object" ? address?.port : undefined);
  });
  process.on("message", () => void weigh().then((weight) => process.send?.(weight)));
});

function make(name: RssServer, authority: Authority): Server {
  const { leaf } = authority;
  const echo = (socket: Duplex): void => {
    socket.on("error", () => {}); // when the client goes
    socket.on("data", (data) => socket.write(data));
  };
  if (name === "net") return createTcpServer(echo);
  if (name === "node:tls") return createTlsServer({ cert: leaf.chainPem, key: leaf.keyPem, minVersion: "TLSv1.3" }, echo);
  return createServer({ accept: server("crypto-node", authority) }, echo);
}

async function weigh(): Promise<RssWeight> {
  for (let round = 0; round < 5; round++) {
    globalThis.gc?.();
    await after(50);
  }
  const { rss, heapUsed } = process.memoryUsage();
  return { rss, heap: heapUsed };
}
