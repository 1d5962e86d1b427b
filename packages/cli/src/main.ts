#!/usr/bin/env node
// The command `sallyport`.
import { parseArgs } from "node:util";
import { demo } from "./demo/demo.ts";
import { printable } from "@sallyport/explain";

/** @returns the exit code: 0, 1 if what was asked for failed, 2 if it could not be understood */
async function main(args: readonly string[]): Promise<number> {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    return explain(error instanceof Error ? error.message : String(error));
  }
  const { values, positionals } = parsed;
  const [command, ...more] = positionals;
  if (values.help || command === undefined) {
    console.log(help);
    return values.help ? 0 : 2;
  }
  if (command !== "demo") return explain(`there is no command ${printable(command)} here`);
  if (more.length > 0) return explain(`demo takes options alone, not ${printable(more.join(" "))}`);
  const port = values.port === undefined ? undefined : Number(values.port);
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port < 65_536)) {
    return explain("--port takes a number from 0 to 65535");
  }
  try {
    return await demo({ once: values.once, port, print: console.log });
  } catch (error) {
    console.error(`sallyport: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { once: { type: "boolean", default: false }, port: { type: "string" }, help: { type: "boolean", short: "h", default: false } },
  });
}

function explain(problem: string): number {
  console.error(`sallyport: ${problem}\n\n${help}`);
  return 2;
}

const help = `Usage: sallyport <command> [options]

Commands
  demo           serves HTTPS on localhost with a CA made on the spot, proves that it works,
                 and shows each visitor their own handshake

Options of demo
  --once         ends after the proofs; the exit code is 0 if all of them held
  --port <n>     serves there (default 8443, or a free port if that is taken)
  -h, --help     shows this`;

process.exitCode = await main(process.argv.slice(2));
