// The replay check in memory (RFC 9846 §8.2).
import { hex } from "../wire/bytes.ts";
import type { SyncSingleUse } from "./types.ts";

/** How far the age of a ClientHello may be off, either way (RFC 9846 §8.3). */
export const ageToleranceMs = 10_000;
/** So long a ClientHello can be accepted, by clocks that don't agree with its client's. */
const windowMs: number = 2 * ageToleranceMs;

/** What is forgotten is looked for so often, in milliseconds. */
const tidyEveryMs = 1000;

/**
 * One process's memory of what was used: whoever shares tickets with others needs a store that all of them ask. A store knows
 * nothing of what was used before it was made, so what may be older is `unavailable`; so is everything while it is full, and
 * whatever a clock that was set back brings to life again.
 *
 * @param options.now the clock of the configs that use it. @param options.capacity keys, each of some 100 bytes. Default 65,536.
 */
export function memorySingleUse({
  now,
  capacity = 65_536,
}: {
  readonly now: () => number;
  readonly capacity?: number;
}): SyncSingleUse {
  const used = new Map<string, number>();
  const bornMs = now();
  /** What was to be forgotten up to here may have been. */
  let forgottenMs = bornMs + windowMs;
  let tidiedMs = bornMs;
  const tidy = (nowMs: number): void => {
    tidiedMs = nowMs;
    for (const [key, forgetAfterMs] of used) {
      if (forgetAfterMs >= nowMs) continue;
      used.delete(key);
      forgottenMs = Math.max(forgottenMs, forgetAfterMs);
    }
  };
  return {
    use(key, forgetAfterMs) {
      const nowMs = now();
      if (Math.abs(nowMs - tidiedMs) >= tidyEveryMs) tidy(nowMs);
      const name = hex(key);
      if (used.has(name)) return "seen";
      if (!(forgetAfterMs > forgottenMs) || used.size >= capacity) return "unavailable";
      used.set(name, forgetAfterMs);
      return "fresh";
    },
  };
}
