// How much plaintext a protected record holds (RFC 8449): record_size_limit, in which TLS 1.3 counts the content type as well.
import { fail } from "../errors.ts";
import type { ProtocolVersion } from "../wire/registry.ts";
import { maxPlaintext } from "./format.ts";

/** Plaintext bytes of a protected record, each way. */
export interface RecordSizes {
  readonly send: number;
  readonly receive: number;
}

/** §4: "Endpoints MUST NOT send a "record_size_limit" extension with a value smaller than 64." */
export const leastRecordSize = 64;

/** §4: TLS 1.3 "also includes the encrypted content type". */
const typeLength: Readonly<Record<ProtocolVersion, number>> = { "tls1.3": 1, "tls1.2": 0 };

/**
 * What we say for our `maxRecordSize`. Who offers both versions says one number for both: as much as no version may exceed, or
 * that of TLS 1.3 where nothing is to be limited.
 */
export function saidLimit(maxRecordSize: number, versions: readonly ProtocolVersion[]): number {
  return maxRecordSize === maxPlaintext || !versions.includes("tls1.2") ? maxRecordSize + 1 : maxRecordSize;
}

/**
 * @param own our `maxRecordSize`
 * @param said our record_size_limit
 * @param theirs the peer's; undefined: it has none, and nobody is limited but we, by ourselves
 */
export function agreeOnSizes(version: ProtocolVersion, own: number, said: number, theirs: number | undefined): RecordSizes {
  if (theirs === undefined) return { send: own, receive: maxPlaintext };
  const ofType = typeLength[version];
  // A server MUST NOT enforce the greatest value: the client may know of larger records than we.
  return { send: Math.min(own, theirs - ofType), receive: Math.min(maxPlaintext, said - ofType) };
}

/** §4: less than 64 is a fatal error; more than the version's records hold may be one to a client, which chose among versions. */
export function judgeSizeLimit(message: string, limit: number | undefined, version: ProtocolVersion | "any"): void {
  const most = version === "any" ? Number.POSITIVE_INFINITY : maxPlaintext + typeLength[version];
  if (limit === undefined || (limit >= leastRecordSize && limit <= most)) return;
  const expected = version === "any" ? `${leastRecordSize} or more` : `${leastRecordSize} to ${most}`;
  fail("illegal-parameter", { message, field: "record_size_limit", expected, received: `${limit}` }, "RFC 8449 §4");
}
