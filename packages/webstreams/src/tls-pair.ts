import type { Bytes, EarlyDataOutcome, Info } from "@sallyport/core";
import { type Driven, Gathered, type TlsStream } from "@sallyport/drive";

export interface TlsPair {
  /** Rejects with the TlsError. */
  readonly opened: Promise<Info>;
  /** Errors with the TlsError on failure and truncation. `cancel()`: what still comes is discarded. */
  readonly readable: ReadableStream<Bytes>;
  /**
   * `write()` settles when the transport took it. Chunks that wait together share records: up to 64 KiB of them are taken, and settle, with
   * the last one under way. `close()` is close_notify and, where there is one, the transport's half-close; `abort()`
   * sends a fatal alert: what was written is not whole.
   */
  readonly writable: WritableStream<Uint8Array>;
  /**
   * False: the transport has no half-close, so that a peer sees the end of what was written by close_notify alone, and the
   * transport's end when both directions are closed.
   */
  readonly halfCloses: boolean;
  /** What became of early data; undefined: none was offered. Rejects as `opened` does. */
  readonly earlyData: Promise<EarlyDataOutcome | undefined>;
  /** When both directions are closed. Rejects on failure, and on truncation too. */
  readonly closed: Promise<void>;
}

/** @param cancel ends the handshake, while `driven` is pending */
export function tlsPair(driven: Promise<Driven>, halfCloses: boolean, cancel: () => void): TlsPair {
  const established = driven.then(({ stream }) => stream);
  const earlyData = driven.then((result) => result.earlyData);
  const opened = established.then(({ info }) => info);
  const closed = established.then(async (stream) => {
    const { error } = await stream.closed;
    if (error !== undefined) throw error;
  });
  let readCancelled = false;
  let writeClosed = false;
  /** Nobody reads and nobody writes: the rest of the peer's data is worth nothing. */
  const endIfUnused = (stream: TlsStream): void => {
    if (readCancelled && writeClosed) void stream.abort("cancelled");
  };

  const readable = new ReadableStream<Bytes>(
    {
      async pull(controller) {
        const data = await (await established).read();
        if (data === undefined) controller.close();
        // What the stream gives lies in chunks of the transport or in memory of the provider, and neither is shared memory.
        else controller.enqueue(data as Bytes);
      },
      cancel() {
        readCancelled = true;
        cancel();
        void established
          .then((stream) => {
            endIfUnused(stream);
            return discard(stream);
          })
          .catch(() => {});
      },
    },
    { highWaterMark: 0 },
  );
  const gathered = new Gathered(async (...chunks) => (await established).write(...chunks));
  const writable = new WritableStream<Uint8Array>(
    {
      start(controller) {
        closed.catch((error) => controller.error(error));
      },
      write: (data) => gathered.write(data),
      async close() {
        const stream = await established;
        await gathered.flush();
        await stream.closeWrite().catch((cause) => closedByPeer(stream, cause));
        writeClosed = true;
        endIfUnused(stream);
      },
      async abort(cause) {
        cancel();
        writeClosed = true;
        const by = { alert: "internal_error", reason: "the writer was aborted", cause } as const;
        await established.then(
          (stream) => stream.abort(by),
          () => {},
        );
      },
    },
    gathered.strategy,
  );
  // Each tells the same; whoever looks at one of them needs no other.
  for (const promise of [opened, earlyData, closed]) promise.catch(() => {});
  return { opened, readable, writable, halfCloses, earlyData, closed };
}

/**
 * A transport without a half-close is gone with the peer's end, and our close_notify with it: nobody is left to miss it, if the
 * peer had said its own.
 *
 * @throws `cause` if it had not
 */
async function closedByPeer({ closed }: TlsStream, cause: unknown): Promise<void> {
  if ((await closed).error !== undefined) throw cause;
}

async function discard(stream: TlsStream): Promise<void> {
  while ((await stream.read()) !== undefined);
}
