// The tests in a process of their own, which is begun again behind a change that hangs.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, openSync, readFileSync } from "node:fs";
import { begin, current, folder, note, root } from "./plan.ts";

const vitest = ["node_modules/vitest/vitest.mjs", "run", "--config", "test/mutation/vitest.config.ts"];

/** What was noted stands in the journal. True: all tests passed, which says something only of a change that is in force at load. */
export async function runTests(): Promise<boolean> {
  for (;;) {
    begin({ mutant: undefined, test: "loading", patience: 300_000 });
    const log = openSync(`${folder}/vitest.log`, "w");
    const child = spawn(process.execPath, vitest, { cwd: root, stdio: ["ignore", log, log] });
    const status = await end(child);
    if (status !== "hangs") return status;
    const { mutant, test } = current().trial;
    if (mutant === undefined) throw new Error(`${test} hangs without a change; see ${folder}/vitest.log`);
    note({ kind: "killed", mutant, by: `${test}: it hangs` });
  }
}

/** Milliseconds of a core, where the system tells them: on a busy machine it is not the change that waits. */
function clockOf({ pid }: ChildProcess): () => number {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return () => performance.now();
  return () => {
    try {
      // Behind the name, which may hold anything: the 12th and 13th are ticks of 10 ms (proc(5): utime, stime).
      const fields = readFileSync(file, "latin1").split(") ")[1]?.split(" ") ?? [];
      return 10 * (Number(fields[11]) + Number(fields[12]));
    } catch {
      return 0;
    }
  };
}

function end(child: ChildProcess): Promise<boolean | "hangs"> {
  return new Promise((resolve, reject) => {
    const clock = clockOf(child);
    let last = "";
    let since = clock();
    const watch = setInterval(() => {
      const { trial, text } = current();
      if (text !== last) {
        last = text;
        since = clock();
      } else if (clock() - since > trial.patience) {
        finish("hangs");
        child.kill("SIGKILL");
      }
    }, 1000);
    const finish = (status: boolean | "hangs"): void => {
      clearInterval(watch);
      resolve(status);
    };
    child.on("error", reject);
    child.on("exit", (code) => finish(code === 0));
  });
}
