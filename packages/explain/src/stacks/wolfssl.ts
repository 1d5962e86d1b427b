// wolfSSL: what configure and user_settings.h switch, from its manual and headers.
import type { Stack } from "./stack.ts";
import { wolfsslCodes } from "./wolfssl-codes.ts";

export const wolfssl: Stack = {
  id: "wolfssl",
  title: "wolfSSL",
  source: "wolfssl/error-ssl.h, wolfssl/wolfcrypt/error-crypt.h and wolfssl/ssl.h of 5.5; the manual's chapter on build options",
  marks: ["wolfssl", "cyassl", "wolfcrypt", "wolfio"],
  codes: wolfsslCodes,
  signs: [
    { words: ["asn no signer error to confirm failure"], cause: "unknown-issuer" },
    { words: ["asn date error, current date after"], cause: "expired" },
    { words: ["asn date error, current date before"], cause: "not-yet-valid" },
    { words: ["peer subject name mismatch"], cause: "wrong-name" },
    { words: ["subject common name mismatch"], cause: "wrong-name" },
    { words: ["can't match cipher suite"], cause: "no-common-suite" },
    { words: ["unsupported cipher suite"], cause: "no-common-suite" },
    { words: ["record layer version error"], cause: "no-common-version", strength: "likely" },
    { words: ["rsa key too small"], cause: "weak-certificate" },
    { words: ["unrecognized host name error"], cause: "server-name-unknown" },
    { words: ["received alert fatal error"], cause: "some-alert", strength: "symptom" },
    { words: ["embed receive connection reset"], cause: "connection-reset", strength: "symptom" },
    { words: ["embed receive connection closed"], cause: "closed-without-alert", strength: "symptom" },
  ],
  remedies: {
    "no-supported-groups": [
      {
        advice:
          "build with TLS extensions and supported curves, and name the curve: without them the hello has no supported_groups",
        options: [
          "--enable-supportedcurves",
          "HAVE_TLS_EXTENSIONS",
          "HAVE_SUPPORTED_CURVES",
          "wolfSSL_UseSupportedCurve(ssl, WOLFSSL_ECC_SECP256R1)",
          "wolfSSL_CTX_UseSupportedCurve",
        ],
      },
    ],
    "no-common-group": [
      {
        advice: "name a curve that servers have, and build it in",
        options: [
          "wolfSSL_UseSupportedCurve(ssl, WOLFSSL_ECC_SECP256R1)",
          "HAVE_CURVE25519",
          "--enable-curve25519",
          "ECC_USER_CURVES",
        ],
      },
    ],
    "no-common-suite": [
      {
        advice: "build AES-GCM and ECDHE for both kinds of certificate, and name no narrower list",
        options: ["--enable-aesgcm", "HAVE_AESGCM", "HAVE_ECC", "--enable-tls13", "wolfSSL_CTX_set_cipher_list"],
      },
    ],
    "suite-needs-other-key": [{ advice: "leave RSA in the build beside ECC", options: ["NO_RSA (not defined)", "HAVE_ECC"] }],
    "no-common-scheme": [{ advice: "build RSA-PSS and ECDSA", options: ["WC_RSA_PSS", "--enable-rsapss", "HAVE_ECC"] }],
    "no-common-version": [
      {
        advice: "use the method that takes the newest version, and build TLS 1.3",
        options: ["wolfSSLv23_client_method()", "wolfTLS_client_method()", "--enable-tls13", "WOLFSSL_TLS13"],
      },
    ],
    "unknown-issuer": [
      {
        advice: "load the authority's root; if the server's chain is only partly sent, mend the server",
        options: ["wolfSSL_CTX_load_verify_locations", "wolfSSL_CTX_load_verify_buffer", "WOLFSSL_ALT_CERT_CHAINS"],
      },
    ],
    "server-name-missing": [
      {
        advice: "send the server's name",
        options: ["--enable-sni", "HAVE_SNI", "wolfSSL_UseSNI(ssl, WOLFSSL_SNI_HOST_NAME, name, length)"],
      },
    ],
    "server-name-unknown": [{ advice: "send the name that the server has", options: ["wolfSSL_UseSNI"] }],
    "wrong-name": [{ advice: "check for the name that the certificate has", options: ["wolfSSL_check_domain_name"] }],
    "not-yet-valid": [{ advice: "set the clock before the handshake", options: ["USER_TIME", "XTIME"] }],
    expired: [{ advice: "set the clock before the handshake; renew the certificate", options: ["USER_TIME", "XTIME"] }],
    "extended-master-secret-required": [{ advice: "build it in", options: ["HAVE_EXTENDED_MASTER", "--enable-extended-master"] }],
    "no-common-alpn": [{ advice: "name the protocols", options: ["HAVE_ALPN", "--enable-alpn", "wolfSSL_UseALPN"] }],
    "no-entropy": [
      {
        advice: "give it the device's generator",
        options: ["CUSTOM_RAND_GENERATE_SEED", "WOLFSSL_GENSEED_FORTEST (never outside of tests)"],
      },
    ],
    "out-of-memory": [
      {
        advice: "make the heap and the stack larger, or build for small stacks",
        options: ["WOLFSSL_SMALL_STACK", "HAVE_MAX_FRAGMENT", "wolfSSL_UseMaxFragment"],
      },
    ],
    "handshake-refused": [{ advice: "print what is offered", options: ["--enable-debug", "wolfSSL_Debugging_ON()"] }],
    "some-alert": [{ advice: "ask which alert came", options: ["wolfSSL_get_alert_history"] }],
    "weak-certificate": [
      {
        advice: "have the peer's certificate issued anew for a larger key",
        options: ["MIN_RSAKEY_SZ", "wolfSSL_CTX_SetMinRsaKey_Sz"],
      },
    ],
    "no-certificate-configured": [
      {
        advice: "load certificate and key",
        options: ["wolfSSL_CTX_use_certificate_chain_file", "wolfSSL_CTX_use_PrivateKey_file"],
      },
    ],
  },
};
