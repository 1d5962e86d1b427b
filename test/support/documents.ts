// The programs that the documents show.
import { readFileSync } from "node:fs";
import { root } from "./sources.ts";

/** The code behind "```ts name" in a document, by its path from the repository's root. */
export function blockOf(document: string, name: string): string {
  const found = new RegExp(`^\`\`\`ts ${name}\\n([\\s\\S]*?)^\`\`\`$`, "m").exec(readFileSync(root + document, "utf8"))?.[1];
  if (found === undefined) throw new Error(`${document} has no block called ${name}`);
  return found;
}
