import type { Bytes } from "@sallyport/core";

export function bytesOf(hex: string): Bytes {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
