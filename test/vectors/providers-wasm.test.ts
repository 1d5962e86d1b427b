import { afterAll, describe, test } from "vitest";
import { hybridContract } from "../support/hybrid-contract.ts";
import { providerContract } from "../support/provider-contract.ts";
import { subjects } from "../support/subjects.ts";
import { wycheproofSoFar } from "../support/wycheproof.ts";

describe("crypto-wasm, over crypto-noble", () => {
  afterAll(() => console.log(`crypto-wasm, over crypto-noble, ${wycheproofSoFar()}`));
  for (const { name, run } of [...providerContract(subjects.wasm), ...hybridContract(subjects.wasm)]) {
    test(name, async (context) => {
      const skipped = await run();
      if (skipped !== undefined) context.skip(skipped);
    });
  }
});
