import { ApiMisuse, type Bytes, type CryptoProvider } from "@sallyport/core";
import { suites } from "./aead.ts";
import { groups } from "./groups.ts";
import { hashes } from "./hashes.ts";
import { verifications } from "./verifications.ts";

export interface NobleOptions {
  /** So many unpredictable bytes: all key shares and randoms come from here. A seeded one makes every run repeatable. */
  readonly random: (length: number) => Uint8Array;
}

/**
 * ChaCha20-Poly1305 comes before AES-GCM, which is three times as slow without hardware.
 *
 * @example
 * const provider = noble({ random: (length) => crypto.getRandomValues(new Uint8Array(length)) });
 */
export function noble(options: NobleOptions): CryptoProvider {
  const random = exactly(options.random);
  return { name: "noble", suites, groups: groups(random), verifications, hashes, random };
}

/** Our own memory, so that neither a Buffer nor a pool that the caller goes on with gets in. */
function exactly(random: (length: number) => Uint8Array): (length: number) => Bytes {
  return (length) => {
    const given = random(length);
    if (given.length !== length) throw new ApiMisuse("bad-argument", `random(${length}) gave ${given.length} bytes`);
    return Uint8Array.from(given);
  };
}
