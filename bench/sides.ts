import {
  type CryptoProvider, type ServerConfig, type ClientConfig, clientConfig, serverConfig, type CipherSuiteName,
} from "@sallyport/core";
import { noble, signer as nobleSigner } from "@sallyport/crypto-noble";
import { node, signer as nodeSigner } from "@sallyport/crypto-node";
import { credential, serverVerifier } from "@sallyport/x509";
import type { Authority } from "../packages/cli/src/demo/authority.ts";

/** What both processes know of a certificate; the rest of an Authority stays where it is. */
export type Trusted = Pick<Authority, "pem">;

export type ProviderName = "crypto-node" | "crypto-noble";

/** Each with the suite that it prefers. */
export const sides: Readonly<Record<ProviderName, { readonly provider: CryptoProvider; readonly suite: CipherSuiteName }>> = {
  "crypto-node": { provider: node, suite: "TLS_AES_128_GCM_SHA256" },
  "crypto-noble": {
    provider: noble({ random: (length) => crypto.getRandomValues(new Uint8Array(length)) }),
    suite: "TLS_CHACHA20_POLY1305_SHA256",
  },
};
export const providerNames: readonly ProviderName[] = ["crypto-node", "crypto-noble"];

export function server(name: ProviderName, { leaf }: Authority): ServerConfig {
  const { provider, suite } = sides[name];
  const signer = name === "crypto-node" ? nodeSigner(leaf.keyPem) : nobleSigner(leaf.keyPem);
  const credentials = [credential({ chain: leaf.chainPem, signer })] as const;
  return serverConfig({ provider, now: Date.now, credentials, suites: [suite], groups: ["x25519"] });
}

export function client(name: ProviderName, { pem }: Trusted): ClientConfig {
  const { provider, suite } = sides[name];
  const verifier = serverVerifier({ provider, roots: pem });
  return clientConfig({ provider, now: Date.now, verifier, suites: [suite], groups: ["x25519"] });
}
