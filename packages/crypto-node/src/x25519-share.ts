import { createPublicKey, type KeyObject } from "node:crypto";
import { base64url } from "./bytes.ts";

type ImportShare = (share: Uint8Array) => KeyObject;

/** A peer's share of X25519, 32 bytes, as a public key: any 32 bytes are one. */
export const importShare: ImportShare = takesRawKeys() ? fromPem : fromJwk;

/** A tenth of what DER or PEM costs with OpenSSL 3.0, whose decoders are slow. */
export function fromJwk(share: Uint8Array): KeyObject {
  return createPublicKey({ key: { kty: "OKP", crv: "X25519", x: base64url(share) }, format: "jwk" });
}

/** SubjectPublicKeyInfo (RFC 8410 §4) up to the key: 12 bytes, so that its Base64 and the key's stand side by side. */
const spkiHead = "MCowBQYDK2VuAyEA";

export function fromPem(share: Uint8Array): KeyObject {
  const key = Buffer.from(share.buffer, share.byteOffset, share.byteLength).toString("base64");
  return createPublicKey(`-----BEGIN PUBLIC KEY-----\n${spkiHead}${key}\n-----END PUBLIC KEY-----\n`);
}

/**
 * Node.js 24 from the release on in which it takes raw keys. It finds out by catching what is thrown whether an object is a key, four
 * times for a JWK, which is three times what the import takes; a string is spared that, and OpenSSL 3.5 decodes it fast. Given raw it
 * would be thrown as often.
 */
function takesRawKeys(): boolean {
  try {
    const raw: unknown = { key: new Uint8Array(32), format: "raw-public", asymmetricKeyType: "x25519" };
    return createPublicKey(raw as Parameters<typeof createPublicKey>[0]).asymmetricKeyType === "x25519"; // newer than its types
  } catch {
    return false;
  }
}
