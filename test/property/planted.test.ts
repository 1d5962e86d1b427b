// The patches fit the code that they are patches of; `npm run planted` shows how fast they are found.
import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { plantedBugs, root, whyNotApplicable, whyNotCompiled } from "./planted/bugs.ts";

test("every patch has its line, and there are twenty", () => {
  const patches = readdirSync(`${root}test/property/planted`).filter((file) => file.endsWith(".patch"));
  expect(patches.sort()).toEqual(plantedBugs.map(({ name }) => `${name}.patch`));
  expect(patches).toHaveLength(20);
});

test.each(plantedBugs)("$name can be planted", (bug) => {
  const why = whyNotApplicable(bug);
  expect(
    why,
    `${bug.name}.patch no longer fits packages/core/src: make the same bug in today's code, and put its diff in the patch's place`,
  ).toBeUndefined();
});

test("every planted bug compiles: what finds it is a law, and not a name that is gone", () => {
  expect(whyNotCompiled()).toEqual([]);
});
