/**
 * WebCrypto, which browsers have instead of node:crypto. {@link webCrypto} puts its key exchange and its verification into another
 * provider; {@link importSigner} signs with a key in a file, {@link signer} with one that WebCrypto already holds. All are
 * asynchronous: the handshake waits at `needs-key-shares`, `needs-secret`, `needs-signature-check` or `needs-signature`, and the
 * adapters answer.
 *
 * @packageDocumentation
 */
export { importSigner } from "./import-signer.ts";
export { webCrypto } from "./provider.ts";
export { signer } from "./signer.ts";
