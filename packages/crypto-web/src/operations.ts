import type { SignatureScheme } from "@sallyport/core";

/** How WebCrypto speaks of a scheme. */
export interface Operation {
  readonly scheme: SignatureScheme;
  /** What a key is imported for, and bound to. */
  readonly algorithm: { readonly name: string; readonly namedCurve?: string; readonly hash?: string };
  /** What `sign` is told. */
  readonly parameters: { readonly name: string; readonly hash?: string; readonly saltLength?: number };
}

/** In order of preference among those of one key. */
export const operations: readonly Operation[] = [
  ecdsa("ecdsa_secp256r1_sha256", "P-256", "SHA-256"),
  ecdsa("ecdsa_secp384r1_sha384", "P-384", "SHA-384"),
  ecdsa("ecdsa_secp521r1_sha512", "P-521", "SHA-512"),
  { scheme: "ed25519", algorithm: { name: "Ed25519" }, parameters: { name: "Ed25519" } },
  pss("rsa_pss_rsae_sha256", "SHA-256", 32),
  pss("rsa_pss_rsae_sha384", "SHA-384", 48),
  pss("rsa_pss_rsae_sha512", "SHA-512", 64),
  pkcs1("rsa_pkcs1_sha256", "SHA-256"),
  pkcs1("rsa_pkcs1_sha384", "SHA-384"),
  pkcs1("rsa_pkcs1_sha512", "SHA-512"),
];

function ecdsa(scheme: SignatureScheme, namedCurve: string, hash: string): Operation {
  return { scheme, algorithm: { name: "ECDSA", namedCurve }, parameters: { name: "ECDSA", hash } };
}

function pss(scheme: SignatureScheme, hash: string, saltLength: number): Operation {
  return { scheme, algorithm: { name: "RSA-PSS", hash }, parameters: { name: "RSA-PSS", saltLength } };
}

function pkcs1(scheme: SignatureScheme, hash: string): Operation {
  const name = "RSASSA-PKCS1-v1_5";
  return { scheme, algorithm: { name, hash }, parameters: { name } };
}
