import { TestRunner } from "vitest";
import type { Met } from "./features.ts";

/** The running test shows this of a peer, once it has passed. */
export function shows(...met: readonly Met[]): void {
  const test = TestRunner.getCurrentTest();
  if (test === undefined) throw new Error("only a test can show something");
  test.meta.interop = [...(test.meta.interop ?? []), ...met];
}
