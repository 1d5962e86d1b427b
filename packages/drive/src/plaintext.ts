// The application's plaintext: queued as it comes, sealed when the transport is free for it. Small writes that wait together
// share records, since the fixed cost of a record is most of what a small write costs.
import type { Bytes, Connection, Ended, ErrorAndAlert, Sent } from "@sallyport/core";
import { type Batch, concatenate, type Source } from "./outbox.ts";
import { withoutFirst } from "./pieces.ts";
import { recordOverhead, returnWindow, takeWindow, type Window } from "./windows.ts";

/** A direction that can't be written to: ours was closed, or (TLS 1.2) the peer's close took ours along (RFC 5246 §7.2.1). */
export class WriteSideClosed extends Error {
  override readonly name = "WriteSideClosed";
  readonly by: "own-close" | "peer-close";
  constructor(by: "own-close" | "peer-close") {
    super(by === "own-close" ? "the own write side is closed" : "the peer has closed, which in TLS 1.2 closes both directions");
    this.by = by;
  }
}

/** With so much waiting, the next window is sealed while the transport is busy with the last. */
const plentifulBytes = 64 * 1024;

interface Settle {
  readonly resolve: () => void;
  readonly reject: (cause: unknown) => void;
}
interface Data {
  readonly kind: "data";
  readonly bytes: Uint8Array;
  taken: number;
  /** With the last piece of a write. */
  readonly settle: Settle | undefined;
}
/** A call that keeps its place among the data: a close, a KeyUpdate. */
interface Step {
  readonly kind: "step";
  readonly run: () => Sent | ErrorAndAlert;
  readonly settle: Settle;
}

/** Whose plaintext it is. */
export interface Writing {
  /** The failure's output is in the batch already. */
  sealFailed(failure: ErrorAndAlert): void;
  transportBroke(cause: unknown): void;
}

export class Plaintext implements Source {
  readonly #connection: Connection;
  readonly #writing: Writing;
  #entries: (Data | Step)[] = [];
  #bytes = 0;

  constructor(connection: Connection, writing: Writing) {
    this.#connection = connection;
    this.#writing = writing;
  }

  get plentiful(): boolean {
    return this.#bytes >= plentifulBytes;
  }

