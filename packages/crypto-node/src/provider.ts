import { randomFillSync } from "node:crypto";
import type { CryptoProvider } from "@sallyport/core";
import { suites } from "./aead.ts";
import { groups } from "./groups.ts";
import { hashes } from "./hashes.ts";
import { verifications } from "./verifications.ts";

/** What node:crypto can here: a runtime without ChaCha20-Poly1305 (Bun) doesn't list its suites. */
export const node: CryptoProvider = {
  name: "node",
  suites,
  groups,
  verifications,
  hashes,
  // Not randomBytes: it gives a Buffer.
  random: (length) => randomFillSync(new Uint8Array(length)),
};
