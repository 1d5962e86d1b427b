// Two processes on loopback: this one serves, a child connects. Each contender is at both ends.
import { type ChildProcess, fork } from "node:child_process";
import type { AddressInfo, Server } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { createServer } from "@sallyport/node";
import type { Authority } from "../packages/cli/src/demo/authority.ts";
import { bareHandshakes } from "./bare-handshakes.ts";
import { serveRecords } from "./bare-records.ts";
import { handshakeTimeoutMs, serve } from "./serve.ts";
import { server, serverWithTickets } from "./sides.ts";
import { type Contender, type Done, handshakes, type Job, type Outcome, type Work } from "./work.ts";

/** Both processes, until `close`. */
export interface Loopback {
  /** What it took, and this process's CPU seconds meanwhile. */
  run(contender: Contender, work: Work): Promise<Outcome>;
  close(): void;
}

export async function openLoopback(authority: Authority, lemon = false): Promise<Loopback> {
  const { leaf, pem } = authority;
  const nodeTls = {
    cert: leaf.chainPem,
    key: leaf.keyPem,
    minVersion: "TLSv1.3",
    ciphers: "TLS_AES_128_GCM_SHA256",
    noDelay: true,
  } as const;
  const servers = new Map<string, Server>([
    ["node:tls", createTlsServer(nodeTls, serve)],
    ["crypto-node", createServer({ accept: server("crypto-node", authority), handshakeTimeoutMs }, serve)],
    [
      "crypto-node with tickets",
      createServer({ accept: serverWithTickets("crypto-node", authority), handshakeTimeoutMs }, serve),
    ],
    ["crypto-noble", createServer({ accept: server("crypto-noble", authority), handshakeTimeoutMs }, serve)],
    [
      "crypto-noble with tickets",
      createServer({ accept: serverWithTickets("crypto-noble", authority), handshakeTimeoutMs }, serve),
    ],
    ["crypto-wasm", createServer({ accept: server("crypto-wasm", authority), handshakeTimeoutMs }, serve)],
  ]);
  const bare = bareHandshakes(authority);
  for (const handshake of handshakes) servers.set(`bare ${handshake}`, bare.serve(handshake));
  servers.set("bare", serveRecords());
  if (lemon) {
    const lemonTls = (await import("lemon-tls")).default;
    servers.set("lemon-tls", lemonTls.createServer({ cert: leaf.chainPem, key: leaf.keyPem }, serve) as unknown as Server);
  }
  const ports = new Map<string, number>();
  for (const [name, each] of servers) ports.set(name, await listening(each));
  const child = fork(new URL("./loopback-client.ts", import.meta.url), { execArgv: process.execArgv });

  return {
    async run(contender, work) {
      const port = ports.get(serverOf(contender, work)) ?? ports.get(contender) ?? ports.get("node:tls");
      if (port === undefined) throw new Error("nobody serves");
      const before = process.cpuUsage();
      child.send({ contender, port, ca: pem, ...work } satisfies Job);
      const done = await answer(child, `${contender}, ${work.kind}`);
      const { user, system } = process.cpuUsage(before);
      return { ...done, serverCpuSeconds: (user + system) / 1e6 };
    },
    close() {
      if (child.connected) child.disconnect();
      for (const each of servers.values()) each.close();
    },
  };
}

function serverOf(contender: Contender, work: Work): string {
  if (work.kind !== "handshakes") return contender;
  if (contender === "bare") return `bare ${work.handshake}`;
  return work.handshake === "ticketed" || work.handshake === "resumed" ? `${contender} with tickets` : contender;
}

/** Of one job. @throws what failed there, or how the process ended */
function answer(child: ChildProcess, what: string): Promise<Done> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null, signal: string | null): void =>
      reject(new Error(`${what}: the client's process ended (${code ?? signal})`));
    child.once("exit", ended);
    child.once("message", (answered: Done | { readonly error: string }) => {
      child.off("exit", ended);
      if ("error" in answered) reject(new Error(`${what}: ${answered.error}`));
      else resolve(answered);
    });
  });
}

function listening(server: Server): Promise<number> {
  // A TCP server that listens has this kind of address.
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)));
}
