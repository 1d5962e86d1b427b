// What a compressed certificate is refused for, and what it costs until then (RFC 8879 §4, §5).
import { describe, expect, test } from "vitest";
import type { CertificateCompressor } from "@sallyport/core";
import type { CommonSettings } from "../../packages/core/src/config/settings.ts";
import { decompressCertificate } from "../../packages/core/src/handshake/decompress-certificate.ts";
import { encodeCompressedCertificate } from "../../packages/core/src/wire/compressed-certificate.ts";
import { message, repeat } from "../support/octets.ts";

const limit = 1000;
const raw = (algorithm: number, uncompressedLength: number): Uint8Array =>
  encodeCompressedCertificate({ algorithm, uncompressedLength, compressed: repeat(5) });

/** By zlib, brotli or nothing. */
function decompressed(
  given: Uint8Array,
  decompress: (compressed: Uint8Array, most: number) => unknown,
  algorithms: readonly number[] = [1, 2],
): Uint8Array {
  const compressor: CertificateCompressor = { algorithm: "zlib", compress: (bytes) => bytes, decompress: decompress as never };
  const compressors = new Map(algorithms.map((id) => [id, compressor]));
  // All that it reads of them.
  const settings = { compressors, limits: { certificateMessage: limit } } as unknown as CommonSettings;
  return decompressCertificate(given, ["certificate"], settings);
}
const never = (): never => {
  throw new Error("nothing is decompressed here");
};
const refused = (kind: string, context: object): unknown =>
  expect.objectContaining({ kind, context: expect.objectContaining(context) });

describe("a compressed certificate", () => {
  test("is the message that was compressed, with its header", () => {
    const asked: unknown[] = [];
    const body = decompressed(raw(1, 9), (compressed, most) => {
      asked.push([...compressed], most);
      return repeat(9, 7);
    });
    expect(body).toEqual(message(11, repeat(9, 7)));
    expect(asked).toEqual([[0, 0, 0, 0, 0], 9]);
  });

  test("is unexpected where no algorithm was offered, and illegal by another one", () => {
    expect(() => decompressed(raw(1, 9), never, [])).toThrow(
      refused("unexpected-message", { expected: ["certificate"], received: "compressed_certificate" }),
    );
    expect(() => decompressed(raw(3, 9), never)).toThrow(
      refused("illegal-parameter", { field: "algorithm", expected: "zlib or brotli", received: "zstd" }),
    );
  });

  test("may be as long as a certificate message, and one byte more is not even decompressed; nor is nothing", () => {
    expect(decompressed(raw(1, limit - 4), (_, most) => repeat(most)).length).toBe(limit);
    for (const length of [limit - 3, 0xffffff, 0]) {
      expect(() => decompressed(raw(1, length), never)).toThrow(refused("bad-compression", { algorithm: "zlib" }));
    }
  });

  test("is bad where it does not decompress, or to another length than it says", () => {
    for (const body of [undefined, repeat(8), repeat(10), repeat(0)]) {
      expect(() => decompressed(raw(2, 9), () => body)).toThrow(refused("bad-compression", { algorithm: "brotli" }));
    }
  });

  test("is a fault of ours where the compressor gives what is no bytes", () => {
    for (const body of [null, 7, "text", [1], {}]) {
      expect(() => decompressed(raw(1, 9), () => body)).toThrow("the compressor's zlib gave no Uint8Array");
    }
  });
});
