// Time that passes when the test says so.
import type { Clock } from "@sallyport/drive";

export class VirtualClock implements Clock {
  #now = 0;
  #timers: { readonly at: number; readonly call: () => void }[] = [];
  #soon: (() => void)[] = [];

  /** Timers that are neither over nor cancelled: none may be left behind. */
  get pending(): number {
    return this.#timers.length;
  }

  after(ms: number, call: () => void): () => void {
    const timer = { at: this.#now + ms, call };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  now(): number {
    return this.#now;
  }

  soon(call: () => void): void {
    this.#soon.push(call);
  }

  /** Ends this turn of the event loop: what was put off is called. */
  async turn(): Promise<void> {
    await settled();
    for (const call of this.#soon.splice(0)) call();
    await settled();
  }

  /** Lets `ms` pass, timer by timer, with all promises settled between two of them. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (;;) {
      await settled();
      const next = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#now = next.at;
      next.call();
    }
    this.#now = until;
    await settled();
  }
}

/** When all promises that can settle have settled. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
