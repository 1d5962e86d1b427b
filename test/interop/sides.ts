import { randomBytes } from "node:crypto";
import type { Credential, CryptoProvider } from "@sallyport/core";
import { noble, signer as nobleSigner } from "@sallyport/crypto-noble";
import { node, signer as nodeSigner } from "@sallyport/crypto-node";
import { importSigner } from "@sallyport/crypto-web";
import { credential } from "@sallyport/x509";
import type { Identity } from "../support/pki.ts";

/** Our side of a handshake, by provider. */
export interface Side {
  readonly name: string;
  readonly provider: CryptoProvider;
  credential(identity: Identity): Promise<Credential>;
}

export const sides: readonly Side[] = [
  {
    name: "crypto-node",
    provider: node,
    credential: async ({ chainPem, keyPem }) => credential({ chain: chainPem, signer: nodeSigner(keyPem) }),
  },
  {
    name: "crypto-noble",
    provider: noble({ random: (length) => new Uint8Array(randomBytes(length)) }),
    async credential({ key, chainPem, keyPem }) {
      // There is no RSA signing in pure JavaScript: WebCrypto does it, and the handshake waits.
      const signer = key.startsWith("rsa") ? await importSigner(keyPem) : nobleSigner(keyPem);
      return credential({ chain: chainPem, signer });
    },
  },
];
