import type { Duplex } from "node:stream";
import type { Transport } from "@sallyport/drive";

/** A net.Socket, or any Duplex, as the loop sees it. */
export class SocketTransport implements Transport {
  readonly halfCloses = true;
  readonly #socket: Duplex;
  readonly #chunks: Uint8Array[] = [];
  #ended = false;
  #error: Error | undefined;
  #reader: { readonly resolve: (chunk: Uint8Array | undefined) => void; readonly reject: (cause: Error) => void } | undefined;

  /** @param head bytes that were read already */
  constructor(socket: Duplex, head?: Uint8Array) {
    this.#socket = socket;
    // The peer's end must not end our side: an alert or the rest of an answer may be on its way.
    socket.allowHalfOpen = true;
    if (head !== undefined && head.length > 0) this.#chunks.push(plain(head));
    socket.on("data", this.#onData).on("end", this.#onEnd).on("error", this.#onError).on("close", this.#onClose);
    if (socket.destroyed) this.#onClose();
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
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) return Promise.resolve(chunk);
    if (this.#ended) return Promise.resolve(undefined);
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (this.#socket.isPaused()) this.#socket.resume();
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }

  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
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
    socket.off("data", this.#onData).off("end", this.#onEnd).off("error", this.#onError).off("close", this.#onClose);
    socket.pause();
    this.#onEnd();
  }

  readonly #onData = (data: Buffer): void => {
    const reader = this.#reader;
    if (reader === undefined) {
      this.#chunks.push(plain(data));
      this.#socket.pause();
    } else {
      this.#reader = undefined;
      reader.resolve(plain(data));
    }
  };
  readonly #onEnd = (): void => {
    this.#ended = true;
    this.#reader?.resolve(undefined);
    this.#reader = undefined;
  };
  readonly #onError = (error: Error): void => {
    this.#error ??= error;
    this.#reader?.reject(error);
    this.#reader = undefined;
  };
  readonly #onClose = (): void => {
    if (!this.#ended) this.#onError(new Error("the socket was closed under TLS"));
  };
}

/** The same memory without Buffer's ways: its `slice` is a view, where everyone else's copies. */
export function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
