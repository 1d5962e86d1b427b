// Code points that a peer speaks, by IANA's names; a table of our own, since a witness reads from nobody else's.
import type { Bytes, HashName, NamedGroup, ProtocolVersion, SignatureScheme } from "@sallyport/core";

export const contentTypes = { changeCipherSpec: 20, alert: 21, handshake: 22, data: 23 } as const;

export const handshakeTypes = {
  hello_request: 0,
  client_hello: 1,
  server_hello: 2,
  new_session_ticket: 4,
  end_of_early_data: 5,
  encrypted_extensions: 8,
  certificate: 11,
  server_key_exchange: 12,
  certificate_request: 13,
  server_hello_done: 14,
  certificate_verify: 15,
  client_key_exchange: 16,
  finished: 20,
  certificate_status: 22,
  key_update: 24,
  compressed_certificate: 25,
  message_hash: 254,
} as const;
export type MessageName = keyof typeof handshakeTypes;

export const extensionTypes = {
  server_name: 0,
  max_fragment_length: 1,
  status_request: 5,
  supported_groups: 10,
  ec_point_formats: 11,
  signature_algorithms: 13,
  alpn: 16,
  signed_certificate_timestamp: 18,
  client_certificate_type: 19,
  server_certificate_type: 20,
  padding: 21,
  encrypt_then_mac: 22,
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
  encrypted_client_hello: 0xfe0d,
  renegotiation_info: 0xff01,
} as const;
export type ExtensionName = keyof typeof extensionTypes;

/** RFC 7250 §7. */
export const certificateTypes = { x509: 0, raw: 2 } as const;

export const versionIds: Readonly<Record<ProtocolVersion, number>> = { "tls1.2": 0x0303, "tls1.3": 0x0304 };

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

export interface SuiteFacts {
  readonly name: string;
  readonly version: ProtocolVersion;
  readonly hash: HashName;
  /** TLS 1.2: of the IV in the key block. With 4 the rest of a nonce stands in the record. */
  readonly saltLength: 4 | 12;
}
const facts = (name: string, version: ProtocolVersion, hash: HashName, saltLength: 4 | 12): SuiteFacts => ({
  name,
  version,
  hash,
  saltLength,
});
export const suites: ReadonlyMap<number, SuiteFacts> = new Map([
  [0x1301, facts("TLS_AES_128_GCM_SHA256", "tls1.3", "sha256", 12)],
  [0x1302, facts("TLS_AES_256_GCM_SHA384", "tls1.3", "sha384", 12)],
  [0x1303, facts("TLS_CHACHA20_POLY1305_SHA256", "tls1.3", "sha256", 12)],
  [0xc02b, facts("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "tls1.2", "sha256", 4)],
  [0xc02c, facts("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "tls1.2", "sha384", 4)],
  [0xc02f, facts("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "tls1.2", "sha256", 4)],
  [0xc030, facts("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "tls1.2", "sha384", 4)],
  [0xcca9, facts("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "tls1.2", "sha256", 12)],
  [0xcca8, facts("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "tls1.2", "sha256", 12)],
]);

export const alertNames: ReadonlyMap<number, string> = new Map([
  [0, "close_notify"],
  [10, "unexpected_message"],
  [20, "bad_record_mac"],
  [22, "record_overflow"],
  [40, "handshake_failure"],
  [42, "bad_certificate"],
  [43, "unsupported_certificate"],
  [44, "certificate_revoked"],
  [45, "certificate_expired"],
  [46, "certificate_unknown"],
  [47, "illegal_parameter"],
  [48, "unknown_ca"],
  [49, "access_denied"],
  [50, "decode_error"],
  [51, "decrypt_error"],
  [70, "protocol_version"],
  [71, "insufficient_security"],
  [80, "internal_error"],
  [86, "inappropriate_fallback"],
  [90, "user_canceled"],
  [100, "no_renegotiation"],
  [109, "missing_extension"],
  [110, "unsupported_extension"],
  [112, "unrecognized_name"],
  [113, "bad_certificate_status_response"],
  [115, "unknown_psk_identity"],
  [116, "certificate_required"],
  [120, "no_application_protocol"],
]);

const names = new Map<number, MessageName>(Object.entries(handshakeTypes).map(([name, type]) => [type, name as MessageName]));
/** Of a handshake message, or its number. */
export function messageName(type: number): MessageName | `handshake ${number}` {
  return names.get(type) ?? `handshake ${type}`;
}

/** SHA-256 of "HelloRetryRequest" (RFC 9846 §4.2.3). */
export const retryRandom: Bytes = new Uint8Array([
  0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a,
  0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
]);
