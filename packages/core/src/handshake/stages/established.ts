import type { Connection } from "../../connection/connection.ts";
import type { ErrorAndAlert } from "../../connection/failure.ts";
import type { Received } from "../../connection/types.ts";
import type { AbortCause } from "../../errors.ts";
import type { Bytes } from "../../wire/bytes.ts";
import type { EarlyDataOutcome } from "./early-data.ts";
import type { AnyStage } from "./stage.ts";

export class Established implements AnyStage {
  readonly kind = "established";
  readonly connection: Connection;
  readonly #output: Bytes;
  readonly #received: Received;
  constructor(connection: Connection, output: Bytes, received: Received) {
    this.connection = connection;
    this.#output = output;
    this.#received = received;
  }
  get output(): Bytes {
    return this.#output;
  }
  /**
   * What the rest of that chunk gave on the data path; its events include those of this step. Handle it like the result of
   * `connection.receive`. Its `output` is empty: all bytes are in the stage's.
   */
  get received(): Received {
    return this.#received;
  }
  /** As `connection.abort`. */
  abort(cause: AbortCause): ErrorAndAlert {
    return this.connection.abort(cause);
  }
}

export class ClientEstablished extends Established {
  /** What became of it; `none`: none was offered. */
  readonly earlyData: "none" | EarlyDataOutcome;
  constructor(connection: Connection, output: Bytes, received: Received, earlyData: "none" | EarlyDataOutcome) {
    super(connection, output, received);
    this.earlyData = earlyData;
  }
}
