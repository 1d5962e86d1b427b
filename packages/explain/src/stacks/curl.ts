// curl: its exit codes and the words around OpenSSL's.
import type { Stack } from "./stack.ts";

export const curl: Stack = {
  id: "curl",
  title: "curl",
  of: "openssl",
  source: "curl(1) of 7.88, its exit codes among them",
  marks: ["curl: (", "* tlsv1.", "libcurl", "* ssl certificate"],
  codes: [],
  signs: [
    { words: ["curl: (7)"], cause: "nothing-listens" },
    { words: ["curl: (6)"], cause: "unknown-host" },
    { words: ["curl: (28)"], cause: "timeout" },
    { words: ["curl: (51)"], cause: "wrong-name" },
    { words: ["curl: (58)"], cause: "file-unusable" },
    { words: ["curl: (77)"], cause: "file-unusable" },
    { words: ["curl: (59)"], cause: "no-protocols-enabled" },
    { words: ["failed setting cipher list"], cause: "no-protocols-enabled" },
    { words: ["curl: (52)"], cause: "closed-without-alert", strength: "symptom" },
    { words: ["received http/0.9 when not allowed"], cause: "plain-http", strength: "likely" },
  ],
  remedies: {
    "unknown-issuer": [
      { advice: "give it the authority's root", options: ["--cacert root.pem", "CURL_CA_BUNDLE"] },
      {
        advice: "turn verification off, to see whether anything else is wrong",
        options: ["--insecure"],
        stopGap: "nobody knows who is at the other end",
      },
    ],
    "self-signed": [{ advice: "trust exactly that certificate", options: ["--cacert certificate.pem"] }],
    "wrong-name": [{ advice: "connect by a name of the certificate", options: ["--connect-to", "--resolve NAME:443:ADDRESS"] }],
    "no-common-version": [{ advice: "let both sides speak TLS 1.2 or 1.3", options: ["--tlsv1.2", "--tls-max 1.3"] }],
    "no-common-group": [{ advice: "name groups that the server has", options: ["--curves X25519:P-256"] }],
    "no-common-suite": [{ advice: "leave the default list", options: ["--ciphers", "--tls13-ciphers"] }],
    "certificate-required": [{ advice: "show a certificate with its key", options: ["--cert client.pem", "--key client.key"] }],
    "not-a-tls-server": [
      {
        advice: "write http:// for a port of plain HTTP, and for a proxy that is spoken to in plain text",
        options: ["--proxy http://host:port"],
      },
    ],
    "plain-http": [{ advice: "write https://", options: [] }],
    "no-common-alpn": [{ advice: "offer HTTP/1.1", options: ["--http1.1", "--no-alpn"] }],
  },
};
