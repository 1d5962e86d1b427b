import { readPublicKey, type SyncVerification } from "@sallyport/core";
import type { Sodium } from "./sodium.ts";

const signatureLength = 64;

/** libsodium refuses what RFC 8032 does, and keys and points of small order too. */
export function verifyEd25519(sodium: Sodium): SyncVerification {
  return {
    scheme: "ed25519",
    verify: (publicKey, message, signature) => {
      const key = readPublicKey(publicKey);
      if (key?.kind !== "ed25519" || signature.length !== signatureLength) return false;
      return sodium.crypto_sign_verify_detached(signature, message, key.point);
    },
  };
}
