import {
  type CipherSuiteName, type ClientConfig, clientConfig, type CryptoProvider, type ProtocolVersion, type ServerConfig, serverConfig,
} from "@sallyport/core";
import { noble, signer as nobleSigner } from "@sallyport/crypto-noble";
import { node, signer as nodeSigner } from "@sallyport/crypto-node";
import { credential, serverVerifier } from "@sallyport/x509";
import type { Authority } from "../packages/cli/src/demo/authority.ts";

/** What both processes know of a certificate; the rest of an Authority stays where it is. */
export type Trusted = Pick<Authority, "pem">;

export type ProviderName = "crypto-node" | "crypto-noble";

interface BenchSide {
  readonly provider: CryptoProvider;
  /** That it prefers. */
  readonly suites: Readonly<Record<ProtocolVersion, CipherSuiteName>>;
}
export const sides: Readonly<Record<ProviderName, BenchSide>> = {
  "crypto-node": {
    provider: node,
    suites: { "tls1.3": "TLS_AES_128_GCM_SHA256", "tls1.2": "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" },
  },
  "crypto-noble": {
    provider: noble({ random: (length) => crypto.getRandomValues(new Uint8Array(length)) }),
    suites: { "tls1.3": "TLS_CHACHA20_POLY1305_SHA256", "tls1.2": "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256" },
  },
};
/** X25519 is what all agree on; the other one is the certificate's curve, which TLS 1.2 wants to be named. */
const groups = ["x25519", "secp256r1"] as const;
export const providerNames: readonly ProviderName[] = ["crypto-node", "crypto-noble"];

export function server(name: ProviderName, { leaf }: Authority, version: ProtocolVersion = "tls1.3"): ServerConfig {
  const { provider, suites } = sides[name];
  const signer = name === "crypto-node" ? nodeSigner(leaf.keyPem) : nobleSigner(leaf.keyPem);
  const credentials = [credential({ chain: leaf.chainPem, signer })] as const;
  return serverConfig({ provider, now: Date.now, credentials, versions: [version], suites: [suites[version]], groups });
}

export function client(name: ProviderName, { pem }: Trusted, version: ProtocolVersion = "tls1.3"): ClientConfig {
  const { provider, suites } = sides[name];
  const verifier = serverVerifier({ provider, roots: pem });
  return clientConfig({ provider, now: Date.now, verifier, versions: [version], suites: [suites[version]], groups, keyShares: 1 });
}
