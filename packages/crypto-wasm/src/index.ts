/**
 * libsodium in WebAssembly, for where there is no node:crypto: {@link wasmCrypto} puts its ChaCha20-Poly1305, X25519 and Ed25519
 * into another provider. Synchronous, like what it replaces.
 *
 * @packageDocumentation
 */
export { wasmCrypto } from "./provider.ts";
