import type { Duplex } from "node:stream";
import type { TlsStream, Waiter } from "@sallyport/drive";
import { visible } from "./errors.ts";

/** From a stream into a Duplex, as long as that wants more. While nothing comes it is all that waits. */
export class Pump implements Waiter {
  readonly #from: TlsStream;
  readonly #to: Duplex;
  readonly #transport: Duplex;
  #running = false;

  constructor(from: TlsStream, transport: Duplex, to: Duplex) {
    this.#from = from;
    this.#transport = transport;
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
    for (let wanted = true; wanted; ) {
      if (to.destroyed) return;
      const data = this.#from.take();
      const end = this.#from.readEnd;
      if (data === undefined && end === undefined) return this.#from.wait(this);
      if (data === undefined && end !== "close-notify") return void to.destroy(visible(end, this.#transport));
      wanted = this.#push(data ?? null) && data !== undefined;
    }
    this.#running = false;
  }

  /** What a listener throws is the process's, as with every other socket: the connection has done nothing wrong, and goes on. */
  #push(data: Uint8Array | null): boolean {
    try {
      return this.#to.push(data);
    } catch (thrown) {
      process.nextTick(() => {
        throw thrown;
      });
      return this.#to.readableLength < this.#to.readableHighWaterMark;
    }
  }
}
