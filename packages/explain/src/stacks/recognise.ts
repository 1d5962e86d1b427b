// Whose ClientHello is it? The order of its extensions tells, compared with hellos that were recorded.
import { type ClientHello, readClientHello, type Registered } from "@sallyport/core";
import { recordedHellos } from "../profiles/recorded-hellos.ts";
import { fromHex } from "../read/hex.ts";
import { isGrease } from "../words.ts";
import { stackOf } from "./all.ts";
import type { StackId } from "./stack.ts";

/** undefined: several stacks, or none that was recorded, could have made it. */
export function recogniseStack(hello: ClientHello): StackId | undefined {
  const shape = shapeOf(hello);
  const alike = recordedShapes().filter((recorded) => couldBe(shape, recorded.shape));
  // The very list of suites decides between a library and who embeds it.
  const same = alike.filter((recorded) => recorded.shape.suites.join() === shape.suites.join());
  const candidates = new Set((same.length > 0 ? same : alike).map(({ stack }) => stack));
  const families = new Set([...candidates].map((stack) => stackOf(stack)?.of ?? stack));
  const [only] = candidates;
  const [family] = families;
  return candidates.size === 1 ? only : families.size === 1 ? family : undefined;
}

interface Recorded {
  readonly stack: StackId;
  readonly shape: Shape;
}
/** Read once. */
let recorded: readonly Recorded[] | undefined;
function recordedShapes(): readonly Recorded[] {
  recorded ??= recordedHellos.flatMap(({ stack, hex }) => {
    const read = readClientHello(fromHex(hex).subarray(5));
    return read.kind === "read" ? [{ stack, shape: shapeOf(read.clientHello) }] : [];
  });
  return recorded;
}

interface Shape {
  readonly extensions: readonly number[];
  readonly suites: readonly number[];
  readonly greased: boolean;
  /** How it says that it knows RFC 5746: as a suite, as an extension, or not at all. */
  readonly renegotiation: "suite" | "extension" | "none";
}

function shapeOf({ extensions, cipherSuites }: ClientHello): Shape {
  const bare = (values: readonly Registered[]): number[] => values.filter((value) => !isGrease(value)).map(({ id }) => id);
  const types = bare(extensions.map(({ type }) => type));
  const suites = bare(cipherSuites);
  return {
    extensions: types,
    suites,
    greased: cipherSuites.some(isGrease),
    renegotiation: suites.includes(0x00ff) ? "suite" : types.includes(0xff01) ? "extension" : "none",
  };
}

/** The hello has no extension that the recorded one lacks, and those that it has in the same order. */
function couldBe(shape: Shape, recorded: Shape): boolean {
  if (shape.greased !== recorded.greased || shape.renegotiation !== recorded.renegotiation) return false;
  if (shape.greased) return shape.extensions.every((type) => recorded.extensions.includes(type));
  let at = 0;
  for (const type of shape.extensions) {
    const found = recorded.extensions.indexOf(type, at);
    if (found < 0) return false;
    at = found + 1;
  }
  return true;
}
