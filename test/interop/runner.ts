import type { AddressInfo, Socket } from "node:net";
import * as net from "node:net";
import type {
  AbortCause,
  ClientConfig,
  ClientStage,
  Connection,
  ConnectionEvent,
  EarlyDataOutcome,
  ErrorAndAlert,
  Established,
  Info,
  Received,
  ServerConfig,
  ServerStage,
} from "@sallyport/core";
import { Acceptor, Connector } from "@sallyport/core";

/** An established connection over a socket, as much as the tests need. Nothing is written twice, and no output is dropped. */
export interface Link {
  readonly info: Info;
  readonly connection: Connection;
  readonly events: readonly ConnectionEvent[];
  /** Early data that came. */
  readonly early: string;
  /** What became of early data; undefined: nobody said. */
  readonly outcome: EarlyDataOutcome | "none" | undefined;
  /** The next data; undefined: close_notify. Rejects with the TlsError. */
  read(): Promise<Uint8Array | undefined>;
  /** Reads on until the text has a match. */
  readUntil(pattern: RegExp): Promise<string>;
  write(data: string): void;
  updateKeys(requestPeer: boolean): void;
  /** close_notify, and the socket's half-close. */
  close(): void;
  /** A fatal alert, and the socket's half-close. */
  abort(cause: AbortCause): void;
  /** Waits for the end of the peer's side of the socket, two seconds at most; what comes is discarded. */
  drained(): Promise<void>;
}

export type Outcome =
  | { readonly kind: "established"; readonly link: Link }
  | { readonly kind: "failed"; readonly failure: ErrorAndAlert };

