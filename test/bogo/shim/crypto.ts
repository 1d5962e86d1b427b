// node:crypto, and ML-DSA from crypto-noble where this Node has none: loaded only for who asks for it, since the shim starts
// often.
import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import type { CryptoProvider, SyncSigner } from "@sallyport/core";
import { mlKem1024Groups, node as usual, signer as nodeSigner } from "@sallyport/crypto-node";
import { groupIds } from "../../../packages/core/src/wire/registry.ts";
import type { Flags } from "./flags.ts";

export interface Crypto {
  readonly provider: CryptoProvider;
  /** @param pem a private key */
  readonly signer: (pem: string) => SyncSigner;
}

export async function cryptoFor(lines: readonly Flags[]): Promise<Crypto> {
  const node = lines.some(wantsMlKem1024) ? { ...usual, groups: [...usual.groups, ...mlKem1024Groups()] } : usual;
  if (!lines.some(wantsMore)) return { provider: node, signer: nodeSigner };
  const { noble, signer } = await import("@sallyport/crypto-noble");
  const own = new Set(node.verifications.map(({ scheme }) => scheme));
  const others = noble({ random: node.random }).verifications.filter(({ scheme }) => !own.has(scheme));
  const provider = { ...node, verifications: [...node.verifications, ...others] };
  return { provider, signer: (pem) => (isReadable(pem) ? nodeSigner(pem) : signer(pem)) };
}

/** Which BoringSSL does not offer unasked either. */
function wantsMlKem1024(flags: Flags): boolean {
  const named = [...flags.numbers("curves"), ...flags.numbers("key-shares")];
  return named.includes(groupIds.MLKEM1024) || flags.has("cnsa1-202603") || flags.has("cnsa2-202603");
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
