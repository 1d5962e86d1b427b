import { maxPlaintext } from "../record/format.ts";
import type { ClientOptions } from "./options.ts";
import type { Problems } from "./problems.ts";
import { readFlag } from "./read-option.ts";
import type { Manners } from "./settings.ts";

type MannersOptions = Pick<ClientOptions, "padding" | "grease" | "permuteExtensions" | "clientHelloRecordSize">;

export function readManners(options: MannersOptions, problems: Problems): Manners {
  const { padding, grease, permuteExtensions = true, clientHelloRecordSize } = options;
  return Object.freeze({
    padding: readFlag(padding, "padding", problems),
    grease: readFlag(grease, "grease", problems),
    permuteExtensions: readFlag(permuteExtensions, "permuteExtensions", problems),
    recordSize: readSize(clientHelloRecordSize, problems),
  });
}

function readSize(given: number | undefined, problems: Problems): number | undefined {
  if (given === undefined) return undefined;
  const path = "clientHelloRecordSize";
  const remedy = `give ${least} to ${maxPlaintext}, or leave it out`;
  if (!Number.isSafeInteger(given) || given <= 0) {
    problems.add("not-a-positive-integer", path, `is ${String(given)}`, remedy);
  } else if (given < least) {
    problems.add("limit-too-small", path, `is ${given}, which makes more headers than hello`, remedy);
  } else if (given > maxPlaintext) {
    problems.add("limit-too-large", path, `is ${given}, and no record holds more than ${maxPlaintext}`, remedy);
  }
  return given;
}

/** Bytes: a hello of a kilobyte and a half is two dozen records then. */
const least = 64;
