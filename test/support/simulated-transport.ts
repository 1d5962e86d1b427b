// A transport without a network: the test is the peer and the kernel.
import type { ChunkReader, ChunkWriter, Transport } from "@sallyport/drive";

export class SimulatedTransport implements Transport {
  halfCloses = true;
  /** What was asked of it, in order: `write 7`, `closeWrite`, `destroy`. */
  readonly log: string[] = [];
  readonly #written: Uint8Array[] = [];
  #incoming: (Uint8Array | undefined | Error)[] = [];
  #reader: ChunkReader | undefined;
  readonly readTo?: (reader: ChunkReader) => void;
  readonly writeTo?: (bytes: Uint8Array, writer: ChunkWriter) => void;
  #stalled: { readonly writer: ChunkWriter; readonly bytes: Uint8Array; readonly copy: Uint8Array } | undefined;
  #writes: "taken" | "stalled" | Error = "taken";
  readonly #lends: boolean;
  /**
   * @param manner `direct`: it has `readTo` and `writeTo`, and answers at once what is there; `lends`: and overwrites it when the call
   * returns
   */
  constructor(manner: "promises" | "direct" | "lends" = "promises") {
    this.#lends = manner === "lends";
    if (manner === "promises") return;
    this.readTo = (reader) => this.#readTo(reader);
    this.writeTo = (bytes, writer) => this.#writeTo(bytes, writer);
  }
  /** How often `read` was called and is not answered. */
  get readsUnderWay(): number {
    return this.#reader === undefined ? 0 : 1;
  }
  get destroyed(): boolean {
    return this.log.includes("destroy");
  }
  /** Arrived, and not read. */
  get unread(): number {
    return this.#incoming.reduce((length, chunk) => length + (chunk instanceof Uint8Array ? chunk.length : 0), 0);
  }
  onWrite: ((bytes: Uint8Array) => void) | undefined;
  onCloseWrite: (() => void) | undefined;
  onDestroy: ((unread: number) => void) | undefined;

  /** All that was written so far. */
  get written(): Uint8Array {
    return Uint8Array.from(this.#written.flatMap((bytes) => [...bytes]));
  }

  /** The same, a write each. */
  get writes(): readonly Uint8Array[] {
    return this.#written;
  }

  // The peer's and the kernel's side.

  deliver(bytes: Uint8Array): void {
    this.#arrive(bytes);
  }
  end(): void {
    this.#arrive(undefined);
  }
  /** What was not read yet is lost. */
  reset(cause: Error = new Error("ECONNRESET")): void {
    this.#writes = cause;
    this.#breakStalled(cause);
    this.#incoming = [];
    this.#arrive(cause);
  }
  /** From now on writes wait. */
  stallWrites(): void {
    this.#writes = "stalled";
  }
  /** Takes the write that waits, and leaves the next one waiting. */
  takeOneWrite(): void {
    const stalled = this.#stalled;
    this.#stalled = undefined;
    if (stalled === undefined) return;
    // "Has done with the bytes, which may then be sealed into again": until now they must not have changed.
    if (Buffer.compare(stalled.bytes, stalled.copy) !== 0) throw new Error("bytes changed while they were being written");
    stalled.writer.written();
  }
  failWrites(cause: Error = new Error("EPIPE")): void {
    this.#writes = cause;
    this.#breakStalled(cause);
  }
  #breakStalled(cause: Error): void {
    const stalled = this.#stalled;
    this.#stalled = undefined;
    stalled?.writer.broke(cause);
  }

  // The loop's side.

  read(): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => this.#readTo({ arrived: resolve, broke: reject }));
  }
  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => this.#writeTo(bytes, { written: resolve, broke: reject }));
  }
  #writeTo(bytes: Uint8Array, writer: ChunkWriter): void {
    if (this.#stalled !== undefined) throw new Error("two writes at a time");
    this.log.push(`write ${bytes.length}`);
    if (this.#writes instanceof Error) return writer.broke(this.#writes);
    const copy = bytes.slice();
    this.#written.push(copy);
    this.onWrite?.(copy);
    // `onWrite` may have changed it.
    const writes: "taken" | "stalled" | Error = this.#writes;
    if (writes === "taken") return writer.written();
    if (writes !== "stalled") return writer.broke(writes);
    this.#stalled = { writer, bytes, copy };
  }
  closeWrite(): Promise<void> {
    this.log.push("closeWrite");
    if (this.#writes instanceof Error) return Promise.reject(this.#writes);
    this.onCloseWrite?.();
    return Promise.resolve();
  }
  destroy(): void {
    if (this.destroyed) return;
    this.log.push("destroy");
    this.onDestroy?.(this.unread);
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.broke(new Error("destroyed"));
    this.#breakStalled(new Error("destroyed"));
  }

  #lend(chunk: Uint8Array, reader: ChunkReader): void {
    const window = Uint8Array.from(chunk);
    reader.arrived(window, true);
    window.fill(0xee);
  }
  #readTo(reader: ChunkReader): void {
    if (this.#reader !== undefined) throw new Error("two reads at a time");
    this.#reader = reader;
    this.#answerRead();
  }
  #arrive(what: Uint8Array | undefined | Error): void {
    if (this.destroyed) return;
    this.#incoming.push(what);
    this.#answerRead();
  }
  #answerRead(): void {
    const reader = this.#reader;
    if (reader === undefined || this.#incoming.length === 0) return;
    this.#reader = undefined;
    const what = this.#incoming[0];
    if (what instanceof Uint8Array) this.#incoming.shift();
    if (what instanceof Error) reader.broke(what);
    else if (what === undefined || !this.#lends) reader.arrived(what);
    else this.#lend(what, reader);
  }
}

/**
 * Two ends of one simulated connection. As with a kernel, an end that is destroyed with unread input resets the connection, and
 * what the other end had not read yet is lost.
 */
export function simulatedPair(): { readonly client: SimulatedTransport; readonly server: SimulatedTransport } {
  const client = new SimulatedTransport();
  const server = new SimulatedTransport();
  for (const [own, other] of [
    [client, server],
    [server, client],
  ] as const) {
    own.onWrite = (bytes) => other.deliver(bytes);
    own.onCloseWrite = () => other.end();
    own.onDestroy = (unread) => {
      if (unread > 0) other.reset();
      else if (!own.log.includes("closeWrite")) other.end();
    };
  }
  return { client, server };
}
