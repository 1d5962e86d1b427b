// What was said, as both wrote it.
import type { Bytes } from "@sallyport/core";
import { contentTypes, alertNames, messageName } from "./numbers.ts";
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

/** In the words of a log. */
export function describeSpoken({ by, type, content, epoch }: Said): string {
  const what =
    type === contentTypes.handshake
      ? messageName(content[0] ?? 0)
      : type === contentTypes.alert
        ? `alert ${alertNames.get(content[1] ?? -1) ?? content[1]}`
        : type === contentTypes.changeCipherSpec
          ? "change_cipher_spec"
          : type === contentTypes.data
            ? "data"
            : `content type ${type}`;
  return `${by === "peer" ? "→" : "←"} ${what}, ${content.length} bytes${epoch === "clear" ? "" : `, under ${epoch} keys`}`;
}
