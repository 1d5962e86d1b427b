// x509-limbo's path validation cases, judged by the verifiers as they come.
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { noble } from "@sallyport/crypto-noble";
import { node } from "@sallyport/crypto-node";
import { describe, expect, test } from "vitest";
import { judge, limboFile, readLimbo, scoreOf } from "../support/limbo.ts";

const listed = listedCases(readFileSync(new URL("limbo.md", import.meta.url), "utf8"));
const providers = [node, noble({ random: (length) => new Uint8Array(randomBytes(length)) })];

describe.skipIf(!existsSync(limboFile))("x509-limbo (limbo-dev.json.gz; SALLYPORT_VECTORS names its folder)", () => {
  const rule = "with $name no case in scope is judged otherwise than expected, and limbo.md lists exactly the others";
  test.for(providers)(rule, (provider) => {
    const cases = readLimbo(limboFile);
    const judged = new Map(cases.map((testcase) => [testcase.id, judge(testcase, provider)]));
    const isAccepted = (id: string): boolean => judged.get(id)?.accepted === true;
    const { agree, acceptsBad, rejectsGood } = scoreOf(cases, ({ id }) => isAccepted(id));
    const outOfScope = cases.filter(({ id }) => listed.has(id));
    console.log(
      `x509-limbo, ${provider.name}: ${cases.length} cases, ${agree} agree, ${acceptsBad} accept bad, ${rejectsGood} reject good; ` +
        `${outOfScope.length} are listed as out of scope in limbo.md`,
    );
    const disagreeing = cases.filter(({ id, expected_result: expected }) => isAccepted(id) !== (expected === "SUCCESS"));
    expect(disagreeing.filter(({ id }) => !listed.has(id)).map(({ id }) => `${id}: ${judged.get(id)?.why}`)).toEqual([]);
    expect(outOfScope.filter((testcase) => !disagreeing.includes(testcase)).map(({ id }) => id)).toEqual([]);
    expect([...judged].filter(([, { milliseconds }]) => milliseconds > 5000).map(([id]) => id)).toEqual([]);
  });
});

/** Rows of limbo.md's table: | `id` | reason | */
function listedCases(markdown: string): ReadonlyMap<string, string> {
  return new Map([...markdown.matchAll(/^\| `([^`]+)` \| (.+) \|$/gm)].map(([, id = "", reason = ""]) => [id, reason]));
}
