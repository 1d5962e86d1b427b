// `npm run bogo -- --runner PATH`: BoringSSL's protocol tests against core. The runner is the user's; see README.md.
import { chmodSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { type DisabledGroup, disabled, disabledTests, isDisabledBy, matches } from "./disabled.ts";
import { namesOf, type Results, runTests } from "./runner.ts";

const { values } = parseArgs({
  options: {
    runner: { type: "string", default: process.env["BOGO_RUNNER"] },
    test: { type: "string" },
    workers: { type: "string", default: "2" },
    "include-disabled": { type: "boolean", default: false },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  const { runner } = values;
  if (runner === undefined || !existsSync(runner)) {
    console.error(runner === undefined ? noRunner : `There is no ${runner}.\n${noRunner}`);
    return 2;
  }
  const folder = mkdtempSync(join(tmpdir(), "sallyport-bogo-"));
  try {
    const workers = Number(values.workers);
    const names = await namesOf({ runner, folder, tests: values.test, workers });
    const skipped = values["include-disabled"] ? [] : disabled;
    const shim = await bundle(folder);
    const run = { runner, folder, shim, tests: values.test, workers, disabled: disabledTests(skipped, names) };
    const results = await runTests(
      run,
      (line) => console.log(line),
      (passed) => {
        if (passed % 100 === 0) console.error(`${passed} passed`);
      },
    );
    report(names, skipped, results);
    return results.failed.length === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const noRunner = `
BoGo is BoringSSL's own: the project neither holds nor builds it. Whoever has its runner gives the path,
by --runner PATH or in BOGO_RUNNER.`;

/** One file: the shim starts once a test. */
async function bundle(folder: string): Promise<string> {
  const outfile = join(folder, "shim.mjs");
  await build({
    entryPoints: [join(import.meta.dirname, "shim/main.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    conditions: ["sallyport-source"],
    banner: { js: `#!${process.execPath}` },
    logLevel: "warning",
  });
  chmodSync(outfile, 0o755);
  return outfile;
}

function report(names: readonly string[], groups: readonly DisabledGroup[], results: Results): void {
  const { passed, failed, notImplemented, lacks } = results;
  const rows: [number, string][] = [
    [names.length, "tests"],
    [passed.length, "passed"],
    [failed.length, "failed"],
  ];
  const reasons = names.map((name) => isDisabledBy(groups, name)?.reason);
  const counted = groups.map(({ reason }) => [reasons.filter((each) => each === reason).length, reason] as const);
  const off = counted.reduce((sum, [count]) => sum + count, 0);
  rows.push([notImplemented.length, "not implemented by the shim"], [off, "disabled"]);
  console.log(`\n${rows.map(line).join("\n")}`);
  console.log(
    `\nDisabled:\n${counted
      .filter(([count]) => count > 0)
      .map(line)
      .join("\n")}`,
  );
  console.log(`\nNot implemented:\n${[...lacks].map(([lack, count]) => line([count, lack])).join("\n")}`);
  if (failed.length > 0) console.log(`\nFailed:\n${failed.join("\n")}`);
  if (values.test !== undefined) return;
  const idle = groups.flatMap(({ patterns, except = [] }) =>
    [...patterns, ...except].filter((pattern) => !names.some((name) => matches(pattern, name))),
  );
  if (idle.length > 0) console.log(`\nPatterns that disable nothing here: ${idle.join(" ")}`);
}

function line([count, what]: readonly [number, string]): string {
  return `${String(count).padStart(6)}  ${what}`;
}
