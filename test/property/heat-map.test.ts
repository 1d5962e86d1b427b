// States × faults: what the fuzz never does is found by nobody. The same seed is the same conversations.
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { root } from "./planted/bugs.ts";

test("80,000 conversations leave no hole in the heat map, and violate no law", { timeout: 600_000 }, () => {
  const node = ["--import", "./bench/register.mjs", "--conditions=sallyport-source"];
  const fuzz = ["test/fuzz/main.ts", "--provider", "fuzz", "--conversations", "80000", "--seed", "1", "--forget"];
  const { stdout, status } = spawnSync(process.execPath, [...node, ...fuzz], { cwd: root, encoding: "utf8", maxBuffer: 2 ** 26 });
  const told = stdout.split("\n").filter((line) => /holes|VIOLATION|conversations on/.test(line));
  expect(told).toEqual(["no holes", expect.stringMatching(/^8\d{4} conversations on fuzz .* 0 violations$/)]);
  expect(status).toBe(0);
});
