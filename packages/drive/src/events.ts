import type { ConnectionEvent } from "@sallyport/core";

/** Tells the caller, and puts new sessions into asynchronous stores; synchronous ones have them already. */
export function report(events: readonly ConnectionEvent[], onEvent: ((event: ConnectionEvent) => void) | undefined): void {
  for (const event of events) {
    onEvent?.(event);
    if (event.kind !== "new-session") continue;
    if (event.role === "server") {
      const { key, session, store } = event;
      if ("putAsync" in store) void tried(() => store.putAsync(key, session));
    } else {
      const { key, session, store } = event;
      if (store !== undefined && "putAsync" in store) void tried(() => store.putAsync(key, session));
    }
  }
}

/** A session that could not be stored costs a full handshake later, and nothing now: whether the store rejects or throws. */
async function tried(put: () => Promise<void>): Promise<void> {
  try {
    await put();
  } catch {}
}
