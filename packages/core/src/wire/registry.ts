// Code points of what is spoken, and names for everything else. IANA's spelling.
import {
  alertNames,
  certificateTypeNames,
  cipherSuiteNames,
  extensionNames,
  groupNames,
  handshakeTypeNames,
  schemeNames,
  versionNames,
} from "./iana.ts";

export type ProtocolVersion = "tls1.2" | "tls1.3";

/** Spoken suites. Others are recognised by name in a ClientHello (`registered`), explained, and never chosen. */
export type CipherSuiteName =
  | "TLS_AES_128_GCM_SHA256"
  | "TLS_AES_256_GCM_SHA384"
  | "TLS_CHACHA20_POLY1305_SHA256"
  | "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
  | "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
  | "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
  | "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
  | "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"
  | "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256";

export type NamedGroup =
  | "x25519"
  | "secp256r1"
  | "secp384r1"
  | "secp521r1"
  | "X25519MLKEM768"
  | "SecP256r1MLKEM768"
  | "SecP384r1MLKEM1024"
  | "MLKEM1024";

export type SignatureScheme =
  | "ecdsa_secp256r1_sha256"
  | "ecdsa_secp384r1_sha384"
  | "ecdsa_secp521r1_sha512"
  | "ed25519"
  | "rsa_pss_rsae_sha256"
  | "rsa_pss_rsae_sha384"
  | "rsa_pss_rsae_sha512"
  | "rsa_pss_pss_sha256"
  | "rsa_pss_pss_sha384"
  | "rsa_pss_pss_sha512"
  | "rsa_pkcs1_sha256"
  | "rsa_pkcs1_sha384"
  | "rsa_pkcs1_sha512" // certificates, and TLS 1.2
  | "mldsa44"
  | "mldsa65"
  | "mldsa87";

/** A chain of certificates, or a SubjectPublicKeyInfo alone (RFC 7250). */
export type CertificateType = "x509" | "raw-public-key";

export type HashName = "sha256" | "sha384" | "sha512";

/** A value from the wire: the number always, the name where IANA has one (obsolete and private ones too). */
export interface Registered {
  readonly id: number;
  readonly name: string | undefined;
}

export const versionIds: Readonly<Record<ProtocolVersion, number>> = { "tls1.2": 0x0303, "tls1.3": 0x0304 };

export const suiteIds: Readonly<Record<CipherSuiteName, number>> = {
  TLS_AES_128_GCM_SHA256: 0x1301,
  TLS_AES_256_GCM_SHA384: 0x1302,
  TLS_CHACHA20_POLY1305_SHA256: 0x1303,
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 0xc02b,
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 0xc02c,
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 0xc02f,
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 0xc030,
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 0xcca9,
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 0xcca8,
};

export const groupIds: Readonly<Record<NamedGroup, number>> = {
  x25519: 0x001d,
  secp256r1: 0x0017,
  secp384r1: 0x0018,
  secp521r1: 0x0019,
  X25519MLKEM768: 0x11ec,
  SecP256r1MLKEM768: 0x11eb,
  SecP384r1MLKEM1024: 0x11ed,
  MLKEM1024: 0x0202,
};

export const schemeIds: Readonly<Record<SignatureScheme, number>> = {
  ecdsa_secp256r1_sha256: 0x0403,
  ecdsa_secp384r1_sha384: 0x0503,
  ecdsa_secp521r1_sha512: 0x0603,
  ed25519: 0x0807,
  rsa_pss_rsae_sha256: 0x0804,
  rsa_pss_rsae_sha384: 0x0805,
  rsa_pss_rsae_sha512: 0x0806,
  rsa_pss_pss_sha256: 0x0809,
  rsa_pss_pss_sha384: 0x080a,
  rsa_pss_pss_sha512: 0x080b,
  rsa_pkcs1_sha256: 0x0401,
  rsa_pkcs1_sha384: 0x0501,
  rsa_pkcs1_sha512: 0x0601,
  mldsa44: 0x0904,
  mldsa65: 0x0905,
  mldsa87: 0x0906,
};

export const certificateTypeIds: Readonly<Record<CertificateType, number>> = { x509: 0, "raw-public-key": 2 };

/** A registry of IANA's for TLS. */
export type RegistryName = "certificateType" | "suite" | "group" | "scheme" | "extension" | "version" | "alert" | "handshake";
const registries: Readonly<Record<RegistryName, ReadonlyMap<number, string>>> = {
  certificateType: certificateTypeNames,
  suite: cipherSuiteNames,
  group: groupNames,
  scheme: schemeNames,
  extension: extensionNames,
  version: versionNames,
  alert: alertNames,
  handshake: handshakeTypeNames,
};

/** What IANA calls a number, obsolete and private ones too. What has a name is made once, and everybody's: frozen. */
export function registered(registry: RegistryName, id: number): Registered {
  const made = named[registry].get(id);
  if (made !== undefined) return made;
  const name = registries[registry].get(id);
  const value = Object.freeze({ id, name });
  if (name !== undefined) named[registry].set(id, value);
  return value;
}
const named: Readonly<Record<RegistryName, Map<number, Registered>>> = {
  certificateType: new Map(),
  suite: new Map(),
  group: new Map(),
  scheme: new Map(),
  extension: new Map(),
  version: new Map(),
  alert: new Map(),
  handshake: new Map(),
};

/** Its name, or its number. */
export function spelled(registry: RegistryName, id: number): string {
  return registered(registry, id).name ?? `0x${id.toString(16).padStart(4, "0")}`;
}

/** RFC 8701: values that mean nothing, sent so that nobody forgets to ignore what is unknown. */
export function isGrease(id: number): boolean {
  return (id & 0x0f0f) === 0x0a0a && id >> 8 === (id & 0xff);
}

/** PskKeyExchangeMode (RFC 9846 §4.3.9). psk_ke is not spoken: it would give forward secrecy away. */
export const pskModes = { psk_ke: 0, psk_dhe_ke: 1 } as const;

/** ExtensionType of what we read or write. */
export const extensionIds = {
  server_name: 0,
  max_fragment_length: 1,
  status_request: 5,
  supported_groups: 10,
  ec_point_formats: 11,
  signature_algorithms: 13,
  application_layer_protocol_negotiation: 16,
  signed_certificate_timestamp: 18,
  client_certificate_type: 19,
  server_certificate_type: 20,
  padding: 21,
  extended_master_secret: 23,
  compress_certificate: 27,
  record_size_limit: 28,
  session_ticket: 35,
  pre_shared_key: 41,
  early_data: 42,
  supported_versions: 43,
  cookie: 44,
  psk_key_exchange_modes: 45,
  certificate_authorities: 47,
  oid_filters: 48,
  post_handshake_auth: 49,
  signature_algorithms_cert: 50,
  key_share: 51,
  ticket_request: 58,
  renegotiation_info: 65281,
} as const;
export type ExtensionName = keyof typeof extensionIds;
