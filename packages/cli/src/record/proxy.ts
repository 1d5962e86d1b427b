import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { Watch, type Watched } from "./watch.ts";

export interface Passing extends Watched {
  /** Of the client. */
  readonly from: string;
  readonly ms: number;
}

export interface ProxyOptions {
  readonly listen: { readonly host: string; readonly port: number };
  readonly target: { readonly host: string; readonly port: number };
  /** Once a connection: as soon as it is clear what becomes of it. */
  readonly saw: (passing: Passing) => void;
}

export interface OpenedProxy {
  readonly port: number;
  close(): void;
}

/** Passes all on as it comes, both ways, and keeps nothing of what is protected. @throws what listening throws */
export async function openProxy({ listen, target, saw }: ProxyOptions): Promise<OpenedProxy> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    pass(client, target, saw);
    open.add(client);
    client.once("close", () => open.delete(client));
  });
  server.maxConnections = mostConnections;
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(listen.port, listen.host, resolve));
  // A TCP server that listens has this kind of address.
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

const mostConnections = 250;
const graceMs = 10_000;

function pass(client: Socket, target: ProxyOptions["target"], saw: ProxyOptions["saw"]): void {
  const since = performance.now();
  const from = `${client.remoteAddress}:${client.remotePort}`;
  let watch: Watch | undefined = new Watch();
  let ending: Parameters<Watch["outcome"]>[0] = "closed";
  const tell = (): void => {
    const outcome = watch?.outcome(ending);
    // It has been told, and its bytes are let go.
    watch = undefined;
    if (outcome !== undefined) saw({ ...outcome, from, ms: performance.now() - since });
  };
  const hear =
    (who: "client" | "server") =>
    (chunk: Uint8Array): void => {
      watch?.hear(who, chunk);
      if (watch?.isSettled !== true) return;
      ending = undefined;
      tell();
    };

  const server = connect({ ...target, allowHalfOpen: true, noDelay: true });
  client.on("data", hear("client"));
  server.on("data", hear("server"));
  client.pipe(server).pipe(client);
  client.on("error", () => server.resetAndDestroy());
  server.on("error", (error) => {
    ending = "code" in error && error.code === "ECONNREFUSED" ? "nobody-listens" : "reset";
    client.resetAndDestroy();
  });
  // What one side could not take any more need not be read from the other.
  client.once("close", () => server.destroy());
  server.once("close", () => {
    tell();
    // It has all that the server said; whether it ends as well is its own affair, but not for ever.
    client.end(() => setTimeout(() => client.destroy(), graceMs).unref());
  });
}
