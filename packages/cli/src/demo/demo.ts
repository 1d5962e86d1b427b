import type { AddressInfo } from "node:net";
import { styleText } from "node:util";
import { printable } from "@sallyport/explain";
import { interrupted } from "../command.ts";
import { type Authority, makeAuthority } from "./authority.ts";
import { type Proof, proofsOf } from "./proofs.ts";
import { openSite, type Site } from "./site.ts";

export interface DemoOptions {
  /** End after the proofs. */
  readonly once: boolean;
  /** undefined: 8443, or any free one if that is taken. */
  readonly port: AddressInfo["port"] | undefined;
  readonly print: (line: string) => void;
}

/** Makes a CA, serves HTTPS with it on localhost, and proves itself. @returns the exit code; without `once` after Ctrl-C */
export async function demo({ once, port, print }: DemoOptions): Promise<number> {
  const authority = await makeAuthority();
  let serving = false;
  const site = await open(authority, port, once, (line) => serving && print(`  ${line}`));
  print("");
  print(`  ${bold("Sallyport")} serves ${bold(`https://localhost:${site.port}/`)} (Node ${process.version})`);
  print(`  with a certificate by ${authority.name}, made just now`);
  print("");

  let failed = 0;
  for (const proof of proofsOf(site, authority)) failed += (await runProof(proof, print)) ? 0 : 1;
  print("");
  print(failed === 0 ? `  ${good("All of it proven.")}` : `  ${bad(`${failed} of it failed.`)}`);
  if (!once) {
    serving = true;
    invite(site, authority, print);
    await interrupted();
  }
  site.close();
  return failed === 0 ? 0 : 1;
}

const usualPort = 8443;

async function open(authority: Authority, port: number | undefined, once: boolean, log: (line: string) => void): Promise<Site> {
  if (port !== undefined || once) return openSite(authority, port ?? 0, log);
  try {
    return await openSite(authority, usualPort, log);
  } catch {
    return openSite(authority, 0, log);
  }
}

/** @returns whether it did not fail */
async function runProof({ title, run }: Proof, print: (line: string) => void): Promise<boolean> {
  try {
    const { kind, summary, details } = await run();
    print(`  ${kind === "proven" ? good("✓") : "–"} ${title}`);
    print(`      ${summary}`);
    for (const detail of details) print(`      ${faint(detail)}`);
    return true;
  } catch (error) {
    print(`  ${bad("✗")} ${title}`);
    print(`      ${printable(error instanceof Error ? error.message : String(error))}`);
    return false;
  }
}

function invite({ port }: Site, { fingerprint }: Authority, print: (line: string) => void): void {
  print("");
  print(`  Now open ${bold(`https://localhost:${port}/`)} in a browser: it shows your own handshake.`);
  print("  It will warn you, since nobody vouches for this CA. The page says how to trust it, and how to take that back.");
  print(`  SHA-256 of the CA: ${fingerprint}`);
  print("  Ctrl-C ends it. Visitors:");
  print("");
}

// Colours where somebody looks (NO_COLOR: https://no-color.org).
const colourful = process.stdout.isTTY === true && !process.env["NO_COLOR"];
const paint =
  (format: Parameters<typeof styleText>[0]) =>
  (text: string): string =>
    colourful ? styleText(format, text) : text;
const bold = paint("bold");
const good = paint("green");
const bad = paint("red");
const faint = paint("gray");
