// The runner that the user has: which tests are in it, and one run of them.
import { spawn } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { errorWords } from "./error-map.ts";

export interface Run {
  readonly runner: string;
  /** A temporary one. */
  readonly folder: string;
  /** An executable. */
  readonly shim: string;
  /** A glob, or several with semicolons. */
  readonly tests: string | undefined;
  readonly workers: number;
  /** Names, each with its reason. */
  readonly disabled: Readonly<Record<string, string>>;
}

export interface Results {
  readonly passed: readonly string[];
  readonly failed: readonly string[];
  readonly notImplemented: readonly string[];
  /** What the shim lacked, by how many tests. */
  readonly lacks: ReadonlyMap<string, number>;
}

/** Every test's name: the runner tells them to a shim that implements nothing. */
export async function namesOf({ runner, folder, tests }: Omit<Run, "shim" | "disabled">): Promise<readonly string[]> {
  const nothing = join(folder, "nothing.sh");
  writeFileSync(nothing, '#!/bin/sh\n[ "$1" = -is-handshaker-supported ] && echo No && exit 0\nexit 89\n');
  chmodSync(nothing, 0o755);
  const names: string[] = [];
  await start(runner, ["-shim-path", nothing, "-allow-unimplemented", "-pipe", ...chosen(tests)], {}, (line) => {
    const name = /^UNIMPLEMENTED \((.*)\)$/.exec(line)?.[1];
    if (name !== undefined) names.push(name);
  });
  return names;
}

/** @param failing is told what the runner says of each failure. */
export async function runTests(
  { runner, folder, shim, tests, workers, disabled }: Run,
  failing: (line: string) => void,
  passing: (done: number) => void,
): Promise<Results> {
  const config = join(folder, "config.json");
  const notes = join(folder, "notes.txt");
  writeFileSync(notes, "");
  writeFileSync(config, JSON.stringify({ DisabledTests: disabled, ErrorMap: errorWords, HalfRTTTickets: 0 }));
  const results = { passed: [] as string[], failed: [] as string[], notImplemented: [] as string[] };
  let telling = false;
  const options = ["-shim-path", shim, "-shim-config", config, "-allow-unimplemented", "-pipe", "-num-workers", String(workers)];
  // A machine that does other things as well is no failure.
  options.push("-idle-timeout", "60s");
  await start(runner, [...options, ...chosen(tests)], { BOGO_NOTES: notes }, (line) => {
    const [, verdict, name = ""] = /^(PASSED|FAILED|UNIMPLEMENTED) \((.*)\)$/.exec(line) ?? [];
    if (verdict !== undefined) telling = verdict === "FAILED";
    if (verdict === "PASSED") passing(results.passed.push(name));
    if (verdict === "FAILED") results.failed.push(name);
    if (verdict === "UNIMPLEMENTED") results.notImplemented.push(name);
    if (telling) failing(line);
  });
  return {
    ...results,
    lacks: counted(
      readFileSync(notes, "utf8")
        .split("\n")
        .filter((line) => line !== ""),
    ),
  };
}

function chosen(tests: string | undefined): readonly string[] {
  return tests === undefined ? [] : ["-test", tests];
}

function start(
  program: string,
  options: readonly string[],
  more: Readonly<Record<string, string>>,
  line: (line: string) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, options, { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, ...more } });
    child.once("error", reject);
    const lines = createInterface({ input: child.stdout });
    lines.on("line", line);
    lines.once("close", resolve);
  });
}

function counted(words: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return new Map([...counts].sort(([, one], [, other]) => other - one));
}
