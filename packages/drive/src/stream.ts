// The established connection as a byte stream.
import {
  type AbortCause,
  ApiMisuse,
  type Connection,
  type ConnectionEvent,
  type ErrorAndAlert,
  type Established,
  type Exported,
  type Info,
  type Received,
  type TlsError,
} from "@sallyport/core";
import { report } from "./events.ts";
import { farewell, type Line } from "./farewell.ts";
import type { Arrival, Waiter } from "./inbox.ts";
import { keep, withoutFirst } from "./pieces.ts";
import { Plaintext, WriteSideClosed, type Writing } from "./plaintext.ts";
import { quiet } from "./quiet.ts";
import type { SmallRecords } from "./record-sizes.ts";
import type { Closing, Extraction, TlsStream, Written } from "./tls-stream.ts";

/** Plaintext that is read ahead. */
const readAheadLimit = 64 * 1024;

interface Reader {
  readonly resolve: (data: Uint8Array | undefined) => void;
  readonly reject: (error: TlsError | ApiMisuse) => void;
}

/** While it is idle it holds no promise and no closure: it is itself what is called. */
export class Stream implements TlsStream, Waiter, Writing {
  readonly #line: Line;
  readonly #connection: Connection;
  readonly #onEvent: ((event: ConnectionEvent) => void) | undefined;
  readonly #plaintext: Plaintext;
  #data: Uint8Array[] = [];
  #dataBytes = 0;
  #readers: Reader[] | undefined;
  #waiter: Waiter | undefined;
  #pumping = false;
  #readEnd: "close-notify" | TlsError | ApiMisuse | undefined;
  /**
   * Makes what tells why nothing can be written any more: a WriteSideClosed is made for a writer that comes too late, if one
   * does.
   */
  #writeEnd: (() => unknown) | undefined;
  #ownClose: Promise<void> | undefined;
  /** Our close_notify is with the transport: until then nothing may be cut short. */
  #ownCloseSent = false;
  #finishing = false;
  /** The read loop stops at its next look. */
  #still = false;
  #extracting = false;
  /** Something came, or the connection failed. */
  #onChange: (() => void) | undefined;
  #closing: Closing | undefined;
  /** For whoever asked. */
  #closed: Promise<Closing> | undefined;
  #resolveClosed: ((closing: Closing) => void) | undefined;

