// The contract of crypto-node, or of crypto-web (`run-contract.ts web`), and that of all signers, without a test runner: for Deno
// and Bun. Prints one line a check.
import { hybridContract } from "./hybrid-contract.ts";
import { providerContract } from "./provider-contract.ts";
import { signerContract } from "./signer-contract.ts";
import { subjects } from "./subjects.ts";

const isWeb = process.argv[2] === "web";
const subject = isWeb ? subjects.web : subjects.node;
const signers = isWeb ? [] : signerContract();
for (const { name, run } of [...providerContract(subject), ...hybridContract(subject), ...signers]) {
  try {
    const skipped = await run();
    console.log(`${skipped === undefined ? "passed" : "skipped"}: ${name}`);
  } catch (error) {
    console.log(`failed: ${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
console.log("end of the contract");
