// Mbed TLS 2.28 to 4: options are those of mbedtls_config.h; from 4.0 on curves are PSA_WANT_* of psa/crypto_config.h.
import { mbedtlsCodes } from "./mbedtls-codes.ts";
import type { Stack } from "./stack.ts";

export const mbedtls: Stack = {
  id: "mbedtls",
  title: "Mbed TLS",
  source: "include/mbedtls/*.h, mbedtls_config.h and library/ssl_*.c of 2.28, 3.6 and 4.0",
  marks: [
    "mbedtls",
    "mbed tls",
    "ssl_tls.c",
    "ssl_cli.c",
    "ssl_srv.c",
    "ssl_msg.c",
    "ssl_client.c",
    "ssl_tls13",
    "esp-tls",
    "ssl_tls12",
  ],
  codes: mbedtlsCodes,
  signs: [
    { words: ["psa_generate_key", "-137"], cause: "crypto-not-initialised" },
    { words: ["psa_error_bad_state"], cause: "crypto-not-initialised" },
    { words: ["got no ciphersuites in common"], cause: "no-common-suite" },
    { words: ["no ciphersuite in common"], cause: "no-common-suite" },
    { words: ["none of the common ciphersuites is usable"], cause: "suite-needs-other-key", strength: "likely" },
    { words: ["ciphersuite mismatch: no suitable elliptic curve"], cause: "no-common-group" },
    { words: ["no matching curve for ecdhe"], cause: "no-common-group" },
    { words: ["client only supports", "tls"], cause: "no-common-version" },
    { words: ["server only supports tls"], cause: "no-common-version" },
    { words: ["is not correctly signed by the trusted ca"], cause: "unknown-issuer" },
    { words: ["common name (cn) does not match"], cause: "wrong-name" },
    { words: ["certificate validity has expired"], cause: "expired" },
    { words: ["certificate validity starts in the future"], cause: "not-yet-valid" },
    { words: ["certificate has been revoked"], cause: "revoked" },
    { words: ["signed with an unacceptable hash"], cause: "weak-certificate" },
    { words: ["signed with an unacceptable pk alg"], cause: "unsupported-certificate" },
    { words: ["signed with an unacceptable key"], cause: "weak-certificate" },
  ],
  remedies: {
    "no-common-group": [
      {
        advice: "enable a curve that servers have: secp256r1, and curve25519 beside it",
        options: [
          "MBEDTLS_ECP_DP_SECP256R1_ENABLED",
          "MBEDTLS_ECP_DP_CURVE25519_ENABLED",
          "PSA_WANT_ECC_SECP_R1_256",
          "mbedtls_ssl_conf_groups",
        ],
      },
    ],
    "no-supported-groups": [
      {
        advice: "enable ECDH and at least one curve: the extension is sent when the build has some",
        options: ["MBEDTLS_ECP_C", "MBEDTLS_ECDH_C", "MBEDTLS_ECP_DP_SECP256R1_ENABLED"],
      },
    ],
    "suite-needs-other-key": [
      {
        advice: "enable ECDHE with RSA certificates too; it needs RSA and PKCS#1 v1.5 (and v2.1 for PSS)",
        options: ["MBEDTLS_KEY_EXCHANGE_ECDHE_RSA_ENABLED", "MBEDTLS_RSA_C", "MBEDTLS_PKCS1_V15", "MBEDTLS_PKCS1_V21"],
      },
    ],
    "no-common-suite": [
      {
        advice: "enable ECDHE key exchange for both kinds of certificate, AES-GCM and SHA-256",
        options: [
          "MBEDTLS_KEY_EXCHANGE_ECDHE_RSA_ENABLED",
          "MBEDTLS_KEY_EXCHANGE_ECDHE_ECDSA_ENABLED",
          "MBEDTLS_GCM_C",
          "MBEDTLS_SHA256_C",
          "mbedtls_ssl_conf_ciphersuites",
        ],
      },
    ],
    "no-common-scheme": [
      {
        advice: "enable RSA with PKCS#1 v2.1 (PSS) and ECDSA, so that both kinds of certificate can prove themselves",
        options: ["MBEDTLS_RSA_C", "MBEDTLS_PKCS1_V21", "MBEDTLS_ECDSA_C", "mbedtls_ssl_conf_sig_algs"],
      },
    ],
    "crypto-not-initialised": [
      {
        advice:
          "call psa_crypto_init() before the first handshake (TLS 1.3 makes its keys by PSA), or upgrade to 3.6.1 or newer, " +
          "which does so itself",
        options: ["psa_crypto_init()", "MBEDTLS_PSA_CRYPTO_C", "MBEDTLS_USE_PSA_CRYPTO"],
      },
    ],
    "no-common-version": [
      {
        advice: "enable TLS 1.2 and, from 3.6 on, TLS 1.3",
        options: [
          "MBEDTLS_SSL_PROTO_TLS1_2",
          "MBEDTLS_SSL_PROTO_TLS1_3",
          "mbedtls_ssl_conf_min_tls_version",
          "mbedtls_ssl_conf_max_tls_version",
        ],
      },
    ],
    "unknown-issuer": [
      {
        advice: "give it the authority's root, parsed without an error, and set the chain before the handshake",
        options: ["mbedtls_x509_crt_parse", "mbedtls_ssl_conf_ca_chain", "mbedtls_ssl_get_verify_result"],
      },
    ],
    "wrong-name": [
      {
        advice: "set the name that the certificate has, before the handshake",
        options: ["mbedtls_ssl_set_hostname"],
      },
    ],
    "server-name-missing": [{ advice: "set the server's name", options: ["mbedtls_ssl_set_hostname"] }],
    "not-yet-valid": [
      {
        advice: "set the clock (SNTP) before the handshake",
        options: ["MBEDTLS_HAVE_TIME_DATE", "MBEDTLS_PLATFORM_TIME_MACRO"],
      },
    ],
    "no-trust-anchors": [{ advice: "give it the authority's root", options: ["mbedtls_ssl_conf_ca_chain"] }],
    "no-entropy": [
      {
        advice: "add the device's hardware generator as a strong source, and seed the DRBG before the handshake",
        options: ["MBEDTLS_ENTROPY_HARDWARE_ALT", "mbedtls_hardware_poll", "mbedtls_ctr_drbg_seed", "mbedtls_ssl_conf_rng"],
      },
    ],
    "out-of-memory": [
      {
        advice: "make the heap larger, or the record buffers smaller where the peer agrees",
        options: [
          "MBEDTLS_SSL_IN_CONTENT_LEN",
          "MBEDTLS_SSL_OUT_CONTENT_LEN",
          "MBEDTLS_SSL_VARIABLE_BUFFER_LENGTH",
          "mbedtls_memory_buffer_alloc_init",
        ],
      },
    ],
    "buffer-too-small": [
      {
        advice: "give the input buffer 16384 bytes, or ask for smaller records",
        options: ["MBEDTLS_SSL_IN_CONTENT_LEN", "MBEDTLS_SSL_MAX_FRAGMENT_LENGTH", "mbedtls_ssl_conf_max_frag_len"],
      },
    ],
    "self-signed": [
      {
        advice:
          "if a browser aborts: it is the browser's choice, and no fault of this server; count it as an ordinary refusal, and " +
          "let the browser trust the certificate's authority",
        options: ["MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE", "MBEDTLS_ERR_NET_CONN_RESET"],
      },
    ],
    "closed-without-alert": [
      {
        advice:
          "read the peer's return value at that moment; a peer of Mbed TLS 3.6.0 with TLS 1.3 and without psa_crypto_init() " +
          "stops with -0x6c00 and says nothing",
        options: ["psa_crypto_init()", "mbedtls_ssl_conf_dbg", "mbedtls_debug_set_threshold"],
      },
    ],
    "handshake-refused": [
      {
        advice: "print what is offered and look for the missing curve or key exchange",
        options: ["MBEDTLS_DEBUG_C", "mbedtls_debug_set_threshold(4)"],
      },
    ],
    "some-alert": [
      {
        advice: 'let the debug log say which: the line "is a fatal alert message (msg N)"',
        options: ["mbedtls_ssl_conf_dbg", "mbedtls_debug_set_threshold(2)"],
      },
    ],
    "no-certificate-configured": [{ advice: "give the server its certificate and key", options: ["mbedtls_ssl_conf_own_cert"] }],
    "file-unusable": [
      {
        advice: "pass PEM with its final zero byte counted in the length; enable PEM for PEM",
        options: ["MBEDTLS_PEM_PARSE_C", "mbedtls_x509_crt_parse", "mbedtls_pk_parse_key"],
      },
    ],
  },
};
