// A peer's own certificates as its script has them: with a status (RFC 6066 §8), compressed (RFC 8879), as far as they were asked for
// so; or a raw public key (RFC 7250).
import type { Bytes, CertificateCompressor, Credential } from "@sallyport/core";
import { certificateTypes, extensionTypes, handshakeTypes } from "./numbers.ts";
import { block, type Extension, extension, join, message, repeat, u16, u24, v24, v8 } from "./octets.ts";
import type { PeerScript } from "./script.ts";

/** What the subject asked for. */
export interface Wishes {
  readonly status: boolean;
  /** It can undo these. */
  readonly compressions: readonly number[];
}
export const noWishes: Wishes = { status: false, compressions: [] };

/** Of TLS 1.3: Certificate, or CompressedCertificate. */
export function certificateMessage(
  own: Credential | undefined,
  { staples, compresses }: PeerScript,
  { status, compressions }: Wishes,
  compressor: CertificateCompressor | undefined,
): Bytes {
  const first = status && staples && own?.type === "x509" ? [extension(extensionTypes.status_request, statusOf(own))] : [];
  const entries = (own?.chain ?? []).map((der, at) => join(v24(der), block(at === 0 ? first : [])));
  const body = join(v8(), v24(...entries));
  const isCompressed =
    compresses && entries.length > 0 && compressor !== undefined && compressions.includes(algorithmOf(compressor));
  if (!isCompressed) return message(handshakeTypes.certificate, body);
  const compressed = v24(compressor.compress(body));
  return message(handshakeTypes.compressed_certificate, u16(algorithmOf(compressor)), u24(body.length), compressed);
}

/** Of TLS 1.2, where a raw key is in no list (RFC 7250 §3). */
export function certificateMessageTls12(own: Credential | undefined): Bytes {
  const chain = (own?.chain ?? []).map((der) => v24(der));
  return message(handshakeTypes.certificate, own?.type === "raw-public-key" ? join(...chain) : v24(...chain));
}

/** Of TLS 1.2, where it is a message. */
export function certificateStatus(own: Credential | undefined): Bytes {
  return message(handshakeTypes.certificate_status, statusOf(own));
}

function statusOf(own: Credential | undefined): Bytes {
  return join([1], v24(own?.ocspResponse ?? repeat(40, 0x0c)));
}

const named: Readonly<Record<string, number>> = { zlib: 1, brotli: 2, zstd: 3 };
function algorithmOf({ algorithm }: CertificateCompressor): number {
  return typeof algorithm === "number" ? algorithm : (named[algorithm] ?? 0);
}

/** compress_certificate's list (RFC 8879 §3). */
export function compressionsIn(body: Uint8Array): number[] {
  return Array.from({ length: body.length >> 1 }, (_, at) => (body[1 + 2 * at] ?? 0) * 256 + (body[2 + 2 * at] ?? 0));
}

/** For fuzzing: what is "compressed" is the bytes themselves, so that a fault in them is one in the certificates. */
export const storedCompression: CertificateCompressor = {
  algorithm: 0x4001,
  compress: (bytes) => bytes.slice(),
  decompress: (bytes, maxLength) => (bytes.length > maxLength ? undefined : bytes.slice()),
};

/** What a client says that has a raw key, and takes one, or a certificate. */
export function offeredTypes(): readonly Extension[] {
  const types = v8([certificateTypes.raw, certificateTypes.x509]);
  return [extension(extensionTypes.client_certificate_type, types), extension(extensionTypes.server_certificate_type, types)];
}
