// Project Wycheproof's files: other people's data, read where it lies. The repository holds no copy.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Check } from "./provider-contract.ts";
import { root } from "./sources.ts";

const folder = join(process.env["SALLYPORT_VECTORS"] ?? join(root, "../shared/vectors"), "wycheproof");

export interface WycheproofTest {
  readonly tcId: number;
  readonly comment: string;
  readonly flags: readonly string[];
  readonly result: "valid" | "invalid" | "acceptable";
}

/**
 * One check a file: every case of every group is run, and those that `judge` calls wrong are reported by their tcId. Skipped where
 * the files are not at hand.
 *
 * @param judge undefined: the case holds; a text: what is wrong. Groups and cases are as the file has them.
 */
export function wycheproof<Group, Case>(
  name: string,
  file: string,
  judge: (test: WycheproofTest & Case, group: Group) => string | undefined | Promise<string | undefined>,
): Check {
  return {
    name: `Wycheproof ${file}: ${name}`,
    run: async () => {
      const groups = read<Group, Case>(file);
      if (groups === undefined) return `no Wycheproof ${file}; SALLYPORT_VECTORS says where the files are`;
      const wrong: string[] = [];
      for (const group of groups) {
        for (const test of group.tests) {
          const problem = await judge(test, group);
          if (problem !== undefined) wrong.push(`tcId ${test.tcId} (${test.result}, ${test.comment}): ${problem}`);
        }
      }
      assert.deepEqual(wrong, []);
      held.checks++;
      held.cases += groups.reduce((sum, { tests }) => sum + tests.length, 0);
      return undefined;
    },
  };
}

const held = { checks: 0, cases: 0 };
/** What this process has run of them. */
export function wycheproofSoFar(): string {
  return `Wycheproof: ${held.cases} cases in ${held.checks} checks, none otherwise than expected`;
}

/** For what a provider answers with yes or no. An `acceptable` case may go either way. */
export function asExpected(test: WycheproofTest, accepted: boolean): string | undefined {
  if (test.result === "acceptable" || accepted === (test.result === "valid")) return undefined;
  return accepted ? "accepted" : "refused";
}

export function bytes(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

type TestGroup<Group, Case> = Group & { readonly tests: readonly (WycheproofTest & Case)[] };

function read<Group, Case>(file: string): readonly TestGroup<Group, Case>[] | undefined {
  const path = join(folder, `${file}_test.json.gz`);
  if (!existsSync(path)) return undefined;
  const text = gunzipSync(readFileSync(path)).toString();
  // The shape is the schema's that the caller names; a wrong one fails in `judge`.
  const { testGroups } = JSON.parse(text) as { readonly testGroups: readonly TestGroup<Group, Case>[] };
  assert.ok(testGroups.length > 0);
  return testGroups;
}
