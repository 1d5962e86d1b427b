// A provider without cryptography: every size, name and law of the interface holds, and nothing is secret. For tests of what is
// decided, and for handshakes that must cost nothing.
import type {
  AeadOpener,
  AeadSealer,
  Bytes,
  CipherSuiteName,
  CryptoProvider,
  Hash,
  HashImplementation,
  HashName,
  NamedGroup,
  SignatureScheme,
  SuiteImplementation,
  SyncGroup,
  SyncSigner,
  SyncVerification,
} from "@sallyport/core";

/** As `versions`: the suites of TLS 1.3, and of TLS 1.2 behind them. All groups but hybrids, all schemes but ML-DSA. */
export function fakeProvider(overrides: Partial<CryptoProvider> = {}): CryptoProvider {
  let seed = 1;
  return {
    name: "fake",
    suites: [
      suite("TLS_AES_128_GCM_SHA256", "sha256", 16),
      suite("TLS_AES_256_GCM_SHA384", "sha384", 32),
      suite("TLS_CHACHA20_POLY1305_SHA256", "sha256", 32),
      suite("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "sha256", 16),
      suite("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "sha256", 16),
      suite("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "sha384", 32),
      suite("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "sha384", 32),
      suite("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "sha256", 32),
      suite("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "sha256", 32),
    ],
    groups: [group("x25519", 32), group("secp256r1", 65), group("secp384r1", 97)],
    verifications: fakeSchemes.map(verification),
    hashes: [hash("sha256", 32), hash("sha384", 48), hash("sha512", 64)],
    // Every run gives the same bytes.
    random: (length) => mix(length, Uint8Array.of(seed++)),
    ...overrides,
  };
}

export const fakeSchemes: readonly SignatureScheme[] = [
  "ecdsa_secp256r1_sha256",
  "ecdsa_secp384r1_sha384",
  "ecdsa_secp521r1_sha512",
  "ed25519",
  "rsa_pss_rsae_sha256",
  "rsa_pss_rsae_sha384",
  "rsa_pss_rsae_sha512",
  "rsa_pss_pss_sha256",
  "rsa_pss_pss_sha384",
  "rsa_pss_pss_sha512",
  "rsa_pkcs1_sha256",
  "rsa_pkcs1_sha384",
  "rsa_pkcs1_sha512",
];

/** Its signatures are what the fake provider's verifications take for the same public key. */
export function fakeSigner(publicKey: Uint8Array, schemes: readonly SignatureScheme[]): SyncSigner {
  return { publicKey, schemes, sign: (scheme, message) => signature(scheme, publicKey, message) };
}

function verification(scheme: SignatureScheme): SyncVerification {
  return {
    scheme,
    verify: (publicKey, message, given) => {
      const expected = signature(scheme, publicKey, message);
      return given.length === expected.length && given.every((byte, at) => byte === expected[at]);
    },
  };
}

function signature(scheme: SignatureScheme, publicKey: Uint8Array, message: Uint8Array): Bytes {
  return mix(64, new TextEncoder().encode(scheme), publicKey, message);
}

/** The ciphertext is the plaintext; the tag depends on everything. */
export function suite(name: CipherSuiteName, hashName: HashName, keyLength: 16 | 32): SuiteImplementation {
  const tagOf = (key: Uint8Array, nonce: Uint8Array, additionalData: Uint8Array, text: Uint8Array): Bytes =>
    mix(16, key, nonce, additionalData, text);
  return {
    name,
    hash: hashName,
    keyLength,
    seal: (given): AeadSealer => {
      const key = Uint8Array.from(given);
      return {
        seal: (nonce, additionalData, plaintext, target, offset) => {
          const tag = tagOf(key, nonce, additionalData, plaintext);
          target.set(plaintext, offset);
          target.set(tag, offset + plaintext.length);
        },
        destroy: () => void key.fill(0),
      };
    },
    open: (given): AeadOpener => {
      const key = Uint8Array.from(given);
      return {
        open: (nonce, additionalData, ciphertextAndTag) => {
          const text = ciphertextAndTag.subarray(0, -16);
          const tag = tagOf(key, nonce, additionalData, text);
          return tag.every((byte, at) => byte === ciphertextAndTag[text.length + at]) ? text : undefined;
        },
        destroy: () => void key.fill(0),
      };
    },
  };
}

/** The share is the private key, the secret both shares' sum. A share of zeros is invalid. */
export function group(name: NamedGroup, length: number): SyncGroup {
  let seed = 1;
  const agree = (own: Uint8Array, peer: Uint8Array): Bytes | undefined =>
    peer.length === length && peer.some((byte) => byte !== 0)
      ? (own.map((byte, at) => byte + (peer[at] ?? 0)).slice(0, 32) as Bytes)
      : undefined;
  const fresh = (): Bytes => mix(length, new TextEncoder().encode(name), Uint8Array.of(seed++));
  return {
    name,
    shareLength: { client: length, server: length },
    start: () => {
      const share = fresh();
      return { share, key: share };
    },
    complete: (key, peerShare) => (key instanceof Uint8Array ? agree(key, peerShare) : undefined),
    respond: (peerShare) => {
      const share = fresh();
      const secret = agree(share, peerShare);
      return secret && { share, secret };
    },
  };
}

export function hash(name: HashName, length: 32 | 48 | 64): HashImplementation {
  const begun = (parts: readonly Uint8Array[]): Hash => {
    const all = [...parts];
    const self: Hash = {
      update: (data) => {
        all.push(Uint8Array.from(data));
        return self;
      },
      clone: () => begun(all),
      digest: () => mix(length, join(all)),
    };
    return self;
  };
  return { name, length, create: () => begun([]), hmac: (key, data) => mix(length, key, data) };
}

/** `length` bytes that differ where any input byte, or the inputs' lengths, differ (FNV-1a, then a linear generator). */
function mix(length: number, ...inputs: readonly Uint8Array[]): Bytes {
  let state = 0x811c9dc5;
  const eat = (byte: number): void => {
    state = Math.imul(state ^ byte, 0x01000193) >>> 0;
  };
  for (const input of inputs) {
    for (let rest = input.length; rest > 0; rest >>>= 8) eat(rest & 0xff);
    eat(0xff);
    for (const byte of input) eat(byte);
  }
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
