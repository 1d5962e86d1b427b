// What packages/x509/REFUSALS.md quotes of ours is what is said.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { brokenChains } from "../refusals/chains.ts";
import { sallyport } from "../refusals/sallyport.ts";
import { root } from "../support/sources.ts";

const page = readFileSync(`${root}packages/x509/REFUSALS.md`, "utf8");
const sections = page.split(/^## \d+\. /m).slice(1);
const chains = await brokenChains();
const withoutClock = (text: string): string => text.replaceAll(/it is \S+ by this clock/g, "it is … by this clock");

test("the page has every chain", () => {
  expect(sections.map((section) => section.split("\n")[0])).toEqual(chains.map(({ title }) => title));
});

describe.each(chains.map((chain, at) => ({ ...chain, quoted: sections[at] ?? "" })))("$title", ({ quoted, ...chain }) => {
  test("is refused in the words of the page", () => {
    const words = sallyport(chain, Date.UTC(2026, 10, 21));
    expect(words).toMatch(/^[a-z_]+: /);
    expect(withoutClock(quoted)).toContain(`Sallyport:\n\n    ${withoutClock(words)}\n`);
  });
});
