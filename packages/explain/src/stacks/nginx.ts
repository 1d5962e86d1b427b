// nginx: what its error log says, and the directives that answer it.
import type { Stack } from "./stack.ts";

export const nginx: Stack = {
  id: "nginx",
  title: "nginx",
  of: "openssl",
  source: "ngx_http_ssl_module's documentation, and the error log of 1.22",
  marks: ["nginx", "while ssl handshaking", "ssl_do_handshake() failed", "[emerg]"],
  codes: [],
  signs: [
    { words: ['no "ssl_certificate" is defined'], cause: "no-certificate-configured" },
    { words: ["no required ssl certificate was sent"], cause: "certificate-required" },
    { words: ["the ssl certificate error"], cause: "client-certificate-refused" },
    { words: ["cannot load certificate"], cause: "file-unusable" },
    { words: ["peer closed connection in ssl handshake"], cause: "closed-without-alert", strength: "symptom" },
    { words: ["client sent plain http request to https port"], cause: "plain-http" },
  ],
  remedies: {
    "unknown-issuer": [
      {
        advice: "put the intermediates behind the server's own certificate into one file",
        options: ["ssl_certificate fullchain.pem", "proxy_ssl_trusted_certificate"],
      },
    ],
    "no-common-version": [{ advice: "speak both versions", options: ["ssl_protocols TLSv1.2 TLSv1.3"] }],
    "no-common-suite": [
      {
        advice: "leave the default suites, and give a second certificate of the other kind",
        options: ["ssl_ciphers HIGH:!aNULL:!MD5", "ssl_certificate (twice: ECDSA and RSA)"],
      },
    ],
    "no-common-group": [{ advice: "let OpenSSL choose among its groups", options: ["ssl_ecdh_curve auto"] }],
    "plain-http": [{ advice: "answer with a redirection", options: ["error_page 497 =301 https://$host$request_uri"] }],
    "certificate-required": [
      {
        advice: "name the authorities of your clients",
        options: ["ssl_client_certificate", "ssl_verify_client optional"],
      },
    ],
    "server-name-unknown": [{ advice: "add a server block with that name", options: ["server_name", "ssl_reject_handshake"] }],
    "server-name-missing": [
      {
        advice: "let nginx send the name to its upstream",
        options: ["proxy_ssl_server_name on", "proxy_ssl_name"],
      },
    ],
    "no-certificate-configured": [
      {
        advice: "give the server block a certificate",
        options: ["ssl_certificate", "ssl_certificate_key"],
      },
    ],
    "key-does-not-match": [{ advice: "give the key that belongs to the certificate", options: ["ssl_certificate_key"] }],
    "no-common-alpn": [{ advice: "turn HTTP/2 on where clients want it", options: ["http2 on"] }],
    "not-a-tls-server": [{ advice: "speak TLS on that port", options: ["listen 443 ssl"] }],
  },
};
