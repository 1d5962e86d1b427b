// How long a handshake is waited for.
import type { AbortCause } from "@sallyport/core";
import type { Waiting } from "./answer.ts";
import type { Inbox } from "./inbox.ts";
import type { Clock } from "./transport.ts";

/**
 * The timeout is counted in so many pieces: a process that stood still (suspended, starved, in a debugger) finds its timers before the
 * input that waits, and loses one piece of every handshake's time, and not every handshake.
 */
const slices = 4;

export interface PatienceOptions {
  readonly clock: Clock;
  readonly handshakeTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** What ends a wait: the timeout, the caller's signal, a reset. A late answer finds nobody, and changes nothing. */
export class Patience {
  /** Made for the first who asks: most handshakes have no asynchronous answerer, and it is dear. */
  #controller: AbortController | undefined;
  #fired = false;
  #cancelTimer: () => void;
  readonly #callersSignal: AbortSignal | undefined;
  readonly #cancel = (): void => this.#interrupt("cancelled");
  #by: AbortCause | undefined;
  #waitingFor: Waiting["kind"] | undefined;
  #giveUp: ((interruption: Interruption) => void) | undefined;

  constructor(inbox: Inbox, { clock, handshakeTimeoutMs = 10_000, signal }: PatienceOptions) {
    this.#cancelTimer = this.#startTimer(clock, handshakeTimeoutMs / slices, slices);
    this.#callersSignal = signal;
    signal?.addEventListener("abort", this.#cancel);
    if (signal?.aborted) this.#interrupt("cancelled");
    inbox.onReset = () => this.#interrupt("reset");
  }

  #startTimer(clock: Clock, ms: number, left: number): () => void {
    return clock.after(ms, () => {
      if (left === 1) this.#interrupt("timeout");
      else this.#cancelTimer = this.#startTimer(clock, ms, left - 1);
    });
  }

  /** For the answerers: fires when nobody waits for them any more. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#fired) this.#controller.abort();
    return this.#controller.signal;
  }

  /** @throws Interruption */
  wait<T>(stage: Waiting["kind"], answer: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waitingFor = stage;
      this.#giveUp = reject;
      if (this.#by !== undefined && !this.#inboxTells(this.#by)) return reject(new Interruption(this.#by));
      answer().then(resolve, reject);
    });
  }

  /** Another handshake takes its place. */
  giveWay(): void {
    this.#interrupt({ alert: "internal_error", reason: "overload: it waited for its client, and gave way to another handshake" });
  }

  end(): void {
    this.#cancelTimer();
    this.#callersSignal?.removeEventListener("abort", this.#cancel);
    this.#giveUp = undefined;
  }

  /** Whoever still works for this handshake (on one of several key shares, say) works in vain. */
  fire(): void {
    this.#fired = true;
    this.#controller?.abort();
  }

  #interrupt(by: AbortCause): void {
    if (this.#by !== undefined && this.#by !== "reset") return;
    this.#by = by;
    if (this.#inboxTells(by)) return;
    this.fire();
    this.#giveUp?.(new Interruption(by));
  }

  /** A reset while input is waited for comes in its place, behind what arrived before it: an alert that says why, perhaps. */
  #inboxTells(by: AbortCause): boolean {
    return by === "reset" && this.#waitingFor === "needs-input";
  }
}

export class Interruption extends Error {
  readonly by: AbortCause;
  constructor(by: AbortCause) {
    super("interrupted");
    this.by = by;
  }
}
