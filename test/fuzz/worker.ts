// One thread of the fuzzer: batches of conversations, each of a seed of its own, until it is told to stop.
import { describeAccount, testOf } from "@sallyport/arbitraries";
import fc from "fast-check";
import { parentPort, workerData } from "node:worker_threads";
import { type Case, cases, play } from "./cases.ts";
import { countHit, type Hits } from "./heat-map.ts";
import type { ProviderName } from "./world.ts";

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

/** Plays a batch. @param found called at the first violation. @returns then, with one that was made as small as it gets in 20 s. */
export function playBatch(provider: ProviderName, seed: number, count: number, found: () => void = () => {}): Batch {
  const reach: Record<string, number> = {};
  const hits: Hits = new Map();
  let conversations = 0;
  let until: number | undefined;
  // Real keys are other ones each time: what failed may not fail again.
  let failed: { readonly smallest: Case; readonly what: string } | undefined;
  const holds = (one: Case): boolean => {
    if (until !== undefined && performance.now() > until) return true;
    const { account, violations } = play(provider, one);
    if (violations.length > 0) failed = { smallest: one, what: describeAccount({ ...account, violations }) };
    if (until !== undefined) return violations.length === 0;
    conversations++;
    reach[account.reach] = (reach[account.reach] ?? 0) + 1;
    const { peer } = account;
    for (const { fault, in: due, version } of peer.hits) countHit(hits, one.features.role, version, due, fault);
    if (violations.length === 0) return true;
    until = performance.now() + 20_000;
    found();
    return false;
  };
  fc.check(fc.property(cases, holds), { numRuns: count, seed });
  if (failed === undefined) return { conversations, reach, hits, violation: undefined };
  const { smallest, what }: { readonly smallest: Case; readonly what: string } = failed;
  const text = `${what}\nat a ${smallest.features.role} with ${JSON.stringify(smallest.features)}\n\n${testOf(smallest.script, smallest.transport)}`;
  return { conversations, reach, hits, violation: { seed, text, smallest } };
}

if (parentPort !== null) {
  // A stack for each error that a machine returns would be most of the work.
  Error.stackTraceLimit = 0;
  const { provider, first, step, batch }: Job = workerData;
  const port = parentPort;
  let seed = first;
  const next = (): void => {
    port.postMessage(playBatch(provider, seed, batch, () => port.postMessage("found")));
    seed += step;
  };
  port.on("message", next);
  next();
}
