// What compresses certificates (RFC 8879), of this runtime's own.
import * as zlib from "node:zlib";
import type { CertificateCompressor } from "@sallyport/core";
import { owned } from "./bytes.ts";

/**
 * For `certificateCompression`, in order of preference: brotli, zlib, and zstd where the runtime has it (Node.js 22.15, Deno,
 * Bun). Each stops at the length that it is given, so that a bomb costs what it says at most.
 */
export const certificateCompressors: readonly CertificateCompressor[] = Object.freeze([
  compressor("brotli", (bytes) => zlib.brotliCompressSync(bytes), zlib.brotliDecompressSync, {}),
  compressor("zlib", (bytes) => zlib.deflateSync(bytes, { level: 9 }), zlib.inflateSync, {}),
  ...zstd(),
]);

type Decompress = (bytes: Uint8Array, options: Readonly<Record<string, unknown>>) => unknown;

function compressor(
  algorithm: CertificateCompressor["algorithm"],
  compress: (bytes: Uint8Array) => Buffer,
  decompress: Decompress,
  limits: object,
): CertificateCompressor {
  return Object.freeze({
    algorithm,
    compress: (bytes: Uint8Array) => owned(compress(bytes)),
    decompress: (bytes: Uint8Array, maxLength: number) => {
      if (maxLength < 1) return undefined;
      try {
        const { buffer, engine } = read(decompress(bytes, { ...limits, info: true, maxOutputLength: maxLength }));
        // What lies behind the end is left unread, and is no part of what was compressed.
        return engine.bytesWritten === bytes.length ? owned(buffer) : undefined;
      } catch (thrown) {
        // The peer's bytes are wrong, or too many.
        if (thrown instanceof Error) return undefined;
        throw thrown;
      }
    },
  });
}

/** What `info` asks for, which node:zlib's types leave out: the result beside the engine, and how much of the input it read. */
interface Decompressed {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}
function read(result: unknown): Decompressed {
  return result as Decompressed;
}

interface Newer {
  readonly zstdCompressSync?: (bytes: Uint8Array) => Buffer;
  readonly zstdDecompressSync?: Decompress;
  readonly constants: Readonly<Record<string, unknown>>;
}

function zstd(): readonly CertificateCompressor[] {
  const { zstdCompressSync, zstdDecompressSync, constants }: Newer = zlib;
  const parameter = constants["ZSTD_d_windowLogMax"];
  // RFC 8878 §3.1.1.1.2 recommends a window of 8 MiB; the runtime's own limit would let a frame of few bytes reserve 128 MiB.
  const windowLogMax = 23;
  if (zstdCompressSync === undefined || zstdDecompressSync === undefined || typeof parameter !== "number") return [];
  return [compressor("zstd", (bytes) => zstdCompressSync(bytes), zstdDecompressSync, { params: { [parameter]: windowLogMax } })];
}
