import { expect, test } from "vitest";
import { newerNode } from "../support/newer-node.ts";
import { run } from "../support/processes.ts";
import { root } from "../support/sources.ts";

const conditions = "--conditions=sallyport-source";
const bin = `${root}node_modules/.bin`;
const runtimes = [
  ["Deno", `${bin}/deno`, ["run", "--quiet", "--no-lock", "--allow-read", "--allow-env", "--allow-sys", conditions]],
  ["Bun", `${bin}/bun`, [conditions]],
  ["Node.js 24, with an ML-KEM of its own", newerNode?.command, [conditions]],
] as const;

const subjects = [
  ["crypto-node keeps the contract, and every signer signs", []],
  ["crypto-web keeps the contract, over crypto-noble", ["web"]],
  ["crypto-wasm keeps the contract, over crypto-noble", ["wasm"]],
] as const;
const each = runtimes.flatMap(([name, command, args]) => subjects.map(([title, role]) => ({ name, command, args, title, role })));

for (const { name, command, args, title, role } of each) {
  test(`${name}: ${title}`, async ({ skip }) => {
    skip(command === undefined && process.env["SALLYPORT_REQUIRE_PEERS"] === undefined, `${name} is not installed`);
    if (command === undefined) throw new Error("there is no Node.js 24; SALLYPORT_NODE24 says where it is");
    const program = [`${root}test/support/run-contract.ts`, ...role];
    const output = await run(command, [...args, ...program], "", { cwd: root, timeoutMs: 100_000 });
    const lines = output.trim().split("\n");
    expect(lines.filter((line) => line.startsWith("failed"))).toEqual([]);
    expect(lines.filter((line) => line.startsWith("passed")).length).toBeGreaterThan(30);
    expect(lines.at(-1)).toBe("end of the contract");
    const withoutMlKem = lines.some((line) => line.startsWith("skipped: node:crypto: each key pair"));
    expect(withoutMlKem).toBe(role.length === 0 && (name === "Deno" || name === "Bun"));
  }, 110_000);
}
