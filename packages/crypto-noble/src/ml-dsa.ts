import { type DSA, ml_dsa44, ml_dsa65, ml_dsa87 } from "@noble/post-quantum/ml-dsa.js";
import type { Bytes, MlDsa } from "@sallyport/core";
import { type MlDsaForms, refuse } from "./private-key.ts";

/** Pure ML-DSA with an empty context (draft-ietf-tls-mldsa §3); keys and signatures as FIPS 204 encodes them. */
export const mlDsa: Readonly<Record<MlDsa, DSA>> = { mldsa44: ml_dsa44, mldsa65: ml_dsa65, mldsa87: ml_dsa87 };

/** @throws ConfigError if what the file holds is no key, or not one key. */
export function readMlDsaPair(
  parameters: MlDsa,
  { seed, expanded }: MlDsaForms,
): { readonly publicKey: Bytes; readonly secretKey: Bytes } {
  if (seed === undefined) return expandedPair(parameters, expanded);
  const pair = mlDsa[parameters].keygen(seed);
  seed.fill(0);
  // RFC 9881 §8.2: the recipient MUST reject a key whose two forms are not consistent.
  const difference = expanded?.reduce((sum, byte, at) => sum | (byte ^ (pair.secretKey[at] ?? 0)), 0) ?? 0;
  if (difference !== 0) {
    return refuse("has a seed and a key that are not of one pair", "make a new key, or give the seed alone");
  }
  expanded?.fill(0);
  return pair;
}

/**
 * Nothing in this form says that its parts belong together: one signature that its public key takes does. A t0 that is wrong by a
 * little may pass: it is no secret, and makes now and then a signature that nobody takes.
 */
function expandedPair(parameters: MlDsa, expanded: Uint8Array): { readonly publicKey: Bytes; readonly secretKey: Bytes } {
  const { getPublicKey, sign, verify } = mlDsa[parameters];
  const secretKey = Uint8Array.from(expanded);
  const trial = new Uint8Array(32);
  try {
    const publicKey = getPublicKey(secretKey);
    if (verify(sign(trial, secretKey, { extraEntropy: false }), trial, publicKey)) return { publicKey, secretKey };
  } catch {
    // a coefficient out of its range (FIPS 204, algorithm 25)
  }
  return refuse(`holds no key of ${parameters}: its parts don't fit each other`, "make a new key");
}
