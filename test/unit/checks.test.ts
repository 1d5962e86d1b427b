import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { root } from "../support/sources.ts";

describe("the tree", () => {
  test("compiles as a whole, tests and benchmarks included", async () => {
    expect(await complaints("tsc", ["-b"])).toBe("");
  });

  test("has no lint", async () => {
    expect(await complaints("biome", ["ci", "--colors=off", "."])).toBe("");
  });

  test.each(["core", "crypto-noble"])("compiles %s with the language alone: no types of any platform", async (name) => {
    expect(await complaints("tsc", ["-p", `packages/${name}`, "--noEmit", "--types", "", "--lib", "es2023"])).toBe("");
  });
});

test.each([
  ["stage.receive(chunk);", "is dropped"],
  ["Promise.resolve();", "noFloatingPromises"],
  ["export const now = Date.now();", "noRestrictedGlobals"],
  ['import { connect } from "node:net";\nexport { connect };', "noNodejsModules"],
  ['export { guard } from "./guard.js";', "useImportExtensions"],
])("the linter finds what core must not have: %j", async (code, finding) => {
  const tree = mkdtempSync(join(tmpdir(), "sallyport-lint-"));
  onTestFinished(() => rmSync(tree, { recursive: true, force: true }));
  cpSync(`${root}.biome.json`, join(tree, ".biome.json"));
  cpSync(`${root}test/lint`, join(tree, "test/lint"), { recursive: true });
  mkdirSync(join(tree, "packages/core/src"), { recursive: true });
  writeFileSync(join(tree, "packages/core/src/guard.ts"), "export const guard = 1;\n");
  writeFileSync(join(tree, "packages/core/src/made-up.ts"), `${code}\n`);
  expect(await complaints("biome", ["lint", "--colors=off", "--vcs-enabled=false", "."], tree)).toContain(finding);
});

/** What the tool says when it fails; empty: it doesn't. */
async function complaints(command: string, args: readonly string[], cwd = root): Promise<string> {
  try {
    const options = { cwd, maxBuffer: 1 << 24, shell: process.platform === "win32" };
    await promisify(execFile)(`${root}node_modules/.bin/${command}`, args, options);
    return "";
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string }; // execFile's
    return `${stdout}${stderr}` || String(error);
  }
}
