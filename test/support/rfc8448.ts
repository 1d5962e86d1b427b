// The handshakes of RFC 8448, with every value that the RFC prints.
import { readFileSync } from "node:fs";
import type { Bytes } from "@sallyport/core";
import { bytesOf } from "./hex.ts";

export type TraceId = "simple-1rtt" | "resumed-0rtt" | "hello-retry-request" | "client-authentication" | "compatibility-mode";
export type Sender = "client" | "server";

export interface Step {
  readonly n: number;
  readonly actor: Sender;
  readonly step: string;
  readonly values: readonly { readonly name: string; readonly hex: string }[];
}

export class RecordedHandshake {
  readonly id: TraceId;
  readonly section: string;
  readonly steps: readonly Step[];
  readonly records: readonly { readonly from: Sender; readonly bytes: Bytes }[];

  constructor({ id, section, steps, summary }: Recorded) {
    this.id = id;
    this.section = section;
    this.steps = steps;
    this.records = summary.records.map(({ from, hex }) => ({ from, bytes: bytesOf(hex) }));
  }

  /** Every value of this name, in order; steps that stand for both sides are told once. */
  all(name: string, actor?: Sender): Bytes[] {
    return this.steps
      .filter((step) => actor === undefined || step.actor === actor)
      .flatMap((step) => step.values.filter((value) => value.name === name).map(({ hex }) => bytesOf(hex)));
  }
  one(name: string, actor?: Sender): Bytes {
    const [value, ...more] = this.all(name, actor);
    if (value === undefined || more.length > 0) throw new Error(`${this.id} has ${more.length + (value ? 1 : 0)} ${name}`);
    return value;
  }
  /** What one side wrote, records back to back. */
  sent(from: Sender): Bytes {
    return Uint8Array.from(this.records.filter((record) => record.from === from).flatMap(({ bytes }) => [...bytes]));
  }
}

interface Recorded {
  readonly id: TraceId;
  readonly section: string;
  readonly steps: readonly Step[];
  readonly summary: { readonly records: readonly { readonly from: Sender; readonly hex: string }[] };
}

const { traces } = JSON.parse(readFileSync(new URL("../vectors/data/rfc8448.json", import.meta.url), "utf8")) as {
  readonly traces: readonly Recorded[];
};
export const recordedHandshakes: readonly RecordedHandshake[] = traces.map((trace) => new RecordedHandshake(trace));

export function recordedHandshake(id: TraceId): RecordedHandshake {
  const found = recordedHandshakes.find((trace) => trace.id === id);
  if (found === undefined) throw new Error(`no trace ${id}`);
  return found;
}
