// TLS over Deno.Conn: clients, servers, and STARTTLS on both sides.
import {
  Acceptor,
  type ClientConfig,
  type ClientHello,
  Connector,
  type ConnectorOptions,
  type EarlyDataOutcome,
  type Info,
} from "@sallyport/core";
import {
  type Budget,
  type Clock,
  type Decision,
  type Driven,
  type DriveOptions,
  drive,
  type DynamicRecordSizes,
  type EarlyDataHandler,
  type EarlyDataSource,
  expectRecordSizes,
  budget as freshBudget,
  type PassedThrough,
  type ServerDriven,
} from "@sallyport/drive";
import { ByteConn } from "./byte-conn.ts";
import { type Conn, ConnTransport } from "./conn-transport.ts";

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
export type { Conn } from "./conn-transport.ts";

/** A Deno.Conn in the shape of Deno.TlsConn. Its errors are TlsErrors; a truncation is one. */
export interface TlsConn extends Conn {
  /** When the handshake is done. `read` and `write` wait for it by themselves. */
  handshake(): Promise<Info>;
  /** What became of early data; undefined: none was offered. Waits as `handshake` does. */
  earlyData(): Promise<EarlyDataOutcome | undefined>;
}

/** The slice of Deno.Listener that is used. */
export interface Listener extends AsyncIterable<Conn> {
  accept(): Promise<Conn>;
  close(): void;
}

export type Accept = (clientHello: ClientHello, signal: AbortSignal) => Decision | Promise<Decision>;

export interface TlsOptions {
  /** Default 10 s. */
  readonly handshakeTimeoutMs?: number;
  /** Default: one a listener; other connections count for themselves. */
  readonly budget?: Budget;
  /** What `dynamicRecordSizes()` made: first bytes, and those behind a pause, in small records. Default: all as large as agreed. */
  readonly recordSizes?: DynamicRecordSizes;
}
export interface ConnectTlsOptions extends ConnectorOptions, TlsOptions {
  /** What is said before the server has answered, where a session allows it; `earlyData()` tells what became of it. */
  readonly earlyData?: EarlyDataSource;
}
export interface ServeTlsOptions extends TlsOptions {
  /** Takes early data as it comes, and with it that it may be a replay. Default: `read` begins with it. */
  readonly earlyData?: EarlyDataHandler;
  /** Takes what `accept` lets pass, from its first byte; without it that is closed. The TlsConn's `handshake` rejects. */
  readonly onPassthrough?: (conn: Conn, clientHello: ClientHello) => void;
}

/**
 * A client over a connection that is there; `conn` is TLS's alone from here on.
 *
 * @throws ApiMisuse for a server name that can be none
 * @example
 * const tls = connectTls(await Deno.connect({ hostname: "10.0.0.7", port: 5432 }), config, "db.internal");
 * console.log((await tls.handshake()).suite);
 */
export function connectTls(conn: Conn, config: ClientConfig, serverName: string, options: ConnectTlsOptions = {}): TlsConn {
  const start = new Connector(config, serverName, options).start();
  const answerers = options.earlyData === undefined ? {} : { earlyData: options.earlyData };
  return new HandshakingConn(conn, (common) => drive(new ConnTransport(conn), start, answerers, common), options);
}

/** A server on a connection that is there. `head`: bytes that were read already and belong to TLS. */
export function startTls(conn: Conn, accept: Accept, options: ServeTlsOptions & { readonly head?: Uint8Array } = {}): TlsConn {
  const transport = new ConnTransport(conn, options.head);
  const { earlyData } = options;
  const answerers = earlyData === undefined ? { accept } : { accept, earlyData };
  return new HandshakingConn(conn, (common) => drive(transport, new Acceptor().start(), answerers, common), options);
}

/**
 * A listener whose connections are secure. Each is given at once, with its handshake under way: one that stalls holds up no
 * other.
 *
 * @throws ApiMisuse for `recordSizes` that nobody made
 * @example
 * for await (const conn of listenTls(Deno.listen({ port: 8443 }), () => config)) void serve(conn);
 */
export function listenTls(
  listener: Listener,
  accept: Accept,
  options: ServeTlsOptions = {},
): AsyncIterable<TlsConn> & { close(): void } {
  const common = { budget: freshBudget(), ...options };
  if (options.recordSizes !== undefined) expectRecordSizes(options.recordSizes);
  return {
    async *[Symbol.asyncIterator](): AsyncGenerator<TlsConn> {
      for await (const conn of listener) yield startTls(conn, accept, common);
    },
    close: () => listener.close(),
  };
}

const clock: Clock = {
  after(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
  now: () => performance.now(),
};

class HandshakingConn extends ByteConn implements TlsConn {
  readonly #established: Promise<Driven>;

  constructor(
    conn: Conn,
    begin: (options: DriveOptions) => Promise<ServerDriven>,
    options: TlsOptions & Pick<ServeTlsOptions, "onPassthrough">,
  ) {
    const cancelled = new AbortController();
    const done = new Promise<Driven>((resolve, reject) => {
      const { handshakeTimeoutMs, budget, recordSizes } = options;
      const driven = begin({
        clock,
        signal: cancelled.signal,
        onFailure: ({ error }) => reject(error),
        ...(handshakeTimeoutMs === undefined ? {} : { handshakeTimeoutMs }),
        ...(budget === undefined ? {} : { budget }),
        ...(recordSizes === undefined ? {} : { recordSizes }),
      });
      void driven.then((result) => {
        if (result.kind === "established") return resolve(result);
        if (result.kind === "failed") return;
        reject(new Error("not for TLS: it was let pass"));
        if (options.onPassthrough === undefined) conn.close();
        else options.onPassthrough(passedConn(conn, result), result.clientHello);
      });
    });
    // Whoever reads, writes or waits is told; nobody has to.
    done.catch(() => {});
    const established = done.then(({ stream }) => stream);
    established.catch(() => {});
    super(
      {
        read: async () => (await established).read(),
        write: async (...data) => (await established).write(...data),
        closeWrite: async () => (await established).closeWrite(),
        close: (whole) => {
          cancelled.abort();
          const by = whole ? "cancelled" : ({ alert: "internal_error", reason: "closed while writing" } as const);
          established.then((stream) => stream.abort(by)).catch(() => {});
        },
      },
      conn,
    );
    this.#established = done;
  }

  async handshake(): Promise<Info> {
    return (await this.#established).stream.info;
  }
  async earlyData(): Promise<EarlyDataOutcome | undefined> {
    return (await this.#established).earlyData;
  }
}

function passedConn(conn: Conn, { received, transport }: PassedThrough): Conn {
  let head: Uint8Array | undefined = received;
  return new ByteConn(
    {
      async read() {
        const first = head;
        head = undefined;
        return first ?? transport.read();
      },
      async write(...data) {
        for (const chunk of data) await transport.write(chunk);
      },
      closeWrite: () => transport.closeWrite(),
      close: () => transport.destroy(),
    },
    conn,
  );
}
