// Lines and numbers as stacks print them, and what they mean.
import { describe, expect, test } from "vitest";
import { explain, type Report } from "@sallyport/explain";
import { stacks } from "../../packages/explain/src/stacks/all.ts";

const first = ({ causes }: Report): string | undefined => causes[0]?.id;

test.each<[string, string, string]>([
  ["wolfSSL", "wolfSSL error = -188", "unknown-issuer"],
  ["wolfSSL", "SSL_connect failed wolfSSL -322, peer subject name mismatch", "wrong-name"],
  ["wolfSSL", "wolfSSL_connect: err = -501, can't match cipher suite", "no-common-suite"],
  ["wolfSSL", "wolfSSL err -326 record layer version error", "no-common-version"],
  ["Mbed TLS", "mbedtls_ssl_handshake returned -0x2700", "unknown-issuer"],
  ["Mbed TLS", "! The certificate is not correctly signed by the trusted CA (mbedtls_x509_crt)", "unknown-issuer"],
  ["Mbed TLS", "ssl_srv.c:3021: got no ciphersuites in common", "no-common-suite"],
  ["Mbed TLS", "mbedtls_ctr_drbg_seed() failed: -0x0034", "no-entropy"],
  ["Mbed TLS", "esp-tls: mbedtls_ssl_handshake returned -0x7F00", "out-of-memory"],
  [
    "OpenSSL",
    "40A7:error:0A000076:SSL routines:tls_choose_sigalg:no suitable signature algorithm:ssl/t1_lib.c:3331:",
    "no-common-scheme",
  ],
  ["OpenSSL", "error:0A000102:SSL routines::unsupported protocol", "no-common-version"],
  ["OpenSSL", "error:1408F10B:SSL routines:ssl3_get_record:wrong version number", "not-a-tls-server"],
  ["OpenSSL", "error:0A0000C1:SSL routines::no shared cipher", "no-common-suite"],
  ["OpenSSL", "error:0A00018A:SSL routines::dh key too small", "weak-parameters"],
  ["OpenSSL", "verify error:num=18:self-signed certificate", "self-signed"],
  ["OpenSSL", "verify error:num=20:unable to get local issuer certificate", "unknown-issuer"],
  ["OpenSSL", "Verify return code: 10 (certificate has expired)", "expired"],
  ["OpenSSL", "error:0A00009C:SSL routines::http request", "plain-http"],
  [
    "Node.js",
    "Error: write EPROTO 00D:error:0A000152:SSL routines:final_renegotiate:unsafe legacy renegotiation disabled",
    "legacy-renegotiation",
  ],
  ["Node.js", "  code: 'ERR_SSL_WRONG_VERSION_NUMBER'", "not-a-tls-server"],
  ["Node.js", "Error: unable to verify the first certificate { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }", "unknown-issuer"],
  ["Node.js", "Error [ERR_TLS_CERT_ALTNAME_INVALID]: Hostname/IP does not match certificate's altnames", "wrong-name"],
  ["Node.js", "connect ECONNREFUSED 127.0.0.1:8443", "nothing-listens"],
  [
    "Java",
    "javax.net.ssl.SSLHandshakeException: PKIX path building failed: unable to find valid certification path to requested target",
    "unknown-issuer",
  ],
  ["Java", "java.security.cert.CertificateException: No subject alternative DNS name matching localhost found.", "wrong-name"],
  [
    "Java",
    "javax.net.ssl.SSLHandshakeException: No appropriate protocol (protocol is disabled or cipher suites are inappropriate)",
    "no-protocols-enabled",
  ],
  ["Java", "javax.net.ssl.SSLException: Unsupported or unrecognized SSL message", "not-a-tls-server"],
  ["Java", "javax.net.ssl.SSLHandshakeException: Received fatal alert: protocol_version", "no-common-version"],
  ["Go", "tls: failed to verify certificate: x509: certificate signed by unknown authority", "unknown-issuer"],
  ["Go", "x509: certificate is valid for example.com, not localhost", "wrong-name"],
  [
    "Go",
    "http: TLS handshake error from 127.0.0.1:1: tls: client offered only unsupported versions: [302 301]",
    "no-common-version",
  ],
  ["Go", "http: TLS handshake error from 127.0.0.1:1: tls: first record does not look like a TLS handshake", "not-a-tls-server"],
  ["Go", "remote error: tls: certificate required", "certificate-required"],
  ["Go", "remote error: tls: unknown certificate authority", "unknown-issuer"],
  ["rustls", "invalid peer certificate: UnknownIssuer", "unknown-issuer"],
  ["rustls", "peer is incompatible: NoCipherSuitesInCommon", "no-common-suite"],
  ["rustls", "received fatal alert: ProtocolVersion", "no-common-version"],
  ["rustls", "received corrupt message of type InvalidContentType", "not-a-tls-server"],
  ["GnuTLS", "*** Received alert [112]: The server name sent was not recognized", "server-name-unknown"],
  ["GnuTLS", "- Status: The certificate is NOT trusted. The certificate issuer is unknown.", "unknown-issuer"],
  [
    "GnuTLS",
    "|<1>| Received record packet of unknown type 72\n*** Fatal error: An unexpected TLS packet was received.",
    "not-a-tls-server",
  ],
  ["Chromium", "net::ERR_CERT_AUTHORITY_INVALID", "self-signed"],
  ["Chromium", '"net_error":-202,"params":{}', "self-signed"],
  ["Chromium", "ERR_SSL_VERSION_OR_CIPHER_MISMATCH", "no-common-suite"],
  ["Firefox", "Error code: SSL_ERROR_RX_RECORD_TOO_LONG", "not-a-tls-server"],
  ["Firefox", "MOZILLA_PKIX_ERROR_SELF_SIGNED_CERT", "self-signed"],
  ["Firefox", "SSL_ERROR_NO_CYPHER_OVERLAP", "no-common-suite"],
  ["curl", "curl: (60) SSL certificate problem: unable to get local issuer certificate", "unknown-issuer"],
  [
    "nginx",
    "2026/11/21 [error] SSL_do_handshake() failed (SSL: error:0A00006C:SSL routines::bad key share) while SSL handshaking",
    "illegal-parameter",
  ],
])("%s: %s", (_, line, cause) => {
  expect(first(explain(line))).toBe(cause);
});

