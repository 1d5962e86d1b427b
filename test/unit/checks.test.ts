import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { root } from "../support/sources.ts";

const bin = (name: string): string => `${root}node_modules/.bin/${name}`;

/** What the tool complained about; empty: nothing. */
async function complaints(command: string, ...args: string[]): Promise<string> {
  try {
    await promisify(execFile)(bin(command), args, { cwd: root, maxBuffer: 1 << 24, shell: process.platform === "win32" });
    return "";
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string }; // execFile's
    return `${stdout}${stderr}` || String(error);
  }
}

describe("the tree", () => {
  test("compiles as a whole, tests and benchmarks included", async () => {
    expect(await complaints("tsc", "-b")).toBe("");
  });

  test("has no lint", async () => {
    expect(await complaints("biome", "ci", "--colors=off", ".")).toBe("");
  });

  test.each(["core", "crypto-noble"])("compiles %s with the language alone: no types of any platform", async (name) => {
    expect(await complaints("tsc", "-p", `packages/${name}`, "--noEmit", "--types", "", "--lib", "es2023")).toBe("");
  });
});
