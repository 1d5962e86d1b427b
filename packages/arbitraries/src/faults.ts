// What can go wrong with what a peer says, as plain numbers: it prints, shrinks, and can be pasted.
import type { Bytes } from "@sallyport/core";
import { extensionsIn, withExtensions } from "./hello.ts";
import { extensionTypes, handshakeTypes } from "./numbers.ts";
import { copyOf, type Extension, join, message, repeat, u16, u24 } from "./octets.ts";

/** Each acts at its layer; whatever lies below (lengths around it, transcript, binders, Finished, protection) is made right again. */
export const acts = {
  message: [
    "drop",
    "duplicate",
    "swap",
    "flip",
    "truncate",
    "extend",
    "number",
    "choose",
    "retype",
    "length",
    "insert",
    "replay",
    "splice",
    "forge",
  ],
  extension: ["drop", "duplicate", "swap", "flip", "truncate", "extend", "insert", "splice"],
  record: ["retype", "split", "pad", "empty", "insert", "flood", "clear", "oversize", "join", "update"],
  wire: ["flip", "drop", "duplicate", "swap", "truncate", "extend", "length", "replay", "version", "garbage", "splice"],
} as const;
export type Layer = keyof typeof acts;
export type Act<L extends Layer = Layer> = (typeof acts)[L][number];

export interface Fault {
  readonly layer: Layer;
  readonly act: Act;
  /** Which message, or record, of all that the peer says. Messages: from 0. */
  readonly at: number;
  /** Where in it: a byte's or an extension's position, beyond the end counted round. */
  readonly where: number;
  /** What is put there. */
  readonly value: number;
}

export function describeFault({ layer, act, at, where, value }: Fault): string {
  return `${layer} ${at}: ${act} (where ${where}, value ${value})`;
}

const position = (where: number, length: number): number => (length === 0 ? 0 : where % length);

/**
 * @param other another connection's message like this one
 * @returns the message's bytes; those that act on more than one message are not done here.
 */
export function spoilMessage(
  bytes: Bytes,
  { layer, act, where, value }: Fault,
  version: "tls1.3" | "tls1.2",
  other?: Bytes,
): Bytes {
  if (layer === "extension") {
    const placed = extensionsIn(bytes, version);
    const others = other === undefined ? [] : (extensionsIn(other, version)?.extensions ?? []);
    return placed === undefined ? bytes : withExtensions(placed, spoilExtensions(placed.extensions, act, where, value, others));
  }
  const [type = 0] = bytes;
  const body = bytes.subarray(4);
  switch (act) {
    case "flip":
      return flip(bytes, 4 + position(where, body.length), value);
    case "truncate":
      return message(type, body.subarray(0, position(where, body.length)));
    // What proves something ends with the proof: a binder, a signature, Finished.
    case "forge":
      return flip(bytes, bytes.length - 1, value);
    case "extend":
      return message(type, body, filler(value, 1 + (where % 40)));
    case "number": {
      const at = position(where, Math.max(0, body.length - 1));
      return body.length < 2
        ? bytes
        : message(type, body.subarray(0, at), u16(numbers[value % numbers.length] ?? 0), body.subarray(at + 2));
    }
    case "choose": {
      const choices = choicesIn(bytes, version);
      const [at, instead = []] = choices[position(where, choices.length)] ?? [];
      if (at === undefined) return bytes;
      return join(bytes.subarray(0, at), u16(instead[value % instead.length] ?? 0), bytes.subarray(at + 2));
    }
    case "retype":
      return join([value & 255], bytes.subarray(1));
    case "length":
      return join([type], u24(Math.max(0, body.length + (value % 2 === 0 ? 1 : -1) * (1 + (where % 70_000)))), body);
    default:
      return bytes;
  }
}
/** Where a message names what is chosen or offered, by two bytes, and what else could stand there. */
type Choice = readonly [at: number, instead: readonly number[]];

