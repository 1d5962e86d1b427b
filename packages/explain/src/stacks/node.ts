// node:tls: the codes of its errors are OpenSSL's, spelled ERR_SSL_…; its options as in the documentation of tls.connect.
import type { Stack } from "./stack.ts";

export const node: Stack = {
  id: "node",
  title: "Node.js",
  of: "openssl",
  source: "Node.js 20 and 24, documentation of tls and errors",
  marks: [
    "node:internal",
    "eproto",
    "tlswrap",
    "tlssocket",
    "unable_to_verify_leaf_signature",
    "err_tls_",
    "err_ssl_sslv3",
    "err_ssl_tlsv1",
    "at tls",
  ],
  codes: [],
  signs: [
    {
      words: ["client network socket disconnected before secure tls connection was established"],
      cause: "closed-without-alert",
      strength: "symptom",
    },
    { words: ["socket hang up"], cause: "closed-without-alert", strength: "symptom" },
    { words: ["err_tls_handshake_timeout"], cause: "timeout" },
    { words: ["err_tls_invalid_protocol_version"], cause: "no-protocols-enabled" },
    { words: ["err_tls_protocol_version_conflict"], cause: "no-protocols-enabled" },
    { words: ["err_ossl_x509_key_values_mismatch"], cause: "key-does-not-match" },
    { words: ["err_ossl_pem_no_start_line"], cause: "file-unusable" },
  ],
  remedies: {
    "unknown-issuer": [
      {
        advice: "give it the authority's root; at the server give the whole chain in `cert`",
        options: ["ca", "NODE_EXTRA_CA_CERTS=root.pem", "--use-system-ca (Node.js 24)"],
      },
      {
        advice: "turn verification off, to see whether anything else is wrong",
        options: ["rejectUnauthorized: false", "NODE_TLS_REJECT_UNAUTHORIZED=0"],
        stopGap: "nobody knows who is at the other end: whoever sits on the path reads and changes everything",
      },
    ],
    "self-signed": [{ advice: "trust exactly that certificate, or its authority", options: ["ca", "NODE_EXTRA_CA_CERTS"] }],
    "wrong-name": [
      {
        advice: "connect by a name of the certificate, or say which name is meant",
        options: ["servername", "checkServerIdentity"],
      },
    ],
    "server-name-missing": [{ advice: "say the name: for an IP address no SNI is sent", options: ["servername"] }],
    "server-name-unknown": [
      {
        advice: "say the name that is served; at a server of node:tls add it",
        options: ["servername", "server.addContext", "SNICallback"],
      },
    ],
    "no-common-version": [
      {
        advice: "let both speak TLS 1.2 or 1.3",
        options: ["minVersion", "maxVersion", "tls.DEFAULT_MIN_VERSION"],
      },
    ],
    "no-common-suite": [
      {
        advice: "leave the default list, or name one that both have",
        options: ["ciphers", "tls.DEFAULT_CIPHERS"],
      },
    ],
    "no-common-group": [
      {
        advice: "leave the default, or name groups that both have",
        options: ["ecdhCurve: 'auto'", "ecdhCurve: 'X25519:P-256'"],
      },
    ],
    "no-common-scheme": [{ advice: "offer what the certificate's key can sign", options: ["sigalgs"] }],
    "no-common-alpn": [{ advice: "name the protocols on both sides", options: ["ALPNProtocols", "ALPNCallback"] }],
    "certificate-required": [{ advice: "show a certificate with its key", options: ["cert", "key", "pfx"] }],
    "not-a-tls-server": [
      {
        advice: "look at scheme, port and proxy: https: to a port of plain HTTP gives exactly this",
        options: ["HTTPS_PROXY", "protocol: 'http:'"],
      },
    ],
    "plain-http": [{ advice: "write https: in the URL", options: [] }],
    "legacy-renegotiation": [
      {
        advice: "allow it to that one server until it is updated",
        options: ["secureOptions: crypto.constants.SSL_OP_LEGACY_SERVER_CONNECT"],
        stopGap: "others may splice their words before yours (CVE-2009-3555)",
      },
    ],
    "weak-parameters": [
      {
        advice: "lower the level for that one server until it is updated",
        options: ["ciphers: 'DEFAULT@SECLEVEL=0'"],
        stopGap: "keys and digests of that connection may be broken by whoever takes the trouble",
      },
    ],
    "key-does-not-match": [{ advice: "give the key that belongs to `cert`", options: ["key", "cert"] }],
    "big-hello-dropped": [
      {
        advice: "look whether a hello without the hybrid share goes through",
        options: ["ecdhCurve: 'X25519:P-256'"],
      },
    ],
  },
};
