import type { CryptoProvider } from "@sallyport/core";
import { nativeGroup } from "./groups.ts";
import { nativeVerification } from "./verifications.ts";

/**
 * `base` with WebCrypto in the place of its public-key operations: key exchange by P-256, P-384, P-521, X25519 and their hybrids
 * with ML-KEM-768, and verification by ECDSA, Ed25519 and RSA. They are asynchronous, and what this runtime hasn't `base` does.
 * Suites, hashes and randomness stay `base`'s, since records can't wait; what `base` leaves out is left out.
 *
 * A verifier of certificates that calls its provider synchronously, as x509's do, is given `base` itself.
 *
 * @param base whose groups and verifications are synchronous: those that aren't are taken as they are.
 * @example
 * const javascript = noble({ random: (length) => crypto.getRandomValues(new Uint8Array(length)) });
 * const verifier = serverVerifier({ provider: javascript, roots });
 * const config = clientConfig({ provider: webCrypto(javascript), now: Date.now, verifier });
 */
export function webCrypto(base: CryptoProvider): CryptoProvider {
  return {
    ...base,
    name: `${base.name} with WebCrypto`,
    groups: base.groups.map((group) => ("start" in group ? nativeGroup(group) : group)),
    verifications: base.verifications.map((one) => ("verify" in one ? nativeVerification(one) : one)),
  };
}
