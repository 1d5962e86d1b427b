// The reading half of a transport: one read at a time, a bounded hold for what arrives while nobody takes it.
import type { Transport } from "./transport.ts";

/** A chunk of at most 64 KiB, or how the transport ended; an end is repeated for ever. */
export type Arrival = Uint8Array | "end" | "reset";

/** Reading ahead stops here, and so much is fed to the machine in one call. */
const holdLimit = 64 * 1024;

export class Inbox {
  readonly #transport: Transport;
  readonly #held: Uint8Array[] = [];
  #heldBytes = 0;
  #ended: "end" | "reset" | undefined;
  #reading: Promise<Uint8Array | undefined> | undefined;
  #waiting: ((arrival: Arrival) => void) | undefined;
  #released = false;
  /**
   * Whether it reads though nobody waits. In a handshake it does, so that an end or a reset is seen while a stage waits for
   * its answer; behind it the pace is the reader's.
   */
  readsAhead = true;
  /** The transport broke, whatever is still held. */
  onReset: (() => void) | undefined;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** What is there now; undefined: one has to wait. */
  take(): Arrival | undefined {
    const head = this.#held[0];
    if (head === undefined) return this.#ended;
    const chunk = head.length > holdLimit ? head.subarray(0, holdLimit) : head;
    if (chunk === head) this.#held.shift();
    else this.#held[0] = head.subarray(holdLimit);
    this.#heldBytes -= chunk.length;
    this.#read();
    return chunk;
  }

  /** A second call supersedes the first, whose promise then never settles. */
  next(): Promise<Arrival> {
    const ready = this.take();
    if (ready !== undefined) return Promise.resolve(ready);
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.#read();
    });
  }

  /** How the transport ended, though something before it may still be held. */
  get ended(): "end" | "reset" | undefined {
    return this.#ended;
  }

  /** Whoever waits in `next` waits no more: its promise never settles, and what comes is held. */
  interrupt(): void {
    this.#waiting = undefined;
  }

  /** Starts to read ahead. */
  watch(): void {
    this.#read();
  }

  /** Hands the transport back. A read that is under way is the first that the returned transport gives. */
  release(): { readonly held: readonly Uint8Array[]; readonly transport: Transport } {
    this.#released = true;
    return { held: this.#held, transport: new Returned(this.#transport, this.#reading, this.#ended) };
  }

  #read(): void {
    if (this.#reading !== undefined || this.#ended !== undefined || this.#released) return;
    if (this.#waiting === undefined && !(this.readsAhead && this.#heldBytes < holdLimit)) return;
    this.#reading = read(this.#transport);
    this.#reading.then(
      (chunk) => this.#arrive(chunk ?? "end"),
      () => this.#arrive("reset"),
    );
  }

  #arrive(arrival: Arrival): void {
    if (this.#released) return;
    this.#reading = undefined;
    if (typeof arrival === "string") {
      this.#ended = arrival;
    } else if (arrival.length > 0) {
      this.#held.push(arrival);
      this.#heldBytes += arrival.length;
    }
    const waiting = this.#waiting;
    const ready = waiting && this.take();
    if (waiting !== undefined && ready !== undefined) {
      this.#waiting = undefined;
      waiting(ready);
    }
    if (arrival === "reset") this.onReset?.();
    this.#read();
  }
}

/** One that throws is one that rejects. */
function read(transport: Transport): Promise<Uint8Array | undefined> {
  try {
    return transport.read();
  } catch (cause) {
    return Promise.reject(cause);
  }
}

class Returned implements Transport {
  readonly #transport: Transport;
  #reading: Promise<Uint8Array | undefined> | undefined;
  readonly #ended: "end" | "reset" | undefined;

  constructor(transport: Transport, reading: Promise<Uint8Array | undefined> | undefined, ended: "end" | "reset" | undefined) {
    this.#transport = transport;
    this.#reading = reading;
    this.#ended = ended;
  }
  get halfCloses(): boolean {
    return this.#transport.halfCloses;
  }
  read(): Promise<Uint8Array | undefined> {
    const underWay = this.#reading;
    this.#reading = undefined;
    if (underWay !== undefined) return underWay;
    return this.#ended === "end" ? Promise.resolve(undefined) : this.#transport.read();
  }
  write(bytes: Uint8Array): Promise<void> {
    return this.#transport.write(bytes);
  }
  closeWrite(): Promise<void> {
    return this.#transport.closeWrite();
  }
  destroy(): void {
    this.#transport.destroy();
  }
}
