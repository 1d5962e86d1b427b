// The reading half of a transport: one read at a time, a bounded hold for what arrives while nobody takes it.
import { withoutFirst } from "./pieces.ts";
import { quiet } from "./quiet.ts";
import type { ChunkReader, Transport } from "./transport.ts";

/** A chunk of at most 64 KiB, or how the transport ended; an end is repeated for ever. */
export type Arrival = Uint8Array | "end" | "reset";

/** Who waits until `take` has something to give. */
export interface Waiter {
  arrival(): void;
}

/** Reading ahead stops here, and so much is fed to the machine in one call. */
const holdLimit = 64 * 1024;

/** No promise, no closure: an idle connection waits in here for as long as it lives. */
export class Inbox implements ChunkReader {
  readonly #transport: Transport;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #ended: "end" | "reset" | undefined;
  /** A read is under way. */
  #reading = false;
  /** The transport may answer at once, and is asked again when it has returned. */
  #asking = false;
  #waiter: Waiter | undefined;
  #returned: Returned | undefined;
  /** The memory of a chunk that the transport lends, while it does. */
  #lent: ArrayBufferLike | undefined;
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
    if (chunk === head) this.#held = withoutFirst(this.#held);
    else this.#held[0] = head.subarray(holdLimit);
    this.#heldBytes -= chunk.length;
    this.#read();
    return chunk;
  }

  /** What is still needed of a chunk when the transport has returned. */
  owned(bytes: Uint8Array): Uint8Array {
    return bytes.buffer === this.#lent ? Uint8Array.from(bytes) : bytes;
  }

  /** Tells, once, when there is something to take. A second waiter takes the first one's place. */
  wait(waiter: Waiter): void {
    this.#waiter = waiter;
    this.#read();
  }

  /** What comes next. A second call supersedes the first, whose promise then never settles. */
  next(): Promise<Arrival> {
    const ready = this.take();
    if (ready !== undefined) return Promise.resolve(this.#ownedArrival(ready));
    return new Promise((resolve) => {
      this.wait({
        arrival: () => {
          const arrival = this.take();
          if (arrival !== undefined) resolve(this.#ownedArrival(arrival));
        },
      });
    });
  }

  /** How the transport ended, though something before it may still be held. */
  get ended(): "end" | "reset" | undefined {
    return this.#ended;
  }

  /** Whoever waits waits no more, and what comes is held. */
  interrupt(): void {
    this.#waiter = undefined;
  }

  /** Starts to read ahead. */
  watch(): void {
    this.#read();
  }

  /** Hands the transport back. A read that is under way is the first that the returned transport gives. */
  release(): { readonly held: readonly Uint8Array[]; readonly transport: Transport } {
    this.#returned = new Returned(this.#transport, this.#reading, this.#ended);
    return { held: this.#held, transport: this.#returned };
  }

  arrived(chunk: Uint8Array | undefined, isLent = false): void {
    if (isLent) this.#lent = chunk?.buffer;
    if (this.#returned !== undefined) this.#returned.arrived(chunk && this.owned(chunk));
    else this.#arrive(chunk ?? "end");
    if (!isLent) return;
    this.#held = this.#held.map((held) => this.owned(held));
    this.#lent = undefined;
  }
  broke(cause: unknown): void {
    if (this.#returned !== undefined) this.#returned.broke(cause);
    else this.#arrive("reset");
  }

  #ownedArrival(arrival: Arrival): Arrival {
    return typeof arrival === "string" ? arrival : this.owned(arrival);
  }

  #read(): void {
    if (this.#asking) return;
    this.#asking = true;
    while (this.#wants()) {
      this.#reading = true;
      ask(this.#transport, this);
    }
    this.#asking = false;
  }
  #wants(): boolean {
    if (this.#reading || this.#ended !== undefined || this.#returned !== undefined) return false;
    return this.#waiter !== undefined || (this.readsAhead && this.#heldBytes < holdLimit);
  }

  #arrive(arrival: Arrival): void {
    this.#reading = false;
    if (typeof arrival === "string") {
      this.#ended = arrival;
    } else if (arrival.length > 0) {
      this.#held.push(arrival);
      this.#heldBytes += arrival.length;
    }
    const waiter = this.#waiter;
    if (waiter !== undefined && (this.#held.length > 0 || this.#ended !== undefined)) {
      this.#waiter = undefined;
      waiter.arrival();
    }
    if (arrival === "reset") this.onReset?.();
    this.#read();
  }
}

/** One that throws is one that rejects. */
function ask(transport: Transport, reader: ChunkReader): void {
  try {
    if (transport.readTo !== undefined) return transport.readTo(reader);
    transport.read().then(
      (chunk) => reader.arrived(chunk),
      (cause) => reader.broke(cause),
    );
  } catch (cause) {
    reader.broke(cause);
  }
}

class Returned implements Transport, ChunkReader {
  readonly #transport: Transport;
  #underWay: Promise<Uint8Array | undefined> | undefined;
  readonly #ended: "end" | "reset" | undefined;
  arrived: (chunk: Uint8Array | undefined) => void = () => {};
  broke: (cause: unknown) => void = () => {};

  constructor(transport: Transport, isReading: boolean, ended: "end" | "reset" | undefined) {
    this.#transport = transport;
    this.#ended = ended;
    if (!isReading) return;
    this.#underWay = quiet(
      new Promise((resolve, reject) => {
        this.arrived = resolve;
        this.broke = reject;
      }),
    );
  }
  get halfCloses(): boolean {
    return this.#transport.halfCloses;
  }
  read(): Promise<Uint8Array | undefined> {
    const underWay = this.#underWay;
    this.#underWay = undefined;
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