/** A server on loopback whose connections all get this config. Those that fail deliver their alert. */
export async function listen(config: ServerConfig): Promise<{
  readonly port: number;
  /** The outcome of the next handshake that has none taken yet. */
  next(): Promise<Outcome>;
  close(): Promise<void>;
}> {
  const done: Outcome[] = [];
  const waiting: ((outcome: Outcome) => void)[] = [];
  const sockets = new Set<Socket>();
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, async (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    const outcome = await handshake(socket, new Acceptor().start(), config);
    const take = waiting.shift();
    if (take === undefined) done.push(outcome);
    else take(outcome);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port, // listening on TCP
    next: () => {
      const outcome = done.shift();
      return outcome === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(outcome);
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

export interface ConnectOptions {
  /** Default localhost. */
  readonly serverName?: string | undefined;
  /** What is written instead of a handshake step's output. */
  readonly alter?: (output: Uint8Array) => Uint8Array;
  /** Is sent as early data, where that is allowed. */
  readonly early?: string;
}

export async function connect(
  port: number,
  config: ClientConfig,
  { serverName, alter, early }: ConnectOptions = {},
): Promise<Outcome> {
  const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
  return handshake(socket, new Connector(config, serverName ?? "localhost").start(), undefined, alter, early);
}

/** @throws the failure's error */
export function established(outcome: Outcome): Link {
  if (outcome.kind === "established") return outcome.link;
  throw outcome.failure.error;
}

async function handshake(
  socket: Socket,
  start: ServerStage | ClientStage,
  config: ServerConfig | undefined,
  alter = (output: Uint8Array) => output,
  early = "",
): Promise<Outcome> {
  const incoming = new Incoming(socket);
  const never = new AbortController().signal;
  let stage = start;
  let came = "";
  let outcome: Link["outcome"];
  for (;;) {
    send(socket, alter(stage.output));
    switch (stage.kind) {
      case "established":
        if ("earlyData" in stage) outcome = stage.earlyData;
        return { kind: "established", link: { ...linkOver(socket, incoming, stage), early: came, outcome } };
      case "failed":
        socket.end();
        await incoming.drained();
        socket.destroy();
        return { kind: "failed", failure: stage };
      case "early-data":
        came += Buffer.from(stage.data.replayable).toString("latin1");
        if (stage.halfRtt !== undefined) send(socket, stage.halfRtt.writer.send(Buffer.from("half a round trip ahead\n")).output);
        stage = stage.next();
        break;
      case "early-data-end":
        outcome = stage.outcome;
        stage = stage.next();
        break;
      case "needs-input": {
        if ("early" in stage && stage.early !== undefined) send(socket, stage.early.send(Buffer.from(early)).output);
        const chunk = await incoming.next();
        if (chunk instanceof Error) stage = stage.abort("reset");
        else stage = chunk === undefined ? stage.receiveEnd() : stage.receive(chunk);
        break;
      }
      case "accepted":
        stage = config === undefined ? stage.reject("internal_error", "no config") : stage.choose(config);
        break;
      case "needs-signature":
        stage = stage.provide(await stage.key.signAsync(stage.scheme, stage.message, never));
        break;
      case "needs-signature-check": {
        const { publicKey, message, signature } = stage.check;
        stage = stage.answer(await stage.verification.verifyAsync(publicKey, message, signature, never));
        break;
      }
      case "needs-verdict": {
        const verdict = await stage.verifier.verifyAsync(stage.presented, never);
        stage = "reason" in verdict ? stage.distrust(verdict) : stage.trust(verdict);
        break;
      }
      default:
        stage = stage.abort({ alert: "internal_error", reason: `nobody here answers ${stage.kind}` });
    }
  }
}

function linkOver(socket: Socket, incoming: Incoming, { connection, received }: Established): Omit<Link, "early" | "outcome"> {
  const data: Uint8Array[] = [];
  const events: ConnectionEvent[] = [];
  let end: Received | undefined;
  take(received);

  function take(step: Received): void {
    send(socket, step.output);
    data.push(...step.data);
    events.push(...step.events);
    if (step.kind !== "open") end = step;
    if (step.kind === "failed") socket.end();
  }

  const link: Omit<Link, "early" | "outcome"> = {
    info: connection.info,
    connection,
    events,
    async read() {
      for (;;) {
        const next = data.shift();
        if (next !== undefined) return next;
        if (end?.kind === "failed") throw end.error;
        if (end?.kind === "closed") return undefined;
        const chunk = await incoming.next();
        if (chunk instanceof Error) take(connection.abort("reset"));
        else take(chunk === undefined ? connection.receiveEnd() : connection.receive(chunk));
      }
    },
    async readUntil(pattern) {
      let text = "";
      while (!pattern.test(text)) {
        const next = await link.read();
        if (next === undefined) throw new Error(`closed before ${pattern}: ${text}`);
        text += Buffer.from(next).toString("latin1");
      }
      return text;
    },
    write: (text) => send(socket, connection.send(Buffer.from(text)).output),
    updateKeys: (requestPeer) => send(socket, connection.updateKeys({ requestPeer }).output),
    close() {
      send(socket, connection.close().output);
      socket.end();
    },
    abort(cause) {
      send(socket, connection.abort(cause).output);
      socket.end();
    },
    async drained() {
      await incoming.drained();
      socket.destroy();
    },
  };
  return link;
}

function send(socket: Socket, output: Uint8Array): void {
  if (output.length > 0 && socket.writable) socket.write(output);
}

/** A socket's chunks, one at a time; undefined is its end, an Error its reset. */
class Incoming {
  readonly #socket: Socket;
  #error: Error | undefined;
  #ended = false;
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("readable", () => this.#wake());
    socket.on("end", () => {
      this.#ended = true;
      this.#wake();
    });
    socket.on("close", () => {
      this.#ended = true;
      this.#wake();
    });
    socket.on("error", (error) => {
      this.#error = error;
      this.#wake();
    });
  }

  async next(): Promise<Uint8Array | undefined | Error> {
    for (;;) {
      const chunk: Buffer | null = this.#socket.read();
      if (chunk !== null) return chunk;
      if (this.#error !== undefined) return this.#error;
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async drained(): Promise<void> {
    const timer = setTimeout(() => this.#socket.destroy(), 2000);
    for (let chunk = await this.next(); chunk !== undefined && !(chunk instanceof Error); chunk = await this.next());
    clearTimeout(timer);
  }
}
