// Verification by WebCrypto. What the runtime has no algorithm, curve or key size for, the provider beneath verifies.
import {
  type AsyncVerification,
  type Bytes,
  type PublicKey,
  readPublicKey,
  type SyncVerification,
  type Verification,
  verifiableBy,
} from "@sallyport/core";
import { fromDer } from "./ecdsa-signature.ts";
import { type Operation, operations } from "./operations.ts";

/** `base` as it is where no runtime's WebCrypto has the scheme. */
export function nativeVerification(base: SyncVerification): Verification {
  // To WebCrypto id-RSASSA-PSS keys are RSA keys like others.
  const scheme = base.scheme.replace("rsa_pss_pss", "rsa_pss_rsae");
  const operation = operations.find((known) => known.scheme === scheme);
  return operation === undefined ? base : withFallback(operation, base);
}

function withFallback(operation: Operation, base: SyncVerification): AsyncVerification {
  return {
    scheme: base.scheme,
    verifyAsync: async (publicKey, message, signature, signal) => {
      signal.throwIfAborted();
      const key = readPublicKey(publicKey);
      if (key === undefined || !verifiableBy(key).includes(base.scheme)) return false;
      const plain = plainSignature(key, signature);
      if (plain === undefined) return false;
      try {
        const imported = await importKey(key, operation.algorithm);
        return await crypto.subtle.verify(operation.parameters, imported, plain, message);
      } catch {
        // A point off the curve, or an algorithm, curve or exponent that this runtime hasn't.
        return base.verify(publicKey, message, signature);
      }
    },
  };
}

const curves = {
  secp256r1: { namedCurve: "P-256", orderLength: 32 },
  secp384r1: { namedCurve: "P-384", orderLength: 48 },
  secp521r1: { namedCurve: "P-521", orderLength: 66 },
} as const;

/** As WebCrypto takes it; undefined: no key of this kind and size ever made it. */
function plainSignature(key: PublicKey, signature: Bytes): Bytes | undefined {
  if (key.kind === "ec") return fromDer(signature, curves[key.curve].orderLength);
  // RFC 8017 §8.1.2, step 1, which some leave out for PSS.
  if ("modulus" in key && signature.length !== key.modulus.length) return undefined;
  return signature;
}

/** Not as a SubjectPublicKeyInfo: nobody reads an id-RSASSA-PSS one. */
function importKey(key: PublicKey, algorithm: Operation["algorithm"]): Promise<CryptoKey> {
  if ("modulus" in key) {
    const jwk = { kty: "RSA", n: base64url(key.modulus), e: base64url(key.exponent) };
    return crypto.subtle.importKey("jwk", jwk, algorithm, false, ["verify"]);
  }
  if (key.kind === "ml-dsa") throw new Error("no scheme of ours");
  // TLS 1.2 pairs curves and hashes freely: the curve is the key's.
  const bound = key.kind === "ec" ? { name: algorithm.name, namedCurve: curves[key.curve].namedCurve } : algorithm;
  return crypto.subtle.importKey("raw", Uint8Array.from(key.point), bound, false, ["verify"]);
}

function base64url(bytes: Uint8Array): string {
  const digits = btoa(String.fromCharCode(...bytes));
  return digits.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
