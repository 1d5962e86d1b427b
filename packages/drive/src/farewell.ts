// How a connection ends so that the peer can read our last words.
import type { TlsError } from "@sallyport/core";
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

/**
 * How the peer of a failed handshake went. `alert-then-end`: it said why (the error is `alert-received` or `closed-early`, and
 * tells whether `authenticated`, under keys that is) and ended. `end`: it ended without an alert. `reset`: the transport broke,
 * in `reset-after-our-finished` behind our Finished: so goes a client that dislikes our certificate and does not say so.
 * `still-there`: we left first.
 */
export type PeerEnd = "alert-then-end" | "end" | "reset" | "reset-after-our-finished" | "still-there";

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

export interface Farewelled {
  readonly delivery: Delivery;
  readonly transportEnd: "end" | "reset" | "still-there";
}

export function peerEndOf(error: TlsError, end: Farewelled["transportEnd"]): PeerEnd {
  if (end === "reset" && error.finishedSent) return "reset-after-our-finished";
  if (end !== "end") return end;
  return error.kind === "alert-received" || error.kind === "closed-early" ? "alert-then-end" : "end";
}

/**
 * Writes what is queued, half-closes, reads and discards until the peer's end. A close with unread input would make the kernel
 * send a reset, and the peer's next write would lose the alert that it has not read yet: so the byte bound only stops the
 * reading, and the time bound alone closes.
 *
 * @param due `alert`: one (close_notify included) is among what is queued. `peer-end`: none, but how the peer goes is to be told.
 */
export function farewell(
  { transport, inbox, outbox, clock, budget, drain }: Line,
  due: "alert" | "peer-end" | "nothing",
): Promise<Farewelled> {
  return new Promise((resolve) => {
    let over = false;
    let stillThere: Delivery = "drain-timeout";
    const end = (delivery: Delivery): void => {
      if (over) return;
      over = true;
      cancelTimer();
      leave();
      const transportEnd = inbox.ended ?? (delivery === "write-failed" ? "reset" : "still-there");
      // Whoever broke down is as good as destroyed.
      try {
        transport.destroy();
      } catch {}
      resolve({ delivery: due === "alert" ? delivery : "none-due", transportEnd });
    };
    const leave = budget.beginClosing(() => end("cut"));
    const cancelTimer = clock.after(drain.timeoutMs ?? 2_000, () => end(stillThere));
    inbox.onReset = undefined;
    inbox.readsAhead = false;
    const written = outbox.finish();
    if (due === "nothing") {
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
