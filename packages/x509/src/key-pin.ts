/** `sha256/` and the base64 of the SHA-256 of a SubjectPublicKeyInfo, as RFC 7469 §2.4 hashes it, and curl writes it. */
export type KeyPin = `sha256/${string}`;
