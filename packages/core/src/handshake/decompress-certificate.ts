import type { CommonSettings } from "../config/settings.ts";
import { fail } from "../errors.ts";
import type { Bytes } from "../wire/bytes.ts";
import { compressionName, decodeCompressedCertificate } from "../wire/compressed-certificate.ts";
import { frame } from "../wire/handshake.ts";

/**
 * The Certificate message that the peer compressed (RFC 8879 §4), with the header that it would have had. What it may cost is
 * known before it is decompressed.
 *
 * @param expected where none was offered
 */
export function decompressCertificate(
  raw: Uint8Array,
  expected: readonly string[],
  { compressors, limits }: CommonSettings,
): Bytes {
  const message = "compressed_certificate";
  if (compressors.size === 0) fail("unexpected-message", { expected, received: message }, "RFC 8879 §4");
  const { algorithm: id, uncompressedLength, compressed } = decodeCompressedCertificate(raw);
  const compressor = compressors.get(id);
  const algorithm = compressionName(id);
  if (compressor === undefined) {
    const offered = [...compressors.keys()].map(compressionName).join(" or ");
    fail("illegal-parameter", { message, field: "algorithm", expected: offered, received: algorithm }, "RFC 8879 §4");
  }
  const most = limits.certificateMessage - headerLength;
  if (uncompressedLength > most) {
    const problem = `it is said to hold ${uncompressedLength} bytes, of ${most} allowed`;
    fail("bad-compression", { algorithm, problem }, "RFC 8879 §5");
  }
  const body = uncompressedLength === 0 ? undefined : compressor.decompress(compressed, uncompressedLength);
  if (body === undefined) {
    fail("bad-compression", { algorithm, problem: `it does not decompress to ${uncompressedLength} bytes` }, "RFC 8879 §4");
  }
  if (!(body instanceof Uint8Array)) throw new TypeError(`the compressor's ${algorithm} gave no Uint8Array`);
  if (body.length !== uncompressedLength) {
    const problem = `it holds ${body.length} bytes, and says ${uncompressedLength}`;
    fail("bad-compression", { algorithm, problem }, "RFC 8879 §4");
  }
  return frame("certificate", (writer) => writer.bytes(body));
}

const headerLength = 4;
