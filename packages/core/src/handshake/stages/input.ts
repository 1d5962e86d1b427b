// The stages that wait for the peer.
import type { ErrorAndAlert } from "../../connection/failure.ts";
import type { AbortCause } from "../../errors.ts";
import type { Bytes } from "../../wire/bytes.ts";
import type { EarlyWriter, HalfRtt } from "./early-data.ts";
import type { AnyStage, ClientStage, ServerStage, Turn } from "./stage.ts";

export class NeedsInput implements AnyStage, HalfRtt {
  readonly kind = "needs-input";
  declare readonly halfRtt?: NonNullable<HalfRtt["halfRtt"]>;
  readonly #turn: Turn<ServerStage>;
  constructor(turn: Turn<ServerStage>, halfRtt?: HalfRtt["halfRtt"]) {
    this.#turn = turn;
    if (halfRtt !== undefined) this.halfRtt = halfRtt;
  }
  get output(): Bytes {
    return this.#turn.output;
  }
  /** @param chunk of any size, lent until the call returns; records are opened in place. An empty one changes nothing. */
  receive(chunk: Uint8Array): ServerStage {
    return this.#turn.receive(chunk);
  }
  /** The transport's orderly end. Inside a handshake that is always a failure. */
  receiveEnd(): ErrorAndAlert {
    return this.#turn.receiveEnd();
  }
  abort(cause: AbortCause): ErrorAndAlert {
    return this.#turn.abort(cause);
  }
}

export class ClientNeedsInput implements AnyStage {
  readonly kind = "needs-input";
  /** On the first one only, if session and config allow early data. The object stays usable until it says `ended`. */
  declare readonly early?: EarlyWriter;
  readonly #turn: Turn<ClientStage>;
  constructor(turn: Turn<ClientStage>, early?: EarlyWriter) {
    this.#turn = turn;
    if (early !== undefined) this.early = early;
  }
  get output(): Bytes {
    return this.#turn.output;
  }
  receive(chunk: Uint8Array): ClientStage {
    return this.#turn.receive(chunk);
  }
  receiveEnd(): ErrorAndAlert {
    return this.#turn.receiveEnd();
  }
  abort(cause: AbortCause): ErrorAndAlert {
    return this.#turn.abort(cause);
  }
}
