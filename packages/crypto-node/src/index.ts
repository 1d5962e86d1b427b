/**
 * The fast provider, on node:crypto, synchronous; for Node, Deno and Bun: {@link node}, with {@link signer} for private keys.
 *
 * @packageDocumentation
 */
export { node } from "./provider.ts";
export { signer } from "./signer.ts";
