/** Rows of TLS 1.3 whose outcome is allowed, but is not the one that the table prefers: all that come, and why. */
export const deviations: Readonly<Record<string, { readonly told: readonly string[]; readonly because: string }>> = {
  "CLI-HRR-007": {
    told: ["unsupported_extension", "illegal_parameter"],
    because:
      "what was offered and stands in the wrong message is illegal_parameter (RFC 9846 §4.3), what was not offered unsupported_extension",
  },
  "CRT-029": {
    told: ["decode_error"],
    because: "a message over our limit is refused on its header, before anything is known of a certificate; so is FRM-002",
  },
  "ALT-022": {
    told: ["decode_error", "unexpected_message", "protocol_version"],
    because: "one for each way of being broken",
  },
  "ALT-023": {
    told: ["protocol_version", "handshake_failure", "no_application_protocol", "missing_extension"],
    because: "one for each thing that is not common",
  },
  "ALT-024": {
    told: ["access_denied", "unrecognized_name", "handshake_failure", "internal_error"],
    because: "the application names the alert",
  },
  "SRV-HRR-010": {
    told: ["illegal_parameter", "none"],
    because: "another order is taken, since wolfSSL's second hello has one; every other change is refused",
  },
  "SRV-CH-056": {
    told: ["none"],
    because: "a server ignores an early_data that it can't take (RFC 9846 §4.3.10), and skips what follows it",
  },
  "SRV-HRR-011": {
    told: ["none", "missing_extension"],
    because:
      "a session is looked for in the second hello alone; a client must leave it out there if the suite has another hash. A PSK from elsewhere was taken from the first",
  },
  "PSK-003": {
    told: ["decrypt_error", "handshake_failure"],
    because:
      "an identity of nobody's is answered as a wrong binder is (PSK-001), so that nobody learns who is known (RFC 9846, Appendix F.6); a hello that offers no PSK, or none with a key exchange, has nothing to learn",
  },
  "SRV-CH-067": {
    told: ["none"],
    because: "the session is taken up, and its early data is not: whoever sent the hello first is the one who completes it",
  },
  "REN-013": {
    told: ["unsupported_extension"],
    because: "a hello of TLS 1.3 alone has no renegotiation_info, so the answer was not asked for",
  },
};

/** Rows that are not tried in TLS 1.3, by the reason. A role behind the id: not tried on a machine of that role. */
export const gaps: Readonly<Record<string, readonly string[]>> = {
  "max_fragment_length is not built": ["REC-040", "SRV-CH-059", "CLI-EE-009"],
  "psk_ke is not built": ["PSK-010"],
  "ECH is not built": [
    "ECH-001",
    "ECH-002",
    "ECH-003",
    "ECH-004",
    "ECH-005",
    "ECH-006",
    "ECH-007",
    "ECH-008",
    "ECH-009",
    "ECH-010",
    "ECH-011",
    "ECH-012",
    "ECH-013",
    "ECH-014",
  ],
  "QUIC is not built": [
    "QUIC-001",
    "QUIC-002",
    "QUIC-003",
    "QUIC-004",
    "QUIC-005",
    "QUIC-006",
    "QUIC-007",
    "QUIC-008",
    "QUIC-009",
    "QUIC-010",
  ],
};

/** The same for TLS 1.2. */
export const deviationsTls12: typeof deviations = {
  "REC-027": {
    told: ["decode_error"],
    because: "an alert is a record of its own, in both versions: nobody splits two bytes in good faith",
  },
  "REC-039": {
    told: ["internal_error"],
    because: "a key that is worn out can't be replaced, and the sender is told so before it seals one more",
  },
  "CRT-029": {
    told: ["decode_error"],
    because: "a message over our limit is refused on its header, before anything is known of a certificate; so is FRM-002",
  },
  "ALT-022": { told: ["decode_error", "unexpected_message", "protocol_version"], because: "one for each way of being broken" },
  "ALT-023": {
    told: ["protocol_version", "handshake_failure", "no_application_protocol"],
    because: "one for each thing that is not common",
  },
  "ALT-024": {
    told: ["access_denied", "unrecognized_name", "handshake_failure", "internal_error"],
    because: "the application names the alert",
  },
  "T12-019": {
    told: ["protocol_version"],
    because: "the version is judged before anything is read by its rules, the session's too",
  },
  "T12-022": { told: ["handshake_failure"], because: "SHA-1 is what it would mean, and nobody signs with that here" },
};
export const gapsTls12: typeof gaps = {
  "CBC suites are not built": ["REC-014"],
  "max_fragment_length is not built": ["REC-040", "SRV-CH-059"],
  "renegotiation is not built": ["CLI-SH-024", "REN-008", "REN-009", "REN-010"],
  "anonymous suites are not built": ["CLI-CR-009"],
  "static RSA is not built": ["T12-010"],
};

/** Why a row is not tried, in a version or in both. */
export function reasonFor(id: string): string | undefined {
  const named = [...Object.entries(gaps), ...Object.entries(gapsTls12)];
  return named.find(([, listed]) => listed.some((each) => each.split(" ")[0] === id))?.[0];
}

/** Rows that we believe are wrong for us: what comes when the machine does what the RFC says. The RFC's words are in disputed.md. */
export const disputedTls12: Readonly<Record<string, string>> = { "EMS-003": "unexpected_message" };
