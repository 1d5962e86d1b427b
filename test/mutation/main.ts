// npm run mutation -- FILE… [--tests PATH,…], behind `npm install --no-save @stryker-mutator/core@9.6.1
// @stryker-mutator/vitest-runner@9.6.1`, which are half as much again as all that is developed with: Stryker changes core's checks one by one; a change that no test sees is printed, unless
// `survivors.ts` explains it. FILE: a source, or a folder of them; PATH as vitest takes it, from test/.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { survivors } from "./survivors.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = `${root}.tmp/mutation`;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { tests: { type: "string", default: "unit/negotiate,unit/wire-,unit/certificate-spki,property/negotiate" } },
});
if (positionals.length === 0) throw new Error("which sources? For example packages/core/src/negotiate/");
const stryker = `${root}node_modules/.bin/stryker`;
if (!existsSync(stryker))
  throw new Error("first: npm install --no-save @stryker-mutator/core@9.6.1 @stryker-mutator/vitest-runner@9.6.1");
mkdirSync(folder, { recursive: true });
writeFileSync(
  `${folder}/stryker.json`,
  JSON.stringify({
    testRunner: "vitest",
    plugins: ["@stryker-mutator/vitest-runner"],
    vitest: { configFile: "test/mutation/vitest.config.ts", related: false },
    // It would rewrite tsconfig.json, by the API of TypeScript 6.
    tsconfigFile: "none",
    mutate: positionals.map((path) => (statSync(root + path).isDirectory() ? `${path.replace(/\/$/, "")}/**/*.ts` : path)),
    ignorePatterns: ["**/dist", "bench", ".tmp", "test/interop", "test/vectors"],
    coverageAnalysis: "perTest",
    concurrency: 1,
    timeoutMS: 20_000,
    // What is checked, not how it is told.
    mutator: { excludedMutations: ["StringLiteral", "ObjectLiteral", "ArrayDeclaration"] },
    reporters: ["json", "progress-append-only"],
    jsonReporter: { fileName: `${folder}/report.json` },
    tempDirName: ".tmp/mutation/copies",
  }),
);
const { status } = spawnSync(stryker, ["run", `${folder}/stryker.json`], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, SALLYPORT_MUTATION_TESTS: values.tests },
});
if (status !== 0) process.exit(status ?? 1);

/** Of mutation-testing-report-schema, what is read here. */
interface Report {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>;
}
interface Mutant {
  readonly status: string;
  readonly replacement?: string;
  readonly location: { readonly start: Place; readonly end: Place };
}
interface Place {
  readonly line: number;
  readonly column: number;
}

const report: Report = JSON.parse(readFileSync(`${folder}/report.json`, "utf8"));
const counts = new Map<string, number>();
let unexplained = 0;
for (const [file, { source, mutants }] of Object.entries(report.files)) {
  for (const { status: end, replacement = "", location } of mutants) {
    counts.set(end, (counts.get(end) ?? 0) + 1);
    if (end !== "Survived" && end !== "NoCoverage") continue;
    const line = (source.split("\n")[location.start.line - 1] ?? "").trim();
    const why = survivors.find((each) => file.endsWith(each.file) && each.line === line && each.replacement === replacement)?.why;
    if (why === undefined) unexplained++;
    console.log(
      `${why === undefined ? "SURVIVES" : "explained"} ${file}:${location.start.line}: ${line}\n    ${replacement.slice(0, 200)}${why === undefined ? "" : `\n    ${why}`}`,
    );
  }
}
console.log(
  `${[...counts].map(([name, count]) => `${count} ${name}`).join(", ")}; ${unexplained} survive without an explanation`,
);
process.exit(unexplained === 0 ? 0 : 1);