  /** The pieces are read until the promise settles. */
  push(pieces: readonly Uint8Array[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = { resolve, reject };
      const last = pieces.length - 1;
      if (last < 0) resolve();
      pieces.forEach((bytes, index) => {
        this.#entries.push({ kind: "data", bytes, taken: 0, settle: index === last ? settle : undefined });
        this.#bytes += bytes.length;
      });
    });
  }

  pushStep(run: () => Sent | ErrorAndAlert): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#entries.push({ kind: "step", run, settle: { resolve, reject } });
    });
  }

  /** What waits, if it fits into one record: for an end that comes in the very turn in which it was written. */
  lastWords(): Batch | undefined {
    const unit = this.#connection.info.maxRecordSize.send;
    return this.#bytes <= unit && this.#head()?.kind === "data" ? this.#sealOne(unit) : undefined;
  }

  /** Drops what is not sealed yet. */
  reject(why: () => unknown): void {
    const entries = this.#entries;
    this.#entries = [];
    this.#bytes = 0;
    for (const { settle } of entries) settle?.reject(why());
  }

  failed(cause: unknown): void {
    this.#writing.transportBroke(cause);
  }

  seal(): Batch | undefined {
    const head = this.#head();
    if (head === undefined) return undefined;
    if (head.kind === "step") return this.#run(head);
    const unit = this.#connection.info.maxRecordSize.send;
    return this.#bytes <= unit ? this.#sealOne(unit) : this.#sealWindow(unit);
  }

  #head(): Data | Step | undefined {
    for (;;) {
      const head = this.#entries[0];
      if (head?.kind !== "data" || head.bytes.length > 0) return head;
      this.#entries = withoutFirst(this.#entries);
      head.settle?.resolve();
    }
  }

  #run(step: Step): Batch {
    this.#entries = withoutFirst(this.#entries);
    let result: Sent | ErrorAndAlert;
    try {
      result = step.run();
    } catch (misuse) {
      step.settle.reject(misuse);
      return batchOf(new Uint8Array(0), []);
    }
    if (result.kind === "sent") return batchOf(result.output, [step.settle]);
    step.settle.reject(result.error);
    return this.#stop(result, []);
  }

  /** All that waits fits into one record; into memory of its own size, since an idle peer may pin it for long. */
  #sealOne(unit: number): Batch {
    const sealed: Settle[] = [];
    const data = this.#gather(unit, undefined);
    const result = this.#connection.send(data);
    if (result.kind !== "sent") return this.#stop(result, sealed);
    this.#consume(data.length, sealed);
    return batchOf(result.output, sealed);
  }

  #sealWindow(unit: number): Batch {
    const sealed: Settle[] = [];
    const window = takeWindow();
    let written = 0;
    for (;;) {
      const records = Math.floor((window.sealed.length - written) / (unit + recordOverhead));
      if (records === 0 || this.#head()?.kind !== "data") break;
      const result = this.#connection.sendInto(this.#gather(records * unit, window, unit), window.sealed.subarray(written));
      if (result.kind !== "sent") return this.#stop(result, sealed, window.sealed.subarray(0, written));
      this.#consume(result.taken, sealed);
      written += result.written;
    }
    return batchOf(window.sealed.subarray(0, written), sealed, window);
  }

  /** Nothing can be sealed any more. What was sealed before goes out, and the failure's output behind it. */
  #stop(result: Ended | ErrorAndAlert, sealed: readonly Settle[], before: Uint8Array = new Uint8Array(0)): Batch {
    if (result.kind === "ended") this.reject(() => new WriteSideClosed("peer-close"));
    else this.#writing.sealFailed(result);
    return batchOf(concatenate([before, result.output]), sealed);
  }

  /** At most `limit` bytes from the front: whole records of a large piece where they lie, small pieces gathered into one. */
  #gather(limit: number, window: Window | undefined, unit: number = limit): Uint8Array {
    const [first, second] = this.#entries;
    if (first?.kind !== "data") return new Uint8Array(0);
    const rest = first.bytes.subarray(first.taken);
    if (rest.length >= unit) return rest.subarray(0, Math.min(rest.length - (rest.length % unit), limit));
    if (second?.kind !== "data") return rest;
    const gathered = window?.staging ?? new Uint8Array(this.#bytes);
    const size = Math.min(unit, gathered.length);
    let length = 0;
    for (const entry of this.#entries) {
      if (entry.kind !== "data" || length === size) break;
      const part = entry.bytes.subarray(entry.taken, entry.taken + size - length);
      gathered.set(part, length);
      length += part.length;
    }
    return gathered.subarray(0, length);
  }

  #consume(taken: number, sealed: Settle[]): void {
    this.#bytes -= taken;
    for (let left = taken; left > 0; ) {
      const head = this.#entries[0];
      if (head?.kind !== "data") return;
      const part = Math.min(left, head.bytes.length - head.taken);
      head.taken += part;
      left -= part;
      if (head.taken < head.bytes.length) return;
      this.#entries = withoutFirst(this.#entries);
      if (head.settle !== undefined) sealed.push(head.settle);
    }
  }
}

function batchOf(bytes: Uint8Array | Bytes, sealed: readonly Settle[], window?: Window): Batch {
  return {
    bytes,
    sent: () => {
      if (window !== undefined) returnWindow(window);
      for (const { resolve } of sealed) resolve();
    },
    // The window is not reused: a transport that failed may still hold it.
    failed: (cause) => {
      for (const { reject } of sealed) reject(cause);
    },
  };
}
