import { readFile } from "node:fs/promises";
import { ConfigError } from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { explain, type Input, type Judge, type StackId, stackIds, toJson, toMarkdown, toText } from "@sallyport/explain";
import { platformRoots } from "@sallyport/node";
import { serverVerifier, trustAnchors } from "@sallyport/x509";
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
    keylog: {
      type: "string",
      takes: "<file>",
      help: "secrets of the connection (SSLKEYLOGFILE), which open what is sealed in a capture",
    },
    cafile: {
      type: "string",
      takes: "<file>",
      help: "roots by which certificates in a capture are judged, in PEM (default: the platform's)",
    },
    silence: { type: "boolean", help: "the hello was sent, and nothing came back" },
  },
  run,
};

/** Several files are the two ends of one connection. What names no file is taken as the text itself. */
async function run(given: Given, io: Io): Promise<ExitCode> {
  if (given.positionals.length === 0) throw new Misuse("say what to explain: files, an error code, or - for standard input");
  const keyLog = text(given, "keylog");
  const inputs = await Promise.all(given.positionals.map((name) => inputOf(name, io)));
  if (keyLog !== undefined) inputs.push(await readOrRefuse(keyLog));
  const stack = text(given, "stack");
  if (stack !== undefined && !isStack(stack)) throw new Misuse(`--stack takes one of ${stackIds.join(", ")}`);
  const judge = await judgeOf(given);
  const report = explain(inputs, {
    judge,
    ...(flag(given, "silence") && { silence: true }),
    ...(stack !== undefined && { stacks: [stack] }),
  });
  io.print(
    flag(given, "json")
      ? toJson(report)
      : flag(given, "markdown")
        ? toMarkdown(report)
        : toText(report, { paint: painter(io.colour) }),
  );
  return report.causes.length + report.offers.length > 0 ? 0 : 1;
}

async function inputOf(name: string, io: Io): Promise<Input> {
  if (name === "-") return uncompressed("standard input", await io.readInput());
  try {
    return uncompressed(name, new Uint8Array(await readFile(name)));
  } catch (error) {
    if (error instanceof Misuse) throw error;
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (isNoFile(code) && !/^[\w./-]*\.(log|txt|hex|pcap|pcapng|bin|pem)$/.test(name)) return name;
    throw new Misuse(`${name} can't be read: ${String(code)}`);
  }
}

/** The name is too long for one where a hello or a log is given, and has no folder in it where there is a slash in a log. */
function isNoFile(code: unknown): boolean {
  return code === "ENOENT" || code === "ENAMETOOLONG" || code === "ENOTDIR";
}

/** @throws Misuse: by its first bytes it would look like a peer that speaks no TLS */
function uncompressed(name: string, bytes: Uint8Array): Uint8Array {
  const start = Buffer.from(bytes.subarray(0, 4)).toString("hex");
  const program = compressions.find(([magic]) => start.startsWith(magic))?.[1];
  if (program !== undefined) throw new Misuse(`${name} is compressed: ${program} it first`);
  return bytes;
}
const compressions = [
  ["1f8b", "gunzip"],
  ["28b52ffd", "unzstd"],
  ["fd377a58", "unxz"],
  ["504b0304", "unzip"],
] as const;

async function readOrRefuse(name: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(name));
  } catch {
    throw new Misuse(`${name} can't be read`);
  }
}

/** By these roots, and as of now; the platform's roots are only looked for where there is something to judge. */
async function judgeOf(given: Given): Promise<() => Judge | undefined> {
  const file = text(given, "cafile");
  const named = file === undefined ? undefined : new TextDecoder().decode(await readOrRefuse(file));
  return () => {
    try {
      const anchors = trustAnchors(named ?? platformRoots());
      return { verifier: serverVerifier({ provider: node, anchors }), nowMs: Date.now() };
    } catch (error) {
      if (file !== undefined) throw new Misuse(`${file} has no certificates that can be trusted`);
      if (error instanceof ConfigError) return undefined;
      throw error;
    }
  };
}

function isStack(name: string): name is StackId {
  return (stackIds as readonly string[]).includes(name);
}
