// GnuTLS: what gnutls-cli and the library's strings say.
import { gnutlsCodes } from "./gnutls-codes.ts";
import type { Stack } from "./stack.ts";

export const gnutls: Stack = {
  id: "gnutls",
  title: "GnuTLS",
  source: "gnutls/gnutls.h and the messages of libgnutls 3.7; the manual's chapter on priority strings",
  marks: ["gnutls", "*** fatal error:", "|<1>|", "- status: the certificate", "*** received alert"],
  codes: gnutlsCodes,
  signs: [
    { words: ["the certificate issuer is unknown"], cause: "unknown-issuer" },
    { words: ["the certificate issuer is not a ca"], cause: "issuer-may-not" },
    { words: ["certificate chain uses expired certificate"], cause: "expired" },
    { words: ["certificate chain uses not yet valid certificate"], cause: "not-yet-valid" },
    { words: ["the certificate is not yet activated"], cause: "not-yet-valid" },
    { words: ["name in the certificate does not match"], cause: "wrong-name" },
    { words: ["certificate chain uses insecure algorithm"], cause: "weak-certificate" },
    { words: ["certificate chain does not match the intended purpose"], cause: "wrong-purpose" },
    { words: ["certificate chain violates the signer's constraints"], cause: "issuer-may-not" },
    { words: ["certificate chain is revoked"], cause: "revoked" },
    { words: ["certificate was revoked"], cause: "revoked" },
    { words: ["could not negotiate a supported cipher suite"], cause: "no-common-suite" },
    { words: ["no supported cipher suites have been found"], cause: "no-common-suite" },
    { words: ["illegal or unsupported version was received"], cause: "no-common-version" },
    { words: ["diffie-hellman prime sent by the server is not acceptable"], cause: "weak-parameters" },
    { words: ["an unexpected tls packet was received"], cause: "not-a-tls-server", strength: "likely" },
    { words: ["a tls packet with unexpected length was received"], cause: "not-a-tls-server", strength: "likely" },
    { words: ["no common application protocol"], cause: "no-common-alpn" },
    { words: ["no supported application protocol could be negotiated"], cause: "no-common-alpn" },
    { words: ["no common key share"], cause: "no-common-group" },
    { words: ["no supported ecc curves"], cause: "no-common-group" },
    { words: ["the signature algorithm is not supported"], cause: "no-common-scheme" },
    { words: ["the certificate and the given key do not match"], cause: "key-does-not-match" },
    { words: ["no certificate was found"], cause: "certificate-required" },
    { words: ["tls connection was non-properly terminated"], cause: "closed-without-alert", strength: "symptom" },
    { words: ["error in the pull function"], cause: "connection-reset", strength: "symptom" },
    { words: ["error in the push function"], cause: "connection-reset", strength: "symptom" },
    { words: ["no or insufficient priorities were set"], cause: "no-protocols-enabled" },
  ],
  remedies: {
    "no-common-suite": [
      {
        advice: "begin with NORMAL, and take away from it",
        options: ["--priority NORMAL", "gnutls_priority_set_direct"],
      },
    ],
    "no-common-group": [
      {
        advice: "let the priority string have a group of the other side",
        options: ["NORMAL:+GROUP-X25519:+GROUP-SECP256R1"],
      },
    ],
    "no-common-version": [
      {
        advice: "let the priority string have TLS 1.2 and 1.3",
        options: ["NORMAL:+VERS-TLS1.3:+VERS-TLS1.2"],
      },
    ],
    "no-common-scheme": [{ advice: "let the priority string have the scheme of the peer's key", options: ["NORMAL:+SIGN-ALL"] }],
    "unknown-issuer": [
      {
        advice: "give it the authority's root",
        options: ["--x509cafile root.pem", "gnutls_certificate_set_x509_trust_file"],
      },
    ],
    "wrong-name": [
      {
        advice: "verify for the name that the certificate has",
        options: ["--verify-hostname NAME", "gnutls_session_set_verify_cert"],
      },
    ],
    "certificate-required": [{ advice: "show a certificate with its key", options: ["--x509certfile", "--x509keyfile"] }],
    "no-common-alpn": [{ advice: "name the protocols on both sides", options: ["--alpn", "gnutls_alpn_set_protocols"] }],
    "not-a-tls-server": [
      {
        advice: "ask for TLS the way the protocol wants it",
        options: ["--starttls-proto smtp|imap|pop3|ldap|xmpp|postgres"],
      },
    ],
  },
};
