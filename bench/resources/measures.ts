// What hostile or merely many clients cost a server of ours.
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { clientConfig, Connector } from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { serverVerifier } from "@sallyport/x509";
import { pki, type Served, serve } from "./child.ts";
import type { Report } from "./serve.ts";

const host = "127.0.0.1";
const config = clientConfig({ provider: node, now: Date.now, verifier: serverVerifier({ provider: node, roots: pki.ca.pem }) });
const hello = (): Uint8Array => new Connector(config, "localhost").start().output;

/** KiB of RSS a connection that was used once and then stays. */
export async function idleWeight(kind: "sallyport" | "node:tls", count: number): Promise<number> {
  const served = await serve(kind);
  // What the first ones compile and fill is no connection's.
  await end(await open(served.port, 100));
  await settles(served);
  const before = await served.report();
  const sockets = await open(served.port, count);
  const after = await served.report();
  if (after.connections !== count) throw new Error(`${after.connections} connections of ${count}`);
  await end(sockets);
  await served.stop();
  return (after.rss - before.rss) / count / 1024;
}

export interface Aborted {
  readonly before: Report;
  readonly after: Report;
  readonly exit: number | string;
}
/** Handshakes of which most are left at some moment: by an end, a reset, a destroy, in the middle of bytes or of time. */
export async function aborts(count: number): Promise<Aborted> {
  const served = await serve("sallyport");
  const some = (from: number): Promise<unknown> => inBatches(count / 10, 20, (index) => leaveSometime(served.port, from + index));
  await some(0);
  await settles(served);
  const before = await served.report();
  for (let part = 0; part < 10; part++) await some(part);
  await settles(served);
  const after = await served.report();
  return { before, after, exit: await served.end() };
}

export interface Besieged {
  /** Milliseconds that honest clients took from connecting to their answer, while all others were there. */
  readonly slowest: number;
  readonly served: number;
  /** Besiegers that were told, and then ended. */
  readonly alerts: number;
  readonly during: Report;
  readonly after: Report;
}
type Besieger = (socket: Socket) => void;
export const besiegers = {
  silent: () => {},
  slowloris: (socket: Socket) => {
    const bytes = hello();
    let at = 0;
    const timer = setInterval(() => {
      socket.write(bytes.subarray(at, at + 1));
      at += 1;
    }, 1_000);
    socket.once("close", () => clearInterval(timer));
  },
  "hello and no more": (socket: Socket) => void socket.write(hello()),
} satisfies { readonly [name: string]: Besieger };

/** `count` clients that don't get on, beside honest ones. */
export async function besieged(
  besieger: keyof typeof besiegers,
  count: number,
  honest: number,
  handshakeTimeoutMs: number,
): Promise<Besieged> {
  const served = await serve("sallyport", { handshakeTimeoutMs });
  const gone: Promise<unknown>[] = [];
  await inBatches(count, 100, async () => {
    const socket = connectTcp({ port: served.port, host });
    socket.on("error", () => {}).resume();
    gone.push(once(socket, "close"));
    await once(socket, "connect");
    besiegers[besieger](socket);
  });
  let slowest = 0;
  for (let client = 0; client < honest; client++) {
    const begun = performance.now();
    await end(await open(served.port, 1));
    slowest = Math.max(slowest, performance.now() - begun);
  }
  const during = await served.report();
  await Promise.all(gone);
  await settles(served);
  const after = await served.report();
  await served.end();
  return { slowest, served: honest, alerts: after.deliveries["peer-ended"] ?? 0, during, after };
}

/** Bytes of memory that clients cost that ask for data without end and read nothing. */
export async function neverReading(count: number): Promise<{ readonly perClient: number; readonly slowest: number }> {
  const served = await serve("sallyport");
  await end(await open(served.port, 50));
  const before = await served.report();
  const sockets = await open(served.port, count);
  for (const socket of sockets) {
    socket.removeAllListeners("data").pause();
    socket.write("flood");
  }
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const begun = performance.now();
  await end(await open(served.port, 1));
  const slowest = performance.now() - begun;
  const after = await served.report();
  for (const socket of sockets) socket.destroy();
  await settles(served);
  await served.end();
  return { perClient: (after.heap + after.external - before.heap - before.external) / count, slowest };
}

/** Each has asked something and was answered. */
async function open(port: number, count: number): Promise<readonly TLSSocket[]> {
  const sockets: TLSSocket[] = [];
  await inBatches(count, 20, async () => {
    const socket = connectTls({ port, host, servername: "localhost", ca: pki.ca.pem });
    await once(socket, "secureConnect");
    socket.on("error", () => {});
    socket.write("echo?");
    await once(socket, "data");
    sockets.push(socket);
  });
  return sockets;
}
async function end(sockets: readonly TLSSocket[]): Promise<void> {
  await Promise.all(
    sockets.map((socket) => {
      socket.end().resume();
      return once(socket, "close");
    }),
  );
}

/** Until the server has nothing under way. */
async function settles(served: Served): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const { connections, handshakesInProgress, closing } = await served.report();
    if (connections + handshakesInProgress + closing === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("something is left");
}

const leaving: readonly ((socket: Socket) => unknown)[] = [
  (socket) => socket.end(),
  (socket) => socket.resetAndDestroy(),
  (socket) => socket.destroy(),
  (socket) => socket.end("GET / HTTP/1.1\r\n\r\n"),
];
/** A different moment and a different way for each index. */
async function leaveSometime(port: number, index: number): Promise<void> {
  const socket = connectTcp({ port, host });
  socket.on("error", () => {});
  const leave = leaving[index % leaving.length] ?? leaving[0];
  const closed = once(socket, "close");
  await Promise.race([once(socket, "connect"), closed]);
  const moment = Math.floor(index / leaving.length) % 5;
  if (moment < 2) socket.resume();
  if (moment === 0) {
    // Inside the hello.
    const bytes = hello();
    socket.write(bytes.subarray(0, (index * 7919) % bytes.length));
    setImmediate(() => leave?.(socket));
  } else if (moment === 1) {
    // Behind it, at the server's flight or before it.
    socket.write(hello());
    setTimeout(() => leave?.(socket), index % 7);
  } else {
    const tls = connectTls({ socket, servername: "localhost", ca: pki.ca.pem });
    tls.on("error", () => {});
    if (moment === 2) setTimeout(() => leave?.(socket), index % 11);
    else
      tls.once("secureConnect", () => {
        tls.write("x".repeat(index % 5_000));
        if (moment === 3) tls.end();
        else leave?.(socket);
      });
    tls.resume();
  }
  setTimeout(() => socket.destroy(), 3_000).unref();
  await closed;
}

async function inBatches(count: number, together: number, run: (index: number) => Promise<unknown>): Promise<void> {
  for (let begun = 0; begun < count; begun += together) {
    await Promise.all(Array.from({ length: Math.min(together, count - begun) }, (_, index) => run(begun + index)));
  }
}
