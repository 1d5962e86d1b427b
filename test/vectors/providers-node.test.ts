import { describe, test } from "vitest";
import { hybridContract } from "../support/hybrid-contract.ts";
import { providerContract } from "../support/provider-contract.ts";
import { subjects } from "../support/subjects.ts";

describe("crypto-node", () => {
  for (const { name, run } of [...providerContract(subjects.node), ...hybridContract(subjects.node)]) {
    test(name, async (context) => {
      const skipped = await run();
      if (skipped !== undefined) context.skip(skipped);
    });
  }
});
