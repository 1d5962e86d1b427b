// Firefox and NSS: errors by name as its error page shows them, and by number as NSS's tools print them.
import type { Code, Stack, Strength } from "./stack.ts";
import type { CauseId } from "../causes/ids.ts";

/** SSL_ERROR_BASE and SEC_ERROR_BASE of sslerr.h and secerr.h. */
const ssl = -0x3000;
const sec = -0x2000;
function code(number: number, name: string, cause: CauseId, strength?: Strength): Code {
  return { number, name, cause, ...(strength && { strength }) };
}

export const firefox: Stack = {
  id: "firefox",
  title: "Firefox",
  of: "nss",
  source: "NSS's sslerr.h and secerr.h of 3.87; mozilla::pkix's names from Firefox's error pages",
  marks: ["firefox", "mozilla_pkix", "ssl_error_", "sec_error_", "pr_connect_reset_error", "tstclnt", "selfserv"],
  codes: [
    code(ssl + 2, "SSL_ERROR_NO_CYPHER_OVERLAP", "no-common-suite"),
    code(ssl + 3, "SSL_ERROR_NO_CERTIFICATE", "certificate-required"),
    code(ssl + 4, "SSL_ERROR_BAD_CERTIFICATE", "bad-certificate"),
    code(ssl + 8, "SSL_ERROR_UNSUPPORTED_CERTIFICATE_TYPE", "no-common-certificate-type"),
    code(ssl + 9, "SSL_ERROR_UNSUPPORTED_VERSION", "no-common-version"),
    code(ssl + 12, "SSL_ERROR_BAD_CERT_DOMAIN", "wrong-name"),
    code(ssl + 15, "SSL_ERROR_BAD_MAC_READ", "bad-record-mac"),
    code(ssl + 16, "SSL_ERROR_BAD_MAC_ALERT", "bad-record-mac"),
    code(ssl + 17, "SSL_ERROR_BAD_CERT_ALERT", "certificate-refused"),
    code(ssl + 18, "SSL_ERROR_REVOKED_CERT_ALERT", "revoked"),
    code(ssl + 19, "SSL_ERROR_EXPIRED_CERT_ALERT", "expired"),
    code(ssl + 25, "SSL_ERROR_RX_RECORD_TOO_LONG", "not-a-tls-server", "likely"),
    code(ssl + 28, "SSL_ERROR_RX_MALFORMED_CLIENT_HELLO", "malformed-message"),
    code(ssl + 29, "SSL_ERROR_RX_MALFORMED_SERVER_HELLO", "malformed-message"),
    code(ssl + 55, "SSL_ERROR_RX_UNKNOWN_RECORD_TYPE", "not-a-tls-server", "likely"),
    code(ssl + 59, "SSL_ERROR_HANDSHAKE_UNEXPECTED_ALERT", "unexpected-message"),
    code(ssl + 61, "SSL_ERROR_HANDSHAKE_FAILURE_ALERT", "handshake-refused", "symptom"),
    code(ssl + 62, "SSL_ERROR_ILLEGAL_PARAMETER_ALERT", "illegal-parameter"),
    code(ssl + 63, "SSL_ERROR_UNSUPPORTED_CERT_ALERT", "unsupported-certificate"),
    code(ssl + 64, "SSL_ERROR_CERTIFICATE_UNKNOWN_ALERT", "certificate-refused"),
    code(ssl + 93, "SSL_ERROR_UNKNOWN_CA_ALERT", "unknown-issuer"),
    code(ssl + 94, "SSL_ERROR_ACCESS_DENIED_ALERT", "client-certificate-refused"),
    code(ssl + 95, "SSL_ERROR_DECODE_ERROR_ALERT", "malformed-message"),
    code(ssl + 96, "SSL_ERROR_DECRYPT_ERROR_ALERT", "bad-signature", "likely"),
    code(ssl + 98, "SSL_ERROR_PROTOCOL_VERSION_ALERT", "no-common-version"),
    code(ssl + 99, "SSL_ERROR_INSUFFICIENT_SECURITY_ALERT", "no-common-suite"),
    code(ssl + 100, "SSL_ERROR_INTERNAL_ERROR_ALERT", "peer-internal-error"),
    code(ssl + 106, "SSL_ERROR_UNRECOGNIZED_NAME_ALERT", "server-name-unknown"),
    code(ssl + 112, "SSL_ERROR_RENEGOTIATION_NOT_ALLOWED", "renegotiation"),
    code(ssl + 113, "SSL_ERROR_UNSAFE_NEGOTIATION", "legacy-renegotiation"),
    code(ssl + 115, "SSL_ERROR_WEAK_SERVER_EPHEMERAL_DH_KEY", "weak-parameters"),
    code(ssl + 130, "SSL_ERROR_NEXT_PROTOCOL_NO_PROTOCOL", "no-common-alpn"),
    code(ssl + 131, "SSL_ERROR_INAPPROPRIATE_FALLBACK_ALERT", "fallback-scsv"),
    code(ssl + 132, "SSL_ERROR_WEAK_SERVER_CERT_KEY", "weak-certificate"),
    code(ssl + 135, "SSL_ERROR_UNSUPPORTED_SIGNATURE_ALGORITHM", "no-common-scheme"),
    code(ssl + 136, "SSL_ERROR_MISSING_EXTENDED_MASTER_SECRET", "extended-master-secret-required"),
    code(ssl + 143, "SSL_ERROR_MISSING_EXTENSION_ALERT", "missing-extension"),
    code(sec + 10, "SEC_ERROR_BAD_SIGNATURE", "bad-certificate"),
    code(sec + 11, "SEC_ERROR_EXPIRED_CERTIFICATE", "expired"),
    code(sec + 12, "SEC_ERROR_REVOKED_CERTIFICATE", "revoked"),
    code(sec + 13, "SEC_ERROR_UNKNOWN_ISSUER", "unknown-issuer"),
    code(sec + 20, "SEC_ERROR_UNTRUSTED_ISSUER", "unknown-issuer"),
    code(sec + 21, "SEC_ERROR_UNTRUSTED_CERT", "certificate-refused"),
    code(sec + 30, "SEC_ERROR_EXPIRED_ISSUER_CERTIFICATE", "expired"),
    code(sec + 36, "SEC_ERROR_CA_CERT_INVALID", "issuer-may-not"),
    code(sec + 37, "SEC_ERROR_PATH_LEN_CONSTRAINT_INVALID", "issuer-may-not"),
    code(sec + 41, "SEC_ERROR_UNKNOWN_CRITICAL_EXTENSION", "bad-certificate"),
  ],
  signs: [
    { words: ["mozilla_pkix_error_self_signed_cert"], cause: "self-signed" },
    { words: ["mozilla_pkix_error_mitm_detected"], cause: "unknown-issuer" },
    { words: ["mozilla_pkix_error_ca_cert_used_as_end_entity"], cause: "wrong-purpose" },
    { words: ["mozilla_pkix_error_not_yet_valid_certificate"], cause: "not-yet-valid" },
    { words: ["mozilla_pkix_error_inadequate_key_size"], cause: "weak-certificate" },
    { words: ["mozilla_pkix_error_required_tls_feature_missing"], cause: "revocation-unknown" },
    { words: ["pr_connect_reset_error"], cause: "connection-reset", strength: "symptom" },
    { words: ["pr_end_of_file_error"], cause: "closed-without-alert", strength: "symptom" },
  ],
  remedies: {
    "self-signed": [
      {
        advice:
          "import the authority's certificate, or let Firefox take the platform's roots; until then it aborts with " +
          "bad_certificate (42)",
        options: ["about:preferences#privacy, View Certificates, Authorities", "security.enterprise_roots.enabled"],
      },
    ],
    "unknown-issuer": [
      {
        advice: "send the intermediate certificates: Firefox doesn't fetch what is missing, where other browsers may",
        options: ["security.enterprise_roots.enabled"],
      },
    ],
    "wrong-purpose": [{ advice: "issue a certificate of its own for the server, with cA FALSE", options: ["basicConstraints"] }],
  },
};
