import type { Running, RunOptions } from "./processes.ts";
import { start } from "./processes.ts";
import { root } from "./sources.ts";

/** What `npm start` runs once everything is installed. */
export function startDemo(args: readonly string[], options: RunOptions = {}): Running {
  const fromSources = ["--import", "./bench/register.mjs", "--conditions=sallyport-source", "--enable-source-maps"];
  return start(process.execPath, [...fromSources, "packages/cli/src/main.ts", ...args], { cwd: root, ...options });
}
