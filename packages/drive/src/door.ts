// What the caller answers: the front door. Everything else comes with the config.
import type { ClientHello, FatalAlert, ServerConfig } from "@sallyport/core";

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
}
/** A client has nothing left to answer. */
export type ClientAnswerers = Readonly<Record<string, never>>;
