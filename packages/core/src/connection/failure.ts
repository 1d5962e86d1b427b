import type { AlertDescription } from "../alerts.ts";
import type { AbortCause, TlsError } from "../errors.ts";
import { type Bytes, empty } from "../wire/bytes.ts";
import type { ConnectionEvent } from "./types.ts";

/** For user_canceled the close_notify behind it is not named. */
export type SentAlert =
  | { readonly kind: "alert"; readonly level: "fatal" | "warning"; readonly description: AlertDescription }
  | { readonly kind: "none"; readonly due: AlertDescription | undefined; readonly reason: NoAlertReason };
export type NoAlertReason =
  | "the peer sent a fatal alert"
  | "the peer has ended"
  | "own write side closed"
  | "nothing was sent yet"
  | "the transport is gone"
  | "the alert could not be sealed";

/**
 * The failed arm, of the handshake and of the data path: the error together with the bytes that tell the peer. Every call on a
 * failed connection gives one like it: same `error`, same `alert`, all else empty.
 */
export class ErrorAndAlert {
  readonly kind = "failed";
  readonly error: TlsError;
  readonly alert: SentAlert;
  /** All that is still to be sent, the alert last. Kept. */
  readonly output: Bytes;
  readonly #data: readonly Uint8Array[];
  readonly #events: readonly ConnectionEvent[];

  private constructor(
    error: TlsError,
    alert: SentAlert,
    output: Bytes,
    data: readonly Uint8Array[],
    events: readonly ConnectionEvent[],
  ) {
    this.error = error;
    this.alert = alert;
    this.output = output;
    this.#data = data;
    this.#events = events;
  }
  /** @internal */
  static make(
    error: TlsError,
    alert: SentAlert,
    output: Bytes,
    data: readonly Uint8Array[],
    events: readonly ConnectionEvent[],
  ): ErrorAndAlert {
    return new ErrorAndAlert(error, alert, output, data, events);
  }

  /** What was authenticated before the failure. */
  get data(): readonly Uint8Array[] {
    return this.#data;
  }
  get events(): readonly ConnectionEvent[] {
    return this.#events;
  }
  /** The connection has failed already: gives this failure, all else empty. */
  abort(_cause: AbortCause): ErrorAndAlert {
    return this.echo();
  }
  /** @internal */
  echo(): ErrorAndAlert {
    return new ErrorAndAlert(this.error, this.alert, empty, [], []);
  }
  /** @internal The same, when its output went another way. */
  withoutOutput(): ErrorAndAlert {
    return new ErrorAndAlert(this.error, this.alert, empty, this.#data, this.#events);
  }
}
