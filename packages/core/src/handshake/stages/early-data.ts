// What early data (RFC 9846 §4.3.10) and half-RTT add to the stages.
import { checkExport, type Exporter } from "../../connection/exporters.ts";
import type { ErrorAndAlert } from "../../connection/failure.ts";
import type { Agreed, Ended, Exported, Sent, Writer } from "../../connection/types.ts";
import { type AbortCause, ApiMisuse } from "../../errors.ts";
import type { AsyncSingleUse, Freshness } from "../../session/types.ts";
import type { Bytes } from "../../wire/bytes.ts";
import type { AnyStage, ServerStage, Turn } from "./stage.ts";

/** Server, binder verified, early data would be accepted: was this seen before? */
export class NeedsSingleUse implements AnyStage {
  readonly kind = "needs-single-use";
  /** Hash of the identity's binder. */
  readonly key: Bytes;
  /** The store may forget the key after this (an absolute time). */
  readonly forgetAfterMs: number;
  readonly #singleUse: AsyncSingleUse;
  readonly #turn: Turn<ServerStage>;
  constructor(turn: Turn<ServerStage>, key: Bytes, forgetAfterMs: number, singleUse: AsyncSingleUse) {
    this.#turn = turn;
    this.key = key;
    this.forgetAfterMs = forgetAfterMs;
    this.#singleUse = singleUse;
  }
  /** The very object of the config. */
  get singleUse(): AsyncSingleUse {
    return this.#singleUse;
  }
  get output(): Bytes {
    return this.#turn.output;
  }
  /** Anything but `fresh` means resumption without early data. */
  answer(freshness: Freshness): ServerStage {
    return this.#turn.answer("freshness", () => {
      if (isFreshness(freshness)) return freshness;
      throw new ApiMisuse("bad-argument", "single use is 'fresh', 'seen' or 'unavailable'");
    });
  }
  abort(cause: AbortCause): ErrorAndAlert {
    return this.#turn.abort(cause);
  }
}

export function isFreshness(value: unknown): value is Freshness {
  return value === "fresh" || value === "seen" || value === "unavailable";
}

/** Server: one record of early data; an empty record shows nothing. `next()` goes on with the unread rest. */
export class EarlyData implements AnyStage, HalfRtt {
  readonly kind = "early-data";
  readonly agreed: Agreed;
  declare readonly halfRtt?: NonNullable<HalfRtt["halfRtt"]>;
  readonly #data: ReplayableBytes;
  readonly #exporter: Exporter;
  readonly #turn: Turn<ServerStage>;
  constructor(turn: Turn<ServerStage>, data: Uint8Array, agreed: Agreed, exporter: Exporter, halfRtt: HalfRtt["halfRtt"]) {
    this.#turn = turn;
    this.#data = { replayable: data };
    this.#exporter = exporter;
    this.agreed = agreed;
    if (halfRtt !== undefined) this.halfRtt = halfRtt;
  }
  /** Kept. */
  get data(): ReplayableBytes {
    return this.#data;
  }
  get output(): Bytes {
    return this.#turn.output;
  }
  /** §7.5; as replayable as the data. @param length bytes. */
  exportEarlyKeyingMaterial(label: string, context: Uint8Array | undefined, length: number): Exported {
    const check = (): void => checkExport(label, context, length, this.#exporter.maxLength);
    return this.#turn.look(check, () => exported(this.#exporter.export(label, context, length)));
  }
  next(): ServerStage {
    return this.#turn.answer("next", () => undefined);
  }
  abort(cause: AbortCause): ErrorAndAlert {
    return this.#turn.abort(cause);
  }
}

export function exported(keyingMaterial: Bytes): Exported {
  return { kind: "exported", keyingMaterial };
}

/** Server: exactly once on a connection of TLS 1.3 whose hello offered early data; never on another. */
export class EarlyDataEnd implements AnyStage, HalfRtt {
  readonly kind = "early-data-end";
  readonly outcome: EarlyDataOutcome;
  declare readonly halfRtt?: NonNullable<HalfRtt["halfRtt"]>;
  readonly #turn: Turn<ServerStage>;
  constructor(turn: Turn<ServerStage>, outcome: EarlyDataOutcome, halfRtt: HalfRtt["halfRtt"]) {
    this.#turn = turn;
    this.outcome = outcome;
    if (halfRtt !== undefined) this.halfRtt = halfRtt;
  }
  get output(): Bytes {
    return this.#turn.output;
  }
  next(): ServerStage {
    return this.#turn.answer("next", () => undefined);
  }
  abort(cause: AbortCause): ErrorAndAlert {
    return this.#turn.abort(cause);
  }
}

/** From the server's Finished on, with `config.halfRtt`, and no client certificate asked for. */
export interface HalfRtt {
  readonly halfRtt?: {
    /** The very object that becomes `connection.writer`. */
    readonly writer: Writer;
    /** Who is written to is not known; what was agreed is. */
    readonly agreed: Agreed;
  };
}

export type EarlyDataOutcome = "accepted" | { readonly rejected: EarlyDataRejection };
/**
 * Why a server took none. It knows of each; a client is told just that it was (`declined`), and sees what the ServerHello and
 * EncryptedExtensions say by themselves: `not-resumed`, `retried`, `alpn-differs`, `suite-differs`.
 */
export type EarlyDataRejection =
  | "disabled"
  | "declined"
  | "unsupported-for-session"
  | "not-resumed"
  | "not-first-identity"
  | "retried"
  | "alpn-differs"
  | "name-differs"
  | "version-differs"
  | "suite-differs"
  | "config-differs"
  | "age-skew"
  | "seen"
  | "single-use-unavailable";

/**
 * Early data: an attacker may have sent it before, and may send it again. Deliberately no Uint8Array, so that it does not slip
 * into code that takes one.
 */
export interface ReplayableBytes {
  readonly replayable: Uint8Array;
}

/** Client: writes 0-RTT data. Core keeps no copy. */
export interface EarlyWriter {
  readonly agreed: Agreed;
  /** Bytes that may still be sent; more is ApiMisuse. */
  readonly remaining: number;
  /** `ended`: the server has answered, by HelloRetryRequest, a rejection or its Finished. */
  send(data: Uint8Array): Sent | Ended | ErrorAndAlert;
  /** §7.5; until the handshake is complete. @param length bytes. */
  exportEarlyKeyingMaterial(label: string, context: Uint8Array | undefined, length: number): Exported;
}
