import type { Bytes } from "@sallyport/core";
import type { Transport } from "@sallyport/drive";

/** Direct Sockets' TCPSocket once open, cloudflare:sockets' Socket, a Deno.TcpConn, a WebSocketStream's pair. */
export interface BytePair {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Bytes>;
  /** False where closing `writable` closes the whole. Default true. */
  readonly halfCloses?: boolean;
}

export class PairTransport implements Transport {
  readonly halfCloses: boolean;
  readonly #pair: BytePair;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Bytes>;

  constructor(pair: BytePair, halfCloses: boolean) {
    this.#pair = pair;
    this.halfCloses = halfCloses;
    this.#reader = pair.readable.getReader();
    this.#writer = pair.writable.getWriter();
    // How they end is told by `read` and `write`; nobody else looks at these two.
    ignore(this.#reader.closed);
    ignore(this.#writer.closed);
  }

  async read(): Promise<Uint8Array | undefined> {
    const { value } = await this.#reader.read();
    return value && new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  write(bytes: Uint8Array): Promise<void> {
    // A sink may keep the chunk, hand it on (a TransformStream does), or detach its memory, and the loop seals into it again.
    return this.#writer.write(new Uint8Array(bytes));
  }
  closeWrite(): Promise<void> {
    return this.#writer.close();
  }
  destroy(): void {
    ignore(this.#reader.cancel());
    // Without a half-close nothing has closed it yet, and all that was written has been taken.
    ignore(this.halfCloses ? this.#writer.abort() : this.#writer.close());
  }

  /** Lets go of the writable side. The readable one stays with the reader, which may have a read under way. */
  detach(): WritableStream<Bytes> {
    this.#writer.releaseLock();
    return this.#pair.writable;
  }
  cancel(reason: unknown): Promise<void> {
    return this.#reader.cancel(reason);
  }
}

function ignore(promise: Promise<unknown>): void {
  promise.catch(() => {});
}
