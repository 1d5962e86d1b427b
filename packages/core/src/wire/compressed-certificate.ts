// Certificates that travel compressed (RFC 8879): the extension compress_certificate, and the message that it allows.
import type { Bytes } from "./bytes.ts";
import { type Extension, extension } from "./extensions.ts";
import { bodyOf, frame } from "./handshake.ts";
import type { Reader } from "./reader.ts";

/** CertificateCompressionAlgorithm (§7.3). */
export const compressionIds = { zlib: 1, brotli: 2, zstd: 3 } as const;
export type CompressionName = keyof typeof compressionIds;

/** A name, or the number that has none. */
export function compressionName(id: number): string {
  const known = Object.entries(compressionIds).find(([, each]) => each === id);
  return known?.[0] ?? `0x${id.toString(16).padStart(4, "0")}`;
}

export function compressCertificate(algorithms: readonly number[]): Extension {
  return extension("compress_certificate", (writer) => writer.list(1, algorithms, (_, algorithm) => writer.u16(algorithm)));
}
export function readCompressions(body: Reader): number[] {
  return body.list(1, "algorithms", 2, (list) => list.u16("algorithm"));
}

export interface CompressedCertificate {
  readonly algorithm: number;
  /** Bytes of the Certificate message that is inside, without its 4-byte header. */
  readonly uncompressedLength: number;
  readonly compressed: Bytes;
}

export function decodeCompressedCertificate(raw: Uint8Array): CompressedCertificate {
  const body = bodyOf(raw, "compressed_certificate");
  const algorithm = body.u16("algorithm");
  const uncompressedLength = body.u24("uncompressed_length");
  const compressed = body.opaque(3, "compressed_certificate_message", 1);
  body.end();
  return { algorithm, uncompressedLength, compressed };
}

export function encodeCompressedCertificate({ algorithm, uncompressedLength, compressed }: CompressedCertificate): Bytes {
  return frame("compressed_certificate", (writer) => {
    writer.u16(algorithm).u24(uncompressedLength).opaque(3, compressed);
  });
}
