// What the registries' names mean for a handshake: with which version they go, and with which key.
import type { CipherSuiteName, HashName, NamedGroup, ProtocolVersion, SignatureScheme } from "../wire/registry.ts";

/** Whose signature a suite of TLS 1.2 calls for; TLS 1.3 leaves that to the schemes. Ed25519 goes with `ecdsa` (RFC 8422 §2). */
type SuiteKey = "any" | "ecdsa" | "rsa";

interface SuiteMeaning {
  readonly version: ProtocolVersion;
  readonly hash: HashName;
  readonly key: SuiteKey;
}

export const suiteMeanings: Readonly<Record<CipherSuiteName, SuiteMeaning>> = {
  TLS_AES_128_GCM_SHA256: { version: "tls1.3", hash: "sha256", key: "any" },
  TLS_AES_256_GCM_SHA384: { version: "tls1.3", hash: "sha384", key: "any" },
  TLS_CHACHA20_POLY1305_SHA256: { version: "tls1.3", hash: "sha256", key: "any" },
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: { version: "tls1.2", hash: "sha256", key: "ecdsa" },
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: { version: "tls1.2", hash: "sha384", key: "ecdsa" },
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: { version: "tls1.2", hash: "sha256", key: "rsa" },
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: { version: "tls1.2", hash: "sha384", key: "rsa" },
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: { version: "tls1.2", hash: "sha256", key: "ecdsa" },
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: { version: "tls1.2", hash: "sha256", key: "rsa" },
};

/** ML-KEM answers a share with another kind of share, which ServerKeyExchange and ClientKeyExchange have no room for. */
export const groupVersions: Readonly<Record<NamedGroup, readonly ProtocolVersion[]>> = {
  x25519: ["tls1.3", "tls1.2"],
  secp256r1: ["tls1.3", "tls1.2"],
  secp384r1: ["tls1.3", "tls1.2"],
  secp521r1: ["tls1.3", "tls1.2"],
  X25519MLKEM768: ["tls1.3"],
  SecP256r1MLKEM768: ["tls1.3"],
  SecP384r1MLKEM1024: ["tls1.3"],
  MLKEM1024: ["tls1.3"],
};

interface SchemeMeaning {
  /** Whose handshake signatures it may make. In certificates each may stand. */
  readonly versions: readonly ProtocolVersion[];
  /** The suites of TLS 1.2 that it goes with. */
  readonly suiteKey: SuiteKey;
  /** The key's curve, which a client of TLS 1.2 must have named in supported_groups as well (RFC 8422 §5.1). */
  readonly curve: NamedGroup | undefined;
}

const either: readonly ProtocolVersion[] = ["tls1.3", "tls1.2"];
const ecdsa = (curve: NamedGroup): SchemeMeaning => ({ versions: either, suiteKey: "ecdsa", curve });
const pss: SchemeMeaning = { versions: either, suiteKey: "rsa", curve: undefined };
// RFC 9846 §4.3.3: these "refer solely to signatures which appear in certificates and are not defined for use in signed TLS
// handshake messages".
const pkcs1: SchemeMeaning = { versions: ["tls1.2"], suiteKey: "rsa", curve: undefined };
const mldsa: SchemeMeaning = { versions: ["tls1.3"], suiteKey: "any", curve: undefined };

export const schemeMeanings: Readonly<Record<SignatureScheme, SchemeMeaning>> = {
  ecdsa_secp256r1_sha256: ecdsa("secp256r1"),
  ecdsa_secp384r1_sha384: ecdsa("secp384r1"),
  ecdsa_secp521r1_sha512: ecdsa("secp521r1"),
  ed25519: { versions: either, suiteKey: "ecdsa", curve: undefined },
  rsa_pss_rsae_sha256: pss,
  rsa_pss_rsae_sha384: pss,
  rsa_pss_rsae_sha512: pss,
  rsa_pss_pss_sha256: pss,
  rsa_pss_pss_sha384: pss,
  rsa_pss_pss_sha512: pss,
  rsa_pkcs1_sha256: pkcs1,
  rsa_pkcs1_sha384: pkcs1,
  rsa_pkcs1_sha512: pkcs1,
  mldsa44: mldsa,
  mldsa65: mldsa,
  mldsa87: mldsa,
};

/** Whether the key of TLS 1.2's `suite` is one that signs by `scheme`. */
export function goesWith(suite: CipherSuiteName, scheme: SignatureScheme): boolean {
  return suiteMeanings[suite].key === schemeMeanings[scheme].suiteKey;
}

/** Whether CertificateVerify, or ServerKeyExchange of TLS 1.2, may be signed by it. */
export function signsIn(version: ProtocolVersion, scheme: SignatureScheme): boolean {
  return schemeMeanings[scheme].versions.includes(version);
}

/** What `of` gives for each version. */
export function byVersion<Value>(of: (version: ProtocolVersion) => Value): Readonly<Record<ProtocolVersion, Value>> {
  return { "tls1.3": of("tls1.3"), "tls1.2": of("tls1.2") };
}
