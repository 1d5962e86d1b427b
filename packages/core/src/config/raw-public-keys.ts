// Raw public keys (RFC 7250): a key without a certificate, trusted because it is known.
import { ApiMisuse } from "../errors.ts";
import { copy, equal, hex } from "../wire/bytes.ts";
import type { Credential, Signer } from "./credential.ts";
import { dangerousAssertVerified, type SyncVerifier } from "./identity.ts";

/**
 * Trusts these keys, under whatever name they are shown, and nobody else: whoever holds one of them is let in. Where several
 * servers must not be taken for one another, each is reached by a config of its own.
 *
 * @param allowed DER SubjectPublicKeyInfo each, compared byte by byte; copied
 * @throws ApiMisuse if a key is no Uint8Array, or there is none
 * @example clientConfig({ provider, now: Date.now, verifier: rawPublicKeys({ allowed: [serverKey] }) })
 */
export function rawPublicKeys({ allowed }: { readonly allowed: readonly Uint8Array[] }): SyncVerifier {
  if (!Array.isArray(allowed) || allowed.length === 0 || !allowed.every((key) => key instanceof Uint8Array && key.length > 0)) {
    throw new ApiMisuse("bad-argument", "rawPublicKeys takes a list of SubjectPublicKeyInfos in DER, one at least");
  }
  const keys = allowed.map(copy);
  return Object.freeze({
    types: Object.freeze(["raw-public-key"] as const),
    // Nothing is signed in a chain that there isn't.
    schemes: Object.freeze([]),
    // The same for the same set, in whatever order, and as often as, its keys are named.
    label: `raw public keys: ${[...new Set(keys.map(hex))].sort().join(" ")}`,
    verify: (presented) => {
      const {
        type,
        chain: [key],
      } = presented;
      if (type === "raw-public-key" && keys.some((known) => equal(known, key))) return dangerousAssertVerified(presented);
      return { reason: type === "raw-public-key" ? "a raw public key that is not among those allowed" : "no raw public key" };
    },
  } satisfies SyncVerifier);
}

/**
 * A key that is shown without a certificate, to peers that know it.
 *
 * @param names at a server: those that it answers to; none at a client
 * @example serverConfig({ provider, now: Date.now, credentials: [rawPublicKey(signer(pem), ["device.example"])] })
 */
export function rawPublicKey(signer: Signer, names: readonly string[] = []): Credential {
  const { publicKey } = signer;
  return { type: "raw-public-key", chain: [publicKey], publicKey, names, signer };
}
