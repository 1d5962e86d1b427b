import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { packageNames, root } from "../support/sources.ts";

interface LockEntry {
  readonly resolved?: string;
  readonly link?: boolean;
  readonly integrity?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
const lock: { readonly packages: Readonly<Record<string, LockEntry>> } = JSON.parse(
  readFileSync(`${root}package-lock.json`, "utf8"),
);
const locked = Object.entries(lock.packages);

test("the lock names no address: it holds for every registry that serves the same bytes", () => {
  expect(locked.filter(([, { resolved = "" }]) => resolved.includes(":")).map(([path]) => path)).toEqual([]);
  const unproven = locked.filter(
    ([path, { integrity, link }]) => path.includes("node_modules/") && link !== true && integrity === undefined,
  );
  expect(unproven.map(([path]) => path)).toEqual([]);
});

// npm leaves out of the lock, without a word, what it could not get; `npm ci` then refuses the lock on an empty machine.
test("the lock has the packages of every platform", () => {
  const known = new Set(locked.map(([path]) => path.replace(/^.*node_modules\//, "")));
  const wanted = locked.flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).map((name) => ({ path, name })),
  );
  expect(wanted.filter(({ name }) => !known.has(name))).toEqual([]);
});

test("the manifests of the packages agree", () => {
  const { version, license, engines } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
  for (const name of packageNames()) {
    const manifest = JSON.parse(readFileSync(`${root}packages/${name}/package.json`, "utf8"));
    expect(manifest, name).toMatchObject({
      name: `@sallyport/${name}`,
      version,
      license,
      engines,
      type: "module",
      sideEffects: false,
    });
    expect(Object.keys(manifest.exports["."]), name).toEqual(["sallyport-source", "types", "default"]);
    const inner = Object.entries(manifest.dependencies ?? {}).filter(([dependency]) => dependency.startsWith("@sallyport/"));
    expect(
      inner.filter(([, wanted]) => wanted !== version),
      name,
    ).toEqual([]);
  }
});
