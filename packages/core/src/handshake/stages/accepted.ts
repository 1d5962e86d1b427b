import type { FatalAlert } from "../../alerts.ts";
import { ServerConfig } from "../../config/server-config.ts";
import type { ErrorAndAlert } from "../../connection/failure.ts";
import { type AbortCause, ApiMisuse } from "../../errors.ts";
import { type Bytes, copy, type GrowingBytes } from "../../wire/bytes.ts";
import type { ClientHello } from "../../wire/client-hello.ts";
import type { AnyStage, ServerStage, Turn } from "./stage.ts";

/** The second door: shows once a connection. */
export class Accepted implements AnyStage {
  readonly kind = "accepted";
  readonly clientHello: ClientHello;
  /** To which nothing is added any more. */
  readonly #log: GrowingBytes;
  #received: Bytes | undefined;
  readonly #turn: Turn<ServerStage>;
  private constructor(turn: Turn<ServerStage>, clientHello: ClientHello, log: GrowingBytes) {
    this.#turn = turn;
    this.clientHello = clientHello;
    this.#log = log;
  }
  /** @internal */
  static make(turn: Turn<ServerStage>, clientHello: ClientHello, log: GrowingBytes): Accepted {
    return new Accepted(turn, clientHello, log);
  }
  get output(): Bytes {
    return this.#turn.output;
  }
  /** Every byte taken so far, verbatim. Kept: hand it to another Acceptor, a worker, or another host. */
  get received(): Bytes {
    this.#received ??= copy(this.#log.view());
    return this.#received;
  }
  choose(config: ServerConfig): ServerStage {
    return this.#turn.answer("config", () => {
      if (!(config instanceof ServerConfig)) throw new ApiMisuse("bad-argument", "choose takes what serverConfig() made");
      return config;
    });
  }
  /** The same as `abort({ alert, reason })`, by the name that people look for. */
  reject(alert: FatalAlert, reason = "the application refused the ClientHello"): ErrorAndAlert {
    return this.#turn.refuse(() => ({ alert, reason }));
  }
  abort(cause: AbortCause): ErrorAndAlert {
    return this.#turn.abort(cause);
  }
}
