// The established connection as its users see it.
import type { AbortCause, ApiMisuse, ConnectionSecrets, Exported, Info, TlsError } from "@sallyport/core";
import type { Delivery } from "./farewell.ts";
import type { Waiter } from "./inbox.ts";
import type { Transport } from "./transport.ts";

export interface TlsStream {
  readonly info: Info;
  /**
   * undefined: close_notify. Rejects with the TlsError on failure and truncation, behind the data that came before. The bytes
   * are yours. Up to 64 KiB are read ahead, so that a KeyUpdate is answered and an alert seen while nobody reads.
   */
  read(): Promise<Uint8Array | undefined>;
  /** What is there without waiting; undefined tells nothing but that. */
  take(): Uint8Array | undefined;
  /** How reading has ended, behind what is still there to take; undefined: it goes on. */
  readonly readEnd: "close-notify" | TlsError | ApiMisuse | undefined;
  /**
   * Tells, once, when there is something to take, or reading has ended: `read` without a promise, so that an idle connection holds
   * nothing for it. What the waiter throws fails the connection. A second waiter takes the first one's place.
   */
  wait(waiter: Waiter): void;
  /**
   * Settles when the transport took it; the bytes are lent until then. Writes that wait together share records. Rejects with
   * the TlsError once the connection failed, the transport's error once that is broken, or WriteSideClosed.
   */
  write(...data: readonly Uint8Array[]): Promise<void>;
  /** `write` without a promise: who wrote is called, once. */
  writeThen(data: readonly Uint8Array[], who: Written): void;
  /** close_notify behind all that was written, then the transport's own half-close. Reading goes on. */
  closeWrite(): Promise<void>;
  /**
   * Sends what waits if it fits into one record, drops it if not, and rejects its writes in either case; then sends the alert of
   * `cause`, and settles when that is delivered. `cancelled` and `timeout` send close_notify, which makes a half-written stream look
   * whole: for that give `{ alert: "internal_error", … }`.
   */
  abort(cause: AbortCause): Promise<void>;
  exportKeyingMaterial(label: string, context: Uint8Array | undefined, length: number): Exported;
  /** tls-exporter (RFC 9266). */
  channelBinding(): Exported;
  /** TLS 1.3; behind all that was written. @throws ApiMisuse on 1.2 */
  updateKeys(options?: { readonly requestPeer?: boolean }): Promise<void>;
  /**
   * Ends the stream behind all that was written, and gives what goes on with the connection elsewhere: kTLS, a worker, another
   * host. Waits while a KeyUpdate of ours is unanswered or a handshake message incomplete; meanwhile reading goes on and nothing
   * more can be written. `closed` then settles without an error.
   *
   * Rejects with ApiMisuse without `dangerousExtractSecrets` in the config (the stream lives on), and with the TlsError if the
   * connection fails first.
   */
  extractSecrets(): Promise<Extraction>;
  /** Never rejects. `error`: of the connection; undefined: both sides said close_notify. */
  readonly closed: Promise<Closing>;
}

/** Neither may throw. */
export interface Written {
  /** The transport took it. */
  written(): void;
  /** @param cause what `write` rejects with */
  failed(cause: unknown): void;
}

export interface Closing {
  readonly error: TlsError | undefined;
  readonly delivery: Delivery;
}

export interface Extraction {
  /** What was read of a record that is not whole is `unread` in it. */
  readonly secrets: ConnectionSecrets;
  /** What came before and was not read from the stream. */
  readonly data: readonly Uint8Array[];
  /** Yours again; a read that is still under way is the first that it gives. */
  readonly transport: Transport;
}
