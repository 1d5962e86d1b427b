import { gcm } from "@noble/ciphers/aes.js";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import {
  type AeadOpener,
  type AeadSealer,
  ApiMisuse,
  type CipherSuiteName,
  type HashName,
  type SuiteImplementation,
} from "@sallyport/core";

export const suites: readonly SuiteImplementation[] = [
  suite("TLS_CHACHA20_POLY1305_SHA256", "sha256", chacha20poly1305, 32),
  suite("TLS_AES_128_GCM_SHA256", "sha256", gcm, 16),
  suite("TLS_AES_256_GCM_SHA384", "sha384", gcm, 32),
  suite("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "sha256", chacha20poly1305, 32),
  suite("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "sha256", chacha20poly1305, 32),
  suite("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "sha256", gcm, 16),
  suite("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "sha256", gcm, 16),
  suite("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "sha384", gcm, 32),
  suite("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "sha384", gcm, 32),
];

type Cipher = (
  key: Uint8Array,
  nonce: Uint8Array,
  additionalData: Uint8Array,
) => { encrypt(plaintext: Uint8Array): Uint8Array; decrypt(ciphertextAndTag: Uint8Array): Uint8Array };

const tagLength = 16;

function suite(name: CipherSuiteName, hash: HashName, cipher: Cipher, keyLength: 16 | 32): SuiteImplementation {
  return {
    name,
    hash,
    keyLength,
    seal: (key) => new Sealer(cipher, copyKey(key, keyLength)),
    open: (key) => new Opener(cipher, copyKey(key, keyLength)),
  };
}

function copyKey(key: Uint8Array, length: number): Uint8Array {
  if (key.length !== length) throw new ApiMisuse("bad-argument", `a key of ${key.length} bytes; ${length} are needed`);
  return Uint8Array.from(key);
}

// Both go through fresh memory: a record's payload begins 5 bytes behind its header, and noble is fast on aligned words alone.

class Sealer implements AeadSealer {
  readonly #cipher: Cipher;
  #key: Uint8Array | undefined;

  constructor(cipher: Cipher, key: Uint8Array) {
    this.#cipher = cipher;
    this.#key = key;
  }

  seal(nonce: Uint8Array, additionalData: Uint8Array, plaintext: Uint8Array, target: Uint8Array, offset: number): void {
    if (this.#key === undefined) throw destroyed();
    target.set(this.#cipher(this.#key, nonce, additionalData).encrypt(plaintext), offset);
  }

  destroy(): void {
    this.#key?.fill(0);
    this.#key = undefined;
  }
}

class Opener implements AeadOpener {
  readonly #cipher: Cipher;
  #key: Uint8Array | undefined;

  constructor(cipher: Cipher, key: Uint8Array) {
    this.#cipher = cipher;
    this.#key = key;
  }

  open(nonce: Uint8Array, additionalData: Uint8Array, ciphertextAndTag: Uint8Array): Uint8Array | undefined {
    if (this.#key === undefined) throw destroyed();
    if (ciphertextAndTag.length < tagLength) return undefined;
    const cipher = this.#cipher(this.#key, nonce, additionalData);
    try {
      return cipher.decrypt(ciphertextAndTag);
    } catch {
      return undefined; // it throws for nothing else: key and nonce were judged before, the length as well
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
