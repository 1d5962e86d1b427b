import type { ChildProcess } from "node:child_process";
import { spawn, spawnSync } from "node:child_process";

/** A child process whose output is kept, and can be waited for. */
export interface Running {
  readonly child: ChildProcess;
  /** Standard output and standard error so far, as they came. */
  output(): string;
  write(text: string): void;
  /** Ends standard input. */
  end(): void;
  /** The match, as soon as the output has one. Rejects with the output when the process ends or time is over. */
  saw(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
  /** Settles when the process has ended: its exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
  stop(): Promise<void>;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The process is killed then; default 20 s. */
  readonly timeoutMs?: number;
}

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Starts a process; what it still does when this one exits is killed. */
export function start(command: string, args: readonly string[], { cwd, env, timeoutMs }: RunOptions = {}): Running {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: "pipe" });
  running.add(child);
  let output = "";
  const watchers = new Set<() => void>();
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), timeoutMs);

  const ended = new Promise<number | string>((resolve) => {
    child.on("error", (error) => {
      output += String(error);
      resolve(String(error));
    });
    child.on("close", (code, signal) => resolve(code ?? signal ?? "?"));
  }).finally(() => {
    clearTimeout(timer);
    running.delete(child);
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      output += text;
      for (const look of watchers) look();
    });
  }
  child.stdin.on("error", () => {}); // it has ended, which `ended` tells

  return {
    child,
    ended,
    output: () => output,
    write: (text) => void child.stdin.write(text),
    end: () => void child.stdin.end(),
    async saw(pattern, waitMs = 10_000) {
      let look = (): void => {};
      let waiting: NodeJS.Timeout | undefined;
      const why = await new Promise<"seen" | "it ended" | "time is over">((resolve) => {
        look = () => pattern.test(output) && resolve("seen");
        watchers.add(look);
        waiting = setTimeout(resolve, waitMs, "time is over");
        void ended.then(() => resolve("it ended"));
        look();
      });
      watchers.delete(look);
      clearTimeout(waiting);
      const match = pattern.exec(output);
      if (match === null) throw new Error(`${command} ${args.join(" ")}: no ${pattern}, ${why}:\n${output}`);
      return match;
    },
    async stop() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Runs to the end; rejects with the output unless the exit code is 0. */
export async function run(command: string, args: readonly string[], input = "", options: RunOptions = {}): Promise<string> {
  const process = start(command, args, { timeoutMs: 20_000, ...options });
  process.write(input);
  process.end();
  const code = await process.ended;
  if (code !== 0) throw new Error(`${command} ${args.join(" ")}: ${code}\n${process.output()}`);
  return process.output();
}

/** First line of what `command --version` (or the like) prints; undefined: there is no such command. */
export function versionOf(command: string, ...args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync(command, args, { encoding: "utf8", timeout: 60_000 });
  return status === 0 ? stdout.split("\n")[0]?.trim() : undefined;
}
