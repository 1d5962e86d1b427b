// What a runtime has to bring: a byte stream with a half-close, and a clock.

/** A byte stream. One read and one `write` at a time; the loop holds to it. */
export interface Transport {
  /** undefined: the peer's orderly end. A rejection: a reset. The chunk is the loop's for good: nobody writes to it again. */
  read(): Promise<Uint8Array | undefined>;
  /**
   * The same, without a promise: whoever waits for ever, as an idle connection does, holds nothing then. The reader is called once,
   * at once or later. Default: by `read`.
   */
  readTo?(reader: ChunkReader): void;
  /** Settles when the transport can take more and has done with `bytes`, which may then be sealed into again. */
  write(bytes: Uint8Array): Promise<void>;
  /** The same, without a promise; the writer is called once, at once or later. Default: by `write`. */
  writeTo?(bytes: Uint8Array, writer: ChunkWriter): void;
  closeWrite(): Promise<void>;
  /** At once, whatever is unread. */
  destroy(): void;
  /** False where the runtime has no half-close: the alert is written, and the whole is closed behind it. */
  readonly halfCloses: boolean;
}

/** Who waits for a chunk. */
export interface ChunkReader {
  /**
   * @param chunk undefined: the peer's orderly end
   * @param isLent the chunk is the transport's again when the call returns, and will be overwritten
   */
  arrived(chunk: Uint8Array | undefined, isLent?: boolean): void;
  /** The transport broke. */
  broke(cause: unknown): void;
}

/** Who waits until a chunk is written. */
export interface ChunkWriter {
  /** The transport can take more, and has done with the bytes. */
  written(): void;
  /** The transport broke. */
  broke(cause: unknown): void;
}

export interface Clock {
  /** Calls once, `ms` later. Returns its cancel. */
  after(ms: number, call: () => void): () => void;
  /**
   * Calls in a later turn of the event loop, behind the input that waits already. Default: `after(0, call)`; and a handshake's last
   * flight is then written at once, where it would wait so long for the application's first words to go with it.
   */
  soon?(call: () => void): void;
  /** Milliseconds since whenever, that never go back: for `recordSizes`, which can't do without. */
  now?(): number;
}
