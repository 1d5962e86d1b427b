/**
 * Signing by WebCrypto, which RSA keys need where there is no node:crypto: {@link importSigner} for a key in a file,
 * {@link signer} for one that WebCrypto already holds. Both are asynchronous: the handshake waits at `needs-signature`, and the
 * adapters answer it.
 *
 * @packageDocumentation
 */
export { importSigner } from "./import-signer.ts";
export { signer } from "./signer.ts";
