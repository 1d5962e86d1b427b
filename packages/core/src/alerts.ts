// Which alert an error is due (RFC 9846 §6). Total by type: an error kind without its entry does not compile.
import type { ErrorContext, ErrorKind, TlsError } from "./errors.ts";

/** What we send (§6 and the RFCs of extensions). What arrives is `Registered`: it may be obsolete, or in no registry. */
export type AlertDescription = keyof typeof alertIds;

export const alertIds = {
  close_notify: 0,
  unexpected_message: 10,
  bad_record_mac: 20,
  record_overflow: 22,
  handshake_failure: 40,
  bad_certificate: 42,
  unsupported_certificate: 43,
  certificate_revoked: 44,
  certificate_expired: 45,
  certificate_unknown: 46,
  illegal_parameter: 47,
  unknown_ca: 48,
  access_denied: 49,
  decode_error: 50,
  decrypt_error: 51,
  protocol_version: 70,
  insufficient_security: 71,
  internal_error: 80,
  inappropriate_fallback: 86,
  user_canceled: 90,
  no_renegotiation: 100,
  missing_extension: 109,
  unsupported_extension: 110,
  unrecognized_name: 112,
  bad_certificate_status_response: 113,
  unknown_psk_identity: 115,
  certificate_required: 116,
  general_error: 117,
  no_application_protocol: 120,
  ech_required: 121,
} as const;

/** What a caller may send with `reject` and `abort`: every fatal alert that a local decision can mean. */
export type FatalAlert = Exclude<AlertDescription, "close_notify" | "user_canceled" | "no_renegotiation">;

/** null: none is due (the peer's own fatal alert, the transport's end). */
export type AlertMap = {
  readonly [K in ErrorKind]: AlertDescription | null | ((context: ErrorContext[K]) => AlertDescription | null);
};

export const alertMap: AlertMap = {
  "not-tls": ({ looksLike }) => (looksLike === "sslv2" ? "protocol_version" : "unexpected_message"),
  "no-agreement": ({ alert }) => alert,
  "unexpected-message": "unexpected_message",
  "unexpected-record": "unexpected_message",
  "malformed-message": "decode_error",
  "illegal-parameter": "illegal_parameter",
  "duplicate-extension": ({ message }) =>
    // Where the RFC names no alert, other people's suites decide: alerts.json, SRV-CH-021, CLI-HRR-010, CRT-041, NST-008.
    message === "client_hello" || message === "server_hello" || message === "encrypted_extensions"
      ? "decode_error"
      : "illegal_parameter",
  "missing-extension": "missing_extension",
  "unsolicited-extension": "unsupported_extension",
  "unsupported-version": "protocol_version",
  // Too many of what may come, or a message that is too long.
  "limit-exceeded": ({ limit }) => (limitsOfNumber.has(limit) ? "unexpected_message" : "decode_error"),
  "record-overflow": "record_overflow",
  "bad-record-mac": "bad_record_mac",
  "bad-signature": "decrypt_error",
  "bad-binder": "decrypt_error",
  // RFC 9846 §6.2 lets it be this one, so that nobody learns which identities are known.
  "unknown-psk": "decrypt_error",
  "bad-finished": "decrypt_error",
  renegotiation: "no_renegotiation",
  "not-a-first-handshake": "handshake_failure",
  "key-exhausted": "internal_error",
  "extended-master-secret-required": "handshake_failure",
  "bad-certificate": ({ notDer }) => (notDer ? "decode_error" : "bad_certificate"),
  "unsupported-certificate": "unsupported_certificate",
  "bad-compression": "bad_certificate",
  // RFC 5246 §7.4.6 has no alert of its own for it.
  "certificate-required": ({ version }) => (version === "tls1.3" ? "certificate_required" : "handshake_failure"),
  "identity-distrusted": ({ reason }) => reason.alert ?? "certificate_unknown",
  // RFC 9846 §6.2 calls for none after a fatal one. A warning that is no closure alert is itself malformed behaviour; ALT-005,
  // -006.
  "alert-received": ({ level }) => (level === "fatal" ? null : level === "warning" ? "decode_error" : "illegal_parameter"),
  "no-answer-to-client-hello": "user_canceled",
  "closed-early": null,
  truncated: null,
  aborted: ({ by }) => {
    if (by === "reset") return null;
    return typeof by === "string" ? "user_canceled" : by.alert;
  },
  "local-fault": "internal_error",
};

const limitsOfNumber: ReadonlySet<ErrorContext["limit-exceeded"]["limit"]> = new Set([
  "emptyRecordsInARow",
  "warningAlerts",
  "changeCipherSpecs",
  "postHandshakeInARow",
  "skippedEarlyData",
  "earlyData",
] as const);

/** The alert that is due for `error`; undefined: none is. */
export function alertFor(error: TlsError): AlertDescription | undefined {
  // The entry and the context belong to one kind; TypeScript can't follow that through a lookup by a union's tag.
  const entry = alertMap[error.kind] as AlertDescription | null | ((context: unknown) => AlertDescription | null);
  return (typeof entry === "function" ? entry(error.context) : entry) ?? undefined;
}
