// One call into WebAssembly a record; libsodium keeps no key between two.
import { type AeadOpener, type AeadSealer, ApiMisuse, type SuiteImplementation } from "@sallyport/core";
import type { Sodium } from "./sodium.ts";

const keyLength = 32;
const tagLength = 16;

export function chacha20Poly1305(sodium: Sodium): Pick<SuiteImplementation, "seal" | "open"> {
  return { seal: (key) => new RecordKey(sodium, key), open: (key) => new RecordKey(sodium, key) };
}

class RecordKey implements AeadSealer, AeadOpener {
  readonly #sodium: Sodium;
  #key: Uint8Array | undefined;

  constructor(sodium: Sodium, key: Uint8Array) {
    if (key.length !== keyLength) throw new ApiMisuse("bad-argument", `a key of ${key.length} bytes; ${keyLength} are needed`);
    this.#sodium = sodium;
    this.#key = Uint8Array.from(key);
  }

  seal(nonce: Uint8Array, additionalData: Uint8Array, plaintext: Uint8Array, target: Uint8Array, offset: number): void {
    if (this.#key === undefined) throw destroyed();
    target.set(this.#sodium.crypto_aead_chacha20poly1305_ietf_encrypt(plaintext, additionalData, null, nonce, this.#key), offset);
  }

  open(nonce: Uint8Array, additionalData: Uint8Array, ciphertextAndTag: Uint8Array): Uint8Array | undefined {
    if (this.#key === undefined) throw destroyed();
    if (ciphertextAndTag.length < tagLength) return undefined;
    try {
      return this.#sodium.crypto_aead_chacha20poly1305_ietf_decrypt(null, ciphertextAndTag, additionalData, nonce, this.#key);
    } catch {
      return undefined; // lengths are right, so it throws for nothing else
    }
  }

  destroy(): void {
    this.#key?.fill(0);
    this.#key = undefined;
  }
}

function destroyed(): ApiMisuse {
  return new ApiMisuse("bad-argument", "this key was destroyed");
}
