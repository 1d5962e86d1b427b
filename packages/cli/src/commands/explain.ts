import { readFile } from "node:fs/promises";
import { explain, type Input, type StackId, stackIds, toJson, toMarkdown, toText } from "@sallyport/explain";
import { type Command, type ExitCode, flag, type Given, type Io, Misuse, text } from "../command.ts";
import { painter } from "../terminal.ts";

export const explainCommand: Command = {
  name: "explain",
  takes: "FILE...|-",
  summary: "why did this handshake fail: from hex, a log, a capture or an error code",
  options: {
    json: { type: "boolean", help: "the report as JSON" },
    markdown: { type: "boolean", help: "the report as Markdown, for an issue" },
    stack: { type: "string", takes: "<name>", help: "whose options the remedies name, such as wolfssl" },
    silence: { type: "boolean", help: "the hello was sent, and nothing came back" },
  },
  run,
};

/** Several files are the two ends of one connection. What names no file is taken as the text itself. */
async function run(given: Given, io: Io): Promise<ExitCode> {
  if (given.positionals.length === 0) throw new Misuse("say what to explain: files, an error code, or - for standard input");
  const inputs = await Promise.all(given.positionals.map((name) => inputOf(name, io)));
  const stack = text(given, "stack");
  if (stack !== undefined && !isStack(stack)) throw new Misuse(`--stack takes one of ${stackIds.join(", ")}`);
  const report = explain(inputs, { ...(flag(given, "silence") && { silence: true }), ...(stack !== undefined && { stacks: [stack] }) });
  io.print(flag(given, "json") ? toJson(report) : flag(given, "markdown") ? toMarkdown(report) : toText(report, { paint: painter(io.colour) }));
  return report.causes.length + report.offers.length > 0 ? 0 : 1;
}

async function inputOf(name: string, io: Io): Promise<Input> {
  if (name === "-") return io.readInput();
  try {
    return new Uint8Array(await readFile(name));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" && !/^[\w./-]*\.(log|txt|hex|pcap|pcapng|bin|pem)$/.test(name)) return name;
    throw new Misuse(`${name} can't be read: ${String(code)}`);
  }
}

function isStack(name: string): name is StackId {
  return (stackIds as readonly string[]).includes(name);
}
