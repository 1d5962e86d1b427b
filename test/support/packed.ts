import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
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
  const remove = (): void => [stage, project].forEach((folder) => void rmSync(folder, { recursive: true, force: true }));
  process.on("exit", remove);

  copyPackages(stage);
  const names = packageNames();
  await run(`${root}node_modules/.bin/tsc`, ["-b", ...names.map((name) => `packages/${name}`)], "", {
    cwd: stage,
    timeoutMs: 120_000,
  });

  const quiet = ["--loglevel=error", "--no-audit", "--no-fund", "--ignore-scripts"];
  const pack = ["pack", "--json", "--pack-destination", project, ...quiet, ...names.map((name) => `./packages/${name}`)];
  const tarballs: Tarball[] = JSON.parse(jsonIn(await run("npm", pack, "", { cwd: stage, timeoutMs: 120_000 })));

  const dependencies = Object.fromEntries(tarballs.map(({ name, filename }) => [name, `file:./${filename}`]));
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module", dependencies }));
  await run("npm", ["install", ...quiet], "", { cwd: project, timeoutMs: 120_000 });
  return { project, tarballs, remove };
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
  if (!existsSync(path)) mkdirSync(path, { recursive: true });
  return path;
}

/** npm's warnings come before it. */
function jsonIn(output: string): string {
  return output.slice(output.indexOf("[\n"));
}
