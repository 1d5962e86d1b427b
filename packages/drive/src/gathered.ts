// A WritableStream gives its sink one chunk at a time, and the next one when that is written. So small chunks that wait in its queue
// would get a record each: here they are taken together.

/** So much is taken of what waits before the transport has it; it is copied. */
const gatheredBytes = 64 * 1024;

/** What a sink's `write` and `close` call, and the strategy by which it knows what waits. */
export class Gathered {
  readonly #send: (...chunks: readonly Uint8Array[]) => Promise<void>;
  /** In the stream's queue, or with the sink. */
  #queued = 0;
  #held: Uint8Array[] = [];
  #heldBytes = 0;

  /** For the stream, which asks for the size of each chunk that it is given. */
  readonly strategy: { readonly highWaterMark: number; size(): number } = {
    highWaterMark: 1,
    size: () => {
      this.#queued += 1;
      return 1;
    },
  };

  constructor(send: (...chunks: readonly Uint8Array[]) => Promise<void>) {
    this.#send = send;
  }

  /** Settles when the transport took it, and what was held before it; at once if another chunk is right behind it. */
  async write(chunk: Uint8Array): Promise<void> {
    this.#queued -= 1;
    if (this.#queued > 0 && this.#heldBytes + chunk.length <= gatheredBytes) {
      this.#held.push(chunk.slice());
      this.#heldBytes += chunk.length;
      return;
    }
    await this.#send(...this.#take(), chunk);
  }

  /** Before a close: a chunk that was refused behind `close()` was counted as one that waits. */
  async flush(): Promise<void> {
    if (this.#held.length > 0) await this.#send(...this.#take());
  }

  #take(): Uint8Array[] {
    this.#heldBytes = 0;
    return this.#held.splice(0);
  }
}
