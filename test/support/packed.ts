import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./processes.ts";
import { packageNames, root } from "./sources.ts";

export interface Packed {
  /** An empty project into which every package was installed from its tarball. */
  readonly project: string;
  readonly tarballs: readonly Tarball[];
  remove(): void;
}

/** What `npm pack --json` tells. */
export interface Tarball {
  readonly name: string;
  readonly filename: string;
  /** Bytes, packed and unpacked. */
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

/**
 * Builds a copy of the packages from nothing (so that no leftover of a renamed source is packed, and no other process meets a
 * half-built dist), packs them, and installs the tarballs together.
 */
export async function packAndInstall(): Promise<Packed> {
  const stage = mkdtempSync(join(makeFolder(`${root}.tmp`), "packed-"));
  const project = mkdtempSync(join(tmpdir(), "sallyport-packed-"));
  try {
    const tarballs = await pack(stage, project);
    await install(tarballs, project);
    return { project, tarballs, remove: () => remove(project) };
  } catch (error) {
    remove(project);
    throw error;
  } finally {
    remove(stage);
  }
}

const quiet = ["--loglevel=error", "--no-audit", "--no-fund", "--ignore-scripts"];

async function pack(stage: string, destination: string): Promise<Tarball[]> {
  copyPackages(stage);
  const folders = packageNames().map((name) => `./packages/${name}`);
  const options = { cwd: stage, timeoutMs: 120_000 };
  await run(`${root}node_modules/.bin/tsc`, ["-b", ...folders], "", options);
  await run(process.execPath, ["packages/inspect/build.mjs"], "", options);
  const output = await run("npm", ["pack", "--json", "--pack-destination", destination, ...quiet, ...folders], "", options);
  return JSON.parse(output.slice(output.indexOf("[\n"))); // npm's warnings come before it
}

async function install(tarballs: readonly Tarball[], project: string): Promise<void> {
  const dependencies = Object.fromEntries(tarballs.map(({ name, filename }) => [name, `file:./${filename}`]));
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module", dependencies }));
  await run("npm", ["install", ...quiet], "", { cwd: project, timeoutMs: 120_000 });
}

/** Everything that the build reads, and nothing that an earlier build wrote. */
function copyPackages(stage: string): void {
  cpSync(`${root}tsconfig.json`, join(stage, "tsconfig.json"));
  makeFolder(join(stage, "node_modules/@sallyport"));
  for (const name of packageNames()) {
    const from = `${root}packages/${name}`;
    for (const entry of readdirSync(from).filter((entry) => entry !== "dist" && entry !== "node_modules")) {
      cpSync(join(from, entry), join(stage, "packages", name, entry), { recursive: true });
    }
    symlinkSync(`../../packages/${name}`, join(stage, "node_modules/@sallyport", name), "junction");
  }
  writeFileSync(join(stage, "package.json"), readFileSync(`${root}package.json`));
}

function makeFolder(path: string): string {
  mkdirSync(path, { recursive: true });
  return path;
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
