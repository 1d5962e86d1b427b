// The tests that mutants are run against: SALLYPORT_MUTATION_TESTS, in Stryker's copy of the tree.
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { mergeConfig } from "vitest/config";
import base from "../vitest.config.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const include = (process.env["SALLYPORT_MUTATION_TESTS"] ?? "")
  .split(",")
  .map((path) => (path.endsWith(".test.ts") ? path : `${path}*.test.ts`));
// node_modules is a link out of the copy, and its workspace packages lead to what is not mutated.
const alias = Object.fromEntries(
  readdirSync(`${root}packages`).map((name) => [`@sallyport/${name}`, `${root}packages/${name}/src/index.ts`]),
);

const config = mergeConfig(base, { root: `${root}test`, resolve: { alias } });
export default { ...config, test: { ...config["test"], include, reporters: ["default"] } };
