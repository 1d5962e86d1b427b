// node:crypto, and ML-DSA from crypto-noble where this Node has none: loaded only for who asks for it, since the shim starts
// often.
import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import type { CryptoProvider, SyncSigner } from "@sallyport/core";
import { node, signer as nodeSigner } from "@sallyport/crypto-node";
import type { Flags } from "./flags.ts";

export interface Crypto {
  readonly provider: CryptoProvider;
  /** @param pem a private key */
  readonly signer: (pem: string) => SyncSigner;
}

export async function cryptoFor(lines: readonly Flags[]): Promise<Crypto> {
  if (!lines.some(wantsMore)) return { provider: node, signer: nodeSigner };
  const { noble, signer } = await import("@sallyport/crypto-noble");
  const own = new Set(node.verifications.map(({ scheme }) => scheme));
  const others = noble({ random: node.random }).verifications.filter(({ scheme }) => !own.has(scheme));
  const provider = { ...node, verifications: [...node.verifications, ...others] };
  return { provider, signer: (pem) => (isReadable(pem) ? nodeSigner(pem) : signer(pem)) };
}

const mlDsa: ReadonlySet<number> = new Set([0x0904, 0x0905, 0x0906]);

function wantsMore(flags: Flags): boolean {
  const keys = [flags, ...flags.credentials.map((credential) => credential.flags)].flatMap((own) => own.texts("key-file"));
  if (flags.numbers("verify-prefs").some((id) => mlDsa.has(id))) return true;
  return keys.some((path) => !isReadable(readFileSync(path, "utf8")));
}

function isReadable(pem: string): boolean {
  try {
    createPrivateKey(pem);
    return true;
  } catch {
    return false;
  }
}
