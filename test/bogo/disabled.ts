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
  { reason: "DTLS is not spoken here", patterns: ["*DTLS*", "SendSplitAlert-*", "StrayChangeCipherSpec"] },
  { reason: "QUIC is not spoken here", patterns: ["*-QUIC*", "QUIC*"] },
  {
    reason: "TLS 1.1, TLS 1.0 and SSL 3.0 are never spoken (RFC 8996)",
    patterns: [
      "*-TLS1",
      "*-TLS1-*",
      "TLS1-*",
      "*-TLS11",
      "*-TLS11-*",
      "TLS11-*",
      "*SSL3*",
      "ConflictingVersionNegotiation",
      "SendClientVersion-RSA",
      "RSAKeyUsage-*TLS1",
      "RSAKeyUsage-*TLS11",
    ],
    except: [
      "NoSSL3-Client",
      "NoSSL3-Server",
      "MinimumVersion-*-TLS1-TLS12-*",
      "MinimumVersion-*-TLS1-TLS13-*",
      "MinimumVersion-*-TLS11-TLS1-*",
      "MinimumVersion-*-TLS11-TLS12-*",
      "MinimumVersion-*-TLS11-TLS13-*",
      "MinimumVersion-*-TLS12-*",
      "MinimumVersion-*-TLS13-*",
    ],
  },
  {
    reason: "An SSLv2 hello is refused with protocol_version; RFC 6176 lets a server take one",
    patterns: ["SendV2ClientHello*"],
  },
  {
    reason: "CBC, 3DES, NULL and anonymous suites, RSA key exchange and the PSK suites of TLS 1.2 are never spoken",
    patterns: [
      "*CBC*",
      "*3DES*",
      "*-RSA_WITH_*",
      "*_PSK_*",
      "*EmptyPSKHint*",
      "*EmptyECDHEPSKHint*",
      "Basic-*-RSA-*",
      "RSAEphemeralKey",
      "BadRSAClientKeyExchange*",
      "NoCommonCurves",
      "CipherNegotiation-1",
      "CipherNegotiation-2",
      "CipherNegotiation-3",
      "CipherNegotiation-4",
      "CipherNegotiation-7",
      "CertificateCipherMismatch-PSS",
      "NoCommonSignatureAlgorithms-TLS12-Fallback",
      "Resume-*-CipherNotPreferred",
      "ServerCipherFilter-*",
      "CipherNegotiation-8",
      "CertificateSelection-Server-CipherSuite-*",
      "CertificateSelection-Server-SignatureAlgorithm-*-TLS12",
      "CertificateSelection-Server-RawPublicKey-SignatureAlgorithm-*-TLS12",
      "CertificateSelection-Server-SignatureAlgorithmImpactsECDHEOnly-*",
      "CheckECDSACurve-PSK-*",
      "ClientAuth-PSK",
      "ClientAuth-ECDHE_PSK",
      "RSAKeyUsage-Client-WantEncipherment-*TLS12",
    ],
    except: [
      "Basic-*-ECDHE-RSA-*",
      "ServerCipherFilter-RSA",
      "ServerCipherFilter-ECDSA",
      "ServerCipherFilter-Ed25519",
      "CertificateSelection-Server-*-MatchNone-*",
      "Compliance-*",
    ],
  },
  {
    reason: "A server whose suites of TLS 1.2 are all such has no TLS 1.2: protocol_version, and not handshake_failure",
    patterns: ["CertificateSelection-Server-CipherSuite-Prefs-MatchNone-TLS-TLS12"],
  },
  {
    reason: "RSA key exchange is never spoken, though CNSA 1.0 (RFC 9151) lets a server of TLS 1.2 have it",
    patterns: ["Compliance-cnsa1-*-RSA_WITH_AES_256_GCM_SHA384"],
  },
  {
    reason: "Groups and suites of equal rank ([A|B] in OpenSSL's strings) are not known here: a list is in order",
    patterns: ["CipherNegotiation-5", "CurveTest-Server-EqualPreference-TLS13"],
  },
  {
    reason: "Channel id, NPN, ALPS and server padding are BoringSSL's own, or drafts that were given up",
    patterns: [
      "*ChannelID*",
      "*NPN*",
      "*NextProtocol*",
      "*ALPS*",
      "ServerPadding*",
      "ExtraClientEncryptedExtension-*-TLS-TLS13",
      "ALPNServer-Preferred-TLS-TLS12",
      "ALPNServer-Preferred-Swapped-TLS-TLS12",
      "AllExtensions-Client-Permute-HelloRetryRequest-TLS-TLS13",
    ],
  },
  {
    reason: "PAKE and trust anchors are drafts",
    patterns: ["*PAKE*", "*TrustAnchor*"],
    except: [
      "PAKE-No-Server-Support",
      "PAKE-NormalClient-PAKEInHRR",
      "PAKE-NormalClient-UnsolicitedPAKEInServerHello",
      "TrustAnchors-Unsolicited-*",
    ],
  },
  { reason: "Delegated credentials (RFC 9345) are not built", patterns: ["*DelegatedCredential*"] },
  {
    reason: "Ticket flags (a draft, tls-tlsflags) are not read, so that no session goes from one name to another",
    patterns: ["*TicketFlags*", "*ResumptionAcrossNames*"],
    except: ["TLS13-Client-UnknownTicketFlags-*", "TLS13-Server-NoResumptionAcrossNames"],
  },
  {
    reason: "A client sends no data before the server's Finished but early data: no False Start (RFC 7918)",
    patterns: ["*FalseStart*"],
  },
  {
    reason: "Handshake hints, which another process computes, are BoringSSL's own",
    patterns: ["*HintMismatch*"],
    except: ["TLS-HintMismatch-ShimHelloRetryRequest"],
  },
  {
    reason: "A client that seems to be JDK 11 gets the version that it asks for; BoringSSL can keep its bugs away from TLS 1.3",
    patterns: ["Client-*JDK11*", "Server-JDK11-?", "Server-JDK11-10", "Server-JDK11-TLS12-*"],
  },
  { reason: "A server makes up no values (RFC 8701 has it as an option); a client can", patterns: ["GREASE-Server-TLS13"] },
  { reason: "SRTP is DTLS's", patterns: ["*SRTP*"] },
  {
    reason: "Encrypted ClientHello (RFC 9849) is not built",
    patterns: ["*ECH*-*"],
    except: ["TLS-ECH-Server-Disabled", "TLS-ECH-Client-UnsolictedHRRExtension", "TLS-ECH-Server-ECHInner-Absent-TLS12"],
  },
  {
    reason: "tls-unique is broken without extended master secret (RFC 7627), and undefined in TLS 1.3: it is not given",
    patterns: ["TLSUnique*"],
  },
  {
    reason: "A label of no characters is refused: HkdfLabel (RFC 9846 §7.1) has no room for one, and TLS 1.2 is held to the same",
    patterns: [
      "TLS-TLS12-ECDHE_*_GCM_SHA256-client",
      "TLS-TLS12-ECDHE_*_GCM_SHA256-server",
      "TLS-TLS12-ECDHE_*_GCM_SHA384-client",
      "TLS-TLS12-ECDHE_*_GCM_SHA384-server",
      "TLS-TLS12-ECDHE_*_POLY1305_SHA256-client",
      "TLS-TLS12-ECDHE_*_POLY1305_SHA256-server",
      "ExportKeyingMaterial-NoContext-*",
      "ExportKeyingMaterial-EmptyContext-*",
    ],
  },
  {
    reason: "SHA-1 signs nothing here (RFC 9155), and the legacy code points of PKCS #1 for TLS 1.3 are not taken",
    patterns: ["*SHA1*", "*SHA256_LEGACY*"],
    except: [
      "*-NoVerify-*",
      "*-NoSign-*",
      "*Default-RSA_PKCS1_SHA1-TLS13",
      "*Default-RSA_PKCS1_SHA256_LEGACY-*",
      "*-VerifyDefault-ECDSA_SHA1-*",
      "*-SignDefault-ECDSA_SHA1-TLS13",
      "Compliance-*",
    ],
  },
  {
    reason:
      "A certificate whose key none of the offered schemes verifies is refused when it comes (unsupported_certificate, RFC 9846 " +
      "§6.2); BoringSSL waits for its signature, and by default takes no Ed25519, P-521 and ML-DSA",
    patterns: ["*-VerifyDefault-ECDSA_P521*", "Ed25519DefaultDisable*", "*-VerifyDefault-ML-DSA*", "*-VerifyDefault-Ed25519*"],
  },
  {
    reason:
      "A config whose schemes can prove nothing in a version, PKCS #1 in TLS 1.3 or ML-DSA in 1.2, is refused when it is made: no " +
      "handshake begins that could show the alert",
    patterns: ["Server-Sign-RSA_PKCS1_*-TLS13", "*-Verify-RSA_PKCS1_*-TLS13", "*-ML-DSA-*-TLS12", "DisableEverything"],
  },
  {
    reason: "Renegotiation is refused with a warning once, then fatally (RFC 5246 §7.2.2), and never done",
    patterns: [
      "Renegotiate-*",
      "Renegotiation-*",
      "*HelloRequest*",
      "Shutdown-Shim-Renegotiate-*",
      "ExtendedMasterSecret-Renego-*",
      "ExportKeyingMaterial-Renegotiate",
      "Peek-Renegotiate",
    ],
    except: [
      "Renegotiate-Server-NoExt*",
      "StrayHelloRequest-TLS13",
      "SendHalfHelloRequest-*",
      "Shutdown-Shim-HelloRequest-Ignore-*",
    ],
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
    reason:
      "A server config seals tickets or keeps sessions by their ids, and not both: the shim chooses one by the hello, so that a " +
      "client that changes its mind between two is a stranger",
    patterns: ["SupportTicketsWithSessionID"],
  },
  {
    reason: "Tickets are sealed in a form of our own; the runner rewrites those of OpenSSL",
    patterns: ["Resume-Server-Decline*", "ShimTicketRewritable"],
  },
  {
    reason: "A server of TLS 1.2 gives a ticket after a full handshake, and none after a resumed one",
    patterns: ["TicketCallback-Renew-TLS-TLS12"],
  },
  {
    reason: "How far a ticket's age is off is looked at, and not told; 10 seconds (RFC 9846 §8.3), where BoringSSL bears 60",
    patterns: ["TLS13-TicketAgeSkew-*"],
  },
  {
    reason: "A server answers the name that it used (RFC 6066 §3), and has no way not to",
    patterns: ["ServerNameExtensionServer-NoACK-*"],
  },
  {
    reason: "A protocol that was not offered is refused (RFC 7301 §3.2), and there is no way to take it",
    patterns: ["ALPNClient-AllowUnknown-*"],
  },
  {
    reason: "A session keeps the client's whole chain, and not its hash alone",
    patterns: ["RetainOnlySHA256-*"],
  },
  {
    reason: "Which groups get a share is said by the config (`keyShares`); BoringSSL guesses from what DNS told of the server",
    patterns: ["KeyShareWithServerHint-*"],
  },
  { reason: "Its second handshake is of suites that are never spoken", patterns: ["Resume-Client-CipherMismatch"] },
  {
    reason: "A group for which there is a key share is taken before one that needs a HelloRetryRequest",
    patterns: ["SendHelloRetryRequest-2-TLS13"],
  },
  {
    reason: "change_cipher_spec is sent to clients that ask for the compatibility mode by a session id (RFC 9846, Appendix E.4)",
    patterns: ["EmptySessionID-TLS13", "Server-JDK11-NoWorkaround-3"],
  },
  {
    reason:
      "Each KeyUpdate that asks for one is answered, also for an application that sends nothing; one may " +
      "answer several (§4.7.3)",
    patterns: ["KeyUpdate-Requested", "KeyUpdate-Requested-UnfinishedWrite"],
  },
  {
    reason: "A config with other protocols is another config, and takes none of its sessions: no resumption, so no early data",
    patterns: ["EarlyData-ALPN*"],
    except: ["EarlyData-ALPNMismatch-Client-TLS13", "EarlyData-ALPNOmitted?-Client-TLS13"],
  },
  {
    reason: "The shim says what it has to say early at once, and not behind a message of its choice",
    patterns: ["EarlyData-WriteAfter*"],
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
      "A client exports nothing before its handshake is complete but early keying material, and the shim's " + "waits until then",
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
  {
    reason: "decompression_failure is reserved (RFC 9846 §6): no caller can have it sent",
    patterns: ["ShimSendAlert*"],
  },
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
  return Object.fromEntries(
    names.flatMap((name) => {
      const group = isDisabledBy(groups, name);
      return group === undefined ? [] : [[name, group.reason]];
    }),
  );
}
