// Which of BoGo's tests are not run, and why: groups of globs, each with one reason. What stands in none of them must pass, or
// the shim must say that it lacks something.

export interface DisabledGroup {
  readonly reason: string;
  /** `*` and `?`, over the whole name. */
  readonly patterns: readonly string[];
  /** Of these, those that are run all the same. */
  readonly except?: readonly string[];
}

export const disabled: readonly DisabledGroup[] = [
  { reason: "DTLS is not spoken here", patterns: ["*DTLS*"] },
  { reason: "QUIC is not spoken here", patterns: ["*-QUIC*", "QUIC*"] },
  {
    reason: "TLS 1.1, TLS 1.0 and SSL 3.0 are never spoken (RFC 8996)",
    patterns: [
      "*-TLS1", "*-TLS1-*", "TLS1-*", "*-TLS11", "*-TLS11-*", "TLS11-*", "*SSL3*", "ConflictingVersionNegotiation",
      "SendClientVersion-RSA",
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
      "BadRSAClientKeyExchange*", "UnauthenticatedECDH", "NoCommonCurves", "CipherNegotiation-1", "CipherNegotiation-2",
      "CipherNegotiation-3", "CipherNegotiation-4", "CipherNegotiation-7", "CertificateCipherMismatch-PSS",
      "NoCommonSignatureAlgorithms-TLS12-Fallback", "Resume-*-CipherNotPreferred", "ServerCipherFilter*", "CipherNegotiation-8",
      "CertificateSelection-Server-CipherSuite-*", "CertificateSelection-Server-SignatureAlgorithm-*-TLS12",
      "CertificateSelection-Server-RawPublicKey-SignatureAlgorithm-*-TLS12",
      "CertificateSelection-Server-SignatureAlgorithmImpactsECDHEOnly-*",
    ],
  },
  { reason: "MLKEM1024 is not spoken here; MLKEM768 in hybrids is", patterns: ["*MLKEM1024*"] },
  {
    reason: "Suites of equal rank ([A|B] in OpenSSL's strings) are not known here: a list is in order",
    patterns: ["CipherNegotiation-5"],
  },
  {
    reason:
      "Google's own, or drafts: channel id, NPN, ALPS, delegated credentials, PAKE, trust anchors, ticket " +
      "flags, server padding",
    patterns: [
      "*ChannelID*", "*NPN*", "*ALPS*", "*DelegatedCredential*", "*PAKE*", "*TrustAnchor*", "*TicketFlags*", "ServerPadding*",
      "*HintMismatch*", "*JDK11*", "*FalseStart*", "*ResumptionAcrossNames*", "GREASE-Server-TLS13",
    ],
  },
  { reason: "SRTP is DTLS's", patterns: ["*SRTP*"] },
  { reason: "Encrypted ClientHello is not built", patterns: ["*ECH*-*"] },
  {
    reason: "tls-unique is broken without extended master secret (RFC 7627), and undefined in TLS 1.3: it is not given",
    patterns: ["TLSUnique*"],
  },
  {
    reason: "A label of no characters is refused: HkdfLabel (RFC 9846 §7.1) has no room for one",
    patterns: [
      "TLS-TLS12-ECDHE_*_GCM_SHA256-client", "TLS-TLS12-ECDHE_*_GCM_SHA256-server", "TLS-TLS12-ECDHE_*_GCM_SHA384-client",
      "TLS-TLS12-ECDHE_*_GCM_SHA384-server", "TLS-TLS12-ECDHE_*_POLY1305_SHA256-client",
      "TLS-TLS12-ECDHE_*_POLY1305_SHA256-server", "ExportKeyingMaterial-NoContext-*", "ExportKeyingMaterial-EmptyContext-*",
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
    patterns: [
      "*-Sign-RSA_PKCS1_*-TLS13", "*-Verify-RSA_PKCS1_*-TLS13", "*-ML-DSA-*-TLS12", "NoSupportedVersions", "DisableEverything",
    ],
  },
  {
    reason: "A client that has nothing to sign with sends an empty Certificate (RFC 9846 §4.5.1.2, RFC 5246 §7.4.6) and no alert",
    patterns: [
      "Client-SignDefault-RSA_PKCS1_*-TLS13", "CheckClientCertificateTypes", "NoCommonAlgorithms", "NoCommonAlgorithms-TLS13",
      "CertificateSelection-Client-*-MatchNone-*", "ClientCertificateType-Client-OffersRPKOnly-ServerOmitsExtension-*",
    ],
  },
  {
    reason: "Renegotiation is refused with a warning once, then fatally (RFC 5246 §7.2.2), and never done",
    patterns: ["Renegotiate-*", "Renegotiation*", "*HelloRequest*", "Shutdown-Shim-Renegotiate-*"],
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
  {
    reason:
      "A session is looked for in the second hello alone; a client must leave it out there if the suite " +
      "has another hash (RFC 9846 §4.2.2)",
    patterns: ["Resume-Server-OmitAllPSKsOnSecondClientHello"],
  },
  {
    reason:
      "Key usage is x509's to judge (its finding wrong-key-usage); the shim's verifier trusts every chain " +
      "whose key is proven",
    patterns: ["ECDSAKeyUsage-*", "RSAKeyUsage-*"],
  },
  {
    reason: "An ECDSA key signs with the hash of its curve alone, in TLS 1.2 too",
    patterns: ["CertificateSelection-*-SignatureAlgorithmECDSACurve-TLS-TLS12"],
  },
  {
    reason: "A hello without supported_groups or signature_algorithms is refused, by default",
    patterns: ["OmitExtensions-ClientHello-TLS12", "EmptyExtensions-ClientHello-TLS12"],
  },
  {
    reason: "Without extended master secret nothing is resumed (RFC 7627 §5.4)",
    patterns: ["ExtendedMasterSecret-NoToNo-*", "ExtendedMasterSecret-NoToYes-Client"],
  },
  {
    reason: "A server seals tickets or keeps sessions by their ids, and not both; the shim's seals tickets",
    patterns: [
      "SupportTicketsWithSessionID", "ALPNServer-Async-TLS-TLS12", "TLS12-NoTicket-NoMint",
      "Resume-Server-NoTickets-TLS12-TLS12-TLS",
    ],
  },
  { reason: "Its second handshake is of suites that are never spoken", patterns: ["Resume-Client-CipherMismatch"] },
  {
    reason: "A group for which there is a key share is taken before one that needs a HelloRetryRequest",
    patterns: ["SendHelloRetryRequest-2-TLS13"],
  },
  {
    reason: "change_cipher_spec is sent to clients that ask for the compatibility mode by a session id (RFC 9846, Appendix E.4)",
    patterns: ["EmptySessionID-TLS13"],
  },
  {
    reason:
      "Each KeyUpdate that asks for one is answered, also for an application that sends nothing; one may " +
      "answer several (§4.7.3)",
    patterns: ["KeyUpdate-Requested", "KeyUpdate-Requested-UnfinishedWrite"],
  },
  {
    reason: "A config that sends early data and asks for a verdict on each resumption is refused: early data go out before it",
    patterns: ["EarlyData-*-Reverify*"],
  },
  {
    reason: "A config with other protocols is another config, and takes none of its sessions: no resumption, so no early data",
    patterns: ["EarlyData-ALPN*"],
  },
  {
    reason: "A client of TLS 1.2 that keeps sessions takes tickets too; who wants none gives it no store",
    patterns: ["TLS12-NoTicket-NoOffer"],
  },
  {
    reason: "A list of compressions that names one twice is taken: RFC 8879 does not mind",
    patterns: ["DuplicateCertCompressionExt*"],
  },
  {
    reason: "RFC 7250 §4.2: unsupported_certificate where no certificate type is common; BoGo wants handshake_failure",
    patterns: ["CertificateSelection-Server-CertificateType-*-MatchNone-*"],
  },
  {
    reason: "Where certificates are optional, a client that names no certificate type is let in without one",
    patterns: ["ClientCertificateType-Server-NoClientHelloCertTypes-NoSharedType-VerifyPeer-*"],
  },
  {
    reason:
      "A client exports nothing before its handshake is complete but early keying material, and the shim's " +
      "waits until then",
    patterns: ["NoEarlyKeyingMaterial-Client-InEarlyData-*"],
  },
  { reason: "RSA keys under 2048 bits sign nothing here", patterns: ["RSA-PSS-Large"] },
  {
    reason: "decrypt_error for a PSK that is not known, as for one whose binder is wrong (RFC 9846 §6.2): nobody learns which",
    patterns: ["PSK-Server-NoCommonPSKs-TLS", "PSK-Server-IdentityDoesNotMatch-TLS", "PSK-Server-PartialImport-NoMatch-TLS"],
  },
  {
    reason: "A server takes a PSK before any certificate; a client of PSKs alone offers TLS 1.3 alone",
    patterns: ["PSK-Server-CertOrPSK-Cert-TLS", "PSK-Client-PSKRequired-TLS12-TLS"],
  },
  {
    reason: "maxRecordSize bounds protected records (RFC 8449 §4); BoringSSL's bound is for those in clear too",
    patterns: ["MaxSendFragment-*"],
  },
  {
    reason: "A credential takes SCTs one by one, so that a malformed list can't be given",
    patterns: ["SignedCertificateTimestampListInvalid-Server"],
  },
  {
    reason: "No key share is sent beside the first two that keyShares names; the shares of several hybrids are BoringSSL's guess",
    patterns: ["MLKEMKeyShareIncluded*"],
  },
  { reason: "decompression_failure is an alert that is never sent here", patterns: ["ShimSendAlert*"] },
  { reason: "A connection is read, not peeked at", patterns: ["Peek-*"] },
];

/** The first that has the name. */
export function isDisabledBy(groups: readonly DisabledGroup[], name: string): DisabledGroup | undefined {
  const has = (patterns: readonly string[]): boolean => patterns.some((pattern) => matches(pattern, name));
  return groups.find(({ patterns, except = [] }) => has(patterns) && !has(except));
}

export function matches(pattern: string, name: string): boolean {
  const parts = pattern.split(/([*?])/).map((part) => wildcards[part] ?? part.replaceAll(/[^\w]/g, "\\$&"));
  return new RegExp(`^${parts.join("")}$`).test(name);
}

const wildcards: Readonly<Record<string, string>> = { "*": ".*", "?": "." };

/** As the runner takes them: each by its name. */
export function disabledTests(groups: readonly DisabledGroup[], names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.flatMap((name) => {
    const group = isDisabledBy(groups, name);
    return group === undefined ? [] : [[name, group.reason]];
  }));
}
