// The runner's made-up compressions: two zeros less in front, four bytes more, one random byte more.
import type { CertificateCompressor } from "@sallyport/core";
import type { Flags } from "./flags.ts";

/** Absent: none is asked for. */
export function compressorsOf(flags: Flags): { readonly certificateCompression?: readonly CertificateCompressor[] } {
  const one = flags.number("install-one-cert-compression-alg");
  if (one !== undefined) return { certificateCompression: all.filter(({ algorithm }) => algorithm === one) };
  return flags.has("install-cert-compression-algs") ? { certificateCompression: all } : {};
}

const prefix = Uint8Array.of(1, 2, 3, 4);
const zeros = new Uint8Array(2);

const all: readonly CertificateCompressor[] = [
  {
    algorithm: 0xff02,
    compress: (bytes) => joined(prefix, bytes),
    decompress: (bytes, most) => (startsWith(bytes, prefix) ? within(bytes.slice(4), most) : undefined),
  },
  {
    algorithm: 0xff01,
    compress: (bytes) => {
      if (!startsWith(bytes, zeros)) throw new Error("a certificate message that does not begin with two zeros");
      return bytes.slice(2);
    },
    decompress: (bytes, most) => within(joined(zeros, bytes), most),
  },
  {
    algorithm: 0xff03,
    compress: (bytes) => joined(crypto.getRandomValues(new Uint8Array(1)), bytes),
    decompress: (bytes, most) => within(bytes.slice(1), most),
  },
];

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}
function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return start.every((byte, at) => bytes[at] === byte);
}
function within(bytes: Uint8Array, most: number): Uint8Array | undefined {
  return bytes.length > most ? undefined : bytes;
}
