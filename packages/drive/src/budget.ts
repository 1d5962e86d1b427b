// What a process spends on handshakes and on closing sockets.
import type { Clock } from "./transport.ts";

/** Share one object among connections: without it each connection counts for itself alone. */
export class Budget {
  readonly #maxHandshakes: number;
  readonly #maxClosing: number;
  #handshakes = 0;
  /** In the order in which they began to close. */
  readonly #closing = new Set<() => void>();
  #turnOf: object | undefined;
  readonly #queue: { readonly handshake: object; readonly go: () => void }[] = [];

  constructor({ maxHandshakes = 1_000, maxClosing = 1_000 }: BudgetOptions = {}) {
    this.#maxHandshakes = maxHandshakes;
    this.#maxClosing = maxClosing;
  }

  get handshakesInProgress(): number {
    return this.#handshakes;
  }
  get closing(): number {
    return this.#closing.size;
  }

  /** @internal False: overload. */
  enter(): boolean {
    if (this.#handshakes >= this.#maxHandshakes) return false;
    this.#handshakes += 1;
    return true;
  }
  /** @internal */
  leave(): void {
    this.#handshakes -= 1;
  }

  /** @internal The oldest is cut before a new one begins. Returns what to call when it is over. */
  beginClosing(cut: () => void): () => void {
    const [oldest] = this.#closing;
    if (oldest !== undefined && this.#closing.size >= this.#maxClosing) {
      this.#closing.delete(oldest);
      oldest();
    }
    this.#closing.add(cut);
    return () => {
      this.#closing.delete(cut);
    };
  }

  /** @internal One handshake a turn of the event loop may do public-key work. undefined: go on at once. */
  turn(handshake: object, clock: Clock): Promise<void> | undefined {
    if (this.#turnOf === handshake) return undefined;
    if (this.#turnOf !== undefined) return new Promise((go) => this.#queue.push({ handshake, go }));
    this.#turnOf = handshake;
    this.#endTurnSoon(clock);
    return undefined;
  }

  #endTurnSoon(clock: Clock): void {
    const end = (): void => {
      const next = this.#queue.shift();
      this.#turnOf = next?.handshake;
      if (next === undefined) return;
      this.#endTurnSoon(clock);
      next.go();
    };
    if (clock.soon === undefined) clock.after(0, end);
    else clock.soon(end);
  }
}

export interface BudgetOptions {
  /**
   * Handshakes in progress; default 1,000. A server's counts from its whole ClientHello on, so that silent connections lock
   * nobody out; one too many is refused with internal_error.
   */
  readonly maxHandshakes?: number;
  /** Sockets that wait for the peer's end behind our alert; default 1,000. The oldest is cut first. */
  readonly maxClosing?: number;
}

export function budget(options?: BudgetOptions): Budget {
  return new Budget(options);
}
