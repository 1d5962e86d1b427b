// Go: errors of crypto/tls and crypto/x509 (1.26), and the fields of tls.Config.
import type { Stack } from "./stack.ts";

export const go: Stack = {
  id: "go",
  title: "Go",
  source: "crypto/tls and crypto/x509 of Go 1.26",
  marks: ["tls: ", "x509: ", "remote error: tls", "local error: tls"],
  codes: [],
  signs: [
    { words: ["x509: certificate signed by unknown authority"], cause: "unknown-issuer" },
    { words: ["x509: certificate is valid for", "not"], cause: "wrong-name" },
    { words: ["x509: certificate is not valid for any names"], cause: "wrong-name" },
    { words: ["x509: cannot validate certificate for", "ip sans"], cause: "wrong-name" },
    { words: ["x509: certificate relies on legacy common name"], cause: "wrong-name" },
    { words: ["x509: certificate has expired or is not yet valid", "is before"], cause: "not-yet-valid" },
    { words: ["x509: certificate has expired or is not yet valid"], cause: "expired" },
    { words: ["x509: certificate specifies an incompatible key usage"], cause: "wrong-purpose" },
    { words: ["x509: cannot verify signature: insecure algorithm"], cause: "weak-certificate" },
    { words: ["x509: a root or intermediate certificate is not authorized"], cause: "issuer-may-not" },
    { words: ["tls: first record does not look like a tls handshake"], cause: "not-a-tls-server" },
    { words: ["http: server gave http response to https client"], cause: "not-a-tls-server" },
    { words: ["tls: client offered only unsupported versions"], cause: "no-common-version" },
    { words: ["tls: server selected unsupported protocol version"], cause: "no-common-version" },
    { words: ["tls: no supported versions satisfy"], cause: "no-protocols-enabled" },
    { words: ["tls: no cipher suite supported by both client and server"], cause: "no-common-suite" },
    { words: ["tls: no supported elliptic curves offered"], cause: "no-supported-groups" },
    { words: ["tls: no key exchanges supported by both client and server"], cause: "no-common-group" },
    { words: ["tls: no supported elliptic curves for ecdhe"], cause: "no-protocols-enabled" },
    { words: ["tls: peer doesn't support any of the certificate's signature algorithms"], cause: "no-common-scheme" },
    { words: ["tls: client requested unsupported application protocols"], cause: "no-common-alpn" },
    { words: ["tls: client didn't provide a certificate"], cause: "certificate-required" },
    { words: ["tls: neither certificates, getcertificate"], cause: "no-certificate-configured" },
    { words: ["tls: no certificates configured"], cause: "no-certificate-configured" },
    { words: ["tls: either servername or insecureskipverify must be specified"], cause: "server-name-missing" },
    { words: ["tls: private key does not match public key"], cause: "key-does-not-match" },
    { words: ["tls: failed to find any pem data"], cause: "file-unusable" },
    { words: ["tls: oversized record received"], cause: "not-a-tls-server", strength: "likely" },
    { words: ["tls: unsupported certificate curve"], cause: "unsupported-certificate" },
    { words: ["local error: tls: bad record mac"], cause: "bad-record-mac" },
  ],
  remedies: {
    "unknown-issuer": [
      {
        advice: "give it the authority's root; at a server load the whole chain",
        options: ["tls.Config.RootCAs", "x509.SystemCertPool", "SSL_CERT_FILE", "tls.LoadX509KeyPair (fullchain.pem)"],
      },
      {
        advice: "turn verification off, to see whether anything else is wrong",
        options: ["InsecureSkipVerify: true"],
        stopGap: "nobody knows who is at the other end",
      },
    ],
    "wrong-name": [
      {
        advice: "put the name among the subject alternative names, or say which name is meant",
        options: ["tls.Config.ServerName"],
      },
    ],
    "server-name-missing": [{ advice: "say which name is meant", options: ["tls.Config.ServerName"] }],
    "no-common-version": [
      {
        advice: "let both sides speak TLS 1.2 or 1.3",
        options: ["tls.Config.MinVersion", "tls.Config.MaxVersion"],
      },
    ],
    "no-common-suite": [
      {
        advice: "leave CipherSuites empty, and give the server a second certificate of the other kind",
        options: ["tls.Config.CipherSuites", "tls.Config.Certificates"],
      },
    ],
    "no-common-group": [
      {
        advice: "leave CurvePreferences empty, or name X25519 and CurveP256",
        options: ["tls.Config.CurvePreferences"],
      },
    ],
    "no-common-alpn": [{ advice: "name the protocols on both sides", options: ["tls.Config.NextProtos"] }],
    "certificate-required": [
      {
        advice: "give the client a certificate",
        options: ["tls.Config.Certificates", "tls.Config.GetClientCertificate"],
      },
    ],
    "no-certificate-configured": [
      {
        advice: "give the server a certificate",
        options: ["tls.Config.Certificates", "http.ListenAndServeTLS"],
      },
    ],
    "big-hello-dropped": [
      {
        advice: "look whether a hello without the hybrid share goes through",
        options: ["GODEBUG=tlsmlkem=0"],
      },
    ],
  },
};
