// From whatever is there to the reason: read it, judge it with the machine's own `negotiate`, and say what to change.
import { ErrorAndAlert, type TlsError } from "@sallyport/core";
import { diagnose } from "./diagnose.ts";
import { type Evidence, nothing, together } from "./evidence.ts";
import { readText } from "./read/text.ts";
import { readConversations } from "./read/capture.ts";
import { isCapture } from "./read/pcap.ts";
import { readBytes, type Sender } from "./read/records.ts";
import { printableReport } from "./printable.ts";
import type { Report } from "./report.ts";
import type { StackId } from "./stacks/stack.ts";

/**
 * What is to be explained: a failure of this library; bytes as they were on the wire, a pcap or pcapng, or
 * any file; or text: hex, a log, an error code. With
 * `from`: whose bytes, or whose log, it is.
 */
export type Input = Source | { readonly from: "client" | "server"; readonly input: Source };
type Source = TlsError | ErrorAndAlert | Uint8Array | string;

export interface ExplainOptions {
  /** Whose words the remedies should have, where the input doesn't show it. */
  readonly stacks?: readonly StackId[];
  /** Which side the failure is from, if it is one of this library. */
  readonly role?: "client" | "server";
  /** The hello was sent, and nothing came back. Default: if a log says that time ran out. */
  readonly silence?: boolean;
}

/**
 * Why did this handshake fail? Several inputs are read as one connection seen from its two ends. Never throws for what is in the
 * input, takes time in proportion to its length, and answers in plain data without a control character.
 */
export function explain(input: Input | readonly Input[], options: ExplainOptions = {}): Report {
  return printableReport(diagnose(readInputs(input), options));
}

/** @internal */
export function readInputs(input: Input | readonly Input[]): Evidence {
  const inputs: readonly Input[] = isList(input) ? input : [input];
  return together(inputs.slice(0, mostInputs).map(read));
}
const mostInputs = 16;

function isList(input: Input | readonly Input[]): input is readonly Input[] {
  return Array.isArray(input);
}

function read(input: Input): Evidence {
  if (typeof input === "object" && "input" in input && "from" in input) return withSide(readSource(input.input, input.from), input.from);
  return readSource(input, undefined);
}

function readSource(source: Source, from: Sender): Evidence {
  if (source instanceof ErrorAndAlert) return ofError(source.error, source);
  if (typeof source === "string") return readText(source, from);
  if (!(source instanceof Uint8Array)) return ofError(source);
  const bytes = source.subarray(0, longest);
  if (isCapture(bytes)) return readConversations(bytes);
  return looksLikeText(bytes) ? readText(textOf(bytes), from) : readBytes(bytes, from);
}

/** Bytes; what is behind them is not read. */
const longest = 1 << 26;

/** A file is given as its bytes, and most are logs. Hex, a log, plain HTTP: all of it is text. */
function looksLikeText(bytes: Uint8Array): boolean {
  return bytes.length > 0 && bytes.subarray(0, 512).every((byte) => byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d) || byte === 0x1b);
}

/** What is looked for is ASCII; the rest is one sign a byte. */
function textOf(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length && at < 1 << 23; at += 8192) parts.push(String.fromCharCode(...bytes.subarray(at, at + 8192)));
  return parts.join("");
}

function ofError(error: TlsError, failure?: ErrorAndAlert): Evidence {
  const { context, kind } = error;
  const clientHello = kind === "no-agreement" ? context.clientHello : kind === "alert-received" ? context.offered : undefined;
  const sent = failure?.alert.kind === "alert" ? failure.alert : undefined;
  return {
    ...nothing,
    errors: [error],
    hellos: clientHello === undefined ? [] : [{ clientHello, wireBytes: clientHello.raw.length + 5 }],
    stacks: [{ stack: "sallyport", side: undefined }],
    seen: [`${error.name} ${kind}${sent === undefined ? "" : `, ${sent.description} sent`}`],
  };
}

/** Logs don't say whose they are; the caller did. */
function withSide(evidence: Evidence, side: "client" | "server"): Evidence {
  const peer = side === "client" ? "server" : "client";
  return {
    ...evidence,
    stacks: evidence.stacks.map(({ stack }) => ({ stack, side })),
    alerts: evidence.alerts.map((alert) => ({
      ...alert,
      from: alert.from === "peer" ? peer : alert.from === "this side" ? side : alert.from,
    })),
  };
}
