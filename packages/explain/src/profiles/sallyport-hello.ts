// What a client of this very library offers, as it comes.
import { clientConfig, Connector, type CryptoProvider, type SignatureScheme } from "@sallyport/core";
import { paperProvider } from "./paper.ts";

/** The handshake message; shares are zeros of the right length. */
export function sallyportHello(): Uint8Array {
  const config = clientConfig({
    provider: withShares(),
    now: () => 0,
    verifier: { label: "", schemes, verify: () => ({ reason: "" }) },
  });
  const { output } = new Connector(config, "localhost").start();
  // Without the header of its one record.
  return output.subarray(5);
}

/** All but ML-DSA, in our order. */
export const schemes: readonly SignatureScheme[] = [
  "ecdsa_secp256r1_sha256",
  "ed25519",
  "ecdsa_secp384r1_sha384",
  "ecdsa_secp521r1_sha512",
  "rsa_pss_rsae_sha256",
  "rsa_pss_rsae_sha384",
  "rsa_pss_rsae_sha512",
  "rsa_pss_pss_sha256",
  "rsa_pss_pss_sha384",
  "rsa_pss_pss_sha512",
  "rsa_pkcs1_sha256",
  "rsa_pkcs1_sha384",
  "rsa_pkcs1_sha512",
];

function withShares(): CryptoProvider {
  const suites = [
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
  ] as const;
  const paper = paperProvider(suites, ["X25519MLKEM768", "x25519", "secp256r1", "secp384r1"], schemes);
  const groups = paper.groups.map((group) => ({
    ...group,
    start: () => ({ share: new Uint8Array(group.shareLength.client), key: undefined }),
  }));
  return { ...paper, groups };
}
