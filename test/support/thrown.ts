/** What nobody caught while `run` went on, and a little behind it. */
export async function thrownDuring(run: () => Promise<void>): Promise<string[]> {
  const thrown: string[] = [];
  const note = (error: unknown): void => void thrown.push(String(error));
  const events = ["uncaughtException", "unhandledRejection"] as const;
  const others = events.map((event) => process.listeners(event as "uncaughtException"));
  for (const event of events) process.removeAllListeners(event).on(event, note);
  try {
    await run();
    await new Promise((resolve) => setTimeout(resolve, 50));
  } finally {
    events.forEach((event, at) => {
      process.off(event, note);
      for (const other of others[at] ?? []) process.on(event as "uncaughtException", other);
    });
  }
  return thrown;
}
