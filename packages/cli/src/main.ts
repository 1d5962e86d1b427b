#!/usr/bin/env node
// The command `sallyport`.
import { runCommandLine } from "./run.ts";

process.exitCode = await runCommandLine(process.argv.slice(2), {
  print: (text) => console.log(text.endsWith("\n") ? text.slice(0, -1) : text),
  complain: (text) => console.error(text),
  note: (text) => void (process.stderr.isTTY === true && process.stderr.write(text)),
  colour: process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined && process.env["TERM"] !== "dumb",
  readInput,
});

/** As much of it as is read of any file. */
async function readInput(): Promise<Uint8Array> {
  const most = 1 << 26;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of process.stdin as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= most) break;
  }
  return new Uint8Array(Buffer.concat(chunks));
}