function choicesIn(bytes: Bytes, version: "tls1.3" | "tls1.2"): readonly Choice[] {
  const extensions = extensionsIn(bytes, version)?.extensions ?? [];
  const inExtensions = extensions.flatMap(({ type, body }): readonly Choice[] => {
    const start = body.byteOffset - bytes.byteOffset;
    const isOffer = bytes[0] === handshakeTypes.client_hello;
    if (type === extensionTypes.key_share) return body.length < 4 ? [] : [[isOffer ? start + 2 : start, groups]];
    return body.length < 2 ? [] : [[start, numbers]];
  });
  switch (bytes[0]) {
    case handshakeTypes.server_hello: {
      const suite = 39 + (bytes[38] ?? 0);
      // The last is the suite's second byte, and compression.
      return [
        [4, versions],
        [suite, suites],
        ...(suite > 40 ? [[39, numbers] as const] : []),
        [suite + 1, numbers],
        ...inExtensions,
      ];
    }
    case handshakeTypes.certificate_verify:
      return [[4, schemes]];
    case handshakeTypes.server_key_exchange:
      return [
        [5, groups],
        [8 + (bytes[7] ?? 0), schemes],
      ];
    case handshakeTypes.key_update:
      return [[3, [0x0102, 0x01ff]]];
    default:
      return inExtensions;
  }
}
const versions = [0x0300, 0x0301, 0x0302, 0x0303, 0x0304];
const suites = [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02c, 0xcca9];
const groups = [0x0017, 0x0018, 0x0019, 0x001d, 0x0100];
const schemes = [0x0201, 0x0401, 0x0403, 0x0503, 0x0603, 0x0804, 0x0807];

/** Where lengths and identifiers have their edges. */
const numbers: readonly number[] = [
  0, 1, 2, 0x00ff, 0x0100, 0x7fff, 0x8000, 0xffff, 0x0303, 0x0304, 0x0302, 0x0a0a, 0x0017, 0x001d, 0x0403, 0x0804,
];

function spoilExtensions(
  extensions: readonly Extension[],
  act: Act,
  where: number,
  value: number,
  others: readonly Extension[],
): readonly Extension[] {
  const at = position(where, extensions.length);
  const here = extensions[at];
  const put = (...instead: readonly Extension[]): readonly Extension[] => [
    ...extensions.slice(0, at),
    ...instead,
    ...extensions.slice(at + 1),
  ];
  if (act === "insert")
    return [
      ...extensions.slice(0, at),
      { type: someTypes[value % someTypes.length] ?? value, body: filler(value, value % 5) },
      ...extensions.slice(at),
    ];
  if (here === undefined) return extensions;
  const { type, body } = here;
  switch (act) {
    case "drop":
      return put();
    case "duplicate":
      return put(here, here);
    case "swap": {
      const other = extensions[at + 1];
      return other === undefined ? extensions : [...extensions.slice(0, at), other, here, ...extensions.slice(at + 2)];
    }
    case "flip":
      return put({ type, body: body.length === 0 ? body : flip(body, position(value, body.length), 1 + (value % 255)) });
    case "truncate":
      return put({ type, body: body.subarray(0, position(value, body.length)) });
    case "extend":
      return put({ type, body: join(body, filler(value, 1 + (value % 6))) });
    // The last is what a binder is in.
    case "splice": {
      const last = value % 4 === 0 ? extensions.at(-1) : here;
      const other = others.find((each) => each.type === last?.type);
      return other === undefined ? extensions : extensions.map((each) => (each === last ? other : each));
    }
    default:
      return extensions;
  }
}
const someTypes: readonly number[] = [
  0, 1, 5, 10, 11, 13, 16, 18, 19, 20, 21, 22, 23, 27, 28, 35, 41, 42, 43, 44, 45, 47, 48, 49, 50, 51, 58, 0x0a0a, 0xfe0d, 0xff01,
  0x1234,
];

export function flip(bytes: Uint8Array, at: number, bits: number): Bytes {
  const changed = copyOf(bytes);
  const mask = bits & 255 || 1;
  if (at < changed.length) changed[at] = (changed[at] ?? 0) ^ mask;
  return changed;
}

/** Bytes that differ from case to case. */
export function filler(value: number, length: number): Bytes {
  return repeat(length).map((_, at) => (value + at * 7) & 255) as Bytes;
}
