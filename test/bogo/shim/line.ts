import { connect, type Socket } from "node:net";

/** The transport of one connection. The shim is always the TCP client. */
export class Line {
  readonly #socket: Socket;
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #pieces: boolean;
  #unread: Uint8Array = new Uint8Array();
  #held: Uint8Array | undefined;

  private constructor(socket: Socket, pieces: boolean) {
    this.#socket = socket;
    this.#chunks = socket.iterator({ destroyOnReturn: false });
    this.#pieces = pieces;
  }

  /** @param pieces gives every byte alone. */
  static async open(port: number, id: number, ipv6: boolean, pieces: boolean): Promise<Line> {
    const socket = connect({ port, host: ipv6 ? "::1" : "127.0.0.1", allowHalfOpen: true, noDelay: true });
    const line = new Line(socket, pieces);
    // A reset shows where it is read.
    socket.on("error", () => {});
    const hello = Buffer.alloc(8);
    hello.writeBigUInt64LE(BigInt(id));
    line.write(hello);
    return line;
  }

  write(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (this.#held !== undefined) this.#held = Buffer.concat([this.#held, bytes]);
    else this.#socket.write(bytes);
  }

  /** Lets one byte out; the rest stays until something was read. */
  hold(bytes: Uint8Array): void {
    this.#socket.write(bytes.subarray(0, 1));
    this.#held = bytes.subarray(1);
  }
  release(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.write(held);
  }

  /** `end` for an orderly one. A chunk is good until the next call. */
  async read(): Promise<Uint8Array | "end" | "reset"> {
    if (this.#unread.length === 0) {
      try {
        const { done, value } = await this.#chunks.next();
        if (done) return "end";
        this.#unread = value;
      } catch {
        return "reset";
      }
    }
    const length = this.#pieces ? 1 : this.#unread.length;
    const chunk = this.#unread.subarray(0, length);
    this.#unread = this.#unread.subarray(length);
    return chunk;
  }

  /** Half-closes, and reads to the peer's end: closing with unread bytes would make the kernel reset what we said last. */
  async end(): Promise<void> {
    this.release();
    this.#socket.end();
    this.#unread = new Uint8Array();
    while (typeof (await this.read()) !== "string") this.#unread = new Uint8Array();
    this.#socket.destroy();
  }
}
