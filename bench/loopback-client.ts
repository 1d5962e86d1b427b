// The connecting process: does one job after the other, and tells how long it took.
import { connect as connectTls, createSecureContext, type SecureContext } from "node:tls";
import type { ClientConfig } from "@sallyport/core";
import { connect } from "@sallyport/node";
import type { download } from "./others-clients.ts";
import { makeAuthority } from "../packages/cli/src/demo/authority.ts";
import { bareHandshakes } from "./bare-handshakes.ts";
import { download as downloadBare, pingPong as pingPongBare } from "./bare-records.ts";
import { handshakeTimeoutMs } from "./serve.ts";
import { client, type ProviderName, resumingClient, unverifyingClient } from "./sides.ts";
import type { Contender, Done, ForeignClient, Handshake, Job } from "./work.ts";

process.on("message", (job: Job) => {
  perform(job).then(
    (done) => process.send?.(done),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  );
});

async function perform(job: Job): Promise<Done> {
  if (job.contender === "lemon-tls") lemon ??= (await import("lemon-tls")).default as unknown as typeof lemon; // it says itself that it is like node:tls
  if (isForeign(job.contender)) foreign ??= (await import("./others-clients.ts")).download;
  if (job.contender === "bare") bare ??= bareHandshakes(await makeAuthority());
  const cpu = process.cpuUsage();
  const since = performance.now();
  let seconds: number | undefined;
  if (job.contender === "bare" && job.kind === "download") seconds = await downloadBare(job.port, job.bytes);
  else if (job.contender === "bare" && job.kind === "ping-pong") await pingPongBare(job.port, job.count);
  else if (job.kind === "download") seconds = await ask(job, "full", job.bytes, job.write);
  else if (job.kind === "ping-pong") await pingPong(open(job, "full"), job.count, job.size);
  else await handshakes(job);
  const took = (performance.now() - since) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: seconds ?? took, cpuSeconds: (user + system) / 1e6 };
}

type Socket = ReturnType<typeof connect> | ReturnType<typeof connectTls>;
let bare: ReturnType<typeof bareHandshakes> | undefined;
let lemon: { connect(port: number, host: string, options: object): Socket } | undefined;

async function handshakes(job: Extract<Job, { kind: "handshakes" }>): Promise<void> {
  let left = job.count;
  let resumed = 0;
  const runner = async (lane: number): Promise<void> => {
    while (left-- > 0) {
      await ask(job, job.handshake, 1, 1, lane, (socket) => {
        if (socket.isSessionReused()) resumed += 1;
      });
    }
  };
  await Promise.all(Array.from({ length: job.inFlight }, (_, lane) => runner(lane)));
  // A lane's first connection has nothing to resume.
  const expected = job.handshake === "resumed" && job.contender !== "bare" ? job.count - job.inFlight : 0;
  if (resumed < expected) throw new Error(`${job.contender}: ${resumed} of ${job.count} handshakes were resumed`);
}

/** Of anybody: lemon-tls and what only connects are loaded where they are asked for. */
let foreign: typeof download | undefined;
function isForeign(contender: Contender): contender is ForeignClient {
  return contender === "subtls" || contender === "@reclaimprotocol/tls";
}
async function ask(
  { contender, port, ca }: Job,
  handshake: Handshake,
  bytes: number,
  write: number,
  lane = 0,
  look?: (socket: Socket) => void,
): Promise<number> {
  if (isForeign(contender)) {
    if (foreign === undefined) throw new Error(`${contender} is not loaded`);
    return foreign(contender, port, ca, bytes, write);
  }
  if (contender === "bare") {
    await bare?.connect(handshake, port);
    return 0;
  }
  const socket = open({ contender, port, ca }, handshake, lane);
  const seconds = await exchange(socket, bytes, write);
  look?.(socket);
  return seconds;
}

/** @returns seconds from the first byte to the last */
function exchange(socket: Socket, bytes: number, write: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let left = bytes;
    let since = 0;
    socket.once("secureConnect", () => socket.write(`${bytes} ${write}`));
    socket.on("data", (data: Uint8Array) => {
      if (since === 0) since = performance.now();
      left -= data.length;
      if (left > 0) return;
      socket.end();
      resolve((performance.now() - since) / 1000);
    });
    socket.once("error", reject);
    socket.once("close", () => reject(new Error(`closed with ${left} bytes missing`)));
  });
}

function pingPong(socket: Socket, count: number, size: number): Promise<void> {
  const ping = Buffer.alloc(size, 7);
  return new Promise((resolve, reject) => {
    let left = count;
    let missing = size;
    socket.once("secureConnect", () => {
      socket.write("echo");
      socket.write(ping);
    });
    socket.on("data", (data: Uint8Array) => {
      missing -= data.length;
      if (missing > 0) return;
      missing = size;
      left -= 1;
      if (left > 0) return void socket.write(ping);
      socket.end();
      resolve();
    });
    socket.once("error", reject);
    socket.once("close", () => reject(new Error(`closed with ${left} answers missing`)));
  });
}

const contexts = new Map<string, SecureContext>();
const configs = new Map<string, ClientConfig>();
const sessions = new Map<number, Buffer>();

/** Configs and contexts are made once: both sides of the comparison can. A lane has its own sessions. */
function open({ contender, port, ca }: Pick<Job, "contender" | "port" | "ca">, handshake: Handshake, lane = 0): Socket {
  const servername = "localhost";
  if (contender === "lemon-tls") {
    if (lemon === undefined) throw new Error("lemon-tls is not loaded");
    return lemon.connect(port, "127.0.0.1", { servername, ca, rejectUnauthorized: handshake !== "unverified" });
  }
  if (isForeign(contender) || contender === "bare") throw new Error(`${contender} opens its own`);
  if (contender !== "node:tls")
    return connect({ config: configOf(contender, handshake, ca, lane), host: "127.0.0.1", servername, port, handshakeTimeoutMs });
  const secureContext = contexts.get(ca) ?? createSecureContext({ ca, minVersion: "TLSv1.3" });
  contexts.set(ca, secureContext);
  const session = handshake === "resumed" ? sessions.get(lane) : undefined;
  const rejectUnauthorized = handshake !== "unverified";
  const socket = connectTls({ host: "127.0.0.1", servername, port, secureContext, session, rejectUnauthorized });
  if (handshake === "resumed") socket.on("session", (given) => sessions.set(lane, given));
  return socket;
}

function configOf(contender: ProviderName, handshake: Handshake, ca: string, lane: number): ClientConfig {
  const key = `${contender} ${handshake} ${handshake === "resumed" ? lane : ""}`;
  const known = configs.get(key);
  if (known !== undefined) return known;
  const make = handshake === "unverified" ? unverifyingClient : handshake === "resumed" ? resumingClient : client;
  const made = make(contender, { pem: ca });
  configs.set(key, made);
  return made;
}
