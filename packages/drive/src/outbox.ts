// The writing half of a transport: one write at a time, in the order of the calls that made the bytes.
import type { ChunkWriter, Clock, Transport } from "./transport.ts";

/** Bytes for one write, and who waits for it. */
export interface Batch {
  readonly bytes: Uint8Array;
  /** The transport took it, and has done with `bytes`. */
  sent(): void;
  failed(cause: unknown): void;
}

/** Where more comes from when all else is written: the application's plaintext, sealed at the last moment. */
export interface Source {
  /** undefined: nothing to send. Never throws. */
  seal(): Batch | undefined;
  /** So much waits that a second batch can be sealed while the transport is busy with the first. */
  readonly plentiful: boolean;
  /** The transport broke. */
  failed(cause: unknown): void;
}

/** Above this the loop reads nothing more: a peer that asks for answers and never reads them gets no memory of ours. */
const unsentLimit = 64 * 1024;

/** What is shorter takes what comes next along: copying as much costs less than a write of its own. */
const shortWrite = 16 * 1024;

/** Between its writes it holds no promise and no closure: it is itself what the transport calls. */
export class Outbox implements ChunkWriter {
  readonly #transport: Transport;
  #outputs: Uint8Array[] = [];
  #unsent = 0;
  /** With the transport. */
  #batch: Batch | undefined;
  /** Sealed while the transport is busy. */
  #ahead: Batch | undefined;
  #running = false;
  /** `#running`, but not before more is put or written, or the turn is over. */
  #isHeld = false;
  /** The transport may answer before its call returns. */
  #going = false;
  #finished: Promise<void> | undefined;
  #idle: (() => void)[] | undefined;
  #source: Source | undefined;
  #broken: { readonly cause: unknown } | undefined;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Set once a write or the half-close failed; from then on what is put here is dropped. Reading goes on. */
  get broken(): { readonly cause: unknown } | undefined {
    return this.#broken;
  }

  /** A step's output. It goes before everything that is sealed from now on. */
  put(output: Uint8Array): void {
    if (output.length === 0 || this.#broken !== undefined) return;
    this.#outputs.push(output);
    this.#unsent += output.length;
    if (!this.#isHeld) this.start();
  }

  /** A handshake's last: it waits for what the application writes at once, until the event loop's next turn at most. */
  putLast(output: Uint8Array, clock: Clock): void {
    if (clock.soon !== undefined && output.length > 0 && !this.#running) {
      this.#running = true;
      this.#isHeld = true;
      clock.soon(() => this.#letGo());
    }
    this.put(output);
  }

  drawFrom(source: Source): void {
    this.#source = source;
    if (this.#broken !== undefined) source.failed(this.#broken.cause);
  }

  /** Starts to write in this turn's microtasks, so that what is written in one go is sealed in one go. */
  start(): void {
    if (this.#isHeld) return this.#letGo();
    if (this.#running) return;
    this.#running = true;
    void turn.then(() => this.#go());
  }
  #letGo(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    void turn.then(() => this.#go());
  }

  /** undefined: read on. */
  room(): Promise<void> | undefined {
    return this.#unsent > unsentLimit ? this.flushed() : undefined;
  }

  /** When nothing is left to write, or the transport broke. Never rejects. */
  flushed(): Promise<void> {
    this.#letGo();
    if (!this.#running) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle ??= [];
      this.#idle.push(resolve);
    });
  }

  /** Flushes, then half-closes, once. Never rejects: see `broken`. */
  finish(): Promise<void> {
    this.#finished ??= this.flushed()
      .then(async () => {
        if (this.#broken === undefined && this.#transport.halfCloses) await this.#transport.closeWrite();
      })
      .catch((cause) => this.#break(cause));
    return this.#finished;
  }

  written(): void {
    const batch = this.#batch;
    this.#batch = undefined;
    batch?.sent();
    this.#go();
  }
  broke(cause: unknown): void {
    const batch = this.#batch;
    this.#batch = undefined;
    batch?.failed(cause);
    this.#break(cause);
  }

  #go(): void {
    if (this.#going) return;
    this.#going = true;
    try {
      while (this.#running && this.#batch === undefined) this.#step();
    } catch (cause) {
      this.broke(cause);
    }
    this.#going = false;
  }
  #step(): void {
    const batch = this.#next();
    if (batch === undefined) return this.#rest();
    this.#batch = batch;
    if (batch.bytes.length === 0) return this.written();
    write(this.#transport, batch.bytes, this);
    // It goes before any output that is put from now on, since it was made before.
    if (this.#batch !== undefined && this.#outputs.length === 0 && this.#source?.plentiful) this.#ahead = this.#source.seal();
  }

  #next(): Batch | undefined {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (ahead !== undefined) return ahead;
    const first = this.#takeOutputs() ?? this.#source?.seal();
    return first && this.#withMore(first);
  }
  #withMore(first: Batch): Batch {
    const batches = [first];
    let { length } = first.bytes;
    while (length < shortWrite && this.#outputs.length === 0 && this.#source?.plentiful !== true) {
      const more = this.#source?.seal();
      if (more === undefined) break;
      batches.push(more);
      length += more.bytes.length;
    }
    return batches.length === 1 ? first : joined(batches);
  }

  #takeOutputs(): Batch | undefined {
    const [first, ...others] = this.#outputs;
    if (first === undefined) return undefined;
    const bytes = others.length === 0 ? first : concatenate(this.#outputs);
    this.#outputs = [];
    return {
      bytes,
      sent: () => {
        this.#unsent -= bytes.length;
      },
      failed: () => {},
    };
  }

  #break(cause: unknown): void {
    this.#broken ??= { cause };
    this.#outputs = [];
    this.#unsent = 0;
    this.#ahead?.failed(cause);
    this.#ahead = undefined;
    this.#source?.failed(cause);
    this.#rest();
  }

  #rest(): void {
    this.#running = false;
    const idle = this.#idle;
    this.#idle = undefined;
    for (const resolve of idle ?? []) resolve();
  }
}

function joined(batches: readonly Batch[]): Batch {
  return {
    bytes: concatenate(batches.map(({ bytes }) => bytes)),
    sent: () => {
      for (const batch of batches) batch.sent();
    },
    failed: (cause) => {
      for (const batch of batches) batch.failed(cause);
    },
  };
}

/** Settled: what waits for it runs in this turn's microtasks. */
const turn = Promise.resolve();

/** One that throws is one that rejects. */
function write(transport: Transport, bytes: Uint8Array, writer: ChunkWriter): void {
  if (transport.writeTo !== undefined) return transport.writeTo(bytes, writer);
  transport.write(bytes).then(
    () => writer.written(),
    (cause) => writer.broke(cause),
  );
}

export function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
