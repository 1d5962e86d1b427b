import { describe, test } from "vitest";
import { providerContract } from "../support/provider-contract.ts";
import { subjects } from "../support/subjects.ts";

describe("crypto-node", () => {
  for (const { name, run } of providerContract(subjects.node)) {
    test(name, (context) => {
      const skipped = run();
      if (skipped !== undefined) context.skip(skipped);
    });
  }
});
