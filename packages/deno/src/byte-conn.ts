import { Gathered } from "@sallyport/drive";
import type { Conn } from "./conn-transport.ts";

/** What a Conn is made of. */
export interface Bytewise {
  /** undefined: the end. */
  read(): Promise<Uint8Array | undefined>;
  write(...data: readonly Uint8Array[]): Promise<void>;
  closeWrite(): Promise<void>;
  /** At once; what is due is delivered behind it. `whole`: nothing that was written is lost by it. */
  close(whole: boolean): void;
}

/** Deno.Conn's ways (reads into the caller's memory, counts, streams made when asked for) over plain chunks. */
export class ByteConn implements Conn {
  readonly localAddr?: unknown;
  readonly remoteAddr?: unknown;
  readonly #under: Bytewise;
  #rest: Uint8Array | undefined;
  /** Reads are answered in their order, each from where the one before ended. */
  #turn: Promise<unknown> = Promise.resolve();
  #writing = 0;
  #closed = false;
  #readable: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  #writable: WritableStream<Uint8Array<ArrayBufferLike>> | undefined;

  constructor(under: Bytewise, { localAddr, remoteAddr }: Conn) {
    this.#under = under;
    this.localAddr = localAddr;
    this.remoteAddr = remoteAddr;
  }

  read(target: Uint8Array): Promise<number | null> {
    return this.#inTurn(async () => {
      const data = this.#rest ?? (await this.#under.read());
      if (data === undefined) return null;
      const part = data.subarray(0, target.length);
      target.set(part);
      this.#rest = part.length < data.length ? data.subarray(part.length) : undefined;
      return part.length;
    });
  }

  #inTurn<Result>(read: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(read);
    this.#turn = result.catch(() => {});
    return result;
  }

  async write(data: Uint8Array): Promise<number> {
    await this.#write(data);
    return data.length;
  }
  async #write(...data: readonly Uint8Array[]): Promise<void> {
    this.#writing += 1;
    try {
      await this.#under.write(...data);
    } finally {
      this.#writing -= 1;
    }
  }

  closeWrite(): Promise<void> {
    return this.#under.closeWrite();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#under.close(this.#writing === 0);
  }

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    this.#readable ??= new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        pull: async (controller) => {
          const data = await this.#inTurn(async () => {
            const next = this.#rest ?? (await this.#under.read());
            this.#rest = undefined;
            return next;
          });
          if (data === undefined) controller.close();
          else controller.enqueue(new Uint8Array(data));
        },
        cancel: () => this.close(),
      },
      { highWaterMark: 0 },
    );
    return this.#readable;
  }

  get writable(): WritableStream<Uint8Array<ArrayBufferLike>> {
    this.#writable ??= this.#newWritable();
    return this.#writable;
  }
  #newWritable(): WritableStream<Uint8Array<ArrayBufferLike>> {
    const gathered = new Gathered((...data) => this.#write(...data));
    return new WritableStream<Uint8Array<ArrayBufferLike>>(
      {
        write: (data) => gathered.write(data),
        close: async () => {
          await gathered.flush();
          await this.closeWrite();
        },
        abort: () => {
          this.#closed = true;
          this.#under.close(false);
        },
      },
      gathered.strategy,
    );
  }
}
