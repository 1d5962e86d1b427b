// Text: bytes that somebody printed, or the words of a log, or both in one.
import { type Evidence, nothing, together } from "../evidence.ts";
import { bytesInText } from "./hex.ts";
import { readLog } from "./log.ts";
import { readBytes, type Sender } from "./records.ts";
import type { Unsealer } from "./unseal.ts";

/** Characters; what is behind them is not read, and the report says so. */
const longest = 1 << 22;
const mostPieces = 200;

export function readText(text: string, from: Sender, unsealer?: Unsealer): Evidence {
  const read = text.length > longest ? text.slice(0, longest) : text;
  const remarks = text.length > longest ? [`only the first ${longest} characters were read`] : [];
  const pieces = bytesInText(read)
    .slice(0, mostPieces)
    .map((bytes) => readBytes(bytes, from, unsealer?.(from)))
    .filter(isTls);
  const words = readLog(read);
  const spoken = plainSpeech(read, from);
  if (pieces.length === 0 && words.signs.length + words.alerts.length === 0 && spoken !== undefined) return spoken;
  return together([
    { ...nothing, remarks },
    ...pieces,
    pieces.length > 0 ? { ...words, alerts: pieces.some(({ alerts }) => alerts.length > 0) ? [] : words.alerts } : words,
  ]);
}

/** What was caught on a TLS port may be the very words of another protocol. */
function plainSpeech(text: string, from: Sender): Evidence | undefined {
  const evidence = readBytes(
    Uint8Array.from(text.slice(0, 64), (character) => character.charCodeAt(0) & 0xff),
    from,
  );
  return evidence.notTls.some(({ looksLike }) => looksLike !== "unknown" && looksLike !== "text" && looksLike !== "sslv2")
    ? evidence
    : undefined;
}

/** Hex in a log is often a certificate, a key or a hash. */
function isTls({ notTls, messages, alerts, errors, protectedRecords }: Evidence): boolean {
  return messages.length + alerts.length + errors.length + protectedRecords > 0 || notTls.length > 0;
}
