import { Socket, type TcpSocketConnectOpts } from "node:net";
import type { Duplex } from "node:stream";
import type { ChunkReader, ChunkWriter, Transport } from "@sallyport/drive";
import { canRelease, isNode, release } from "./release.ts";

/** Where a socket keeps its transport: listeners of its own would cost each idle connection more than all of its keys. */
const transportOf: unique symbol = Symbol("its SocketTransport");
interface Carrier {
  [transportOf]?: SocketTransport | undefined;
}

/** So much as the loop takes at once, and holds. */
const window = new Uint8Array(64 * 1024);

/**
 * Where it can be, a socket of ours reads into one window that all share, and what is in it is opened before the next one reads: a
 * fresh chunk for each read is half of what receiving leaves to the garbage collector. On Windows a read has its memory before its
 * data comes, so that a window can't be shared; other runtimes have `onread` by name alone.
 */
export function readsIntoWindow(socket: () => Duplex): Pick<TcpSocketConnectOpts, "onread"> {
  if (process.platform === "win32" || !isNode) return {};
  const callback = (length: number): boolean => {
    SocketTransport.takeWindow(socket(), length);
    return true;
  };
  return { onread: { buffer: window, callback } };
}

/** A net.Socket, or any Duplex, as the loop sees it. */
export class SocketTransport implements Transport {
  readonly halfCloses = true;
  readonly #socket: Duplex & Carrier;
  readonly #chunks: Uint8Array[] = [];
  #ended = false;
  #error: Error | undefined;
  #reader: ChunkReader | undefined;
  /** What a net.Socket had read when it came to us, and what it gave since. */
  readonly #readBefore: number;
  #given = 0;

  /** @param head bytes that were read already */
  constructor(socket: Duplex, head?: Uint8Array) {
    this.#socket = socket;
    this.#socket[transportOf] = this;
    this.#readBefore = socket instanceof Socket ? socket.bytesRead : 0;
    // The peer's end must not end our side: an alert or the rest of an answer may be on its way.
    socket.allowHalfOpen = true;
    if (head !== undefined && head.length > 0) this.#chunks.push(plain(head));
    const { data, end, error, close } = SocketTransport.#listeners;
    socket.on("data", data).on("end", end).on("error", error).on("close", close);
    if (socket.destroyed) this.#close();
    else socket.resume();
  }

  /** The socket's own error, such as ECONNREFUSED. */
  get error(): Error | undefined {
    return this.#error;
  }
  get ended(): boolean {
    return this.#ended;
  }

  read(): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => this.readTo({ arrived: resolve, broke: reject }));
  }

  readTo(reader: ChunkReader): void {
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) return reader.arrived(chunk);
    if (this.#ended) return reader.arrived(undefined);
    if (this.#error !== undefined) return reader.broke(this.#error);
    this.#reader = reader;
    if (this.#socket.isPaused()) this.#socket.resume();
  }

  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => this.writeTo(bytes, { written: resolve, broke: reject }));
  }

  writeTo(bytes: Uint8Array, writer: ChunkWriter): void {
    // The loop seals into the same memory again. A socket has done with it when it calls back; another Duplex may hand it on as it is.
    const chunk = this.#socket instanceof Socket ? bytes : bytes.slice();
    this.#socket.write(chunk, (error) => (error ? writer.broke(error) : writer.written()));
  }

  closeWrite(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.end((error?: Error | null) => (error ? reject(error) : resolve()));
    });
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Lets go of the socket, paused. What was read and not taken is still given, then an end. */
  detach(): void {
    const socket = this.#socket;
    const { data, end, error, close } = SocketTransport.#listeners;
    socket.off("data", data).off("end", end).off("error", error).off("close", close);
    socket[transportOf] = undefined;
    socket.pause();
    this.#end();
  }

  /** One set for all sockets, called as their methods. */
  static readonly #listeners = {
    data(this: Carrier, data: Buffer): void {
      const transport = this[transportOf];
      if (transport !== undefined) transport.#receive(data);
    },
    end(this: Carrier): void {
      const transport = this[transportOf];
      if (transport !== undefined) transport.#end();
    },
    error(this: Carrier, error: Error): void {
      const transport = this[transportOf];
      if (transport !== undefined) transport.#break(error);
    },
    close(this: Carrier): void {
      const transport = this[transportOf];
      if (transport !== undefined) transport.#close();
    },
  };

  /** @internal Of a socket that reads into `window`. */
  static takeWindow(socket: Duplex & Carrier, length: number): void {
    const transport = socket[transportOf];
    if (transport !== undefined) transport.#take(window.subarray(0, length), true);
  }

  /**
   * From a socket that was given to us, an accepted one for instance, each chunk comes in fresh memory. It is moved into the window,
   * and that memory given back, if nobody else can have it.
   */
  #receive(data: Buffer): void {
    this.#given += data.length;
    if (this.#reader === undefined || !canRelease(data) || data.length > window.length || !this.#isOursAlone())
      return this.#take(plain(data), false);
    const chunk = window.subarray(0, data.length);
    chunk.set(data);
    release(data);
    this.#take(chunk, true);
  }
  /** All that came was read by the socket itself, since it is ours: what somebody else pushes into it, or puts back, may be held there. */
  #isOursAlone(): boolean {
    const socket = this.#socket;
    if (!(socket instanceof Socket) || socket.listenerCount("data") > 1 || socket.listenerCount("readable") > 0) return false;
    return this.#given <= socket.bytesRead - this.#readBefore;
  }
  #take(chunk: Uint8Array, isLent: boolean): void {
    const reader = this.#takeReader();
    if (reader !== undefined) return reader.arrived(chunk, isLent);
    this.#chunks.push(isLent ? Uint8Array.from(chunk) : chunk);
    this.#socket.pause();
  }
  #end(): void {
    this.#ended = true;
    this.#takeReader()?.arrived(undefined);
  }
  #break(error: Error): void {
    this.#error ??= error;
    this.#takeReader()?.broke(error);
  }
  #close(): void {
    if (!this.#ended) this.#break(new Error("the socket was closed under TLS"));
  }
  #takeReader(): ChunkReader | undefined {
    const reader = this.#reader;
    this.#reader = undefined;
    return reader;
  }
}

/** The same memory without Buffer's ways: its `slice` is a view, where everyone else's copies. */
export function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
