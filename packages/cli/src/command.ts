// What a command of `sallyport` is, and how its words become values.
import { parseArgs } from "node:util";

/** 0: done. 1: what was asked for failed, or nothing was found. 2: it could not be understood, or a file not read. */
export type ExitCode = 0 | 1 | 2;

export interface Command {
  readonly name: string;
  /** What stands behind the name, such as `FILE...`. */
  readonly takes: string;
  readonly summary: string;
  readonly options: Readonly<Record<string, Option>>;
  run(given: Given, io: Io): Promise<ExitCode>;
}
export interface Option {
  readonly type: "string" | "boolean";
  readonly short?: string;
  /** Such as `<file>`. */
  readonly takes?: string;
  readonly help: string;
}
export interface Given {
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly positionals: readonly string[];
}
export interface Io {
  /** A line, or several. */
  print(text: string): void;
  /** Why it ended with 1 or 2: standard error. */
  complain(text: string): void;
  /** Progress, for who watches: standard error, if it is a terminal. */
  note(text: string): void;
  readonly colour: boolean;
  readInput(): Promise<Uint8Array>;
}

/** The caller of the program made a mistake. */
export class Misuse extends Error {}

/** @throws Misuse */
export function parse({ options }: Command, args: readonly string[]): Given {
  const known = Object.fromEntries(
    Object.entries(options).map(([name, { type, short }]) => [name, { type, ...(short && { short }) }]),
  );
  try {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: known });
    const plain = Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, Array.isArray(value) ? undefined : value]),
    );
    return { values: plain, positionals };
  } catch (error) {
    throw new Misuse(error instanceof Error ? error.message : String(error));
  }
}

export function text({ values }: Given, name: string): string | undefined {
  const value = values[name];
  return typeof value === "string" ? value : undefined;
}
export function flag({ values }: Given, name: string): boolean {
  return values[name] === true;
}
/** @throws Misuse */
export function number(given: Given, name: string, least: number, most: number): number | undefined {
  const value = text(given, name);
  if (value === undefined) return undefined;
  const parsed = Number(value);
  if (Number.isInteger(parsed) && parsed >= least && parsed <= most) return parsed;
  throw new Misuse(`--${name} takes a number from ${least} to ${most}`);
}

/** `example.com:443`, `[::1]:443`, or a name with the port that is usual. @throws Misuse */
export function hostAndPort(given: string | undefined, usual = 443): { readonly host: string; readonly port: number } {
  const parts = /^(?:\[([0-9a-fA-F:]+)\]|([^:\s/]+))(?::(\d{1,5}))?$/.exec(given ?? "");
  const host = parts?.[1] ?? parts?.[2];
  const port = Number(parts?.[3] ?? usual);
  if (host === undefined || port < 1 || port > 65_535) throw new Misuse("say where to: HOST:PORT");
  return { host, port };
}

/** Settles when somebody wants the program to end. */
export function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGINT", resolve).once("SIGTERM", resolve);
  });
}
