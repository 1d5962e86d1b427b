/**
 * The fast provider, on node:crypto, synchronous; for Node, Deno and Bun: {@link node}, with {@link signer} for private keys;
 * and {@link certificateCompressors}.
 *
 * @packageDocumentation
 */
export { certificateCompressors } from "./certificate-compression.ts";
export { mlKem1024Groups } from "./groups.ts";
export { node } from "./provider.ts";
export { signer } from "./signer.ts";
