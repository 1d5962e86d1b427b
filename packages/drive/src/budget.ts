// What a process spends on handshakes and on closing sockets, and what became of them.
import { Lineup, type Place } from "./lineup.ts";
import type { Clock } from "./transport.ts";

/** Share one object among connections: without it each connection counts for itself alone. */
export class Budget {
  readonly #maxHandshakes: number;
  readonly #maxClosing: number;
  readonly #handshakes = new Lineup<Seat>();
  /** What cuts them. */
  readonly #closing = new Lineup<() => void>();
  readonly #counts: { -readonly [K in keyof Counts]: number } = {
    established: 0,
    failed: 0,
    passedThrough: 0,
    refused: 0,
    gaveWay: 0,
    cut: 0,
  };
  #turnOf: object | undefined;
  readonly #queue: { readonly handshake: object; readonly go: () => void }[] = [];

  constructor({ maxHandshakes = 1_000, maxClosing = 1_000 }: BudgetOptions = {}) {
    this.#maxHandshakes = maxHandshakes;
    this.#maxClosing = maxClosing;
  }

  get handshakesInProgress(): number {
    return this.#handshakes.size;
  }
  get closing(): number {
    return this.#closing.size;
  }
  /** Since it was made. */
  get counts(): Counts {
    return { ...this.#counts };
  }

  /** @internal What to leave by; undefined: overload. */
  enter(seat: Seat): Place<Seat> | undefined {
    if (this.#handshakes.size >= this.#maxHandshakes && !this.#makeRoom()) {
      this.#counts.refused += 1;
      return undefined;
    }
    return this.#handshakes.join(seat);
  }
  /** @internal Also of one that gave way. */
  leave(place: Place<Seat>): void {
    this.#handshakes.leave(place);
  }
  /** @internal */
  count(outcome: keyof Counts): void {
    this.#counts[outcome] += 1;
  }

  #makeRoom(): boolean {
    // By age, and not by the last byte, which a client that trickles sends anew and anew.
    let place = this.#handshakes.first;
    while (place !== undefined && !place.member.waitsForClient) place = place.behind;
    if (place === undefined) return false;
    this.leave(place);
    this.#counts.gaveWay += 1;
    place.member.giveWay();
    return true;
  }

  /** @internal The oldest is cut before a new one begins. Returns what to call when it is over. */
  beginClosing(cut: () => void): () => void {
    const oldest = this.#closing.first;
    if (oldest !== undefined && this.#closing.size >= this.#maxClosing) {
      this.#closing.leave(oldest);
      this.#counts.cut += 1;
      oldest.member();
    }
    const place = this.#closing.join(cut);
    return () => this.#closing.leave(place);
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

/** A handshake that counts. */
export interface Seat {
  /** A server's, with nothing to do until its client sends more. */
  readonly waitsForClient: boolean;
  /** Ends it, with its alert; its place is free already. */
  giveWay(): void;
}

/** How many connections. */
export interface Counts {
  readonly established: number;
  /** For whatever reason; `refused` and `gaveWay` are among them. */
  readonly failed: number;
  readonly passedThrough: number;
  /** For overload: all places were taken by handshakes that we owe something. */
  readonly refused: number;
  /** For overload: the oldest that waited for its client. */
  readonly gaveWay: number;
  /** Closing sockets that made room for others before the peer's end had come. */
  readonly cut: number;
}

export interface BudgetOptions {
  /**
   * Handshakes in progress; default 1,000. A server's counts from its whole ClientHello on, so that silent connections lock nobody
   * out. One too many takes the place of the oldest server's handshake that waits for its client, so that clients that stall lock
   * nobody out either; where none does it is refused. Both with internal_error.
   */
  readonly maxHandshakes?: number;
  /** Sockets that wait for the peer's end behind our alert; default 1,000. The oldest is cut first. */
  readonly maxClosing?: number;
}

export function budget(options?: BudgetOptions): Budget {
  return new Budget(options);
}
