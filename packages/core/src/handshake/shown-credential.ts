// The identity that this side showed.
import type { Credential } from "../config/credential.ts";
import type { SignatureScheme } from "../wire/registry.ts";

export interface ShownCredential {
  readonly credential: Credential;
  readonly scheme: SignatureScheme;
}

/** undefined: none was shown, or a raw public key, which has no certificate. */
export function leafOf(credential: Credential | undefined): Uint8Array | undefined {
  return credential?.type === "x509" ? credential.chain[0] : undefined;
}
