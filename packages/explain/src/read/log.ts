// Logs as people paste them, and numbers alone. One pass over the lines; every line is looked at by its words.
import { type AlertSeen, type Evidence, nothing, type Sign, type StackSeen } from "../evidence.ts";
import { stacks } from "../stacks/all.ts";
import { opensslReasons } from "../stacks/openssl.ts";
import type { Code, Stack } from "../stacks/stack.ts";
import { alertInLine } from "./alert-words.ts";

const mostLines = 20_000;
const longestLine = 2_000;
const mostSigns = 200;

export function readLog(text: string): Evidence {
  const lines = text.split("\n", mostLines).map((line) => line.slice(0, longestLine));
  const known = stacks.filter(({ marks }) => lines.some((line) => hasOne(line.toLowerCase(), marks)));
  const reading: Reading = { signs: [], alerts: [], remarks: [], known, alone: text.trim().length <= 40 };
  for (const line of lines) {
    if (reading.signs.length >= mostSigns) break;
    if (line.trim().length < 3) continue;
    readLine(line, reading);
  }
  const { signs, alerts } = reading;
  return {
    ...nothing,
    signs: unique(signs),
    alerts,
    stacks: known.map(({ id }): StackSeen => ({ stack: id, side: undefined })),
    seen: unique(signs).map(({ what }) => what),
  };
}

interface Reading {
  readonly signs: Sign[];
  readonly alerts: AlertSeen[];
  readonly remarks: string[];
  readonly known: readonly Stack[];
  /** Nothing but a number or a name was given. */
  readonly alone: boolean;
}

function readLine(line: string, reading: Reading): void {
  const lower = line.toLowerCase();
  const alert = alertInLine(lower);
  if (alert !== undefined && reading.alerts.length < 50) reading.alerts.push(alert);
  for (const stack of stacks) {
    const sign = stack.signs.find(({ words }) => inOrder(lower, words));
    if (sign !== undefined) {
      const { cause, strength = "certain" } = sign;
      reading.signs.push({ stack: stack.marks.length === 0 ? undefined : stack.id, cause, strength, what: quote(line) });
    }
  }
  readNames(line, reading);
  readOpenssl(line, lower, reading);
  readNumbers(line, reading);
}

/** Error codes by their names, such as MBEDTLS_ERR_SSL_CONN_EOF or ERR_CERT_AUTHORITY_INVALID. */
function readNames(line: string, reading: Reading): void {
  for (const word of line.match(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g) ?? []) {
    for (const stack of stacks) {
      const code = stack.codes.find(({ name }) => name === word);
      if (code !== undefined) reading.signs.push(signOf(stack, code));
    }
  }
}

/** Packed codes (`error:0A000410:…`), reasons by name (`ERR_SSL_…`) and in words (`SSL routines::wrong version number`). */
function readOpenssl(line: string, lower: string, reading: Reading): void {
  const packed = /\berror:([0-9a-f]{8}):/i.exec(line)?.[1];
  const number = packed === undefined ? undefined : reasonOf(Number.parseInt(packed, 16));
  const name =
    /\bERR_SSL_([A-Z0-9_]+)/.exec(line)?.[1] ??
    /ssl routines:[^:]*:([a-z0-9 _]+)/.exec(lower)?.[1]?.trim().replaceAll(" ", "_").toUpperCase();
  const reason = opensslReasons.find((code) => (number === undefined ? code.name === name : code.number === number));
  if (reason !== undefined) {
    const { cause, strength = "certain" } = reason;
    reading.signs.push({ stack: "openssl", cause, strength, what: `SSL_R_${reason.name} (${reason.number})` });
  }
  // From 1000 on a reason is the alert that came.
  if (number !== undefined && number > 1000 && number < 1256 && alertInLine(lower) === undefined) {
    reading.alerts.push({ number: number - 1000, level: "fatal", from: "peer" });
  }
}

/** Library 20 is SSL; 3.x packs `library << 23 | reason`, 1.x `library << 24 | function << 12 | reason`. */
function reasonOf(packed: number): number | undefined {
  if (Math.floor(packed / 2 ** 23) === 20) return packed & 0x7fffff;
  if (Math.floor(packed / 2 ** 24) === 20) return packed & 0xfff;
  return undefined;
}

function readNumbers(line: string, reading: Reading): void {
  const from = reading.known.length > 0 ? reading.known : reading.alone ? stacks : [];
  if (from.length === 0) return;
  for (const text of line.match(/(?<![\w./-])-(?:0x[0-9a-f]{1,5}|\d{2,6})\b/gi) ?? []) {
    const number = -Number(text.slice(1));
    // Only Mbed TLS prints hex.
    const fitting = /x/i.test(text) ? from.filter(({ id }) => id === "mbedtls") : from;
    for (const stack of fitting) {
      for (const code of stack.codes.filter((each) => each.number === number)) reading.signs.push(signOf(stack, code));
    }
  }
}

function signOf({ id }: Stack, { number, name, cause, strength = "certain" }: Code): Sign {
  const written = id === "mbedtls" ? `-0x${(-number).toString(16).padStart(4, "0")}` : String(number);
  return { stack: id, cause, strength, what: `${name} (${written})` };
}

function hasOne(line: string, words: readonly string[]): boolean {
  return words.some((word) => line.includes(word));
}

function inOrder(line: string, words: readonly string[]): boolean {
  let at = 0;
  for (const word of words) {
    const found = line.indexOf(word, at);
    if (found < 0) return false;
    at = found + word.length;
  }
  return true;
}

function quote(line: string): string {
  const bare = line.trim();
  return bare.length > 160 ? `${bare.slice(0, 157)}...` : bare;
}

function unique(signs: readonly Sign[]): readonly Sign[] {
  const seen = new Set<string>();
  return signs.filter(({ what, cause }) => {
    const key = `${cause} ${what}`;
    return !seen.has(key) && seen.add(key) !== undefined;
  });
}
