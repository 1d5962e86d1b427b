import {
  type CipherGCM,
  type CipherGCMTypes,
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type DecipherGCM,
  getCiphers,
  type KeyObject,
} from "node:crypto";
import {
  type AeadOpener,
  type AeadSealer,
  ApiMisuse,
  type CipherSuiteName,
  type HashName,
  type SuiteImplementation,
} from "@sallyport/core";
import { release } from "./release.ts";

const available: ReadonlySet<string> = new Set(getCiphers());

export const suites: readonly SuiteImplementation[] = [
  ...suite("TLS_AES_128_GCM_SHA256", "sha256", "aes-128-gcm", 16),
  ...suite("TLS_AES_256_GCM_SHA384", "sha384", "aes-256-gcm", 32),
  ...suite("TLS_CHACHA20_POLY1305_SHA256", "sha256", "chacha20-poly1305", 32),
  ...suite("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "sha256", "aes-128-gcm", 16),
  ...suite("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "sha256", "aes-128-gcm", 16),
  ...suite("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "sha384", "aes-256-gcm", 32),
  ...suite("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "sha384", "aes-256-gcm", 32),
  ...suite("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "sha256", "chacha20-poly1305", 32),
  ...suite("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "sha256", "chacha20-poly1305", 32),
];

type CipherName = "aes-128-gcm" | "aes-256-gcm" | "chacha20-poly1305";

function suite(name: CipherSuiteName, hash: HashName, cipher: CipherName, keyLength: 16 | 32): SuiteImplementation[] {
  if (!available.has(cipher)) return [];
  return [
    {
      name,
      hash,
      keyLength,
      seal: (key) => new Sealer(cipher, importKey(key, keyLength)),
      open: (key) => new Opener(cipher, importKey(key, keyLength)),
    },
  ];
}

/** A KeyObject: with OpenSSL 3.5 (Node 24) a cipher from raw bytes costs ten times as much. */
function importKey(key: Uint8Array, length: number): KeyObject {
  if (key.length !== length) throw new ApiMisuse("bad-argument", `a key of ${key.length} bytes; ${length} are needed`);
  return createSecretKey(key);
}

const tagLength = 16;
const options = { authTagLength: tagLength };

// Both destroy() can only let go: a KeyObject's memory is Node's, which wipes it when the object is collected.

class Sealer implements AeadSealer {
  readonly #cipher: CipherGCMTypes;
  #key: KeyObject | undefined;

  constructor(cipher: CipherName, key: KeyObject) {
    this.#cipher = cipher as CipherGCMTypes; // chacha20-poly1305 has the same methods, but other types (@types/node)
    this.#key = key;
  }

  seal(nonce: Uint8Array, additionalData: Uint8Array, plaintext: Uint8Array, target: Uint8Array, offset: number): void {
    if (this.#key === undefined) throw destroyed();
    const cipher: CipherGCM = createCipheriv(this.#cipher, this.#key, nonce, options);
    cipher.setAAD(additionalData);
    const ciphertext = cipher.update(plaintext); // all of it: both are stream ciphers
    cipher.final();
    target.set(ciphertext, offset);
    target.set(cipher.getAuthTag(), offset + ciphertext.length);
    release(ciphertext);
  }

  destroy(): void {
    this.#key = undefined;
  }
}

class Opener implements AeadOpener {
  readonly #cipher: CipherGCMTypes;
  #key: KeyObject | undefined;

  constructor(cipher: CipherName, key: KeyObject) {
    this.#cipher = cipher as CipherGCMTypes; // as above
    this.#key = key;
  }

  open(nonce: Uint8Array, additionalData: Uint8Array, ciphertextAndTag: Uint8Array): Uint8Array | undefined {
    if (this.#key === undefined) throw destroyed();
    const end = ciphertextAndTag.length - tagLength;
    if (end < 0) return undefined;
    const decipher: DecipherGCM = createDecipheriv(this.#cipher, this.#key, nonce, options);
    decipher.setAAD(additionalData);
    decipher.setAuthTag(ciphertextAndTag.subarray(end));
    const plaintext = decipher.update(ciphertextAndTag.subarray(0, end));
    try {
      decipher.final();
    } catch {
      return undefined; // the tag is wrong: it throws for nothing else
    }
    return new Uint8Array(plaintext.buffer, plaintext.byteOffset, plaintext.byteLength);
  }

  destroy(): void {
    this.#key = undefined;
  }
}

function destroyed(): ApiMisuse {
  return new ApiMisuse("bad-argument", "this key was destroyed");
}
