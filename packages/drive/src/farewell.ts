// How a connection ends so that the peer can read our last words.
import type { Budget } from "./budget.ts";
import type { Inbox } from "./inbox.ts";
import type { Outbox } from "./outbox.ts";
import type { Clock, Transport } from "./transport.ts";

/**
 * What became of our alert. `peer-ended`: written, and the peer ended behind it, so it had every chance to read it.
 * `drain-timeout`, `drain-bytes`: the peer was still there after 2 s, in the second case with more than 1 MiB sent. `cut`: too
 * many sockets were closing, and this was the oldest. `none-due`: there was no alert to send.
 */
export type Delivery = "none-due" | "peer-ended" | "drain-timeout" | "drain-bytes" | "reset" | "write-failed" | "cut";

/** Bounds on reading behind an alert: bytes for work (default 1 MiB), milliseconds for life (default 2,000). */
export interface DrainOptions {
  readonly maxBytes?: number;
  readonly timeoutMs?: number;
}

/** One connection's ends, shared by its handshake and its stream. */
export interface Line {
  readonly transport: Transport;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly budget: Budget;
  readonly drain: DrainOptions;
}

/**
 * Writes what is queued, half-closes, reads and discards until the peer's end. A close with unread input would make the kernel
 * send a reset, and the peer's next write would lose the alert that it has not read yet: so the byte bound only stops the
 * reading, and the time bound alone closes.
 *
 * @param due whether an alert (close_notify included) is among what is queued.
 */
export function farewell({ transport, inbox, outbox, clock, budget, drain }: Line, due: boolean): Promise<Delivery> {
  return new Promise((resolve) => {
    let over = false;
    let stillThere: Delivery = "drain-timeout";
    const end = (delivery: Delivery): void => {
      if (over) return;
      over = true;
      cancelTimer();
      leave();
      transport.destroy();
      resolve(delivery);
    };
    const leave = budget.beginClosing(() => end("cut"));
    const cancelTimer = clock.after(drain.timeoutMs ?? 2_000, () => end(due ? stillThere : "none-due"));
    inbox.onReset = undefined;
    inbox.readsAhead = false;
    const written = outbox.finish();
    if (!due) {
      void written.then(() => end("none-due"));
      return;
    }
    void written.then(() => {
      if (outbox.broken !== undefined) end("write-failed");
    });
    // While the alert is being written too: a peer that sends before it reads would block both sides for ever.
    void discard(inbox, drain.maxBytes ?? 1024 * 1024, () => over).then(async (last) => {
      if (last === "too-much") {
        stillThere = "drain-bytes";
        return;
      }
      if (last === "end") await written;
      end(last === "reset" ? "reset" : outbox.broken === undefined ? "peer-ended" : "write-failed");
    });
  });
}

async function discard(inbox: Inbox, maxBytes: number, isOver: () => boolean): Promise<"end" | "reset" | "too-much"> {
  for (let bytes = 0; bytes <= maxBytes && !isOver(); ) {
    const arrival = await inbox.next();
    if (typeof arrival === "string") return arrival;
    bytes += arrival.length;
  }
  return "too-much";
}
