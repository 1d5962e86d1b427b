import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { run } from "../support/processes.ts";
import { root } from "../support/sources.ts";

const conditions = "--conditions=sallyport-source";
const runtimes = [
  ["Deno", "deno", ["run", "--quiet", "--no-lock", "--allow-read", "--allow-env", "--allow-sys", conditions]],
  ["Bun", "bun", [conditions]],
] as const;

test.each(runtimes)("%s: crypto-node keeps the contract, and every signer signs", async (_, command, args) => {
  const binary = `${root}node_modules/.bin/${command}`;
  expect(existsSync(binary)).toBe(true);
  const output = await run(binary, [...args, `${root}test/support/run-contract.ts`], "", { cwd: root, timeoutMs: 100_000 });
  const lines = output.trim().split("\n");
  expect(lines.filter((line) => line.startsWith("failed"))).toEqual([]);
  expect(lines.filter((line) => line.startsWith("passed")).length).toBeGreaterThan(30);
  expect(lines.at(-1)).toBe("end of the contract");
}, 110_000);
