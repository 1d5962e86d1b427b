import { connect as connectTcp, isIP } from "node:net";
import { addAbortSignal, type Duplex } from "node:stream";
import { type ClientConfig, Connector } from "@sallyport/core";
import { budget, drive } from "@sallyport/drive";
import { handshakeOn } from "./handshake.ts";
import type { ConnectOptions } from "./options.ts";
import { readsIntoWindow } from "./socket-transport.ts";
import type { TlsSocket } from "./tls-socket.ts";

/**
 * Connects, by TCP or over a Duplex that is there. What is written before `secureConnect` waits for it.
 *
 * @throws ApiMisuse for a server name that can be none
 * @example
 * connect({ config, host: "example.org", port: 443 }, () => console.log("secure"));
 */
export function connect(options: ConnectOptions, onSecure?: () => void): TlsSocket {
  const { config, host = "localhost", port = 443, servername = host, signal } = options;
  const start = new Connector(config, servername, options).start();
  const answerers = options.earlyData === undefined ? {} : { earlyData: options.earlyData };
  const socket: Duplex =
    options.socket ?? connectTcp({ host, port, allowHalfOpen: true, noDelay: true, ...readsIntoWindow(() => socket) });
  const tls = handshakeOn("client", socket, options, (transport, common) => drive(transport, start, answerers, common), [
    "connect",
    "ready",
    "secure",
    "secureConnect",
  ]);
  if (onSecure !== undefined) tls.once("secureConnect", onSecure);
  if (signal !== undefined) addAbortSignal(signal, tls);
  return tls;
}

/**
 * For undici: `new Agent({ connect: undiciConnector(config) })`. Its connections share one budget.
 */
export function undiciConnector(
  config: ClientConfig,
): (
  options: { readonly hostname: string; readonly host?: string; readonly port: string; readonly servername?: string | null },
  callback: (...args: [error: null, socket: TlsSocket] | [error: Error, socket: null]) => void,
) => void {
  const shared = budget();
  return ({ hostname, port, servername }, callback) => {
    // A URL has its IPv6 literals in brackets.
    const host = hostname.startsWith("[") && isIP(hostname.slice(1, -1)) === 6 ? hostname.slice(1, -1) : hostname;
    const socket = connect({ config, host, port: Number(port || 443), servername: servername || host, budget: shared });
    // HTTP's requests have their length, and undici destroys idle sockets with an error.
    socket.delimitsItself();
    const failed = (error: Error): void => callback(error, null);
    socket.once("error", failed).once("secureConnect", () => {
      socket.off("error", failed);
      callback(null, socket);
    });
  };
}
