// Chromium and its kin: net errors by name and number, from net/base/net_error_list.h.
import type { Stack } from "./stack.ts";

export const chromium: Stack = {
  id: "chromium",
  title: "Chromium",
  of: "boringssl",
  source: "net/base/net_error_list.h",
  marks: [
    "net::err_",
    "err_cert_",
    "err_ssl_protocol",
    "err_ssl_version",
    "err_bad_ssl",
    "chromium",
    "chrome",
    "net_error",
    "err_certificate_",
  ],
  codes: [
    { number: -100, name: "ERR_CONNECTION_CLOSED", cause: "closed-without-alert", strength: "symptom" },
    { number: -101, name: "ERR_CONNECTION_RESET", cause: "connection-reset", strength: "symptom" },
    { number: -102, name: "ERR_CONNECTION_REFUSED", cause: "nothing-listens" },
    { number: -105, name: "ERR_NAME_NOT_RESOLVED", cause: "unknown-host" },
    { number: -107, name: "ERR_SSL_PROTOCOL_ERROR", cause: "not-a-tls-server", strength: "likely" },
    { number: -110, name: "ERR_SSL_CLIENT_AUTH_CERT_NEEDED", cause: "certificate-required" },
    { number: -112, name: "ERR_NO_SSL_VERSIONS_ENABLED", cause: "no-protocols-enabled" },
    { number: -113, name: "ERR_SSL_VERSION_OR_CIPHER_MISMATCH", cause: "no-common-suite", strength: "likely" },
    { number: -114, name: "ERR_SSL_RENEGOTIATION_REQUESTED", cause: "renegotiation" },
    { number: -117, name: "ERR_BAD_SSL_CLIENT_AUTH_CERT", cause: "client-certificate-refused" },
    { number: -118, name: "ERR_CONNECTION_TIMED_OUT", cause: "timeout" },
    { number: -122, name: "ERR_ALPN_NEGOTIATION_FAILED", cause: "no-common-alpn" },
    { number: -126, name: "ERR_SSL_BAD_RECORD_MAC_ALERT", cause: "bad-record-mac" },
    { number: -149, name: "ERR_SSL_BAD_PEER_PUBLIC_KEY", cause: "unsupported-certificate" },
    { number: -150, name: "ERR_SSL_PINNED_KEY_NOT_IN_CERT_CHAIN", cause: "certificate-refused" },
    { number: -153, name: "ERR_SSL_DECRYPT_ERROR_ALERT", cause: "bad-signature", strength: "likely" },
    { number: -159, name: "ERR_SSL_UNRECOGNIZED_NAME_ALERT", cause: "server-name-unknown" },
    { number: -167, name: "ERR_SSL_SERVER_CERT_BAD_FORMAT", cause: "bad-certificate" },
    { number: -172, name: "ERR_SSL_OBSOLETE_CIPHER", cause: "no-common-suite" },
    { number: -177, name: "ERR_SSL_CLIENT_AUTH_NO_COMMON_ALGORITHMS", cause: "no-common-scheme" },
    { number: -180, name: "ERR_TLS13_DOWNGRADE_DETECTED", cause: "fallback-scsv", strength: "likely" },
    { number: -181, name: "ERR_SSL_KEY_USAGE_INCOMPATIBLE", cause: "wrong-purpose" },
    { number: -200, name: "ERR_CERT_COMMON_NAME_INVALID", cause: "wrong-name" },
    { number: -201, name: "ERR_CERT_DATE_INVALID", cause: "expired", strength: "likely" },
    { number: -202, name: "ERR_CERT_AUTHORITY_INVALID", cause: "self-signed", strength: "likely" },
    { number: -205, name: "ERR_CERT_UNABLE_TO_CHECK_REVOCATION", cause: "revocation-unknown" },
    { number: -206, name: "ERR_CERT_REVOKED", cause: "revoked" },
    { number: -207, name: "ERR_CERT_INVALID", cause: "bad-certificate" },
    { number: -208, name: "ERR_CERT_WEAK_SIGNATURE_ALGORITHM", cause: "weak-certificate" },
    { number: -211, name: "ERR_CERT_WEAK_KEY", cause: "weak-certificate" },
    { number: -212, name: "ERR_CERT_NAME_CONSTRAINT_VIOLATION", cause: "issuer-may-not" },
    { number: -213, name: "ERR_CERT_VALIDITY_TOO_LONG", cause: "bad-certificate" },
    { number: -214, name: "ERR_CERTIFICATE_TRANSPARENCY_REQUIRED", cause: "bad-certificate" },
    { number: -324, name: "ERR_EMPTY_RESPONSE", cause: "closed-without-alert", strength: "symptom" },
  ],
  signs: [],
  remedies: {
    "self-signed": [
      {
        advice:
          "let the browser trust the authority that issued the certificate; until then it aborts each first visit on purpose, " +
          "with certificate_unknown (46), and opens several connections at once when the user goes on",
        options: ["chrome://certificate-manager"],
      },
    ],
    "no-common-suite": [
      {
        advice:
          "give the server TLS 1.2 with ECDHE and AES-GCM, or TLS 1.3, and a certificate for P-256, P-384 or RSA: a key of P-521 " +
          "fails in just this way",
        options: ["chrome://net-export"],
      },
    ],
    "wrong-name": [
      {
        advice: "put the name among the subject alternative names: the common name is not looked at",
        options: ["subjectAltName"],
      },
    ],
    "bad-certificate": [
      {
        advice: "issue public certificates for at most 398 days, and send their SCTs",
        options: ["notAfter", "status_request"],
      },
    ],
  },
};
