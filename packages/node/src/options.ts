import type { Duplex } from "node:stream";
import type { ClientConfig, ClientHello, ConnectorOptions, ServerConfig } from "@sallyport/core";
import type { Budget, Decision } from "@sallyport/drive";

export interface AdapterOptions {
  /** Default 10 s. At a client it includes connecting. */
  readonly handshakeTimeoutMs?: number;
  /** Default: one a server, one an undici connector; other connections count for themselves. */
  readonly budget?: Budget;
  /** False (default): the peer's close_notify ends our side too, once all that was written is sent. */
  readonly allowHalfOpen?: boolean;
}

export type Accept = ServerConfig | ((clientHello: ClientHello, signal: AbortSignal) => Decision | Promise<Decision>);

export interface ServerOptions extends AdapterOptions {
  /** One config for all, or a decision a connection, now or later; what it throws or rejects with is internal_error. */
  readonly accept: Accept;
}

export interface ConnectOptions extends AdapterOptions, ConnectorOptions {
  readonly config: ClientConfig;
  /** Default localhost. */
  readonly host?: string;
  readonly port?: number;
  /** Instead of host and port. */
  readonly socket?: Duplex;
  /** Default: host. */
  readonly servername?: string;
  /** Destroys the socket, at any time, as net.connect's does. */
  readonly signal?: AbortSignal;
}

export type UpgradeOptions = AdapterOptions & {
  /** Bytes that were read already and belong to TLS. */
  readonly head?: Uint8Array;
} & (
    | { readonly isServer: true; readonly accept: Accept }
    | ({ readonly isServer: false; readonly config: ClientConfig; readonly servername: string } & ConnectorOptions)
  );