  /** @param first what is read before all else. */
  constructor(
    line: Line,
    { connection, received }: Established,
    onEvent: ((event: ConnectionEvent) => void) | undefined,
    first: readonly Uint8Array[] = [],
    smallRecords?: SmallRecords,
  ) {
    this.#line = line;
    this.#connection = connection;
    this.#onEvent = onEvent;
    this.#plaintext = new Plaintext(connection, this, smallRecords);
    line.outbox.drawFrom(this.#plaintext);
    line.inbox.readsAhead = false;
    line.inbox.onReset = undefined;
    for (const data of first) this.#take(data);
    this.#handle(received);
    this.#pump();
  }

  get info(): Info {
    return this.#connection.info;
  }

  get closed(): Promise<Closing> {
    this.#closed ??=
      this.#closing === undefined
        ? new Promise((resolve) => {
            this.#resolveClosed = resolve;
          })
        : Promise.resolve(this.#closing);
    return this.#closed;
  }
  get readEnd(): "close-notify" | TlsError | ApiMisuse | undefined {
    return this.#readEnd;
  }

  read(): Promise<Uint8Array | undefined> {
    const data = this.take();
    if (data !== undefined) return Promise.resolve(data);
    if (this.#readEnd === "close-notify") return Promise.resolve(undefined);
    if (this.#readEnd !== undefined) return Promise.reject(this.#readEnd);
    return new Promise((resolve, reject) => {
      this.#readers ??= [];
      this.#readers.push({ resolve, reject });
    });
  }

  take(): Uint8Array | undefined {
    const [data] = this.#data;
    if (data === undefined) return undefined;
    this.#data = withoutFirst(this.#data);
    this.#dataBytes -= data.length;
    this.#pump();
    return data;
  }

  wait(waiter: Waiter): void {
    this.#waiter = waiter;
    this.#tellWaiter();
  }

  write(...data: readonly Uint8Array[]): Promise<void> {
    return quiet(new Promise((written, failed) => this.writeThen(data, { written, failed })));
  }
  writeThen(data: readonly Uint8Array[], who: Written): void {
    if (this.#writeEnd !== undefined) return who.failed(this.#writeEnd());
    this.#plaintext.push(data, who);
    this.#line.outbox.start();
  }

  closeWrite(): Promise<void> {
    if (this.#ownClose !== undefined) return this.#ownClose;
    if (this.#writeEnd !== undefined) return Promise.reject(this.#writeEnd());
    this.#writeEnd = () => new WriteSideClosed("own-close");
    const { outbox } = this.#line;
    const closed = this.#plaintext
      .pushStep(() => this.#connection.close())
      .then(async () => {
        await outbox.finish();
        if (outbox.broken !== undefined) throw outbox.broken.cause;
        this.#ownCloseSent = true;
        this.#finishIfOver();
      });
    outbox.start();
    this.#ownClose = quiet(closed);
    return this.#ownClose;
  }

  async abort(cause: AbortCause): Promise<void> {
    if (!this.#finishing) this.#leave(cause);
    await this.closed;
  }

  /** A server of HTTP answers 400 and destroys the socket: the peer shall read it, though its writer is told of the end. */
  #leave(cause: AbortCause): void {
    const last = this.#plaintext.lastWords();
    if (last !== undefined) this.#line.outbox.put(last.bytes);
    if (!this.#finishing) this.#failWith(cause);
    last?.failed(this.#writeEnd?.());
  }

  exportKeyingMaterial(label: string, context: Uint8Array | undefined, length: number): Exported {
    return this.#connection.exportKeyingMaterial(label, context, length);
  }
  channelBinding(): Exported {
    return this.#connection.channelBinding();
  }

  updateKeys(options?: { readonly requestPeer?: boolean }): Promise<void> {
    if (this.#writeEnd !== undefined) return Promise.reject(this.#writeEnd());
    const updated = this.#plaintext.pushStep(() => this.#connection.updateKeys(options));
    this.#line.outbox.start();
    return quiet(updated);
  }

  extractSecrets(): Promise<Extraction> {
    if (this.#extracting || this.#finishing) return Promise.reject(elsewhere());
    return quiet(this.#extract());
  }

  async #extract(): Promise<Extraction> {
    const { inbox, outbox } = this.#line;
    const writeEnd = this.#writeEnd;
    this.#writeEnd ??= elsewhere;
    this.#extracting = true;
    try {
      for (;;) {
        await this.#standStill();
        if (this.#finishing) throw this.#readEnd instanceof Error ? this.#readEnd : elsewhere();
        const extracted = this.#connection.extractSecrets();
        outbox.put(extracted.output);
        if (extracted.kind === "extracted") {
          const { transport } = inbox.release();
          const data = this.#data.splice(0);
          this.#endElsewhere();
          await outbox.flushed();
          return { secrets: extracted.secrets, data, transport };
        }
        if (extracted.kind === "failed") this.#failAndTell(extracted);
        else await this.#change();
      }
    } catch (cause) {
      // A caller's mistake costs nothing: the stream lives on.
      if (!this.#finishing) this.#writeEnd = writeEnd;
      this.#extracting = false;
      this.#goOn();
      throw cause;
    }
  }

  /** All that was written is sent, all that was read is with the machine, and nothing is on its way between them. */
  async #standStill(): Promise<void> {
    const { inbox, outbox } = this.#line;
    await outbox.flushed();
    if (this.#finishing) return;
    this.#still = true;
    inbox.interrupt();
    await undefined; // a chunk that the transport has given already is held then
    this.#pumping = false;
    for (let chunk = inbox.take(); chunk instanceof Uint8Array; chunk = inbox.take()) {
      if (this.#readEnd === undefined) this.#handle(this.#connection.receive(chunk));
    }
  }
  #goOn(): void {
    this.#still = false;
    this.#pump();
  }
  /** When something has come, or the connection failed. */
  async #change(): Promise<void> {
    const changed = new Promise<void>((resolve) => {
      this.#onChange = resolve;
    });
    this.#goOn();
    await changed;
  }
  #endElsewhere(): void {
    this.#finishing = true;
    this.#readEnd = elsewhere();
    this.#writeEnd = elsewhere;
    this.#wakeReaders();
    this.#tellClosed({ error: undefined, delivery: "none-due" });
  }

  /** @internal The inbox has something, or the outbox room. */
  arrival(): void {
    this.#pumping = false;
    this.#pump();
  }

  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      this.#readOn();
    } catch (cause) {
      this.#failWith({ alert: "internal_error", reason: "the read loop failed", cause });
    }
  }

  /** As long as there is something to read, and room for it. */
  #readOn(): void {
    const { inbox, outbox } = this.#line;
    while (this.#readEnd === undefined && this.#dataBytes < readAheadLimit && !this.#still) {
      const room = outbox.room();
      if (room !== undefined) {
        void room.then(() => this.arrival());
        return;
      }
      const arrival = inbox.take();
      if (arrival === undefined) return inbox.wait(this);
      this.#handle(this.#receive(arrival));
    }
    this.#pumping = false;
  }

  #receive(arrival: Arrival): Received {
    if (arrival === "end") return this.#connection.receiveEnd();
    return arrival === "reset" ? this.#connection.abort("reset") : this.#connection.receive(arrival);
  }

  #handle(received: Received): void {
    this.#line.outbox.put(received.output);
    for (const data of received.data) if (data.length > 0) this.#take(data);
    if (received.kind === "failed") {
      this.#fail(received);
    } else if (received.kind === "closed") {
      this.#readEnd = "close-notify";
      if (!received.writable) this.#closedByPeer();
    }
    this.#wakeReaders();
    this.#report(received.events);
    this.#finishIfOver();
    this.#onChange?.();
    this.#tellWaiter();
  }

  #take(data: Uint8Array): void {
    keep(this.#data, this.#line.inbox.owned(data));
    this.#dataBytes += data.length;
  }

  #report(events: readonly ConnectionEvent[]): void {
    try {
      report(events, this.#onEvent);
    } catch (cause) {
      this.#failWith({ alert: "internal_error", reason: "onEvent threw", cause });
    }
  }

  #wakeReaders(): void {
    while (this.#readers !== undefined && (this.#data.length > 0 || this.#readEnd !== undefined)) {
      const reader = this.#readers.shift();
      if (this.#readers.length === 0) this.#readers = undefined;
      const [data] = this.#data;
      this.#data = withoutFirst(this.#data);
      this.#dataBytes -= data?.length ?? 0;
      if (data !== undefined || this.#readEnd === "close-notify") reader?.resolve(data);
      else if (this.#readEnd !== undefined) reader?.reject(this.#readEnd);
    }
  }

  #tellWaiter(): void {
    const waiter = this.#waiter;
    if (waiter === undefined || (this.#data.length === 0 && this.#readEnd === undefined)) return;
    this.#waiter = undefined;
    waiter.arrival();
  }

  #closedByPeer(): void {
    const why = (): unknown => new WriteSideClosed("peer-close");
    this.#writeEnd ??= why;
    this.#plaintext.reject(why);
    this.#ownClose ??= this.#line.outbox.finish();
    this.#ownCloseSent = true;
  }

  /** @internal */
  sealFailed(failure: ErrorAndAlert): void {
    this.#failAndTell(failure);
  }
  /** @internal Reading goes on: what the peer sent before it went, an alert perhaps, says why. */
  transportBroke(cause: unknown): void {
    const why = (): unknown => cause;
    this.#writeEnd ??= why;
    this.#plaintext.reject(why);
    this.#finishIfOver();
  }

  #failWith(cause: AbortCause): void {
    const failure = this.#connection.abort(cause);
    this.#line.outbox.put(failure.output);
    this.#failAndTell(failure);
  }
  #failAndTell(failure: ErrorAndAlert): void {
    this.#fail(failure);
    this.#wakeReaders();
    this.#tellWaiter();
  }

  #fail(failure: ErrorAndAlert): void {
    if (this.#finishing) return;
    this.#readEnd ??= failure.error;
    const why = (): unknown => failure.error;
    this.#writeEnd = why;
    this.#plaintext.reject(why);
    // Behind our own close_notify no alert may follow, but what is on its way is as much worth to the peer.
    const { alert } = failure;
    this.#finish(failure.error, alert.kind === "alert" || alert.reason === "own write side closed");
    this.#onChange?.();
  }

  #finishIfOver(): void {
    const written = this.#ownCloseSent || this.#line.outbox.broken !== undefined;
    // Without a half-close neither side would see the other's end before it closes itself; and both have said all.
    const { halfCloses } = this.#line.transport;
    if (!this.#finishing && this.#readEnd === "close-notify" && written) this.#finish(undefined, halfCloses);
  }

  #finish(error: TlsError | undefined, due: boolean): void {
    this.#finishing = true;
    void farewell(this.#line, due ? "alert" : "nothing").then(({ delivery }) => this.#tellClosed({ error, delivery }));
  }
  #tellClosed(closing: Closing): void {
    this.#closing = closing;
    this.#resolveClosed?.(closing);
  }
}

function elsewhere(): ApiMisuse {
  return new ApiMisuse("closed", "the stream's secrets were extracted: it goes on elsewhere");
}
