import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { Acceptor, type ClientHello } from "@sallyport/core";
import { budget, drive, type ServerAnswerers } from "@sallyport/drive";
import { type TlsClientError, tlsClientError } from "./errors.ts";
import { driveOptions, giveBack } from "./handshake.ts";
import type { ServerOptions } from "./options.ts";
import { SocketTransport } from "./socket-transport.ts";
import { TlsSocket } from "./tls-socket.ts";

export interface TlsServer extends Server {
  on(event: "secureConnection", listener: (socket: TlsSocket) => void): this;
  /**
   * Once the alert is delivered, or it is known that it can't be. `socket` is destroyed; its `remoteAddress` still tells whose.
   */
  on(event: "tlsClientError", listener: (error: TlsClientError, socket: Socket) => void): this;
  /** The untouched socket, its bytes unshifted. Without a listener it is destroyed. */
  on(event: "passthrough", listener: (socket: Socket, clientHello: ClientHello) => void): this;
  // biome-ignore lint/suspicious/noExplicitAny: net.Server's own catch-all, without which this would not be one.
  on(event: string, listener: (...args: any[]) => void): this;
}

/**
 * A net.Server whose connections are secure.
 *
 * @example
 * createServer({ accept: config }, (socket) => socket.end("hello\n")).listen(8443);
 */
export function createServer(options: ServerOptions, onSecure?: (socket: TlsSocket) => void): TlsServer {
  const server: TlsServer = createTcpServer({ allowHalfOpen: true, noDelay: true });
  const common = driveOptions({ budget: budget(), ...options });
  const answerers = answerersOf(options);
  if (onSecure !== undefined) server.on("secureConnection", onSecure);
  server.on("connection", (socket: Socket) => void secure(socket));
  return server;

  async function secure(socket: Socket): Promise<void> {
    void socket.remoteAddress; // once asked for, Node keeps it behind the socket's end
    const transport = new SocketTransport(socket);
    const driven = await drive(transport, new Acceptor().start(), answerers, common);
    switch (driven.kind) {
      case "established": {
        const tls = new TlsSocket(socket, options.allowHalfOpen ?? false, () => {});
        tls.secure(driven);
        return emit("secureConnection", tls);
      }
      case "passthrough":
        // A client that has ended already could have gone on with its handshake only by sending more.
        if ((await giveBack(socket, transport, driven)) && server.listenerCount("passthrough") > 0) {
          return emit("passthrough", socket, driven.clientHello);
        }
        socket.destroy();
        return;
      case "failed":
        return emit("tlsClientError", tlsClientError(driven), socket);
    }
  }

  /** In a turn of its own, so that what a listener throws is the process's, and no rejection of ours. */
  function emit(event: string, ...args: unknown[]): void {
    process.nextTick(() => server.emit(event, ...args));
  }
}

export function answerersOf({ accept, earlyData }: Pick<ServerOptions, "accept" | "earlyData">): ServerAnswerers {
  const door: ServerAnswerers = { accept: typeof accept === "function" ? accept : () => accept };
  return earlyData === undefined ? door : { ...door, earlyData };
}
