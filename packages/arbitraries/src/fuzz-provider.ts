// A provider that accepts everything, so that a fuzzer gets past every MAC, Finished, binder and signature, and spends its time on
// what is decided behind them. Whoever protects something by it has protected nothing.
import type {
  AeadOpener,
  AeadSealer,
  Bytes,
  CipherSuiteName,
  Credential,
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
import { tlv } from "./der.ts";
import { repeat } from "./octets.ts";

export interface FuzzProvider extends CryptoProvider {
  /** Its random bytes begin anew, so that a conversation can be had again. */
  restart(seed: number): void;
}

/**
 * Null encryption with a tag of fixed bytes, which is not looked at; hashes and HMACs of fixed bytes; shares, secrets and
 * signatures likewise, of the right lengths. All suites, groups and schemes.
 */
export function dangerousFuzzProvider(): FuzzProvider {
  let state = 1;
  return {
    name: "fuzz",
    suites: suites.map(([name, hash, keyLength]) => suite(name, hash, keyLength)),
    groups: groups.map(([name, client, server]) => group(name, client, server)),
    verifications: schemes.map((scheme): SyncVerification => ({ scheme, verify: () => true })),
    hashes: [hash("sha256", 32), hash("sha384", 48), hash("sha512", 64)],
    random: (length) => {
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length; at++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        bytes[at] = state >>> 24;
      }
      return bytes;
    },
    restart: (seed) => {
      state = seed >>> 0;
    },
  };
}

/** A certificate that has the form of one, with a P-256 key; signs whatever is asked for. */
export function dangerousFuzzCredential(names: readonly string[] = ["localhost"]): Credential & { readonly signer: SyncSigner } {
  const publicKey = tlv(0x30, p256, tlv(0x03, [0, 4], repeat(64, 0x7c)));
  const empty = tlv(0x30);
  const version = tlv(0xa0, tlv(0x02, [2]));
  const tbs = tlv(0x30, version, tlv(0x02, [1]), empty, empty, empty, empty, publicKey);
  const signer: SyncSigner = { publicKey, schemes: ["ecdsa_secp256r1_sha256"], sign: () => repeat(64, 0x51) };
  return { type: "x509", chain: [tlv(0x30, tbs, empty, tlv(0x03, [0]))], publicKey, names, signer };
}

const suites: readonly (readonly [CipherSuiteName, HashName, 16 | 32])[] = [
  ["TLS_AES_128_GCM_SHA256", "sha256", 16],
  ["TLS_AES_256_GCM_SHA384", "sha384", 32],
  ["TLS_CHACHA20_POLY1305_SHA256", "sha256", 32],
  ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "sha256", 16],
  ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "sha256", 16],
  ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "sha384", 32],
  ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "sha384", 32],
  ["TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "sha256", 32],
  ["TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "sha256", 32],
];
/** With the lengths of a client's and of a server's share. */
const groups: readonly (readonly [NamedGroup, number, number])[] = [
  ["x25519", 32, 32],
  ["secp256r1", 65, 65],
  ["secp384r1", 97, 97],
  ["secp521r1", 133, 133],
  ["X25519MLKEM768", 1216, 1120],
  ["SecP256r1MLKEM768", 1249, 1153],
];
const schemes: readonly SignatureScheme[] = [
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
  "mldsa44",
  "mldsa65",
  "mldsa87",
];

function suite(name: CipherSuiteName, hashName: HashName, keyLength: 16 | 32): SuiteImplementation {
  return { name, hash: hashName, keyLength, seal: () => sealer, open: () => opener };
}
const tag = repeat(16, 0x7a);
const sealer: AeadSealer = {
  seal: (_nonce, _additionalData, plaintext, target, offset) => {
    target.set(plaintext, offset);
    target.set(tag, offset + plaintext.length);
  },
  destroy: () => {},
};
const opener: AeadOpener = { open: (_nonce, _additionalData, sealed) => sealed.subarray(0, -16), destroy: () => {} };

function hash(name: HashName, length: 32 | 48 | 64): HashImplementation {
  const fixed = (): Bytes => repeat(length, 0x4a);
  const running: Hash = { update: () => running, clone: () => running, digest: fixed };
  return { name, length, create: () => running, hmac: fixed };
}

/** What of a share could not be one is its length. */
function group(name: NamedGroup, client: number, server: number): SyncGroup {
  const secret = (): Bytes => repeat(32, 0x5e);
  return {
    name,
    shareLength: { client, server },
    start: () => ({ share: shareOf(client), key: undefined }),
    complete: (_key, peerShare) => (peerShare.length === server ? secret() : undefined),
    respond: (peerShare) => (peerShare.length === client ? { share: shareOf(server), secret: secret() } : undefined),
  };
}
/** A point's first byte says that it is not compressed. */
function shareOf(length: number): Bytes {
  return repeat(length, 4);
}

const p256 = Uint8Array.from([0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7]);
