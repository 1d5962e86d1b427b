// From whatever is there to the reason: read it, judge it with the machine's own `negotiate`, and say what to change.
import { ErrorAndAlert, type SyncVerifier, type TlsError } from "@sallyport/core";
import { diagnose } from "./diagnose.ts";
import { type Evidence, nothing, together } from "./evidence.ts";
import { readText } from "./read/text.ts";
import { readConversations } from "./read/capture.ts";
import { KeyLog, withoutKeys } from "./read/key-log.ts";
import { isCapture, secretsIn } from "./read/pcap.ts";
import { readBytes, type Sender } from "./read/records.ts";
import { readOpened, type Unsealer } from "./read/unseal.ts";
import { printableReport } from "./printable.ts";
import type { Report } from "./report.ts";
import type { StackId } from "./stacks/stack.ts";
import { count } from "./words.ts";

/**
 * What is to be explained: a failure of this library; bytes as they were on the wire, a pcap or pcapng, or
 * any file; or text: hex, a log, an error code, a key log (SSLKEYLOGFILE), whose secrets open what was sealed and are never told.
 * With `from`: whose bytes, or whose log, it is.
 */
export type Input = Source | { readonly from: "client" | "server"; readonly input: Source };
type Source = TlsError | ErrorAndAlert | Uint8Array | string;

export interface ExplainOptions {
  /** Whose words the remedies should have, where the input doesn't show it. */
  readonly stacks?: readonly StackId[];
  /** Which side the failure is from, if it is one of this library. */
  readonly role?: "client" | "server";
  /** Who judges the server's certificates: asked for where they can be read (TLS 1.2, or a key log). Default: nobody. */
  readonly judge?: () => Judge | undefined;
  /** The hello was sent, and nothing came back. Default: if a log says that time ran out. */
  readonly silence?: boolean;
}

/** x509's `serverVerifier`, for instance, with the roots and at the time that the client may be thought to have. */
export interface Judge {
  readonly verifier: SyncVerifier;
  /** Since 1970. */
  readonly nowMs: number;
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
  const inputs = (isList(input) ? input : [input]).slice(0, mostInputs).map(sourced);
  const keys = new KeyLog();
  try {
    for (const { source } of inputs) collectKeys(source, keys);
    const evidence = readOpened((unsealer) => together(inputs.map((each) => read(each, keys, unsealer))), keys);
    const { connections } = keys;
    return connections === 0
      ? evidence
      : { ...evidence, seen: [...evidence.seen, `a key log of ${count(connections, "connection")}`] };
  } finally {
    keys.end();
  }
}
const mostInputs = 16;

function isList(input: Input | readonly Input[]): input is readonly Input[] {
  return Array.isArray(input);
}

interface Sourced {
  readonly from: Sender;
  readonly source: TlsError | ErrorAndAlert | Uint8Array | string;
}

function sourced(input: Input): Sourced {
  if (typeof input === "object" && "input" in input && "from" in input) return { from: input.from, source: textual(input.input) };
  return { from: undefined, source: textual(input) };
}

/** A file is given as its bytes, and most are logs. */
function textual(source: Source): Source {
  if (!(source instanceof Uint8Array)) return source;
  const bytes = source.subarray(0, longest);
  return !isCapture(bytes) && looksLikeText(bytes) ? textOf(bytes) : bytes;
}

function collectKeys(source: Source, keys: KeyLog): void {
  if (typeof source === "string") keys.add(source);
  else if (source instanceof Uint8Array && isCapture(source)) for (const secrets of secretsIn(source)) keys.add(textOf(secrets));
}

function read({ from, source }: Sourced, keys: KeyLog, unsealer: Unsealer | undefined): Evidence {
  const evidence = readSource(source, from, keys, unsealer);
  return from === undefined ? evidence : withSide(evidence, from);
}

function readSource(source: Source, from: Sender, keys: KeyLog, unsealer: Unsealer | undefined): Evidence {
  if (source instanceof ErrorAndAlert) return ofError(source.error, source);
  if (typeof source === "string") return readText(withoutKeys(source), from, unsealer);
  if (!(source instanceof Uint8Array)) return ofError(source);
  return isCapture(source) ? readConversations(source, keys) : readBytes(source, from, unsealer?.(from));
}

/** Bytes; what is behind them is not read. */
const longest = 1 << 26;

/** Hex, a log, plain HTTP: all of it is text. */
function looksLikeText(bytes: Uint8Array): boolean {
  return (
    bytes.length > 0 && bytes.subarray(0, 512).every((byte) => byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d) || byte === 0x1b)
  );
}

/** What is looked for is ASCII; the rest is one sign a byte. */
function textOf(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length && at < 1 << 23; at += 8192)
    parts.push(String.fromCharCode(...bytes.subarray(at, at + 8192)));
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
