// Sallyport's own machine as a subject: a driver that answers at once, by synchronous configs.
import type {
  ErrorAndAlert,
  EarlyDataOutcome,
  Received,
  ServerConfig,
  ServerStage,
  ClientStage,
  Connection,
  ConnectionEvent,
  Bytes,
} from "@sallyport/core";
import type { Subject } from "./conversation.ts";
import { copyOf, join, repeat } from "./octets.ts";

export interface MachineOptions {
  /** A server's. */
  readonly config?: ServerConfig;
  /** A client's early data, a record each. */
  readonly early?: readonly Uint8Array[];
  /** Says what it hears, and closes when the peer does. Default false. */
  readonly echoes?: boolean;
  /** Closes behind the first data that it reads, and says nothing any more. Default false. */
  readonly closes?: boolean;
  /** Answers what waits; default: nothing does. */
  readonly answer?: (stage: ServerStage | ClientStage) => ServerStage | ClientStage;
}

export class Machine implements Subject {
  readonly data: Uint8Array[] = [];
  readonly early: Uint8Array[] = [];
  readonly events: ConnectionEvent[] = [];
  readonly stages: string[] = [];
  wasEstablished = false;
  closed = false;
  failure: ErrorAndAlert | undefined;
  connection: Connection | undefined;
  outcome: EarlyDataOutcome | "none" | undefined;
  readonly #options: MachineOptions;
  readonly #toSend: Uint8Array[];
  #stage: ServerStage | ClientStage;
  #begun = false;
  #hasClosed = false;

  constructor(first: ServerStage | ClientStage, options: MachineOptions = {}) {
    this.#stage = first;
    this.#options = options;
    this.#toSend = [...(options.early ?? [])];
  }

  get state(): Subject["state"] {
    if (this.failure !== undefined) return "failed";
    if (this.closed) return "closed";
    return this.connection === undefined ? "waiting" : "established";
  }
  get told(): string | undefined {
    return this.failure?.error.message;
  }
  /** Where it waits. */
  get stage(): ServerStage | ClientStage {
    return this.#stage;
  }
  begin(): Bytes {
    if (this.#begun) return repeat(0);
    this.#begun = true;
    return this.#enter(this.#stage);
  }
  receive(chunk: Uint8Array): Bytes {
    if (this.failure !== undefined) return this.#echo(this.#afterFailure(chunk));
    if (this.connection !== undefined) return this.#received(this.connection.receive(chunk));
    if (this.#stage.kind === "needs-input") return this.#enter(this.#stage.receive(chunk));
    throw new Error(`waits at ${this.#stage.kind}`);
  }
  receiveEnd(): Bytes {
    if (this.failure !== undefined) return this.#echo(this.failure.abort("reset"));
    if (this.connection !== undefined) return this.#received(this.connection.receiveEnd());
    if (this.#stage.kind === "needs-input") return this.#enter(this.#stage.receiveEnd());
    throw new Error(`waits at ${this.#stage.kind}`);
  }

  #afterFailure(chunk: Uint8Array): { readonly kind: string; readonly output: Bytes; readonly error?: unknown } {
    if (this.connection !== undefined) return this.connection.receive(chunk);
    return this.failure?.abort("timeout") ?? { kind: "failed", output: repeat(0) };
  }
  #echo(result: { readonly kind: string; readonly output: Bytes; readonly error?: unknown }): Bytes {
    if (result.kind !== "failed" || result.output.length > 0 || result.error !== this.failure?.error)
      throw new Error("a failed connection changed its mind");
    return result.output;
  }

  #enter(first: ServerStage | ClientStage): Bytes {
    const written: Bytes[] = [];
    for (let stage = first; ; ) {
      this.#stage = stage;
      this.stages.push(stage.kind);
      written.push(stage.output);
      switch (stage.kind) {
        case "failed":
          this.failure = stage;
          return joined(written);
        case "needs-input": {
          const early = "early" in stage ? stage.early : undefined;
          for (const bytes of early === undefined ? [] : this.#toSend.splice(0)) {
            const sent = early?.send(bytes);
            if (sent !== undefined) written.push(sent.output);
          }
          return joined(written);
        }
        case "established":
          this.connection = stage.connection;
          this.wasEstablished = true;
          if ("earlyData" in stage) this.outcome = stage.earlyData;
          written.push(this.#received(stage.received));
          return joined(written);
        case "accepted":
          if (this.#options.config === undefined) throw new Error("a server has a config");
          stage = stage.choose(this.#options.config);
          break;
        case "early-data":
          this.early.push(copyOf(stage.data.replayable));
          stage = stage.next();
          break;
        case "early-data-end":
          this.outcome = stage.outcome;
          stage = stage.next();
          break;
        default: {
          const { answer } = this.#options;
          if (answer === undefined) throw new Error(`nobody answers ${stage.kind}`);
          stage = answer(stage);
        }
      }
    }
  }
  #received(received: Received): Bytes {
    for (const data of received.data) this.data.push(copyOf(data));
    this.events.push(...received.events);
    if (received.kind === "failed") this.failure ??= received;
    const isNew = received.kind === "closed" && !this.closed;
    if (isNew) this.closed = true;
    const { connection } = this;
    if (this.#hasClosed) return received.output;
    if (this.#options.closes === true && connection !== undefined && received.kind !== "failed" && received.data.length > 0) {
      this.#hasClosed = true;
      return joined([received.output, connection.close().output]);
    }
    if (this.#options.echoes !== true || connection === undefined || received.kind === "failed") return received.output;
    const written = [received.output];
    for (const data of received.data) written.push(connection.send(data).output);
    if (isNew && received.kind === "closed" && received.writable) written.push(connection.close().output);
    return joined(written);
  }
}

/** Most steps write nothing, or one thing. */
function joined(written: readonly Bytes[]): Bytes {
  const [first, ...others] = written.filter(({ length }) => length > 0);
  return first === undefined ? repeat(0) : others.length === 0 ? first : join(first, ...others);
}
