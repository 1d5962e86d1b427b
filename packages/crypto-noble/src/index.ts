/**
 * The provider that runs everywhere, in pure JavaScript: {@link noble}, with {@link signer} for ECDSA, Ed25519 and
 * ML-DSA keys.
 *
 * @packageDocumentation
 */
export { mlKem1024Groups } from "./groups.ts";
export { type NobleOptions, noble } from "./provider.ts";
export { type SignerOptions, signer } from "./signer.ts";
