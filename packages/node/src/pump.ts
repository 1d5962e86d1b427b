import type { Duplex } from "node:stream";
import type { TlsStream, Waiter } from "@sallyport/drive";
import { visible } from "./errors.ts";

/** From a stream into a Duplex, as long as that wants more. While nothing comes it is all that waits. */
export class Pump implements Waiter {
  readonly #from: TlsStream;
  readonly #to: Duplex;
  #running = false;

  constructor(from: TlsStream, to: Duplex) {
    this.#from = from;
    this.#to = to;
  }

  /** For each `_read`. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.arrival();
  }

  arrival(): void {
    const to = this.#to;
    try {
      for (let wanted = true; wanted; ) {
        if (to.destroyed) return;
        const data = this.#from.take();
        if (data === undefined && this.#from.readEnd === undefined) return this.#from.wait(this);
        if (data === undefined && this.#from.readEnd !== "close-notify") throw this.#from.readEnd;
        wanted = to.push(data ?? null) && data !== undefined;
      }
    } catch (error) {
      to.destroy(visible(error));
    }
    this.#running = false;
  }
}
