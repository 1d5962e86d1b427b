import type { Duplex } from "node:stream";
import type { ClientConfig, ClientHello, ConnectorOptions, ServerConfig } from "@sallyport/core";
import type { Budget, Decision, DynamicRecordSizes, EarlyDataHandler, EarlyDataSource } from "@sallyport/drive";
import type { DoorCallbacks } from "./callbacks.ts";
import type { EarlyRequests } from "./early-requests.ts";
import type { PlainHttpAnswer } from "./plain-http.ts";

export interface AdapterOptions {
  /** Default 10 s. At a client it includes connecting. */
  readonly handshakeTimeoutMs?: number;
  /** Default: one a server, one an undici connector; other connections count for themselves. */
  readonly budget?: Budget;
  /** What `dynamicRecordSizes()` made: first bytes, and those behind a pause, in small records. Default: all as large as agreed. */
  readonly recordSizes?: DynamicRecordSizes;
  /** False (default): the peer's close_notify ends our side too, once all that was written is sent. */
  readonly allowHalfOpen?: boolean;
}

export interface PlainHttpOptions {
  /** What a client that speaks plain HTTP is told in place of an alert: `true`, 400 and a sentence; or a response of yours. */
  readonly plainHttp?: true | PlainHttpAnswer;
}

export type Accept = ServerConfig | ((clientHello: ClientHello, signal: AbortSignal) => Decision | Promise<Decision>);

export interface ServerOptions extends AdapterOptions, PlainHttpOptions, DoorCallbacks {
  /** One config for all, or a decision a connection, now or later; what it throws or rejects with is internal_error. */
  readonly accept: Accept;
  /**
   * Takes early data as it comes, and with it that it may be a replay. Default: it is read from the socket like all other data,
   * when the handshake is complete.
   */
  readonly earlyData?: EarlyDataHandler;
  /**
   * Gives HTTP/1.1 requests that come as early data to this HTTP server, marked with `Early-Data: 1`, before the handshake is
   * complete. Instead of `earlyData`.
   */
  readonly earlyRequests?: EarlyRequests;
}

export interface ConnectOptions extends AdapterOptions, ConnectorOptions {
  readonly config: ClientConfig;
  /** What is said before the server has answered, where a session allows it; `socket.earlyData` tells what became of it. */
  readonly earlyData?: EarlyDataSource;
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
    | ({ readonly isServer: true; readonly accept: Accept; readonly earlyData?: EarlyDataHandler } & PlainHttpOptions &
        DoorCallbacks)
    | ({
        readonly isServer: false;
        readonly config: ClientConfig;
        readonly servername: string;
        readonly earlyData?: EarlyDataSource;
      } & ConnectorOptions)
  );
