import { ed25519 } from "@noble/curves/ed25519.js";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { ApiMisuse, ConfigError, type MlDsa, type SyncSigner } from "@sallyport/core";
import { mlDsa, readMlDsaPair } from "./ml-dsa.ts";
import { type EcCurve, type MlDsaForms, readPrivateKey, subjectPublicKeyInfo } from "./private-key.ts";

export interface SignerOptions {
  /**
   * Hedges ECDSA and ML-DSA: what each signature hides its key with is made from the key, the message and these bytes (RFC 6979
   * §3.6, FIPS 204 §3.4), so that a fault in one of two equal signatures tells nothing. Without it signatures are deterministic.
   */
  readonly random?: (length: number) => Uint8Array;
}

/**
 * A signer for an ECDSA (P-256, P-384, P-521), Ed25519 or ML-DSA key. JavaScript is not constant time, and this key is used again
 * and again: where there is node:crypto, WebCrypto or a remote signer, the key is better off there.
 *
 * @param privateKey PKCS#8 as DER or PEM (`PRIVATE KEY`), or SEC 1 as PEM (`EC PRIVATE KEY`); not encrypted. Copied.
 * @throws ConfigError if the key can't be read or used here; its remedy says what to do. RSA never signs here.
 */
export function signer(privateKey: Uint8Array | string, options: SignerOptions = {}): SyncSigner {
  const key = readPrivateKey(privateKey);
  switch (key.kind) {
    case "ec":
      return ecdsaSigner(key.curve, key.scalar, options);
    case "ed25519":
      return ed25519Signer(key.seed);
    case "ml-dsa":
      return mlDsaSigner(key.parameters, key.forms, options);
  }
}

function ed25519Signer(seed: Uint8Array): SyncSigner {
  return {
    schemes: ["ed25519"],
    publicKey: subjectPublicKeyInfo("ed25519", ed25519.getPublicKey(seed)),
    sign: (scheme, message) => {
      if (scheme !== "ed25519") return refuse(scheme, "ed25519");
      return ed25519.sign(message, seed);
    },
  };
}

const ecdsa = {
  secp256r1: { curve: p256, scheme: "ecdsa_secp256r1_sha256" },
  secp384r1: { curve: p384, scheme: "ecdsa_secp384r1_sha384" },
  secp521r1: { curve: p521, scheme: "ecdsa_secp521r1_sha512" },
} as const;

function ecdsaSigner(name: EcCurve, scalar: Uint8Array, { random }: SignerOptions): SyncSigner {
  const { curve, scheme: own } = ecdsa[name];
  if (!curve.utils.isValidSecretKey(scalar)) {
    throw new ConfigError([
      { kind: "bad-private-key", path: "privateKey", problem: `is not in the range of ${name}`, remedy: "make a new key" },
    ]);
  }
  return {
    schemes: [own],
    publicKey: subjectPublicKeyInfo(name, curve.getPublicKey(scalar, false)),
    sign: (scheme, message) => {
      if (scheme !== own) return refuse(scheme, own);
      const extraEntropy = random === undefined ? false : Uint8Array.from(random(scalar.length));
      return curve.sign(message, scalar, { format: "der", lowS: false, extraEntropy });
    },
  };
}

function mlDsaSigner(own: MlDsa, forms: MlDsaForms, { random }: SignerOptions): SyncSigner {
  const { publicKey, secretKey } = readMlDsaPair(own, forms);
  return {
    schemes: [own],
    publicKey: subjectPublicKeyInfo(own, publicKey),
    sign: (scheme, message) => {
      if (scheme !== own) return refuse(scheme, own);
      return mlDsa[own].sign(message, secretKey, { extraEntropy: random === undefined ? false : Uint8Array.from(random(32)) });
    },
  };
}

function refuse(scheme: string, own: string): never {
  throw new ApiMisuse("bad-argument", `this key signs ${own}, not ${scheme}`);
}
