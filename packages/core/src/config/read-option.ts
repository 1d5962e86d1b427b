// Options that stand for themselves.
import { maxPlaintext } from "../record/format.ts";
import { leastRecordSize } from "../record/size-limit.ts";
import { listOf } from "./names.ts";
import type { Problems } from "./problems.ts";

export function checkClock(now: () => number, problems: Problems): void {
  const remedy = "give a function such as Date.now: core has no clock";
  if (now === undefined) return problems.add("missing-option", "now", "is missing", remedy);
  try {
    const time = now();
    if (!Number.isFinite(time)) problems.add("no-clock", "now", `gives ${String(time)}, which is no time`, remedy);
  } catch (thrown) {
    problems.add("no-clock", "now", `throws ${String(thrown)}`, remedy);
  }
}

/** Protocol names as they stand on the wire: a character a byte, 1 to 255 of them (RFC 7301 §3.1). */
export function readAlpn(given: readonly string[] | undefined, path: string, problems: Problems): readonly string[] {
  if (given === undefined) return Object.freeze([]);
  const names = listOf(given);
  if (names === undefined) {
    problems.add("wrong-type", path, "is no list", "give an array of protocol names");
    return [];
  }
  let octets = 0;
  for (const [at, name] of names.entries()) {
    const here = `${path}[${at}]`;
    if (typeof name !== "string") {
      problems.add("wrong-type", here, "is no string", "give a protocol name such as http/1.1");
      continue;
    }
    if (name.length === 0 || name.length > 255) {
      problems.add("bad-alpn", here, `has ${name.length} bytes`, "give a name of 1 to 255 bytes");
    } else if ([...name].some((character) => (character.codePointAt(0) ?? 0) > 255)) {
      problems.add("bad-alpn", here, `${name} has characters that are no bytes`, "give a character a byte, codes 0 to 255");
    }
    if (names.indexOf(name) < at) problems.add("duplicate", here, `${name} is there twice`, "leave one out");
    octets += 1 + name.length;
  }
  if (octets > roomForAlpn) {
    problems.add("bad-alpn", path, `takes ${octets} bytes on the wire`, `name fewer: there is room for ${roomForAlpn}`);
  }
  return names;
}

/** All extensions of a hello together have 2^16 - 1 bytes at most; half of them for the others, a server's cookie among them. */
const roomForAlpn = 2 ** 15;

/** One of `choices`, the first by default. */
export function readChoice<Choice extends string>(
  given: Choice | undefined,
  path: string,
  choices: readonly [Choice, ...Choice[]],
  problems: Problems,
): Choice {
  if (given === undefined) return choices[0];
  if (choices.includes(given)) return given;
  problems.add("unknown-name", path, `is ${String(given)}`, `write ${choices.join(" or ")}, or leave it out`);
  return choices[0];
}

export function readFlag(given: boolean | undefined, path: string, problems: Problems, unlessSaid = false): boolean {
  if (given === undefined || typeof given === "boolean") return given ?? unlessSaid;
  problems.add("wrong-type", path, "is neither true nor false", "write true or false");
  return false;
}

export function readRecordSize(given: number | undefined, problems: Problems): number {
  const path = "maxRecordSize";
  if (given === undefined) return maxPlaintext;
  const remedy = `give ${leastRecordSize} to ${maxPlaintext}, or leave it out`;
  if (!Number.isSafeInteger(given) || given <= 0) {
    problems.add("not-a-positive-integer", path, `is ${String(given)}`, remedy);
  } else if (given < leastRecordSize) {
    problems.add("limit-too-small", path, `is ${given}, and no peer takes less than ${leastRecordSize} (RFC 8449 §4)`, remedy);
  } else if (given > maxPlaintext) {
    problems.add("limit-too-large", path, `is ${given}, and no record holds more than ${maxPlaintext}`, remedy);
  }
  return given;
}

export function checkFunction(given: unknown, path: string, problems: Problems): void {
  if (given !== undefined && typeof given !== "function") {
    problems.add("wrong-type", path, "is no function", "give a function, or leave it out");
  }
}
