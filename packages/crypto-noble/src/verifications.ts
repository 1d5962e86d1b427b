import { ed25519 } from "@noble/curves/ed25519.js";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import {
  type HashName,
  type PublicKey,
  readPublicKey,
  type SignatureScheme,
  type SyncVerification,
  verifiableBy,
} from "@sallyport/core";
import { mgf1, PKCS1_SHA256, PKCS1_SHA384, PKCS1_SHA512, PSS } from "micro-rsa-dsa-dh/rsa.js";
import { hashFunctions } from "./hashes.ts";
import { mlDsa } from "./ml-dsa.ts";

export const verifications: readonly SyncVerification[] = [
  // First, as browsers and OpenSSL have it: a server that has such a certificate beside another shall show it.
  verification("mldsa44", lattice),
  verification("mldsa65", lattice),
  verification("mldsa87", lattice),
  verification("ecdsa_secp256r1_sha256", ecdsa("sha256")),
  verification("ecdsa_secp384r1_sha384", ecdsa("sha384")),
  verification("ecdsa_secp521r1_sha512", ecdsa("sha512")),
  // RFC 8032 itself, not the ZIP 215 that noble would take: no small-order key, no second encoding of a point.
  verification(
    "ed25519",
    (key, message, signature) => key.kind === "ed25519" && ed25519.verify(signature, message, key.point, { zip215: false }),
  ),
  verification("rsa_pss_rsae_sha256", pss("sha256")),
  verification("rsa_pss_rsae_sha384", pss("sha384")),
  verification("rsa_pss_rsae_sha512", pss("sha512")),
  verification("rsa_pss_pss_sha256", pss("sha256")),
  verification("rsa_pss_pss_sha384", pss("sha384")),
  verification("rsa_pss_pss_sha512", pss("sha512")),
  verification("rsa_pkcs1_sha256", rsa(PKCS1_SHA256)),
  verification("rsa_pkcs1_sha384", rsa(PKCS1_SHA384)),
  verification("rsa_pkcs1_sha512", rsa(PKCS1_SHA512)),
];

type Check = (key: PublicKey, message: Uint8Array, signature: Uint8Array) => boolean;

function verification(scheme: SignatureScheme, check: Check): SyncVerification {
  return {
    scheme,
    verify: (publicKey, message, signature) => {
      const key = readPublicKey(publicKey);
      if (key === undefined || !verifiableBy(key).includes(scheme)) return false;
      try {
        return check(key, message, signature);
      } catch {
        return false; // a point off the curve, a key too small for its hash
      }
    },
  };
}

const curves = { secp256r1: p256, secp384r1: p384, secp521r1: p521 } as const;

/** With any curve: TLS 1.2 pairs them freely. */
function ecdsa(name: HashName): Check {
  const hash = hashFunctions[name];
  // lowS is a rule of Bitcoin's: X9.62 knows both halves.
  return (key, message, signature) =>
    key.kind === "ec" &&
    curves[key.curve].verify(signature, hash(message), key.point, { format: "der", lowS: false, prehash: false });
}

function pss(name: HashName): Check {
  const hash = hashFunctions[name];
  return rsa(PSS(hash, mgf1(hash), hash.outputLen)); // RFC 9846 §4.3.3: the salt is as long as the hash
}

function lattice(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  return key.kind === "ml-dsa" && mlDsa[key.parameters].verify(signature, message, key.key);
}

interface RsaScheme {
  verify(publicKey: { n: bigint; e: bigint }, message: Uint8Array, signature: Uint8Array): boolean;
}

function rsa(scheme: RsaScheme): Check {
  return (key, message, signature) => {
    if (key.kind !== "rsa" && key.kind !== "rsa-pss") return false;
    return scheme.verify({ n: integer(key.modulus), e: integer(key.exponent) }, message, signature);
  };
}

const digits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
function integer(bytes: Uint8Array): bigint {
  let hex = "0x";
  for (const byte of bytes) hex += digits[byte];
  return BigInt(hex);
}
