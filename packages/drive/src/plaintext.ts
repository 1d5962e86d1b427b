// The application's plaintext: queued as it comes, sealed when the transport is free for it. Small writes that wait together
// share records, since the fixed cost of a record is most of what a small write costs.
import type { Bytes, Connection, Ended, ErrorAndAlert, Sent } from "@sallyport/core";
import { type Batch, concatenate, type Source } from "./outbox.ts";
import type { SmallRecords } from "./record-sizes.ts";
import type { Written } from "./tls-stream.ts";
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

interface Data {
  readonly kind: "data";
  readonly bytes: Uint8Array;
  taken: number;
  /** With the last piece of a write. */
  readonly settle: Written | undefined;
  next: Entry | undefined;
}
/** A call that keeps its place among the data: a close, a KeyUpdate. */
interface Step {
  readonly kind: "step";
  readonly run: () => Sent | ErrorAndAlert;
  readonly settle: Written;
  next: Entry | undefined;
}
/** A list, and no array: one that is taken from the front, while thousands of small writes wait, is moved each time. */
type Entry = Data | Step;

/** Whose plaintext it is. */
export interface Writing {
  /** The failure's output is in the batch already. */
  sealFailed(failure: ErrorAndAlert): void;
  transportBroke(cause: unknown): void;
}

export class Plaintext implements Source {
  readonly #connection: Connection;
  readonly #writing: Writing;
  readonly #small: SmallRecords | undefined;
  #first: Entry | undefined;
  #last: Entry | undefined;
  #bytes = 0;

  /** @param small by default every record is as large as was agreed */
  constructor(connection: Connection, writing: Writing, small?: SmallRecords) {
    this.#connection = connection;
    this.#writing = writing;
    this.#small = small;
  }

  get plentiful(): boolean {
    return this.#bytes >= plentifulBytes;
  }

  /** The pieces are read until `settle` is called. */
  push(pieces: readonly Uint8Array[], settle: Written): void {
    const last = pieces.length - 1;
    if (last < 0) settle.written();
    for (const [index, bytes] of pieces.entries()) {
      this.#append({ kind: "data", bytes, taken: 0, settle: index === last ? settle : undefined, next: undefined });
      this.#bytes += bytes.length;
    }
  }

