// What was said, as both wrote it.
import type { Bytes } from "@sallyport/core";
import { alertNames, contentTypes, messageName } from "./numbers.ts";
import { join, messageEnd } from "./octets.ts";
import type { Epoch } from "./record-keys.ts";

/** In clear text, by whom, and under whose keys it was. */
export interface Said {
  readonly by: "peer" | "subject";
  readonly type: number;
  readonly content: Bytes;
  readonly epoch: Epoch;
}
/** One record. */
export interface Spoken extends Said {
  /** As it was protected. */
  readonly sealed: Bytes;
}

/** Handshake messages in one piece each, whatever records they came in, and what else was said as it was. */
export function contentsOf(spoken: readonly Spoken[]): Said[] {
  const contents: Said[] = [];
  const partial = { peer: new Uint8Array(0), subject: new Uint8Array(0) };
  for (const { by, type, content, epoch } of spoken) {
    if (type !== contentTypes.handshake) {
      contents.push({ by, type, content, epoch });
      continue;
    }
    let rest = join(partial[by], content);
    for (let end = messageEnd(rest); rest.length >= end; end = messageEnd(rest)) {
      contents.push({ by, type, content: rest.subarray(0, end), epoch });
      rest = rest.subarray(end);
    }
    partial[by] = rest;
  }
  return contents;
}

/** In the words of a log. */
export function describeSpoken({ by, type, content, epoch }: Said): string {
  const [first] = content;
  const what =
    type === contentTypes.handshake
      ? first === undefined
        ? "handshake"
        : messageName(first)
      : type === contentTypes.alert
        ? `alert ${alertNames.get(content[1] ?? -1) ?? content[1]}`
        : type === contentTypes.changeCipherSpec
          ? "change_cipher_spec"
          : type === contentTypes.data
            ? "data"
            : `content type ${type}`;
  return `${by === "peer" ? "→" : "←"} ${what}, ${content.length} bytes${epoch === "clear" ? "" : `, under ${epoch} keys`}`;
}
