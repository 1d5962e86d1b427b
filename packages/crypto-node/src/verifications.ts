import { constants, type KeyObject, type SigningOptions, verify } from "node:crypto";
import { readPublicKey, type SignatureScheme, type SyncVerification, verifiableBy } from "@sallyport/core";
import { base64url } from "./bytes.ts";
import { hasMlDsa, importKey } from "./import-key.ts";

/** Those of ML-DSA only where the runtime has it: Node.js 24, with OpenSSL 3.5. */
export const verifications: readonly SyncVerification[] = [
  // First, as browsers and OpenSSL have it: a server that has such a certificate beside another shall show it.
  ...(hasMlDsa() ? [verification("mldsa44"), verification("mldsa65"), verification("mldsa87")] : []),
  verification("ecdsa_secp256r1_sha256"),
  verification("ecdsa_secp384r1_sha384"),
  verification("ecdsa_secp521r1_sha512"),
  verification("ed25519"),
  verification("rsa_pss_rsae_sha256"),
  verification("rsa_pss_rsae_sha384"),
  verification("rsa_pss_rsae_sha512"),
  verification("rsa_pss_pss_sha256"),
  verification("rsa_pss_pss_sha384"),
  verification("rsa_pss_pss_sha512"),
  verification("rsa_pkcs1_sha256"),
  verification("rsa_pkcs1_sha384"),
  verification("rsa_pkcs1_sha512"),
];

/** How node:crypto speaks of a scheme, for `sign` and `verify`: Ed25519 and ML-DSA hash by themselves. */
export function hashOf(scheme: SignatureScheme): string | null {
  return /sha\d+$/.exec(scheme)?.[0] ?? null;
}

/** A key with what `sign` and `verify` are to do with it. Bare where that is the default: on Node.js 24 it is ten microseconds less. */
export function keyFor(scheme: SignatureScheme, key: KeyObject): KeyObject | (SigningOptions & { readonly key: KeyObject }) {
  const { RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_DIGEST, RSA_PKCS1_PADDING } = constants;
  // RFC 9846 §4.3.3: MGF1 with the same hash (as OpenSSL does unless told), and a salt of its length.
  if (scheme.startsWith("rsa_pss")) return { key, padding: RSA_PKCS1_PSS_PADDING, saltLength: RSA_PSS_SALTLEN_DIGEST };
  return scheme.startsWith("rsa_pkcs1") ? { key, padding: RSA_PKCS1_PADDING } : key; // ECDSA: in DER
}

function verification(scheme: SignatureScheme): SyncVerification {
  const hash = hashOf(scheme);
  return {
    scheme,
    verify: (publicKey, message, signature) => {
      try {
        const imported = importPublicKey(publicKey);
        if (imported?.schemes.includes(scheme) !== true) return false;
        // RFC 8017 §8.1.2: step 1, which OpenSSL leaves out for PSS: a signature may lack the zeros that it begins with.
        if (imported.signatureLength !== undefined && signature.length !== imported.signatureLength) return false;
        return verify(hash, message, keyFor(scheme, imported.key), signature);
      } catch {
        return false; // a point off the curve; a signature that some OpenSSL reports instead of refusing
      }
    },
  };
}

interface Imported {
  readonly key: KeyObject;
  readonly schemes: readonly SignatureScheme[];
  /** undefined: it says so itself (ECDSA), or the platform looks at it (Ed25519, ML-DSA). */
  readonly signatureLength: number | undefined;
}

/**
 * Keys of CAs and of peers that come again, by their SubjectPublicKeyInfo, the least recently used first: an import costs as much
 * as a verification. Each is at most a kilobyte or two (`readPublicKey` bounds RSA), and only sound ones are kept.
 */
const recent = new Map<string, Imported>();
const recentLimit = 64;

/**
 * undefined: no key that TLS verifies with.
 * @throws what OpenSSL says of a point off the curve
 */
function importPublicKey(spki: Uint8Array): Imported | undefined {
  const id = base64url(spki);
  const known = recent.get(id);
  if (known !== undefined) {
    recent.delete(id);
    recent.set(id, known);
    return known;
  }
  const parts = readPublicKey(spki);
  if (parts === undefined) return undefined;
  const signatureLength = "modulus" in parts ? parts.modulus.length : undefined;
  const imported = { key: importKey(parts), schemes: verifiableBy(parts), signatureLength };
  const [oldest] = recent.keys();
  if (oldest !== undefined && recent.size >= recentLimit) recent.delete(oldest);
  recent.set(id, imported);
  return imported;
}
