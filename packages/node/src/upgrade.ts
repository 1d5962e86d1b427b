import type { Duplex } from "node:stream";
import { Acceptor, Connector } from "@sallyport/core";
import { drive } from "@sallyport/drive";
import { withCallbacks } from "./callbacks.ts";
import { handshakeOn } from "./handshake.ts";
import type { UpgradeOptions } from "./options.ts";
import type { TlsSocket } from "./tls-socket.ts";

/**
 * STARTTLS, and every other protocol that begins in clear. From here on the socket is TLS's alone: remove your own listeners,
 * and give as `head` what you have read behind the command. If `accept` answers `passthrough`, the TlsSocket emits
 * `passthrough` with the socket, and is destroyed without touching it.
 */
export function upgrade(socket: Duplex, options: UpgradeOptions): TlsSocket {
  if (options.isServer) {
    const { earlyData } = options;
    const accept = withCallbacks(options.accept, options);
    const answerers = earlyData === undefined ? { accept } : { accept, earlyData };
    return handshakeOn(
      "server",
      socket,
      options,
      (transport, common) => drive(transport, new Acceptor().start(), answerers, common),
      ["secure"],
    );
  }
  const answerers = options.earlyData === undefined ? {} : { earlyData: options.earlyData };
  const start = new Connector(options.config, options.servername, options).start();
  return handshakeOn("client", socket, options, (transport, common) => drive(transport, start, answerers, common), [
    "secure",
    "secureConnect",
  ]);
}
