// What rules for government allow: no more than lists, so that a provider which has nothing else keeps them.
import type { CipherSuiteName, CryptoProvider, NamedGroup, SignatureScheme } from "@sallyport/core";
import { type Flags, Unimplemented } from "./flags.ts";

interface Policy {
  readonly suites: readonly CipherSuiteName[];
  readonly groups: readonly NamedGroup[];
  readonly schemes: readonly SignatureScheme[];
}

const aes256: readonly CipherSuiteName[] = [
  "TLS_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
];

const policies: Readonly<Record<string, Policy>> = {
  // NIST SP 800-52r2, §3.3.1, §3.4.2.2.
  "fips-202205": {
    suites: [
      "TLS_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", ...aes256,
    ],
    groups: ["secp256r1", "secp384r1"],
    schemes: [
      "rsa_pkcs1_sha256", "rsa_pkcs1_sha384", "rsa_pkcs1_sha512", "ecdsa_secp256r1_sha256", "ecdsa_secp384r1_sha384",
      "rsa_pss_rsae_sha256", "rsa_pss_rsae_sha384", "rsa_pss_rsae_sha512",
    ],
  },
  // WPA 3.1, §3.5.
  "wpa-202304": {
    suites: aes256,
    groups: ["secp384r1"],
    schemes: ["rsa_pkcs1_sha384", "rsa_pkcs1_sha512", "ecdsa_secp384r1_sha384", "rsa_pss_rsae_sha384", "rsa_pss_rsae_sha512"],
  },
  // RFC 9151; MLKEM1024, which BoringSSL prefers, is not spoken here.
  "cnsa1-202603": {
    suites: aes256,
    groups: ["secp384r1"],
    schemes: ["ecdsa_secp384r1_sha384", "rsa_pss_rsae_sha384", "rsa_pkcs1_sha384"],
  },
};

/** undefined: any scheme. @throws Unimplemented */
export function policyOf(flags: Flags): Policy | undefined {
  for (const name of ["cnsa-202407", "cnsa2-202603"]) if (flags.has(name)) throw new Unimplemented(`-${name}`);
  return Object.entries(policies).find(([name]) => flags.has(name))?.[1];
}

/** The provider, with what the policy allows. */
export function keeping(policy: Policy | undefined, provider: CryptoProvider): CryptoProvider {
  if (policy === undefined) return provider;
  return {
    ...provider,
    suites: provider.suites.filter(({ name }) => policy.suites.includes(name)),
    groups: provider.groups.filter(({ name }) => policy.groups.includes(name)),
    verifications: provider.verifications.filter(({ scheme }) => policy.schemes.includes(scheme)),
  };
}
