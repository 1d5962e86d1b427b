import type { Transport } from "@sallyport/drive";

/** The slice of Deno.Conn that is used. */
export interface Conn {
  read(target: Uint8Array): Promise<number | null>;
  write(data: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<Uint8Array<ArrayBufferLike>>;
  readonly localAddr?: unknown;
  readonly remoteAddr?: unknown;
}

const readSize = 64 * 1024;

export class ConnTransport implements Transport {
  readonly halfCloses = true;
  readonly #conn: Conn;
  #head: Uint8Array | undefined;
  #closed = false;

  /** @param head bytes that were read already */
  constructor(conn: Conn, head?: Uint8Array) {
    this.#conn = conn;
    this.#head = head;
  }

  async read(): Promise<Uint8Array | undefined> {
    const head = this.#head;
    this.#head = undefined;
    if (head !== undefined && head.length > 0) return head;
    // Fresh each time: the loop keeps what it is given. Untouched pages cost an idle connection nothing.
    const target = new Uint8Array(readSize);
    const length = await this.#conn.read(target);
    return length === null ? undefined : target.subarray(0, length);
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const written = await this.#conn.write(bytes.subarray(at));
      if (written === 0) throw new TypeError("the Conn takes no bytes, and says of no error");
      at += written;
    }
  }

  closeWrite(): Promise<void> {
    return this.#conn.closeWrite();
  }

  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#conn.close();
  }
}
