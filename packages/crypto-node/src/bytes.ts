import type { Bytes } from "@sallyport/core";

/** The same memory without Buffer's methods; a copy where it is a slice of something larger, which may be Node's shared pool. */
export function owned(buffer: Buffer): Bytes {
  const { buffer: memory, byteOffset, byteLength } = buffer;
  if (memory instanceof ArrayBuffer && memory.byteLength === byteLength) return new Uint8Array(memory, byteOffset, byteLength);
  return new Uint8Array(buffer);
}

export function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64url");
}

export function base64urlBytes(text: string): Bytes {
  return new Uint8Array(Buffer.from(text, "base64url"));
}
