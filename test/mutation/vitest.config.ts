// The tests that changes are tried against, one file after the other, with sources that hold every change.
import type { Plugin } from "vite";
import { mergeConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import base from "../vitest.config.ts";
import { readPlan, root } from "./plan.ts";

const { sources, tests, atLoad } = readPlan();

const changed: Plugin = {
  name: "changed-sources",
  enforce: "pre",
  load: (id) => sources[id],
};

/** As listed: who is quick goes first, and kills most. */
class AsListed extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => tests.findIndex((test) => moduleId.includes(`/test/${test}`));
    return files.sort((one, other) => rank(one) - rank(other));
  }
}

const config = mergeConfig(base, { root: `${root}test`, plugins: [changed] });
export default {
  ...config,
  test: {
    ...config["test"],
    include: tests.map((test) => `${test.replace(/(\.test)?\.ts$/, "")}*.test.ts`),
    runner: `${root}test/mutation/runner.ts`,
    setupFiles: [`${root}test/mutation/seed.ts`],
    sequence: { sequencer: AsListed },
    reporters: ["default"],
    pool: "threads",
    maxWorkers: 1,
    bail: atLoad === undefined ? 0 : 1,
  },
};
