// JSR's manifests: they say what package.json says, and Deno would publish them.
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { run } from "../support/processes.ts";
import { packageNames, root } from "../support/sources.ts";

const parts = ["src", "README.md", "LICENSE", "jsr.json"];
/** What a program for Deno is made of. */
const published = packageNames().filter((name) => existsSync(`${root}packages/${name}/jsr.json`));

test("what runs in Deno is on JSR: its adapters, and all that they need", () => {
  expect(published).toEqual([
    "core",
    "crypto-noble",
    "crypto-node",
    "crypto-wasm",
    "crypto-web",
    "deno",
    "drive",
    "webstreams",
    "x509",
  ]);
});

test.each(published)("%s: jsr.json has the name, version, licence, exports and dependencies of package.json", (name) => {
  const jsr = json(`packages/${name}/jsr.json`);
  const npm = json(`packages/${name}/package.json`);
  const sources = Object.entries(npm.exports).flatMap(([path, targets]) =>
    typeof targets === "string" ? [] : [[path, targets["sallyport-source"]]],
  );
  const dependencies = Object.entries(npm.dependencies ?? {}).map(([dependency, version]) => [
    dependency,
    `${dependency.startsWith("@sallyport/") ? "jsr" : "npm"}:${dependency}@${version}`,
  ]);
  expect(jsr).toEqual({
    name: npm.name,
    version: npm.version,
    license: npm.license,
    exports: Object.fromEntries(sources),
    ...(dependencies.length === 0 ? {} : { imports: Object.fromEntries(dependencies) }),
    publish: { include: parts },
  });
});

// "Slow types", foreign files, specifiers that only npm knows: all that a rehearsal looks for.
test("Deno would publish them", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-jsr-"));
  try {
    for (const name of published) {
      for (const part of parts) cpSync(`${root}packages/${name}/${part}`, join(folder, name, part), { recursive: true });
    }
    symlinkSync(`${root}node_modules`, join(folder, "node_modules"));
    const workspace = { workspace: published.map((name) => `./${name}`), nodeModulesDir: "manual" };
    writeFileSync(join(folder, "deno.json"), JSON.stringify(workspace));
    const rehearsal = ["publish", "--dry-run", "--allow-dirty"];
    const output = await run(`${root}node_modules/.bin/deno`, rehearsal, "", { cwd: folder, timeoutMs: 170_000 });
    expect(output).toContain("Dry run complete");
    for (const name of published) expect(output).toContain(`@sallyport/${name}@`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}
function json(path: string): Manifest {
  return JSON.parse(readFileSync(root + path, "utf8"));
}
