// TLS over a pair of {readable, writable}: browsers, workers, Deno, Bun, Node.
import { Acceptor, type Bytes, type ClientConfig, type ClientHello, Connector, type ConnectorOptions } from "@sallyport/core";
import {
  type Budget,
  type Decision,
  type Driven,
  type DriveOptions,
  drive,
  type DynamicRecordSizes,
  type EarlyDataHandler,
  type EarlyDataSource,
  type PassedThrough,
} from "@sallyport/drive";
import { clock } from "./clock.ts";
import { type BytePair, PairTransport } from "./pair-transport.ts";
import { type TlsPair, tlsPair } from "./tls-pair.ts";

export type {
  Budget,
  BudgetOptions,
  Decision,
  DynamicRecordSizeOptions,
  DynamicRecordSizes,
  EarlyDataHandler,
  EarlyDataSource,
  EarlyExchange,
  Passthrough,
  Refusal,
} from "@sallyport/drive";
export { budget, dynamicRecordSizes, passthrough, refuse } from "@sallyport/drive";
export type { BytePair } from "./pair-transport.ts";
export type { TlsPair } from "./tls-pair.ts";
export { type WebSocketPairOptions, webSocketPair } from "./web-socket-pair.ts";

export interface PairOptions {
  /** Default 10 s. */
  readonly handshakeTimeoutMs?: number;
  /** Cancels the handshake; it means nothing to an open pair. */
  readonly signal?: AbortSignal;
  /** Share one among connections. */
  readonly budget?: Budget;
  /** What `dynamicRecordSizes()` made: first bytes, and those behind a pause, in small records. Default: all as large as agreed. */
  readonly recordSizes?: DynamicRecordSizes;
  /** Of a pair that doesn't say so itself: false where closing `writable` closes the whole. */
  readonly halfCloses?: boolean;
}

export interface ConnectTlsOptions extends ConnectorOptions, PairOptions {
  readonly config: ClientConfig;
  readonly serverName: string;
  /** What is said before the server has answered, where a session allows it; `earlyData` of the pair tells what became of it. */
  readonly earlyData?: EarlyDataSource;
}

export interface AcceptTlsOptions extends PairOptions {
  /**
   * Takes early data as it comes, and with it that it may be a replay. Default: `readable` begins with it, when the handshake is
   * complete.
   */
  readonly earlyData?: EarlyDataHandler;
}

/**
 * A client over `pair`, which is locked from here on. Cancelling or aborting a side before `opened` cancels the handshake.
 *
 * @throws ApiMisuse for a server name that can be none
 * @example
 * const tls = connectTls(await tcp.opened, { config, serverName: "db.internal" });
 * console.log((await tls.opened).suite);
 */
export function connectTls(pair: BytePair, options: ConnectTlsOptions): TlsPair {
  const start = new Connector(options.config, options.serverName, options).start();
  const transport = new PairTransport(pair, pair.halfCloses ?? options.halfCloses ?? true);
  const cancelled = new AbortController();
  const cancel = (): void => cancelled.abort();
  if (options.signal?.aborted) cancel();
  else options.signal?.addEventListener("abort", cancel);
  const established = new Promise<Driven>((resolve, reject) => {
    const answerers = options.earlyData === undefined ? {} : { earlyData: options.earlyData };
    const driven = drive(transport, start, answerers, {
      ...driveOptions(options),
      signal: cancelled.signal,
      onFailure: ({ error }) => reject(error),
    });
    void driven.then((result) => {
      options.signal?.removeEventListener("abort", cancel);
      if (result.kind === "established") resolve(result);
    });
  });
  return tlsPair(established, transport.halfCloses, cancel);
}

export type AcceptedPair =
  | ({ readonly kind: "tls" } & TlsPair)
  /** The untouched stream, from its first byte. */
  | { readonly kind: "passthrough"; readonly clientHello: ClientHello; readonly pair: BytePair };

/** A server over `pair`. Rejects with the TlsError after its alert is delivered. */
export async function acceptTls(
  pair: BytePair,
  accept: (clientHello: ClientHello, signal: AbortSignal) => Decision | Promise<Decision>,
  options: AcceptTlsOptions = {},
): Promise<AcceptedPair> {
  const transport = new PairTransport(pair, pair.halfCloses ?? options.halfCloses ?? true);
  const { signal, earlyData } = options;
  const answerers = earlyData === undefined ? { accept } : { accept, earlyData };
  const driven = await drive(transport, new Acceptor().start(), answerers, {
    ...driveOptions(options),
    ...(signal === undefined ? {} : { signal }),
  });
  switch (driven.kind) {
    case "established":
      return { kind: "tls", ...tlsPair(Promise.resolve(driven), transport.halfCloses, () => {}) };
    case "passthrough":
      return { kind: "passthrough", clientHello: driven.clientHello, pair: givenBack(transport, driven) };
    case "failed":
      throw driven.failure.error;
  }
}

function givenBack(transport: PairTransport, passed: PassedThrough): BytePair {
  const readable = new ReadableStream<Bytes>(
    {
      start(controller) {
        controller.enqueue(passed.received);
      },
      async pull(controller) {
        const chunk = await passed.transport.read();
        if (chunk === undefined) controller.close();
        else controller.enqueue(new Uint8Array(chunk));
      },
      cancel(reason) {
        return transport.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
  return { readable, writable: transport.detach(), halfCloses: transport.halfCloses };
}

function driveOptions({ handshakeTimeoutMs, budget, recordSizes }: PairOptions): DriveOptions {
  return {
    clock,
    ...(handshakeTimeoutMs === undefined ? {} : { handshakeTimeoutMs }),
    ...(budget === undefined ? {} : { budget }),
    ...(recordSizes === undefined ? {} : { recordSizes }),
  };
}
