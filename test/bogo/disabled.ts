// Which of BoGo's tests are not run, and why: groups of globs, each with one reason. What stands in none of them must pass, or the
// shim must say that it lacks something.

export interface DisabledGroup {
  readonly reason: string;
  /** `*` and `?`, over the whole name. */
  readonly patterns: readonly string[];
}

export const disabled: readonly DisabledGroup[] = [
  { reason: "DTLS is not spoken here", patterns: ["*DTLS*"] },
  { reason: "QUIC is not spoken here", patterns: ["*-QUIC*", "QUIC-*", "QUICCompatibilityMode"] },
  {
    reason: "TLS 1.1, TLS 1.0 and SSL 3.0 are never spoken (RFC 8996)",
    patterns: [
      "*-TLS1", "*-TLS1-*", "TLS1-*", "*-TLS11", "*-TLS11-*", "TLS11-*", "*SSL3*", "ConflictingVersionNegotiation", "SendClientVersion-RSA",
    ],
  },
  {
    reason: "An SSLv2 hello is refused with protocol_version; RFC 6176 lets a server take one",
    patterns: ["SendV2ClientHello*"],
  },
  {
    reason: "CBC, 3DES, NULL and anonymous suites, RSA key exchange and the PSK suites of TLS 1.2 are never spoken",
    patterns: [
      "*CBC*", "*3DES*", "*-RSA_WITH_*", "*_PSK_*", "*EmptyPSKHint*", "*EmptyECDHEPSKHint*", "Basic-*-RSA-*", "RSAEphemeralKey",
      "BadRSAClientKeyExchange*", "UnauthenticatedECDH", "*RSAKeyUsage*", "NoCommonCurves", "CipherNegotiation-2", "CipherNegotiation-4",
      "Resume-*-CipherNotPreferred", "ServerCipherFilter*",
    ],
  },
  {
    reason: "Suites of equal rank ([A|B] in OpenSSL's strings) are not known here: a list is in order",
    patterns: ["CipherNegotiation-5"],
  },
  {
    reason: "Google's own, or drafts: channel id, NPN, ALPS, delegated credentials, PAKE, trust anchors, ticket flags, server padding",
    patterns: [
      "*ChannelID*", "*NPN*", "*ALPS*", "*DelegatedCredential*", "*PAKE*", "*TrustAnchor*", "*TicketFlags*",
      "ServerPadding*", "*JDK11*", "*FalseStart*", "*ResumptionAcrossNames*", "GREASE-Server-TLS13",
    ],
  },
  { reason: "SRTP is DTLS's", patterns: ["*SRTP*"] },
  { reason: "Encrypted ClientHello is not built", patterns: ["*ECH*-*"] },
  { reason: "tls-unique is broken without extended master secret (RFC 7627), and undefined in TLS 1.3: it is not given", patterns: ["TLSUnique*"] },
  {
    reason: "A label of no characters is refused: HkdfLabel (RFC 9846 §7.1) has no room for one",
    patterns: [
      "TLS-TLS12-ECDHE_*_GCM_SHA256-client", "TLS-TLS12-ECDHE_*_GCM_SHA256-server", "TLS-TLS12-ECDHE_*_GCM_SHA384-client",
      "TLS-TLS12-ECDHE_*_GCM_SHA384-server", "TLS-TLS12-ECDHE_*_POLY1305_SHA256-client", "TLS-TLS12-ECDHE_*_POLY1305_SHA256-server",
    ],
  },
  {
    reason: "SHA-1 signs nothing here (RFC 9155), and the legacy code points of PKCS #1 for TLS 1.3 are not taken",
    patterns: ["*SHA1*", "*SHA256_LEGACY*"],
  },
  {
    reason: "Ed25519, P-521 and ML-DSA are taken by default: BoringSSL's default is narrower",
    patterns: ["*-VerifyDefault-ECDSA_P521*", "Ed25519DefaultDisable*", "*-VerifyDefault-ML-DSA*", "*-VerifyDefault-Ed25519*"],
  },
  {
    reason: "A config that can never work is refused when it is made: no handshake begins that could show the alert",
    patterns: ["*-Sign-RSA_PKCS1_*-TLS13", "*-Verify-RSA_PKCS1_*-TLS13", "NoSupportedVersions", "DisableEverything"],
  },
  {
    reason: "A client that has nothing to sign with sends an empty Certificate (RFC 9846 §4.5.1.2, RFC 5246 §7.4.6) and no alert",
    patterns: ["Client-SignDefault-RSA_PKCS1_*-TLS13", "CheckClientCertificateTypes"],
  },
  {
    reason: "Renegotiation is refused with a warning once, then fatally (RFC 5246 §7.2.2), and never done",
    patterns: ["Renegotiate-*", "Renegotiation*", "*HelloRequest*"],
  },
  {
    reason: "RFC 9846 names illegal_parameter where BoGo wants another alert (§4.3, §4.2.3)",
    patterns: ["EncryptedExtensionsWithKeyShare-TLS13", "TLS13-HRR-InvalidCompressionMethod"],
  },
  {
    reason: "RFC 9846 §4.2.2 forbids early_data in a second hello; BoringSSL ignores it there",
    patterns: ["SkipEarlyData-SecondClientHelloEarlyData-TLS13"],
  },
  {
    reason: "RFC 7507 §3: protocol_version, where the version that the hello names is none of ours",
    patterns: ["FallbackSCSV"],
  },
  { reason: "The client has no older version to fall back to, and never says that it did", patterns: ["SendFallbackSCSV"] },
  {
    reason: "A PSK goes with any suite of its hash (RFC 9846 §4.3.11); BoringSSL declines",
    patterns: ["Resume-Server-UnofferedCipher-TLS13"],
  },
  { reason: "A credential takes SCTs one by one, so that a malformed list can't be given", patterns: ["SignedCertificateTimestampListInvalid-Server"] },
  { reason: "No key share is sent beside the first two that keyShares names; the shares of several hybrids are BoringSSL's guess", patterns: ["MLKEMKeyShareIncluded*"] },
  { reason: "decompression_failure is an alert that is never sent here", patterns: ["ShimSendAlert*"] },
  { reason: "A connection is read, not peeked at", patterns: ["Peek-*"] },
];

/** The first that has the name. */
export function isDisabledBy(groups: readonly DisabledGroup[], name: string): DisabledGroup | undefined {
  return groups.find(({ patterns }) => patterns.some((pattern) => matches(pattern, name)));
}

export function matches(pattern: string, name: string): boolean {
  const parts = pattern.split(/([*?])/).map((part) => (part === "*" ? ".*" : part === "?" ? "." : part.replaceAll(/[^\w]/g, "\\$&")));
  return new RegExp(`^${parts.join("")}$`).test(name);
}

/** As the runner takes them. */
export function disabledTests(groups: readonly DisabledGroup[]): Readonly<Record<string, string>> {
  return Object.fromEntries(groups.flatMap(({ reason, patterns }) => patterns.map((pattern) => [pattern, reason])));
}
