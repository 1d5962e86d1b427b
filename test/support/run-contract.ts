// crypto-node's contract, and that of all signers, without a test runner: for Deno and Bun. Prints one line a check.
import { hybridContract } from "./hybrid-contract.ts";
import { providerContract } from "./provider-contract.ts";
import { signerContract } from "./signer-contract.ts";
import { subjects } from "./subjects.ts";

for (const { name, run } of [...providerContract(subjects.node), ...hybridContract(subjects.node), ...signerContract()]) {
  try {
    const skipped = await run();
    console.log(`${skipped === undefined ? "passed" : "skipped"}: ${name}`);
  } catch (error) {
    console.log(`failed: ${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
console.log("end of the contract");
