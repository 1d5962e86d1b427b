// The contract of crypto-node and of all signers, or of crypto-web or crypto-wasm (`run-contract.ts web`), without a test runner:
// for Deno and Bun. Prints one line a check.
import { hybridContract } from "./hybrid-contract.ts";
import { providerContract } from "./provider-contract.ts";
import { signerContract } from "./signer-contract.ts";
import { subjects } from "./subjects.ts";

const name = process.argv[2] ?? "node";
const subject = name === "web" ? subjects.web : name === "wasm" ? subjects.wasm : subjects.node;
const signers = subject === subjects.node ? signerContract() : [];
for (const { name, run } of [...providerContract(subject), ...hybridContract(subject), ...signers]) {
  try {
    const skipped = await run();
    console.log(`${skipped === undefined ? "passed" : "skipped"}: ${name}`);
  } catch (error) {
    console.log(`failed: ${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
console.log("end of the contract");
