import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { createContext, Script } from "node:vm";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Packed } from "../support/packed.ts";
import { packAndInstall } from "../support/packed.ts";
import { makePki } from "../support/pki.ts";
import { run } from "../support/processes.ts";
import { packageNames, root } from "../support/sources.ts";

let packed: Packed;
beforeAll(async () => {
  packed = await packAndInstall();
  cpSync(new URL("./consumer", import.meta.url), packed.project, { recursive: true });
  const pki = await makePki();
  const { chainPem, keyPem } = await pki.leaf();
  writeFileSync(join(packed.project, "identity.json"), JSON.stringify({ roots: pki.ca.pem, chain: chainPem, key: keyPem }));
}, 300_000);
afterAll(() => packed?.remove());

test("a tarball holds the licence, the build and its sources, and nothing else", () => {
  expect(packed.tarballs.map(({ name }) => name).sort()).toEqual(packageNames().map((name) => `@sallyport/${name}`));
  for (const { name, files } of packed.tarballs) {
    const paths = files.map(({ path }) => path);
    expect(paths, name).toEqual(
      expect.arrayContaining(["LICENSE", "package.json", "dist/index.js", "dist/index.d.ts", "src/index.ts"]),
    );
    const foreign = paths.filter(
      (path) =>
        !/^(LICENSE|README\.md|package\.json|(dist|src)\/.*\.(js|ts|js\.map|d\.ts\.map)|dist\/inspect\.html|src\/page\/.*\.(css|html))$/.test(
          path,
        ),
    );
    expect(foreign, name).toEqual([]);
  }
  const kib = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`;
  console.log(
    packed.tarballs
      .map(({ name, size, unpackedSize }) => `${name}: ${kib(size)} packed, ${kib(unpackedSize)} unpacked`)
      .join("\n"),
  );
});

test("the repository's licence is the licence of each package", () => {
  const licence = readFileSync(`${root}LICENSE`, "utf8");
  for (const name of packageNames()) expect(readFileSync(`${root}packages/${name}/LICENSE`, "utf8"), name).toBe(licence);
});

test("the declarations compile in a strict project that checks its libraries", async () => {
  const importing = packageNames().map(
    (name, at) => `import * as package${at} from "@sallyport/${name}";\nexport { package${at} };\n`,
  );
  writeFileSync(join(packed.project, "consumer.ts"), importing.join(""));
  const options = [
    "--noEmit",
    "--strict",
    "--module",
    "nodenext",
    "--target",
    "es2023",
    "--lib",
    "es2023,dom",
    "--types",
    "node",
  ];
  const typeRoots = ["--typeRoots", `${root}node_modules/@types`];
  await run(`${root}node_modules/.bin/tsc`, [...options, ...typeRoots, "consumer.ts"], "", { cwd: packed.project });
});

const deno = ["run", "--quiet", "--no-lock", "--cached-only", "--node-modules-dir=manual", "--allow-read", "--allow-env"];
const runtimes = [
  ["Node.js", process.execPath, []],
  ["Deno", `${root}node_modules/.bin/deno`, deno],
  ["Bun", `${root}node_modules/.bin/bun`, ["--no-install"]],
] as const;

test.each(runtimes)("every package is imported on %s", async (_, command, args) => {
  const imports = packageNames().map((name) => `await import("@sallyport/${name}");\n`);
  writeFileSync(join(packed.project, "import-all.mjs"), `${imports.join("")}console.log("imported");\n`);
  expect(await run(command, [...args, "import-all.mjs"], "", { cwd: packed.project })).toContain("imported");
});

test.each(runtimes)("a client and a server shake hands in memory on %s", async (_, command, args) => {
  expect(await run(command, [...args, "main.mjs"], "", { cwd: packed.project })).toContain(greeting);
});

const greeting = "server says hello to TLS_CHACHA20_POLY1305_SHA256 x25519";

test("core, crypto-noble and x509 become one browser bundle that imports nothing, and needs nothing but the language", async () => {
  const { code, imports } = await bundle('export { handshake } from "./handshake.mjs";');
  expect(imports).toEqual([]);
  const context = createContext({ seed: 1 });
  new Script(`${code};globalThis.handshake = bundled.handshake;`).runInContext(context);
  const identity = readFileSync(join(packed.project, "identity.json"), "utf8");
  const result: unknown = new Script(`handshake(${identity}, ${randomSource}, () => ${Date.now()})`).runInContext(context);
  expect(result).toContain(greeting);
});

/** No platform in there: a generator that is enough for a test. */
const randomSource = "(length) => Uint8Array.from({ length }, () => (seed = (seed * 48271) % 2147483647) & 255)";

test.each([
  ["core", ["core"]],
  ["core, crypto-noble, x509", ["core", "crypto-noble", "x509"]],
  ["core, crypto-noble, x509, webstreams", ["core", "crypto-noble", "x509", "webstreams"]],
  ["core, crypto-web", ["core", "crypto-web"]],
])("the browser bundle of %s has no external import", async (title, names) => {
  const { code, imports } = await bundle(
    names.map((name, at) => `export * as package${at} from "@sallyport/${name}";`).join("\n"),
  );
  expect(imports).toEqual([]);
  const sizes = [code.length, gzipSync(code).length, brotliCompressSync(code).length].map(
    (bytes) => `${(bytes / 1024).toFixed(1)} KiB`,
  );
  console.log(`bundle of ${title}: ${sizes[0]} minified, ${sizes[1]} gzip, ${sizes[2]} brotli`);
});

test("crypto-wasm's browser bundle names one module of Node's: libsodium asks it where nothing else is random", async () => {
  const { imports } = await bundle('export * from "@sallyport/crypto-wasm";');
  expect(imports).toEqual(["crypto"]);
});

/** @returns the code of an IIFE that leaves its exports in `bundled`, and what it would import */
async function bundle(contents: string): Promise<{ code: string; imports: string[] }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: packed.project },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    platform: "browser",
    format: "iife",
    globalName: "bundled",
    target: "es2023",
    external: builtinModules.flatMap((name) => [name, `node:${name}`]),
    logLevel: "silent",
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path));
  return { code: outputFiles[0]?.text ?? "", imports };
}

test("every dependency of a package is installed from its tarball or a registry, none from the repository", () => {
  expect(readdirSync(join(packed.project, "node_modules/@sallyport")).sort()).toEqual(packageNames());
});
