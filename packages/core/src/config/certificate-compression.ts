// Compression of certificates (RFC 8879): who does it, and what it makes of our own, once, when a config is made.
import { type Bytes, copy, empty, equal } from "../wire/bytes.ts";
import { encodeCertificate } from "../wire/certificate-message.ts";
import { type CompressionName, compressionIds, encodeCompressedCertificate } from "../wire/compressed-certificate.ts";
import type { StapleKind } from "../wire/staples.ts";
import type { Credential } from "./credential.ts";
import { encodeOwnCertificate, shownStaples, stapleChoices, stapleKey } from "./own-certificate.ts";
import { isRecord, type Problems } from "./problems.ts";
import type { CommonSettings } from "./settings.ts";

/** A plain object, synchronous; `@sallyport/crypto-node` has those of the platform. */
export interface CertificateCompressor {
  /** A number is one of the registry's private ones, 16384 to 65535 (RFC 8879 §7.3). */
  readonly algorithm: CompressionName | number;
  /** Called when a config is made, and never in a handshake. */
  compress(bytes: Uint8Array): Uint8Array;
  /**
   * undefined: the bytes are not what `compress` makes, all of them, or hold more than `maxLength`. What comes from the peer is
   * here: stop at `maxLength`, and neither hold nor work for more.
   */
  decompress(bytes: Uint8Array, maxLength: number): Uint8Array | undefined;
}

/** By the number on the wire, in order of preference. */
export type Compressors = ReadonlyMap<number, CertificateCompressor>;

const path = "certificateCompression";

export function readCompressors(
  given: readonly CertificateCompressor[] | undefined,
  versions: CommonSettings["versions"],
  problems: Problems,
): Compressors {
  const compressors = new Map<number, CertificateCompressor>();
  if (given === undefined) return compressors;
  if (!Array.isArray(given)) {
    problems.add("wrong-type", path, "is no list", "give an array of CertificateCompressors, or leave it out");
    return compressors;
  }
  const list: readonly CertificateCompressor[] = [...given];
  if (list.length > 0 && versions.length > 0 && !versions.includes("tls1.3")) {
    problems.add("other-version", path, "is for tls1.3", "name tls1.3 in versions, or leave it out");
  }
  // The extension's list has a length of one byte.
  if (list.length > 127) problems.add("wrong-type", path, `has ${list.length} entries`, "give 127 at most");
  for (const [at, compressor] of list.entries()) {
    const here = `${path}[${at}]`;
    const id = readCompressor(compressor, here, problems);
    if (id === undefined) continue;
    if (compressors.has(id)) problems.add("duplicate", here, `${compressor.algorithm} is there twice`, "leave one out");
    compressors.set(id, compressor);
  }
  return compressors;
}

function readCompressor(given: CertificateCompressor, here: string, problems: Problems): number | undefined {
  if (!isRecord(given) || typeof given.compress !== "function" || typeof given.decompress !== "function") {
    problems.add("wrong-type", here, "lacks compress or decompress", "give a CertificateCompressor");
    return undefined;
  }
  const { algorithm } = given;
  if (typeof algorithm === "number" ? !isPrivate(algorithm) : !Object.hasOwn(compressionIds, algorithm)) {
    const remedy = `write ${Object.keys(compressionIds).join(" or ")}, or a private number from 16384 to 65535`;
    problems.add("unknown-name", `${here}.algorithm`, `is ${String(algorithm)}`, remedy);
    return undefined;
  }
  // Two that don't fit together would show in every handshake.
  compress(given, body(sample), here, problems);
  return typeof algorithm === "number" ? algorithm : compressionIds[algorithm];
}

function isPrivate(algorithm: number): boolean {
  return Number.isInteger(algorithm) && algorithm >= 0x4000 && algorithm <= 0xffff;
}

/** Our own certificates as CompressedCertificate: what is stapled is part of the message, so each choice has its own. */
export type CompressedCertificates = ReadonlyMap<Credential, ReadonlyMap<string, Bytes>>;

export function compressCertificates(
  credentials: readonly Credential[],
  compressors: Compressors,
  problems: Problems,
): CompressedCertificates {
  return new Map(
    credentials.map((credential, at) => {
      const messages = new Map<string, Bytes>();
      for (const [algorithm, compressor] of compressors) {
        for (const asked of stapleChoices) {
          const staples = shownStaples(credential, asked);
          if (messages.has(keyOf(algorithm, staples))) continue;
          const plain = body(encodeOwnCertificate(credential, staples));
          const compressed = compress(compressor, plain, `${path} of credentials[${at}]`, problems);
          if (compressed === undefined) continue;
          const message = encodeCompressedCertificate({ algorithm, uncompressedLength: plain.length, compressed });
          messages.set(keyOf(algorithm, staples), message);
        }
      }
      return [credential, messages];
    }),
  );
}

/**
 * By our first that the peer has. undefined: it has none, or the credential is a picker's, and none of the config's own.
 *
 * @param asked what the peer would have stapled. @param theirs algorithms by number
 */
export function compressedCertificate(
  credential: Credential,
  asked: readonly StapleKind[],
  theirs: readonly number[],
  { compressors, compressed }: { readonly compressors: Compressors; readonly compressed: CompressedCertificates },
): Bytes | undefined {
  const algorithm = [...compressors.keys()].find((id) => theirs.includes(id));
  if (algorithm === undefined) return undefined;
  return compressed.get(credential)?.get(keyOf(algorithm, shownStaples(credential, asked)));
}

function keyOf(algorithm: number, staples: readonly StapleKind[]): string {
  return `${algorithm} ${stapleKey(staples)}`;
}

/** undefined if it does not come back as it was; then that is among the problems. */
function compress(compressor: CertificateCompressor, plain: Bytes, here: string, problems: Problems): Bytes | undefined {
  const remedy = "give a compress and a decompress that are each other's inverse";
  try {
    const compressed = copy(compressor.compress(copy(plain)));
    const back = compressor.decompress(copy(compressed), plain.length);
    if (compressed.length > 0 && back !== undefined && equal(back, plain)) return compressed;
    problems.add("bad-compressor", here, `${compressor.algorithm} does not give a certificate back as it was`, remedy);
  } catch (thrown) {
    problems.add("bad-compressor", here, `${compressor.algorithm} throws ${String(thrown)}`, remedy);
  }
  return undefined;
}

/** Without the header: what RFC 8879 compresses. */
function body(message: Bytes): Bytes {
  return message.slice(4);
}
/** With a certificate that is none. */
const sample = encodeCertificate(empty, [{ data: new Uint8Array(64), extensions: [] }]);