  pushStep(run: () => Sent | ErrorAndAlert): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#append({ kind: "step", run, settle: { written: resolve, failed: reject }, next: undefined });
    });
  }

  /** What waits, if it fits into one record: for an end that comes in the very turn in which it was written. */
  lastWords(): Batch | undefined {
    const unit = this.#connection.info.maxRecordSize.send;
    if (this.#bytes > unit || this.#first?.kind !== "data") return undefined;
    this.#small?.begin();
    return this.#sealFew(unit);
  }

  /** Drops what is not sealed yet. */
  reject(why: () => unknown): void {
    let entry = this.#first;
    this.#first = undefined;
    this.#last = undefined;
    this.#bytes = 0;
    for (; entry !== undefined; entry = entry.next) entry.settle?.failed(why());
  }

  failed(cause: unknown): void {
    this.#writing.transportBroke(cause);
  }

  seal(): Batch | undefined {
    const head = this.#first;
    if (head === undefined) return undefined;
    if (head.kind === "step") return this.#run(head);
    this.#small?.begin();
    const unit = this.#connection.info.maxRecordSize.send;
    if (this.#bytes <= unit) return this.#sealFew(unit);
    const window = takeWindow();
    return this.#sealInto(window.sealed, unit, window);
  }

  #append(entry: Entry): void {
    if (this.#last === undefined) this.#first = entry;
    else this.#last.next = entry;
    this.#last = entry;
  }
  #dropFirst(): void {
    this.#first = this.#first?.next;
    if (this.#first === undefined) this.#last = undefined;
  }

  /** Empty pieces make no record: they are written with what goes before them. */
  #dropEmpty(sealed: Written[]): void {
    for (let head = this.#first; head?.kind === "data" && head.bytes.length === 0; head = this.#first) {
      this.#dropFirst();
      if (head.settle !== undefined) sealed.push(head.settle);
    }
  }

  #run(step: Step): Batch {
    this.#dropFirst();
    let result: Sent | ErrorAndAlert;
    try {
      result = step.run();
    } catch (misuse) {
      step.settle.failed(misuse);
      return batchOf(new Uint8Array(0), []);
    }
    if (result.kind === "sent") return batchOf(result.output, [step.settle]);
    step.settle.failed(result.error);
    return this.#stop(result, []);
  }

  /** All that waits fits into one full record: into memory of its own size, since an idle peer may pin it for long. */
  #sealFew(unit: number): Batch {
    const size = this.#recordSize(unit);
    if (this.#bytes > size)
      return this.#sealInto(new Uint8Array(this.#bytes + Math.ceil(this.#bytes / size) * recordOverhead), unit);
    const sealed: Written[] = [];
    this.#dropEmpty(sealed);
    const data = this.#gather(unit, unit);
    if (data.length === 0) return batchOf(data, sealed);
    const result = this.#connection.send(data);
    if (result.kind !== "sent") return this.#stop(result, sealed);
    this.#consume(data.length, sealed);
    return batchOf(result.output, sealed);
  }

  /** @param window whose `sealed` the target is */
  #sealInto(target: Uint8Array<ArrayBuffer>, unit: number, window?: Window): Batch {
    const sealed: Written[] = [];
    this.#dropEmpty(sealed);
    let written = 0;
    for (;;) {
      const size = this.#recordSize(unit);
      const records = Math.floor((target.length - written) / (Math.min(size, this.#bytes) + recordOverhead));
      if (records === 0 || this.#first?.kind !== "data") break;
      // Core cuts by what was agreed: smaller ones are given to it one by one.
      const limit = size < unit ? size : records * unit;
      const result = this.#connection.sendInto(this.#gather(limit, size, window), target.subarray(written));
      if (result.kind !== "sent") return this.#stop(result, sealed, target.subarray(0, written));
      this.#consume(result.taken, sealed);
      written += result.written;
    }
    return batchOf(target.subarray(0, written), sealed, window);
  }

  /** Plaintext bytes of the next record. */
  #recordSize(unit: number): number {
    return this.#small?.limit(unit) ?? unit;
  }

  /** Nothing can be sealed any more. What was sealed before goes out, and the failure's output behind it. */
  #stop(result: Ended | ErrorAndAlert, sealed: readonly Written[], before: Uint8Array = new Uint8Array(0)): Batch {
    if (result.kind === "ended") this.reject(() => new WriteSideClosed("peer-close"));
    else this.#writing.sealFailed(result);
    return batchOf(concatenate([before, result.output]), sealed);
  }

  /** At most `limit` bytes from the front: whole records of a large piece where they lie, small pieces gathered into one. */
  #gather(limit: number, unit: number, window?: Window): Uint8Array {
    const first = this.#first;
    if (first?.kind !== "data") return new Uint8Array(0);
    const rest = first.taken === 0 ? first.bytes : first.bytes.subarray(first.taken);
    if (rest.length >= unit) return rest.subarray(0, Math.min(rest.length - (rest.length % unit), limit));
    if (first.next?.kind !== "data") return rest;
    const gathered = window?.staging ?? new Uint8Array(Math.min(this.#bytes, unit));
    const size = Math.min(unit, gathered.length);
    let length = 0;
    for (let entry: Entry | undefined = first; entry?.kind === "data" && length < size; entry = entry.next) {
      const { bytes, taken } = entry;
      const part = taken === 0 && bytes.length <= size - length ? bytes : bytes.subarray(taken, taken + size - length);
      gathered.set(part, length);
      length += part.length;
    }
    return gathered.subarray(0, length);
  }

  #consume(taken: number, sealed: Written[]): void {
    this.#small?.sealed(taken);
    this.#bytes -= taken;
    for (let left = taken; left > 0; ) {
      const head = this.#first;
      if (head?.kind !== "data") return;
      const part = Math.min(left, head.bytes.length - head.taken);
      head.taken += part;
      left -= part;
      if (head.taken < head.bytes.length) return;
      this.#dropFirst();
      if (head.settle !== undefined) sealed.push(head.settle);
    }
    this.#dropEmpty(sealed);
  }
}

function batchOf(bytes: Uint8Array | Bytes, sealed: readonly Written[], window?: Window): Batch {
  return {
    bytes,
    sent: () => {
      if (window !== undefined) returnWindow(window);
      for (const settle of sealed) settle.written();
    },
    // The window is not reused: a transport that failed may still hold it.
    failed: (cause) => {
      for (const settle of sealed) settle.failed(cause);
    },
  };
}
