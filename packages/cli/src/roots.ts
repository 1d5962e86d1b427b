import { readFile } from "node:fs/promises";
import { ConfigError } from "@sallyport/core";
import { platformRoots } from "@sallyport/node";
import { type Given, Misuse, text } from "./command.ts";

/** Whom a command trusts: what `--cafile` holds, or else the platform. PEM. @throws Misuse */
export async function rootsOf(given: Given): Promise<string> {
  const file = text(given, "cafile");
  try {
    return file === undefined ? platformRoots() : await readFile(file, "utf8");
  } catch (error) {
    throw new Misuse(error instanceof ConfigError ? error.message : `${file} can't be read`);
  }
}
