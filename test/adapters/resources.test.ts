// What bench/resources measures in full, in small: hostile and many clients leave nothing behind, and lock nobody out.
import { describe, expect, test } from "vitest";
import { aborts, besieged, neverReading } from "../../bench/resources/measures.ts";

const honest = 3;

describe("a server of @sallyport/node", () => {
  test("keeps no socket, no timer and no heap of handshakes that are left at every stage, and ends by itself", async () => {
    const { before, after, exit } = await aborts(400);
    expect(after.connections).toBe(0);
    expect(after.handshakesInProgress).toBe(0);
    expect(after.closing).toBe(0);
    expect(after.active["Timeout"] ?? 0).toBeLessThanOrEqual(before.active["Timeout"] ?? 0);
    expect(after.counts.failed - before.counts.failed).toBeGreaterThan(100);
    expect(after.counts.established - before.counts.established).toBeGreaterThan(50);
    expect(after.heap - before.heap).toBeLessThan(4 * 1024 * 1024);
    expect(exit).toBe(0);
  });

  test.each(["silent", "slowloris", "hello and no more"] as const)(
    "serves others beside %s clients, and ends those with their alert when the time is over",
    async (besieger) => {
      const { served, alerts, during, after } = await besieged(besieger, 60, honest, 3_000);
      expect(served).toBe(honest);
      expect(during.connections).toBeGreaterThan(0);
      expect(alerts).toBe(60);
      expect(after).toMatchObject({ connections: 0, handshakesInProgress: 0, closing: 0 });
    },
  );

  test("holds less than 2 MiB for a client that asks for data without end and never reads", async () => {
    const { perClient } = await neverReading(10);
    expect(perClient).toBeLessThan(2 * 1024 * 1024);
  });
});
