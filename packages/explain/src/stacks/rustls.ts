// rustls: the words of its errors (0.23, as Deno has it), and its builders.
import type { Stack } from "./stack.ts";

export const rustls: Stack = {
  id: "rustls",
  title: "rustls",
  source: "rustls' error module, and the same strings in Deno 2.9",
  marks: [
    "rustls",
    "invalid peer certificate",
    "received fatal alert",
    "peer is incompatible",
    "peer misbehaved",
    "received corrupt message",
    "alertreceived(",
  ],
  codes: [],
  signs: [
    { words: ["unknownissuer"], cause: "unknown-issuer" },
    { words: ["notvalidforname"], cause: "wrong-name" },
    { words: ["certificate not valid for name"], cause: "wrong-name" },
    { words: ["certificate expired"], cause: "expired" },
    { words: ["invalid peer certificate: expired"], cause: "expired" },
    { words: ["notvalidyet"], cause: "not-yet-valid" },
    { words: ["invalid peer certificate: revoked"], cause: "revoked" },
    { words: ["causedasendentity"], cause: "wrong-purpose" },
    { words: ["invalidpurpose"], cause: "wrong-purpose" },
    { words: ["unsupportedsignaturealgorithm"], cause: "unsupported-certificate" },
    { words: ["nociphersuitesincommon"], cause: "no-common-suite" },
    { words: ["nokxgroupsincommon"], cause: "no-common-group" },
    { words: ["namedgroupsextensionrequired"], cause: "no-supported-groups" },
    { words: ["nosignatureschemesincommon"], cause: "no-common-scheme" },
    { words: ["serverdoesnotsupporttls12or13"], cause: "no-common-version" },
    { words: ["servertlsversionisdisabledbyourconfig"], cause: "no-common-version" },
    { words: ["tls12notoffered"], cause: "no-common-version" },
    { words: ["supportedversionsextensionrequired"], cause: "no-common-version" },
    { words: ["peer doesn't support any known protocol"], cause: "no-common-alpn" },
    { words: ["peer sent no certificates"], cause: "certificate-required" },
    { words: ["invalidcontenttype"], cause: "not-a-tls-server", strength: "likely" },
    { words: ["could not automatically determine the process-level cryptoprovider"], cause: "crypto-not-initialised" },
    { words: ["cannot decrypt peer's message"], cause: "bad-record-mac" },
    { words: ["inconsistentkeys"], cause: "key-does-not-match" },
    { words: ["keymismatch"], cause: "key-does-not-match" },
    { words: ["peer closed connection without sending tls close_notify"], cause: "truncated", strength: "likely" },
    { words: ["tls handshake eof"], cause: "closed-without-alert", strength: "symptom" },
  ],
  remedies: {
    "crypto-not-initialised": [
      {
        advice: "install one provider at the start of the program, or enable exactly one of the features ring and aws-lc-rs",
        options: ["CryptoProvider::install_default", "rustls::crypto::ring::default_provider()", "aws_lc_rs::default_provider()"],
      },
    ],
    "unknown-issuer": [
      {
        advice: "add the authority's root",
        options: ["RootCertStore::add", "rustls-native-certs", "rustls-platform-verifier"],
      },
    ],
    "no-common-suite": [
      {
        advice: "mend the other side: rustls speaks ECDHE with AEAD, and nothing older",
        options: ["CryptoProvider::cipher_suites"],
      },
    ],
    "no-common-version": [
      {
        advice: "let both sides speak TLS 1.2 or 1.3",
        options: ["with_protocol_versions", "feature tls12"],
      },
    ],
    "no-common-group": [{ advice: "offer a group of the provider", options: ["CryptoProvider::kx_groups"] }],
    "no-supported-groups": [
      {
        advice: "let the client send supported_groups: rustls refuses hellos without it",
        options: ["NamedGroupsExtensionRequired"],
      },
    ],
    "wrong-purpose": [{ advice: "issue a certificate of its own for the server, with cA FALSE", options: ["CaUsedAsEndEntity"] }],
  },
};
