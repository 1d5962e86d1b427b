#!/usr/bin/env node
// The command `sallyport`.
import { buffer } from "node:stream/consumers";
import { runCommandLine } from "./run.ts";

process.exitCode = await runCommandLine(process.argv.slice(2), {
  print: (text) => console.log(text.endsWith("\n") ? text.slice(0, -1) : text),
  complain: (text) => console.error(text),
  note: (text) => void (process.stderr.isTTY === true && process.stderr.write(text)),
  colour: process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined && process.env["TERM"] !== "dumb",
  readInput: async () => new Uint8Array(await buffer(process.stdin)),
});
