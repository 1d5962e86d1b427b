// What the caller answers: the front door. Everything else comes with the config.
import type { ClientHello, FatalAlert, ServerConfig } from "@sallyport/core";
import type { EarlyDataHandler, EarlyDataSource } from "./early-data.ts";

/** What the front door may answer. */
export type Decision = ServerConfig | Passthrough | Refusal;
export interface Passthrough {
  readonly kind: "passthrough";
}
export interface Refusal {
  readonly kind: "refusal";
  readonly alert: FatalAlert;
  readonly reason: string;
}

/** The connection is not ours: it goes on elsewhere, from its first byte. */
export const passthrough: Passthrough = { kind: "passthrough" };

/** `reason` is for the error on this side; the peer gets the alert alone. */
export function refuse(alert: FatalAlert, reason = "refused by the application"): Refusal {
  return { kind: "refusal", alert, reason };
}

/** Signers, verifiers, stores, pickers and groups come with the config; their `…Async` methods are called by the loop. */
export interface ServerAnswerers {
  /** What it throws or rejects with becomes internal_error, with the cause kept. `signal` fires when nobody waits any more. */
  accept(clientHello: ClientHello, signal: AbortSignal): Decision | Promise<Decision>;
  /**
   * Whoever gives it takes early data as it comes, and with it that it may be a replay. Default: it is kept back, up to the
   * config's `maxBytes`, until the handshake is complete, which no replay's is; then the stream begins with it.
   */
  readonly earlyData?: EarlyDataHandler;
}
/** What the loop takes of a server: `accept` may be one config for all. It is read when a ClientHello is there. */
export interface DoorAnswerers {
  readonly accept: ServerConfig | ServerAnswerers["accept"];
  readonly earlyData?: EarlyDataHandler;
}
/** A client has nothing that it must answer. */
export interface ClientAnswerers {
  /** Default: nothing is sent early. What became of it is in `Driven.earlyData`: what was rejected is the caller's to send again. */
  readonly earlyData?: EarlyDataSource;
}
