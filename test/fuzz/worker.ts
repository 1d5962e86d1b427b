// One thread of the fuzzer: batches of conversations, each of a seed of its own, until it is told to stop.
import { describeAccount, testOf } from "@sallyport/arbitraries";
import fc from "fast-check";
import { parentPort, workerData } from "node:worker_threads";
import { type Case, cases, play } from "./cases.ts";
import { countHit, type Hits } from "./heat-map.ts";
import type { ProviderName } from "./features.ts";

export interface Job {
  readonly provider: ProviderName;
  /** Seeds are first, first + step, … */
  readonly first: number;
  readonly step: number;
  readonly batch: number;
}
export interface Batch {
  readonly conversations: number;
  readonly reach: Readonly<Record<string, number>>;
  readonly hits: Hits;
  readonly violation: { readonly seed: number; readonly text: string; readonly smallest: Case } | undefined;
}

/** Plays a batch. @param going called every second, between two conversations. @returns at a violation, with one that was made as small as it gets in 20 s. */
function playBatch(provider: ProviderName, seed: number, count: number, going: () => void): Batch {
  let told = performance.now();
  const reach: Record<string, number> = {};
  const hits: Hits = new Map();
  let conversations = 0;
  let until: number | undefined;
  // Real keys are other ones each time: what failed may not fail again.
  let failed: { readonly smallest: Case; readonly what: string } | undefined;
  const holds = (one: Case): boolean => {
    const now = performance.now();
    if (now > told + 1000) {
      told = now;
      going();
    }
    if (until !== undefined && now > until) return true;
    const played = playOrTell(provider, one);
    if (typeof played === "string") {
      failed = { smallest: one, what: played };
      until ??= performance.now() + 20_000;
      return false;
    }
    const { account, violations } = played;
    if (violations.length > 0) failed = { smallest: one, what: describeAccount({ ...account, violations }) };
    if (until !== undefined) return violations.length === 0;
    conversations++;
    reach[account.reach] = (reach[account.reach] ?? 0) + 1;
    const { peer } = account;
    for (const { fault, in: due, version } of peer.hits) countHit(hits, one.features.role, version, due, fault);
    if (violations.length === 0) return true;
    until = performance.now() + 20_000;
    return false;
  };
  fc.check(fc.property(cases, holds), { numRuns: count, seed });
  if (failed === undefined) return { conversations, reach, hits, violation: undefined };
  const { smallest, what }: { readonly smallest: Case; readonly what: string } = failed;
  const text = `${what}\nat a ${smallest.features.role} with ${JSON.stringify(smallest.features)}\n\n${testOf(smallest.script, smallest.transport)}`;
  return { conversations, reach, hits, violation: { seed, text, smallest } };
}

/** What throws outside of the conversation, a config that is refused for one, finds something too. */
function playOrTell(provider: ProviderName, one: Case): ReturnType<typeof play> | string {
  try {
    return play(provider, one);
  } catch (thrown) {
    return `VIOLATION: threw ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`;
  }
}

if (parentPort !== null) {
  // A stack for each error that a machine returns would be most of the work.
  Error.stackTraceLimit = 0;
  const { provider, first, step, batch }: Job = workerData;
  const port = parentPort;
  let seed = first;
  const next = (): void => {
    port.postMessage(playBatch(provider, seed, batch, () => port.postMessage("going")));
    seed += step;
  };
  port.on("message", next);
  port.postMessage("going");
  next();
}
