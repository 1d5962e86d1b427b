import type { ConnectionEvent } from "@sallyport/core";

/** Tells the caller, and puts new sessions into asynchronous stores; synchronous ones have them already. */
export function report(events: readonly ConnectionEvent[], onEvent: ((event: ConnectionEvent) => void) | undefined): void {
  for (const event of events) {
    onEvent?.(event);
    if (event.kind !== "new-session") continue;
    if (event.role === "server") {
      if ("putAsync" in event.store) ignoreFailure(event.store.putAsync(event.key, event.session));
    } else if (event.store !== undefined && "putAsync" in event.store) {
      ignoreFailure(event.store.putAsync(event.key, event.session));
    }
  }
}

/** A session that could not be stored costs a full handshake later, and nothing now. */
function ignoreFailure(stored: Promise<void>): void {
  stored.catch(() => {});
}
