// What each cause is when nothing more is known of it, whose move it is, and what to change whatever the software.
import type { Party } from "../report.ts";
import type { CauseId } from "./ids.ts";

export interface CauseFacts {
  readonly what: string;
  readonly move: Party;
  /** Orders, the best first. */
  readonly advice: readonly [string, ...string[]];
  /** Helps for now; what is lost by it. */
  readonly stopGap?: { readonly advice: string; readonly lost: string };
}

/** Total by type: a cause without its entry does not compile. */
export const catalogue: { readonly [K in CauseId]: CauseFacts } = {
  // Refusals of `negotiate`.
  "no-common-version": {
    what: "The client and the server have no version of TLS in common.",
    move: "client",
    advice: ["update the side that lacks TLS 1.2 and 1.3, or enable them there: nothing older is safe to go back to"],
  },
  "fallback-scsv": {
    what: "The client tried again with an older version than it can (TLS_FALLBACK_SCSV), and the server could have done better.",
    move: "network",
    advice: ["find out why the first connection failed: something on the path may break newer versions, or be an attack"],
  },
  "server-name-missing": {
    what: "The client doesn't say which name it wants (server_name), and the server insists on one.",
    move: "client",
    advice: ["set the host name that the client sends (SNI), and connect by name, not by IP address"],
  },
  "server-name-unknown": {
    what: "The server has nobody of the name that the client asks for (server_name).",
    move: "server",
    advice: ["add the name to the server's certificate and configuration, or let the client ask for one that is served"],
  },
  "no-common-alpn": {
    what: "The application protocols (ALPN) have nothing in common.",
    move: "client",
    advice: ["let the client offer a protocol that the server speaks, such as http/1.1 beside h2, or no ALPN at all"],
  },
  "no-common-suite": {
    what: "No cipher suite is common to both.",
    move: "client",
    advice: ["offer TLS 1.3, or at least TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 and TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"],
  },
  "suite-needs-other-key": {
    what: "The common cipher suites need another kind of key than the server's certificate has.",
    move: "client",
    advice: [
      "offer cipher suites for both kinds of certificate, ECDHE_RSA beside ECDHE_ECDSA",
      "or serve a second certificate of the other kind",
    ],
  },
  "refused-by-policy": {
    what: "Of what both have in common the server's policy takes nothing.",
    move: "server",
    advice: ["look at the server's policy (suiteOrder, groupOrder)"],
  },
  "no-supported-groups": {
    what: "The client offers ECDHE suites without saying which curves it can do (supported_groups).",
    move: "client",
    advice: ["send supported_groups with x25519 and secp256r1 in it: many servers refuse ECDHE without it"],
  },
  "no-common-group": {
    what: "For the key exchange no group is common to both.",
    move: "client",
    advice: ["offer x25519 and secp256r1: every server has one of them"],
  },
  "no-common-scheme": {
    what: "The server can't sign by any scheme that the client accepts.",
    move: "server",
    advice: [
      "serve a certificate whose key signs what the client takes: P-256 suits everybody, RSA of 2048 bits or more everybody old",
    ],
  },
  "no-common-certificate-type": {
    what: "No type of certificate is common to both (RFC 7250).",
    move: "server",
    advice: ["let both sides use X.509, or agree on raw public keys"],
  },
  "no-credential-for-authorities": {
    what: "The client trusts only certain authorities, and no certificate of the server is by one of them.",
    move: "server",
    advice: ["have a certificate issued by one of the authorities that the client names"],
  },
  "no-psk": {
    what: "The server has no certificate, and the client offers no pre-shared key with a key exchange.",
    move: "client",
    advice: ["give the client the key and psk_dhe_ke, or give the server a certificate"],
  },
  "missing-extension": {
    what: "An extension is missing that TLS 1.3 can't do without.",
    move: "peer",
    advice: ["report it to the peer's software: RFC 9846, section 9.2 demands it"],
  },

  // Kinds of errors of the machine.
  "not-tls": {
    what: "The peer's first bytes are not TLS.",
    move: "peer",
    advice: ["look at the port and at the protocol that is spoken there"],
  },
  "unexpected-message": {
    what: "A message came that has no place there.",
    move: "peer",
    advice: ["report it to the peer's software, with a capture: its order of messages is wrong"],
  },
  "unexpected-record": {
    what: "A record came that has no place there.",
    move: "peer",
    advice: ["look whether something on the path rewrites the connection; else report it to the peer's software"],
  },
  "malformed-message": {
    what: "A message can't be decoded.",
    move: "peer",
    advice: ["report it to the peer's software, with the bytes; if they were pasted, look whether all of them are there"],
  },
  "illegal-parameter": {
    what: "A message holds a value that the RFC forbids there.",
    move: "peer",
    advice: ["report it to the peer's software, with the field and its value"],
  },
  "duplicate-extension": {
    what: "An extension stands twice in one message.",
    move: "peer",
    advice: ["report it to the peer's software: RFC 9846, section 4.3 forbids it"],
  },
  "unsolicited-extension": {
    what: "The peer answers an extension that nobody sent.",
    move: "peer",
    advice: ["report it to the peer's software: an answer without a question is forbidden by RFC 9846, section 4.3"],
  },
  "unsupported-version": {
    what: "The server chose a version that was not offered.",
    move: "server",
    advice: ["update the server to TLS 1.2 or, better, 1.3"],
  },
  "limit-exceeded": {
    what: "The peer sent more than this side allows.",
    move: "this side",
    advice: ["if so much is meant, raise that limit in `limits`; else the peer misbehaves"],
  },
  "record-overflow": {
    what: "A record is longer than the protocol allows.",
    move: "peer",
    advice: ["look whether the peer speaks TLS at all, and keeps to record_size_limit if it was agreed on"],
  },
  "bad-record-mac": {
    what: "A protected record was changed on its way, or sealed with another key.",
    move: "network",
    advice: [
      "look for what rewrites the stream: a proxy, a driver, two writers on one socket, bytes lost or doubled",
      "if it is always the first protected record, the two sides derived different keys: report it with a key log",
    ],
  },
  "bad-signature": {
    what: "The peer did not prove that it has the key of its certificate: its signature is wrong.",
    move: "peer",
    advice: ["look whether the peer's private key belongs to its certificate, and whether a proxy changed the handshake"],
  },
  "bad-binder": {
    what: "The client does not know the secret of the PSK or the session that it offers.",
    move: "client",
    advice: ["give both sides the same key, hash and identity; for sessions, let all servers share the ticket keys"],
  },
  "unknown-psk": {
    what: "The server knows none of the client's pre-shared keys, and has no certificate.",
    move: "client",
    advice: ["give both sides the same identity and key"],
  },
  "bad-finished": {
    what: "The two sides saw different handshakes: the peer's Finished does not match.",
    move: "network",
    advice: ["look for a middlebox that rewrites the handshake; between two direct peers report it with both sides' captures"],
  },
  renegotiation: {
    what: "The peer insists on a renegotiation, which is refused here.",
    move: "peer",
    advice: ["turn renegotiation off at the peer: ask for client certificates at the start, or use TLS 1.3"],
  },
  "not-a-first-handshake": {
    what: "The peer speaks of an earlier handshake (renegotiation_info is not empty).",
    move: "peer",
    advice: ["report it to the peer's software; it may be an attack by splicing (RFC 5746)"],
  },
  "key-exhausted": {
    what: "A key of TLS 1.2 has sealed as much as it may, and can't be changed.",
    move: "this side",
    advice: ["open a new connection, or use TLS 1.3, which changes keys by itself"],
  },
  "extended-master-secret-required": {
    what: "The peer lacks extended_master_secret (RFC 7627), which is required.",
    move: "peer",
    advice: ["update the peer, or use TLS 1.3, where it is built in"],
  },
  "bad-certificate": {
    what: "The peer's certificate can't be used.",
    move: "peer",
    advice: ["have the certificate issued anew by software that writes strict DER"],
  },
  "unsupported-certificate": {
    what: "The peer's certificate has a key or form that is not supported.",
    move: "peer",
    advice: ["have a certificate issued for an ECDSA P-256 or RSA key"],
  },
  "bad-compression": {
    what: "The peer's compressed certificate can't be decompressed as announced.",
    move: "peer",
    advice: ["turn certificate compression off at the peer until it is mended, and report it"],
  },
  "certificate-required": {
    what: "The server demands a client certificate, and the client showed none.",
    move: "client",
    advice: ["give the client a certificate and its key, issued by an authority that the server names"],
  },
  "no-answer-to-client-hello": {
    what: "The ClientHello met silence.",
    move: "network",
    advice: ["look whether a TLS server is there at all"],
  },
  "closed-early": {
    what: "The peer said goodbye (close_notify) before the handshake was complete.",
    move: "peer",
    advice: ["look into the peer's log: somebody there gave up, on purpose"],
  },
  truncated: {
    what: "The transport ended without close_notify.",
    move: "peer",
    advice: [
      "look into the peer's log: it failed inside, or was killed, and did not say why",
      'if all data was there already, the peer may merely be impolite: `truncation: "lenient"` lets that pass',
    ],
  },
  "local-fault": {
    what: "A step of this side failed.",
    move: "this side",
    advice: ["look at the error's cause: the provider, signer, store or verifier that threw it"],
  },

  // Certificates.
  "self-signed": {
    what: "The server's certificate is self-signed, and the client does not trust it.",
    move: "server",
    advice: [
      "use a certificate of a public authority, or of an authority of your own whose root the client trusts",
      "or give the client exactly this certificate as a root",
    ],
    stopGap: { advice: "go past the client's warning once, for a look", lost: "nobody knows who is at the other end" },
  },
  "unknown-issuer": {
    what: "The client does not know who issued the server's certificate.",
    move: "server",
    advice: [
      "let the server send its intermediate certificates with its own (the full chain, without the root)",
      "if the authority is a private one, give its root to the client",
    ],
  },
  expired: {
    what: "A certificate has expired, or a clock is wrong.",
    move: "server",
    advice: ["renew the certificate, and let a job do so from now on", "look at the client's clock"],
  },
  "not-yet-valid": {
    what: "A certificate is not valid yet, or a clock is wrong.",
    move: "client",
    advice: ["set the client's clock (a device without a battery begins in 1970)", "or wait until the certificate's day"],
  },
  "wrong-name": {
    what: "The certificate is for another name than the client asked for.",
    move: "server",
    advice: [
      "have a certificate issued with that name among its subject alternative names (the common name does not count)",
      "or connect by a name that the certificate has",
    ],
  },
  revoked: {
    what: "The certificate has been revoked.",
    move: "server",
    advice: ["replace the certificate and its key"],
  },
  "weak-certificate": {
    what: "A certificate in the chain has a key or a signature that is too weak.",
    move: "server",
    advice: ["have it issued anew for a P-256 key, or RSA of at least 2048 bits, and signed with SHA-256"],
  },
  "wrong-purpose": {
    what: "The certificate was not issued for this purpose (key usage, extended key usage).",
    move: "server",
    advice: ["have it issued anew with digitalSignature and serverAuth; for a client's, clientAuth"],
  },
  "issuer-may-not": {
    what: "A certificate in the chain was issued by one that may not issue it.",
    move: "server",
    advice: ["have the certificate issued by a CA certificate (basicConstraints cA, keyCertSign) that may issue for the name"],
  },
  "revocation-unknown": {
    what: "Whether the certificate was revoked could not be found out.",
    move: "server",
    advice: ["let the server staple a fresh OCSP response, or give the client fresh lists"],
  },
  "certificate-refused": {
    what: "The client refuses the server's certificate without a precise reason.",
    move: "client",
    advice: ["look into the client's own log or error: only it knows why", "verify the chain with the client's roots and name"],
  },
  "client-certificate-refused": {
    what: "The server refuses the client's certificate.",
    move: "client",
    advice: ["show a certificate that the server's authorities issued, with clientAuth, and not expired"],
  },

  // Around the handshake.
  "plain-http": {
    what: "Plain HTTP was spoken on a TLS port.",
    move: "client",
    advice: ["write https:// with the port, or use the port where plain HTTP is served"],
  },
  "not-a-tls-server": {
    what: "What answered does not speak TLS there.",
    move: "client",
    advice: [
      "look at the port: the server may speak plain text there, or want STARTTLS first (smtp, imap, postgres and others)",
      "if a proxy is in between, use its CONNECT; write http:// for a proxy that is spoken to in plain text",
    ],
  },
  "nothing-listens": {
    what: "Nobody listens on that port.",
    move: "server",
    advice: ["start the server, or look at host, port and firewall"],
  },
  "unknown-host": {
    what: "The host name can't be resolved.",
    move: "client",
    advice: ["look at the name and at DNS"],
  },
  "connection-reset": {
    what: "The connection was reset: the peer, or something between, cut it without a word.",
    move: "peer",
    advice: [
      "look into the peer's log at that moment",
      "look whether a firewall or proxy cuts what it does not like, such as a name in SNI",
    ],
  },
  "closed-without-alert": {
    what: "The peer ended the connection without an alert: it failed inside and did not say why.",
    move: "peer",
    advice: ["look into the peer's own log: the reason is only there"],
  },
  "big-hello-dropped": {
    what: "Something on the path may drop ClientHellos that need more than one TCP segment.",
    move: "network",
    advice: [
      "try once with small records or without the post-quantum share, to know; if that goes through, find and update the middlebox",
    ],
    stopGap: {
      advice: "send no hybrid key share (X25519MLKEM768) to that host",
      lost: "what is recorded today can be read by a quantum computer one day",
    },
  },
  timeout: {
    what: "The handshake took too long.",
    move: "network",
    advice: ["look whether the server is overloaded, or something between drops packets silently"],
  },
  "crypto-not-initialised": {
    what: "TLS 1.3 is on, and the library's cryptography was never initialised, so no key share could be made.",
    move: "client",
    advice: ["initialise the cryptography once, before the first handshake, and look at its result"],
  },
  "no-entropy": {
    what: "The random generator failed or was never seeded.",
    move: "this side",
    advice: ["give the library a source of entropy and seed its generator before the handshake"],
  },
  "out-of-memory": {
    what: "Memory ran out during the handshake.",
    move: "this side",
    advice: ["give the heap (and the stack) more room: a handshake with a chain of RSA certificates takes tens of KiB at once"],
  },
  "buffer-too-small": {
    what: "A buffer is too small for what came.",
    move: "this side",
    advice: ["make the library's input buffer as large as a record may be (16 KiB), or agree on smaller records"],
  },
  "peer-internal-error": {
    what: "The peer failed inside (internal_error): it is not about what was sent.",
    move: "peer",
    advice: ["look into the peer's own log: only it knows"],
  },
  "key-does-not-match": {
    what: "The private key does not belong to the certificate.",
    move: "server",
    advice: ["configure the key that the certificate was requested with; compare the public keys of both"],
  },
  "no-certificate-configured": {
    what: "The server has no certificate, or none that fits.",
    move: "server",
    advice: ["configure a certificate with its key; beside ECDSA also RSA, if old clients come"],
  },
  "file-unusable": {
    what: "A certificate or key file can't be read.",
    move: "this side",
    advice: ["look at path, rights and format: PEM begins with -----BEGIN, and an encrypted key needs its password"],
  },
  "no-trust-anchors": {
    what: "This side has no roots to judge the peer with.",
    move: "this side",
    advice: ["give it the authority's root certificate, or the platform's bundle"],
  },
  "no-protocols-enabled": {
    what: "The configuration leaves no version or no suite that could be used.",
    move: "this side",
    advice: ["enable TLS 1.2 and 1.3, each with its suites"],
  },
  "weak-parameters": {
    what: "The peer's key or Diffie-Hellman parameters are weaker than this side allows.",
    move: "peer",
    advice: ["give the peer ECDHE and a key of today's size (P-256, RSA of 2048 bits)"],
    stopGap: { advice: "lower the security level for that one peer", lost: "the key may be broken by whoever takes the trouble" },
  },
  "legacy-renegotiation": {
    what: "The server does not know secure renegotiation (RFC 5746), and this side insists on it.",
    move: "server",
    advice: ["update the server: it is older than 2010, or a middlebox is"],
    stopGap: { advice: "allow unsafe legacy connections to that one server", lost: "others may splice their words before yours" },
  },
  "handshake-refused": {
    what: "The server refuses what the client offers.",
    move: "client",
    advice: ["compare what the client offers with what the server takes: give its ClientHello, in hex or as a capture"],
  },
  "peer-policy": {
    what: "The peer ended the connection on purpose, by its own policy.",
    move: "peer",
    advice: ["look into the peer's own log or error"],
  },
  "some-alert": {
    what: "The peer sent a fatal alert, and this code doesn't say which one.",
    move: "this side",
    advice: ["find out the alert's number: it is in the debug log, in a capture, and in the peer's own log"],
  },
  cancelled: {
    what: "The handshake was given up on purpose.",
    move: "this side",
    advice: ["look who aborted it: a user, a timer, or a connection that was no longer needed"],
  },
};
