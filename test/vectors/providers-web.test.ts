import { afterAll, describe, test } from "vitest";
import { hybridContract } from "../support/hybrid-contract.ts";
import { providerContract } from "../support/provider-contract.ts";
import { subjects } from "../support/subjects.ts";
import { wycheproofSoFar } from "../support/wycheproof.ts";

describe("crypto-web, over crypto-noble", () => {
  afterAll(() => console.log(`crypto-web, over crypto-noble, ${wycheproofSoFar()}`));
  for (const { name, run } of [...providerContract(subjects.web), ...hybridContract(subjects.web)]) {
    test(name, async (context) => {
      const skipped = await run();
      if (skipped !== undefined) context.skip(skipped);
    });
  }
});
