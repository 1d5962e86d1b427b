// A call of the command line, from its words to its exit code. Streams are the caller's.
import { explain, printable } from "@sallyport/explain";
import { type Command, type ExitCode, type Io, Misuse, parse } from "./command.ts";
import { benchCommand } from "./commands/bench.ts";
import { caCommand } from "./commands/ca.ts";
import { connectCommand } from "./commands/connect.ts";
import { demoCommand } from "./commands/demo.ts";
import { explainCommand } from "./commands/explain.ts";
import { inspectCommand } from "./commands/inspect.ts";
import { lintCommand } from "./commands/lint.ts";
import { probeCommand } from "./commands/probe.ts";
import { recordCommand } from "./commands/record.ts";
import { replayCommand } from "./commands/replay.ts";
import { serveCommand } from "./commands/serve.ts";

const commands: readonly Command[] = [
  serveCommand,
  caCommand,
  explainCommand,
  inspectCommand,
  lintCommand,
  connectCommand,
  probeCommand,
  replayCommand,
  recordCommand,
  benchCommand,
  demoCommand,
];

export async function runCommandLine([name, ...args]: readonly string[], io: Io): Promise<ExitCode> {
  if (name === undefined) {
    io.print(help());
    return 2;
  }
  if (name === "--help" || name === "-h") {
    io.print(help());
    return 0;
  }
  const command = commands.find((each) => each.name === name);
  try {
    if (command === undefined) throw new Misuse(`there is no command ${printable(name)} here`);
    if (args.includes("--help") || args.includes("-h")) {
      io.print(helpOf(command));
      return 0;
    }
    return await command.run(parse(command, args), io);
  } catch (error) {
    const message = printable(error instanceof Error ? error.message : String(error));
    if (error instanceof Misuse) {
      io.complain(`sallyport: ${message}\n\n${command === undefined ? help() : helpOf(command)}`);
      return 2;
    }
    // Nobody listens, no such host, a port that is taken: what there was no outcome of.
    const { causes, verdict } = explain(message);
    const failure = causes.length === 0 ? message : `${message}. ${verdict}`;
    if (command?.options["json"] !== undefined && args.includes("--json")) io.print(JSON.stringify({ failure }, undefined, 2));
    else io.complain(`sallyport: ${failure}`);
    return 1;
  }
}

function help(): string {
  const width = Math.max(...commands.map(({ name, takes }) => name.length + takes.length + 1));
  const lines = commands.map(({ name, takes, summary }) => `  ${`${name} ${takes}`.padEnd(width)}  ${summary}`);
  return [
    "Usage: sallyport <command> [options]",
    "",
    "Commands",
    ...lines,
    "",
    "  sallyport <command> --help  tells its options",
    "",
    "The exit code is 0 if all went well, 1 if what was asked for failed or nothing was found, 2 for a mistake in the call.",
  ].join("\n");
}

function helpOf({ name, takes, summary, options }: Command): string {
  const named = Object.entries(options).map(([option, { short, takes: value, help: text }]) => ({
    left: `${short === undefined ? "" : `-${short}, `}--${option}${value === undefined ? "" : ` ${value}`}`,
    text,
  }));
  const width = Math.max(...named.map(({ left }) => left.length));
  return [
    `Usage: sallyport ${name} ${takes}`.trimEnd(),
    "",
    summary,
    "",
    ...named.map(({ left, text }) => `  ${left.padEnd(width)}  ${text}`),
  ].join("\n");
}
