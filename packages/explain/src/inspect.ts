// A handshake opened: each thing that was said as fields with their bytes, what the report says of it, and who would take the offer.
import { inProtocolOrder } from "./read/order.ts";
import type { Unit } from "./read/units.ts";
import type { ClientHello } from "@sallyport/core";
import { diagnose } from "./diagnose.ts";
import type { Evidence } from "./evidence.ts";
import { type ExplainOptions, type Input, readInputs } from "./explain.ts";
import type { Field } from "./fields/field.ts";
import { alertFields, messageFields, recordFields, retryRandom, type Version } from "./fields/messages.ts";
import { placed } from "./fields/placed.ts";
import { type Budget, Walker } from "./fields/walker.ts";
import { printableReport } from "./printable.ts";
import { judge } from "./profiles/judge.ts";
import { serverProfiles } from "./profiles/servers.ts";
import type { Report } from "./report.ts";
import { printable, refusalBy } from "./words.ts";

export interface Inspection {
  readonly report: Report;
  /** In the order of time as far as the input tells it, else in the protocol's. */
  readonly steps: readonly Step[];
  /** What servers of each known kind make of the last ClientHello; empty: there is none. */
  readonly verdicts: readonly Verdict[];
}

/** One thing that a side said: a handshake message, an alert, or a record whose inside stays sealed. */
export interface Step {
  readonly kind: Unit["kind"];
  readonly from: "client" | "server" | undefined;
  /** IANA's, such as `client_hello`, `handshake_failure`, `application_data`. */
  readonly name: string;
  /** As on the wire, with the headers of its records; of what came sealed and could be opened, the plaintext. Its own memory. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of the first byte, in its side's stream. */
  readonly at: number;
  /** It came sealed, and the keys were there. */
  readonly unsealed: boolean;
  /** The message breaks somewhere in it. */
  readonly isBroken: boolean;
  readonly fields: readonly InspectedField[];
}

/** A field, with every place in {@link Step.bytes} where it stands: the header of a record may go through the middle of it. */
export interface InspectedField {
  /** As its RFC spells it. */
  readonly name: string;
  /** IANA's name with the number, text, or its length. */
  readonly value: string | undefined;
  /** What it means, or what is wrong with it. */
  readonly note: string | undefined;
  readonly isBroken: boolean;
  /** First byte, and behind the last. In order. */
  readonly ranges: readonly (readonly [number, number])[];
  readonly fields: readonly InspectedField[];
}

export interface Verdict {
  readonly server: string;
  readonly dated: string;
  /** What it would choose; undefined: it refuses. */
  readonly takes: string | undefined;
  /** Why it refuses, every reason. */
  readonly reasons: readonly string[];
}

/** What {@link explain} reads, opened to its fields. The same promises hold: it never throws for what is in the input. */
export function inspect(input: Input | readonly Input[], options: ExplainOptions = {}): Inspection {
  const evidence = readInputs(input);
  const units = evidence.inOrder ? evidence.units : inProtocolOrder(withSenders(evidence.units));
  const version = versionOf(evidence);
  const hello = evidence.hellos.at(-1)?.clientHello;
  const budget = { left: mostFields };
  return {
    report: printableReport(diagnose(evidence, options)),
    steps: units.slice(0, mostSteps).map((unit) => stepOf(unit, version, budget)),
    verdicts: hello === undefined ? [] : verdictsOf(hello),
  };
}
const mostSteps = 200;
/** Of all steps together. */
const mostFields = 100_000;

/** An alert or a change of keys that was pasted alone: behind a hello it is the answer. */
function withSenders(units: readonly Unit[]): readonly Unit[] {
  const spoke = new Set(units.map(({ from }) => from));
  return spoke.has("client") && !spoke.has("server") ? units.map((unit) => ({ ...unit, from: unit.from ?? "server" })) : units;
}

function versionOf({ serverHellos }: Evidence): Version {
  const chosen = serverHellos.at(-1)?.version.id;
  return chosen === undefined ? undefined : chosen === 0x0304 ? "tls1.3" : "tls1.2";
}

function stepOf(unit: Unit, version: Version, budget: Budget): Step {
  const { kind, from, start, unsealed, body, pieces } = unit;
  const { bytes, onWire } = placed(body, pieces);
  const headers = onWire.headers.map((at) => recordField(bytes, at, budget));
  const inside = fieldsOf(unit, version, budget);
  const fields = [...headers, ...inside.map((field) => inspected(field, onWire.ranges))].sort(
    (one, other) => (one.ranges[0]?.[0] ?? 0) - (other.ranges[0]?.[0] ?? 0),
  );
  return { kind, from, name: nameOf(unit), bytes, at: start, unsealed, isBroken: inside.some(hasBreak), fields };
}

function nameOf({ name, body, kind }: Unit): string {
  const isRetry = kind === "message" && name === "server_hello" && retryRandom.every((byte, at) => body[6 + at] === byte);
  return isRetry ? "hello_retry_request" : name;
}

function fieldsOf({ kind, body, unsealed }: Unit, version: Version, budget: Budget): readonly Field[] {
  switch (kind) {
    case "message":
      return messageFields(body, unsealed ? "tls1.3" : version, budget);
    case "alert":
      return alertFields(body, budget);
    case "change-cipher-spec":
    case "data":
    case "sealed": {
      const walker = new Walker(body, budget);
      walker.rest(kind === "sealed" ? "sealed" : kind === "data" ? "data" : "change_cipher_spec");
      return walker.done();
    }
  }
}

function hasBreak({ isBroken, fields }: Field): boolean {
  return isBroken || fields.some(hasBreak);
}

function recordField(bytes: Uint8Array, at: number, budget: Budget): InspectedField {
  const walker = new Walker(bytes, budget, at, at + 5);
  recordFields(walker);
  const here = (start: number, end: number): readonly (readonly [number, number])[] => [[start, end]];
  return {
    name: "record",
    value: undefined,
    note: undefined,
    isBroken: false,
    ranges: [[at, at + 5]],
    fields: walker.done().map((field) => inspected(field, here)),
  };
}

/** Text from the wire ends here as printable ASCII. */
function inspected(
  { name, value, note, isBroken, start, end, fields }: Field,
  ranges: (start: number, end: number) => readonly (readonly [number, number])[],
): InspectedField {
  return {
    name,
    value: value === undefined ? undefined : printable(value),
    note,
    isBroken,
    ranges: ranges(start, end),
    fields: fields.map((field) => inspected(field, ranges)),
  };
}

function verdictsOf(hello: ClientHello): readonly Verdict[] {
  return serverProfiles.map((profile) => {
    const { title, dated } = profile;
    const judgement = judge(hello, profile);
    return judgement.kind === "taken"
      ? { server: title, dated, takes: judgement.by, reasons: [] }
      : {
          server: title,
          dated,
          takes: undefined,
          reasons: judgement.reasons.map((reason) => printable(refusalBy("that server", reason))),
        };
  });
}
