// What rules for government allow: no more than lists, so that a provider which has nothing else keeps them.
import type { CipherSuiteName, CryptoProvider, NamedGroup, SignatureScheme } from "@sallyport/core";
import type { Flags } from "./flags.ts";

/** In order of preference; what is not there is as it was. */
interface Policy {
  readonly suites: readonly CipherSuiteName[];
  readonly groups?: readonly NamedGroup[];
  readonly schemes?: readonly SignatureScheme[];
}

const aes256: readonly CipherSuiteName[] = [
  "TLS_AES_256_GCM_SHA384",
  "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
];

const sha384: readonly SignatureScheme[] = ["ecdsa_secp384r1_sha384", "rsa_pss_rsae_sha384", "rsa_pkcs1_sha384"];

const policies: Readonly<Record<string, Policy>> = {
  // NIST SP 800-52r2, §3.3.1, §3.4.2.2.
  "fips-202205": {
    suites: [
      "TLS_AES_128_GCM_SHA256",
      "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
      "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
      ...aes256,
    ],
    groups: ["secp256r1", "secp384r1"],
    schemes: [
      "rsa_pkcs1_sha256",
      "rsa_pkcs1_sha384",
      "rsa_pkcs1_sha512",
      "ecdsa_secp256r1_sha256",
      "ecdsa_secp384r1_sha384",
      "rsa_pss_rsae_sha256",
      "rsa_pss_rsae_sha384",
      "rsa_pss_rsae_sha512",
    ],
  },
  // WPA 3.1, §3.5.
  "wpa-202304": {
    suites: aes256,
    groups: ["secp384r1"],
    schemes: ["rsa_pkcs1_sha384", "rsa_pkcs1_sha512", "ecdsa_secp384r1_sha384", "rsa_pss_rsae_sha384", "rsa_pss_rsae_sha512"],
  },
  // CNSA 1.0 (RFC 9151), with the key exchange of CNSA 2.0 beside it.
  "cnsa1-202603": { suites: aes256, groups: ["MLKEM1024", "secp384r1"], schemes: sha384 },
  // CNSA 2.0 (draft-becker-cnsa2-tls-profile) as far as BoringSSL has it: the signatures are those of 1.0.
  "cnsa2-202603": { suites: ["TLS_AES_256_GCM_SHA384"], groups: ["MLKEM1024"], schemes: sha384 },
  // Nothing is forbidden: AES-256 goes before AES-128, in TLS 1.3.
  "cnsa-202407": {
    suites: [
      "TLS_AES_256_GCM_SHA384",
      "TLS_AES_128_GCM_SHA256",
      "TLS_CHACHA20_POLY1305_SHA256",
      "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
      "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
      "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
      "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
      "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
      "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    ],
  },
};

/** undefined: whatever the provider has. */
export function policyOf(flags: Flags): Policy | undefined {
  return Object.entries(policies).find(([name]) => flags.has(name))?.[1];
}

/** The provider, with what the policy allows, in its order. */
export function keeping(policy: Policy | undefined, provider: CryptoProvider): CryptoProvider {
  if (policy === undefined) return provider;
  const { suites, groups, schemes } = policy;
  return {
    ...provider,
    suites: kept(provider.suites, suites, ({ name }) => name),
    groups: kept(provider.groups, groups, ({ name }) => name),
    verifications: kept(provider.verifications, schemes, ({ scheme }) => scheme),
  };
}

function kept<T>(all: readonly T[], names: readonly string[] | undefined, nameOf: (each: T) => string): readonly T[] {
  return names === undefined ? all : names.flatMap((name) => all.filter((each) => nameOf(each) === name));
}
