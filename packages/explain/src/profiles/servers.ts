// What servers of today take from a client's offer, each at its date. `negotiate` itself judges by them.
import type { CipherSuiteName, NamedGroup, ProtocolVersion } from "@sallyport/core";
import type { PaperKey } from "./paper.ts";

export interface ServerProfile {
  readonly id: string;
  /** Completes "such as …". */
  readonly title: string;
  readonly dated: string;
  /** How it was found out, and can be again. */
  readonly source: string;
  readonly versions: readonly ProtocolVersion[];
  readonly suites: readonly CipherSuiteName[];
  readonly groups: readonly NamedGroup[];
  readonly keys: readonly [PaperKey, ...PaperKey[]];
  /** Of TLS 1.2, and spoken there though not by Sallyport: by number. */
  readonly olderSuites: readonly number[];
  readonly olderGroups: readonly number[];
  /** A hello without supported_groups is taken for one with these. */
  readonly assumesGroups: boolean;
}

const tls13Suites = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"] as const;
const aeadSuites = [
  ...tls13Suites,
  "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
  "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
] as const;
const both = ["tls1.3", "tls1.2"] as const;
const classical = ["x25519", "secp256r1", "secp384r1"] as const;

/** ECDHE with AES-CBC: SHA-1 for both kinds of key, then SHA-256 and SHA-384. */
const ecdheCbcSha1 = [0xc009, 0xc00a, 0xc013, 0xc014];
const ecdheCbcSha2 = [0xc023, 0xc024, 0xc027, 0xc028];
/** Key transport by RSA, AES alone. */
const staticRsa = [0x002f, 0x0035, 0x003c, 0x003d, 0x009c, 0x009d];
const x448 = 0x001e;

export const serverProfiles: readonly ServerProfile[] = [
  {
    id: "modern",
    title: "a modern web server with an ECDSA certificate",
    dated: "2026-11",
    source: "TLS 1.2 and 1.3 with ECDHE and AEAD alone: Sallyport's own defaults, and those of most guides",
    versions: both,
    suites: aeadSuites,
    groups: ["X25519MLKEM768", ...classical],
    keys: ["P-256"],
    olderSuites: [],
    olderGroups: [],
    assumesGroups: false,
  },
  {
    id: "modern-rsa",
    title: "a modern web server with an RSA certificate",
    dated: "2026-11",
    source: "as modern, with an RSA certificate alone",
    versions: both,
    suites: aeadSuites,
    groups: ["X25519MLKEM768", ...classical],
    keys: ["RSA"],
    olderSuites: [],
    olderGroups: [],
    assumesGroups: false,
  },
  {
    id: "public-mail",
    title: "a public mail server of Gmail's kind",
    dated: "2026-11",
    source:
      "the list of suites in a report about smtp.gmail.com:465, RC4 and 3DES left out; sallyport probe HOST:465 takes it again",
    versions: both,
    suites: aeadSuites,
    groups: ["X25519MLKEM768", "x25519", "secp256r1"],
    keys: ["RSA"],
    olderSuites: [...ecdheCbcSha1, ...ecdheCbcSha2, ...staticRsa],
    olderGroups: [],
    assumesGroups: false,
  },
  {
    id: "openssl",
    title: "OpenSSL 3.0 as it comes, with an RSA certificate",
    dated: "2026-11",
    source: "openssl s_server -cert rsa.pem -key rsa.key; sallyport probe HOST:PORT",
    versions: both,
    suites: aeadSuites,
    groups: [...classical, "secp521r1"],
    keys: ["RSA"],
    olderSuites: [...ecdheCbcSha1, ...ecdheCbcSha2, ...staticRsa],
    olderGroups: [x448],
    assumesGroups: false,
  },
  {
    id: "node",
    title: "node:tls 20 as it comes, with an RSA certificate",
    dated: "2026-11",
    source: "tls.createServer({ key, cert }); sallyport probe HOST:PORT",
    versions: both,
    suites: aeadSuites,
    groups: [...classical, "secp521r1"],
    keys: ["RSA"],
    olderSuites: [...ecdheCbcSha1, ...ecdheCbcSha2, ...staticRsa],
    olderGroups: [x448],
    assumesGroups: false,
  },
  {
    id: "rustls",
    title: "rustls as it comes (Deno 2.9), with an ECDSA certificate",
    dated: "2026-11",
    source: "Deno.listenTls({ key, cert }); sallyport probe HOST:PORT",
    versions: both,
    suites: aeadSuites,
    groups: [...classical, "X25519MLKEM768"],
    keys: ["P-256"],
    olderSuites: [],
    olderGroups: [],
    assumesGroups: false,
  },
];
