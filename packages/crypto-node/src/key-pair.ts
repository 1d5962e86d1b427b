import { generateKeyPairSync, type JsonWebKey, type KeyObject } from "node:crypto";
import type { Bytes } from "@sallyport/core";
import { base64urlBytes } from "./bytes.ts";

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: JsonWebKey;
}
interface KeyPairMaker {
  (type: "x25519" | "ml-kem-768" | "ml-kem-1024", options: { readonly publicKeyEncoding: { readonly format: "jwk" } }): KeyPair;
  (type: "ec", options: { readonly namedCurve: string; readonly publicKeyEncoding: { readonly format: "jwk" } }): KeyPair;
}

/**
 * The public half comes as JWK: as DER it costs twice what the key itself costs. It is made by the job that makes the key. Exported
 * afterwards it may wait for ever: Node.js 20 holds the key's mutex while it makes the strings, and if a garbage collection comes
 * just then, it frees that job, which waits for the mutex. While the job runs nobody frees it.
 */
export const makeKeyPair: KeyPairMaker = generateKeyPairSync as unknown as KeyPairMaker; // this form is documented, but @types/node lacks it

/** @throws TypeError if the runtime gives something else. */
export function field(publicKey: JsonWebKey, name: "x" | "y" | "pub", length: number): Bytes {
  const value = publicKey[name];
  const bytes = base64urlBytes(typeof value === "string" ? value : "");
  if (bytes.length !== length) throw new TypeError(`the runtime's JWK has a ${name} of ${bytes.length} bytes, not ${length}`);
  return bytes;
}
