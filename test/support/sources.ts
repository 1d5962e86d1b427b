import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Absolute path of the repository, with a slash at its end. */
export const root: string = fileURLToPath(new URL("../../", import.meta.url));

export interface Source {
  /** From the repository's root, with slashes. */
  readonly path: string;
  readonly text: string;
}

export function packageNames(): string[] {
  return readdirSync(`${root}packages`).sort();
}

/** The TypeScript sources of a package, declarations included. */
export function sourcesOf(packageName: string): Source[] {
  const folder = `packages/${packageName}/src`;
  const files = readdirSync(root + folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  const paths = files.map((file) => `${folder}/${file.replaceAll("\\", "/")}`).sort();
  return paths.map((path) => ({ path, text: readFileSync(root + path, "utf8") }));
}

/** Comments become empty; strings and line numbers stay. */
export function withoutComments(text: string): string {
  return text.replace(stringOrComment, (all, string?: string) => string ?? all.replaceAll(/[^\n]/g, ""));
}
const stringOrComment = /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
