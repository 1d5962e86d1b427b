import { generateKeyPairSync, type KeyPairKeyObjectResult, type RSAPSSKeyPairKeyObjectOptions } from "node:crypto";

export interface PssRestriction {
  readonly hashAlgorithm?: string;
  readonly mgf1HashAlgorithm?: string;
  readonly saltLength?: number;
}

/** An id-RSASSA-PSS key of 2048 bits. Without a hash it is bound to none. */
export function rsaPssKeys(restriction: PssRestriction = {}): KeyPairKeyObjectResult {
  // @types/node has saltLength as a string; Node takes nothing but a number.
  const options = { modulusLength: 2048, ...restriction } as object as RSAPSSKeyPairKeyObjectOptions;
  return generateKeyPairSync("rsa-pss", options);
}
