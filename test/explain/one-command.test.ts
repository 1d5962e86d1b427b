// From a log that somebody pasted to the option that was missing: one command, as it is installed, and how long it takes is printed.
import { readFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { run } from "../support/processes.ts";
import { root } from "../support/sources.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-log-"));
const log = join(folder, "wolfssl.log");
beforeAll(async () => {
  const outputs: readonly { readonly id: string; readonly output: string }[] = JSON.parse(
    readFileSync(new URL("./program-outputs.json", import.meta.url), "utf8"),
  );
  writeFileSync(log, outputs.find(({ id }) => id === "wolfssl-no-groups")?.output ?? "");
  await run(`${root}node_modules/.bin/tsc`, ["-b", `${root}packages/cli`], "", { timeoutMs: 100_000 });
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the log of a wolfSSL without supported curves leads to HAVE_SUPPORTED_CURVES in one command", async () => {
  const times: number[] = [];
  for (let round = 0; round < 3; round++) {
    const since = performance.now();
    const told = await run(process.execPath, [`${root}packages/cli/dist/main.js`, "explain", log], "", { timeoutMs: 50_000 });
    times.push(performance.now() - since);
    expect(told.replaceAll(/\s+/g, " ")).toContain("wolfSSL: build with TLS extensions and supported curves");
    expect(told).toContain("HAVE_SUPPORTED_CURVES");
  }
  const median = times.sort((one, other) => one - other)[1] ?? Number.NaN;
  console.log(
    `sallyport explain wolfssl.log: ${Math.round(median)} ms, the median of ${times.length}, Node.js ${process.version}`,
  );
});
