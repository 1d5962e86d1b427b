// Every change of some sources, by Stryker's instrumenter: it puts all of them into the text, each behind a switch. Nothing else of
// Stryker is used: a process and all modules anew for each change cost seconds, and the test itself milliseconds.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { folder, type Mutant, root } from "./plan.ts";
import { tellValues } from "./values.ts";

/**
 * What is checked, and not how it is told: texts and literal tables stay as they are. So do arrow functions, what is inside of them
 * apart: one that gives undefined is missed at once, or reads no byte of a list that is read to its end, and hangs.
 */
const excludedMutations = ["StringLiteral", "ObjectLiteral", "ArrayDeclaration", "ArrowFunction"];

/** Of @stryker-mutator/instrumenter, what is used here. */
interface Instrumenter {
  instrument(
    files: readonly { readonly name: string; readonly content: string; readonly mutate: boolean }[],
    options: { readonly plugins: null; readonly excludedMutations: readonly string[]; readonly ignorers: readonly [] },
  ): Promise<{
    readonly files: readonly { readonly name: string; readonly content: string }[];
    readonly mutants: readonly Mutant[];
  }>;
}
interface Module {
  readonly Instrumenter: new (logger: object) => Instrumenter;
}

/** @param paths from the root: files, or folders of them */
export async function changesIn(
  paths: readonly string[],
): Promise<{ readonly sources: Readonly<Record<string, string>>; readonly mutants: readonly Mutant[] }> {
  const files = paths.flatMap(filesOf).map((name) => ({ name, content: readFileSync(name, "utf8"), mutate: true }));
  const instrumenter = new (await load()).Instrumenter({ debug() {}, info() {}, isDebugEnabled: () => false });
  const changed = await instrumenter.instrument(files, { plugins: null, excludedMutations, ignorers: [] });
  mkdirSync(folder, { recursive: true });
  const byId = new Map(changed.mutants.map((mutant) => [mutant.id, mutant]));
  const sources: Record<string, string> = {};
  for (const { name, content } of changed.files) sources[name] = await tellValues(content, byId);
  return { sources, mutants: changed.mutants };
}

function filesOf(path: string): readonly string[] {
  const absolute = `${root}${path.replace(/\/$/, "")}`;
  if (!statSync(absolute).isDirectory()) return [absolute];
  const names = readdirSync(absolute, { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts")).map((name) => `${absolute}/${name}`);
}

async function load(): Promise<Module> {
  const path = `${root}node_modules/@stryker-mutator/instrumenter/dist/src/index.js`;
  if (!existsSync(path)) throw new Error("first: npm install --no-save @stryker-mutator/instrumenter@9.6.1");
  return import(pathToFileURL(path).href);
}
