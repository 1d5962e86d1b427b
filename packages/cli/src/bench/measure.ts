// Handshakes with a server, one behind the other in some lanes, and how long each took.
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectByNode, type SecureContextOptions } from "node:tls";
import type { ClientConfig, Info } from "@sallyport/core";
import { connect } from "@sallyport/node";

export interface Lanes {
  readonly host: string;
  readonly port: number;
  readonly servername: string;
  readonly lanes: number;
  readonly ms: number;
  readonly timeoutMs: number;
}

/** What one connection was. */
export interface Shaken {
  readonly kind: string;
  readonly ms: number;
}

export interface Measured {
  readonly shaken: readonly Shaken[];
  readonly tookMs: number;
  readonly info: Info | undefined;
  /** The first, and how many. */
  readonly failure: { readonly error: Error; readonly count: number } | undefined;
}

type Shake = (socket: Socket, lanes: Lanes) => Promise<{ readonly kind: string; readonly info?: Info }>;

/** A server that refuses again and again is left in peace. */
const mostFailures = 5;
const mostConnections = 20_000;

/** By Sallyport. */
export function measure(lanes: Lanes, config: ClientConfig): Promise<Measured> {
  return run(lanes, async (socket, { servername, timeoutMs }) => {
    const tls = connect({ config, socket, servername, handshakeTimeoutMs: timeoutMs });
    const info = await new Promise<Info>((resolve, reject) => {
      tls.once("error", reject);
      tls.once("secureConnect", () => (tls.info === undefined ? reject(new Error("the connection is gone")) : resolve(tls.info)));
    });
    // Tickets come behind the handshake, before the server's end.
    tls.on("error", () => {}).resume();
    ended(tls);
    return { kind: info.handshakeKind, info };
  });
}

/** The same by node:tls, to have something to compare with. */
export function measureNode(lanes: Lanes, secure: SecureContextOptions): Promise<Measured> {
  return run(lanes, async (socket, { servername }) => {
    const tls = connectByNode({ ...secure, socket, servername });
    await new Promise<void>((resolve, reject) => {
      tls.once("error", reject).once("secureConnect", resolve);
    });
    tls.on("error", () => {}).resume();
    ended(tls);
    return { kind: "node:tls" };
  });
}

function ended(tls: { end(): void; destroy(): void }): void {
  tls.end();
  setTimeout(() => tls.destroy(), 1_000).unref();
}

async function run(lanes: Lanes, shake: Shake): Promise<Measured> {
  const shaken: Shaken[] = [];
  const failures: Error[] = [];
  let info: Info | undefined;
  let begun = 0;
  const since = performance.now();
  const lane = async (): Promise<void> => {
    while (performance.now() - since < lanes.ms && failures.length < mostFailures && begun++ < mostConnections) {
      try {
        const socket = await openTcp(lanes);
        const from = performance.now();
        const done = await shake(socket, lanes);
        shaken.push({ kind: done.kind, ms: performance.now() - from });
        info = done.info ?? info;
      } catch (error) {
        failures.push(error instanceof Error ? error : new Error(String(error)));
      }
    }
  };
  await Promise.all(Array.from({ length: lanes.lanes }, lane));
  const [error] = failures;
  return { shaken, tookMs: performance.now() - since, info, failure: error && { error, count: failures.length } };
}

function openTcp({ host, port, timeoutMs }: Lanes): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host, port, allowHalfOpen: true, noDelay: true });
    const timer = setTimeout(() => socket.destroy(new Error(`ETIMEDOUT: no connection in ${timeoutMs} ms`)), timeoutMs);
    socket.once("error", reject).once("connect", () => {
      clearTimeout(timer);
      socket.off("error", reject);
      resolve(socket);
    });
  });
}