describe("a number alone", () => {
  test.each([
    ["-0x7280", "closed-without-alert"],
    ["-29312", "closed-without-alert"],
    ["-0x7780", "some-alert"],
    ["-0x50", "connection-reset"],
    ["-313", "some-alert"],
    ["-188", "unknown-issuer"],
    ["-202", "self-signed"],
    ["-12286", "no-common-suite"],
    ["-8179", "unknown-issuer"],
  ])("%s", (number, cause) => {
    expect(first(explain(number))).toBe(cause);
  });

  test("is looked up in the named stack alone where a log names one", () => {
    expect(explain("gnutls_handshake: -322").causes.map(({ id }) => id)).toEqual(["no-common-group"]);
    expect(explain("wolfSSL_connect: -322").causes.map(({ id }) => id)).toEqual(["wrong-name"]);
  });

  test("is no code in a line about something else", () => {
    expect(explain("the temperature fell from 10 to -188 degrees in the far north of the country").causes).toEqual([]);
  });
});

describe("alerts by name, in whoever's spelling", () => {
  test.each([
    ["SSL alert number 40", 40],
    ["tlsv1 alert unknown ca", 48],
    ["Received fatal alert: handshake_failure", 40],
    ["AlertReceived(CertificateUnknown)", 46],
    ["remote error: tls: bad certificate", 42],
    ["remote error: tls: unknown certificate", 46],
    ["Received alert [42]: Certificate is bad", 42],
    ["sslv3 alert certificate expired", 45],
    ["is a fatal alert message (msg 70)", 70],
    ["alert: 80 internal error", 80],
  ])("%s", (line, number) => {
    expect(explain(line).alert?.number).toBe(number);
  });
});

test("a name from another stack's list is not taken for a neighbour's", () => {
  expect(explain("ERR_SSL_PROTOCOL_ERROR").seen).toEqual(["ERR_SSL_PROTOCOL_ERROR (-107)"]);
});

test("no two codes of a stack have one name, and no sign of a stack hides one behind it", () => {
  for (const { id, codes, signs } of stacks) {
    const names = codes.map(({ name }) => name);
    expect(
      names.filter((name, at) => names.indexOf(name) !== at),
      id,
    ).toEqual([]);
    const words = signs.map(({ words: [word] }) => word);
    expect(
      words.filter((word, at) => words.slice(0, at).some((earlier) => word.includes(earlier) && earlier !== word)),
      id,
    ).toEqual([]);
    expect(
      words.filter((word) => word !== word.toLowerCase()),
      id,
    ).toEqual([]);
  }
});
