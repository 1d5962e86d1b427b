import { Server, type Socket } from "node:net";
import { Acceptor, type ClientHello, ServerConfig } from "@sallyport/core";
import { budget, type DoorAnswerers, type DriveOptions, drive } from "@sallyport/drive";
import { withCallbacks } from "./callbacks.ts";
import { observe } from "./diagnostics.ts";
import { EarlyConnection, treatEarlyRequests } from "./early-requests.ts";
import { type TlsClientError, tlsClientError } from "./errors.ts";
import { driveOptions, giveBack } from "./handshake.ts";
import type { Accept, ServerOptions } from "./options.ts";
import { SocketTransport } from "./socket-transport.ts";
import { TlsSocket, withoutThrow } from "./tls-socket.ts";

export interface TlsServer extends Server {
  on(event: "secureConnection", listener: (socket: TlsSocket) => void): this;
  /**
   * Once the alert is delivered, or it is known that it can't be. `socket` is destroyed; its `remoteAddress` still tells whose.
   */
  on(event: "tlsClientError", listener: (error: TlsClientError, socket: Socket) => void): this;
  /**
   * Set it to change configs or certificates while the server runs: connections that have come to their decision keep what they
   * have, all others get the new one. A config is checked when it is made, so that there is no half of a change.
   */
  accept: Accept;
  /** The untouched socket, its bytes unshifted. Without a listener it is destroyed. */
  on(event: "passthrough", listener: (socket: Socket, clientHello: ClientHello) => void): this;
  // biome-ignore lint/suspicious/noExplicitAny: net.Server's own catch-all, without which this would not be one.
  on(event: string, listener: (...args: any[]) => void): this;
}

/**
 * A net.Server whose connections are secure.
 *
 * @throws ApiMisuse for `recordSizes` that nobody made
 * @example
 * createServer({ accept: config }, (socket) => socket.end("hello\n")).listen(8443);
 */
export function createServer(options: ServerOptions, onSecure?: (socket: TlsSocket) => void): TlsServer {
  const server: TlsServer = new SecureServer(options);
  if (onSecure !== undefined) server.on("secureConnection", onSecure);
  return server;
}

class SecureServer extends Server {
  readonly #options: ServerOptions;
  readonly #common: DriveOptions;
  readonly #answerers: DoorAnswerers;
  #accept: Accept;
  /** The same behind the callbacks. */
  #door: Accept;

  constructor(options: ServerOptions) {
    super({ allowHalfOpen: true, noDelay: true });
    this.#options = options;
    this.#accept = options.accept;
    this.#door = withCallbacks(options.accept, options);
    if (options.earlyRequests !== undefined) treatEarlyRequests(options.earlyRequests, options);
    this.#common = driveOptions({ budget: budget(), ...options });
    this.#answerers = this.#answerersOf(options);
    this.on("connection", (socket: Socket) => void this.#secure(socket));
  }

  get accept(): Accept {
    return this.#accept;
  }
  set accept(accept: Accept) {
    if (typeof accept !== "function" && !(accept instanceof ServerConfig)) {
      throw new TypeError("accept is a config that serverConfig made, or a function");
    }
    this.#door = withCallbacks(accept, this.#options);
    this.#accept = accept;
  }

  async #secure(socket: Socket): Promise<void> {
    void socket.remoteAddress; // once asked for, Node keeps it behind the socket's end
    const transport = new SocketTransport(socket);
    const { earlyRequests, allowHalfOpen = false } = this.#options;
    const early = earlyRequests && new EarlyConnection(socket, allowHalfOpen, earlyRequests);
    const [answerers, options] = early === undefined ? [this.#answerers, this.#common] : early.on(this.#answerers, this.#common);
    const driving = drive(transport, new Acceptor().start(), answerers, options);
    observe("server", socket, driving);
    const driven = await driving;
    switch (driven.kind) {
      case "established": {
        if (early?.establish(driven)) return;
        const tls = early?.socket ?? withoutThrow(new TlsSocket(socket, allowHalfOpen));
        tls.secure(driven);
        this.#tell("secureConnection", tls);
        // How it ends is seen even where nobody reads.
        process.nextTick(() => tls.read(0));
        return;
      }
      case "passthrough":
        // A client that has ended already could have gone on with its handshake only by sending more.
        if ((await giveBack(socket, transport, driven)) && this.listenerCount("passthrough") > 0) {
          return this.#tell("passthrough", socket, driven.clientHello);
        }
        socket.destroy();
        return;
      case "failed":
        return this.#tell("tlsClientError", tlsClientError(driven), socket);
    }
  }

  /** `accept` is read when a ClientHello is there: it may be another one by then. */
  #answerersOf({ earlyData }: ServerOptions): DoorAnswerers {
    const current = (): Accept => this.#door;
    const door = {
      get accept(): Accept {
        return current();
      },
    };
    return earlyData === undefined ? door : Object.assign(door, { earlyData });
  }

  /** In a turn of its own, so that what a listener throws is the process's, and no rejection of ours. */
  #tell(event: string, ...args: unknown[]): void {
    process.nextTick(() => this.emit(event, ...args));
  }
}
