import { fc, test as propertyTest } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { memorySingleUse } from "@sallyport/core";

const key = (name: number): Uint8Array<ArrayBuffer> => new Uint8Array(32).fill(name);
/** How long a key is remembered by whoever asks: the tolerance, seen from a clock that agrees. */
const soonMs = 10_000;

describe("memorySingleUse", () => {
  let time = 0;
  const now = (): number => time;
  const old = (capacity?: number) => {
    time = 0;
    const store = memorySingleUse(capacity === undefined ? { now } : { now, capacity });
    time = 100_000;
    return store;
  };

  test("says fresh once, then seen, until the key is forgotten", () => {
    const store = old();
    expect(store.use(key(1), time + soonMs)).toBe("fresh");
    expect(store.use(key(1), time + soonMs)).toBe("seen");
    expect(store.use(key(2), time + soonMs)).toBe("fresh");
    time += soonMs;
    expect(store.use(key(1), time)).toBe("seen");
  });

  test("knows nothing of what was used before it was made, and says so", () => {
    time = 0;
    const store = memorySingleUse({ now });
    // All that could have come before: sent up to ten seconds behind the birth, by a clock that is ten seconds ahead.
    for (const forgetAfterMs of [0, soonMs, 20_000]) expect(store.use(key(1), forgetAfterMs)).toBe("unavailable");
    expect(store.use(key(1), 20_001)).toBe("fresh");
  });

  test("forgets nothing while it is full, and takes nothing", () => {
    const store = old(2);
    expect([1, 2, 3].map((name) => store.use(key(name), time + soonMs))).toEqual(["fresh", "fresh", "unavailable"]);
    expect(store.use(key(1), time + soonMs)).toBe("seen");
    time += soonMs + 1000;
    expect(store.use(key(3), time + soonMs)).toBe("fresh");
  });

  test("is not deceived by a clock that is set back: what it may have forgotten is unavailable", () => {
    const store = old();
    const forgetAfterMs = time + soonMs;
    expect(store.use(key(1), forgetAfterMs)).toBe("fresh");
    time += soonMs + 5000;
    expect(store.use(key(2), time + soonMs)).toBe("fresh");
    time -= 10_000;
    expect(store.use(key(1), forgetAfterMs)).toBe("unavailable");
  });

  propertyTest.prop([
    fc.array(
      fc.record({
        name: fc.nat(5),
        off: fc.integer({ min: -soonMs, max: soonMs }),
        step: fc.integer({ min: -30_000, max: 30_000 }),
      }),
      { maxLength: 60 },
    ),
  ])("no key is fresh twice, whatever the clock does, as long as who asks refuses what is too old by it", (steps) => {
    const store = old(4);
    const used = new Map<number, number>();
    for (const { name, off, step } of steps) {
      time += step;
      // A hello says when it was sent, and says so again whenever it is replayed.
      const sentMs = used.get(name) ?? time + off;
      if (Math.abs(time - sentMs) > soonMs) continue;
      const answer = store.use(key(name), sentMs + soonMs);
      if (answer !== "fresh") continue;
      expect(used.has(name)).toBe(false);
      used.set(name, sentMs);
    }
  });
});
