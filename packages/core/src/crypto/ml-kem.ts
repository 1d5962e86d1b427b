// Key agreement by ML-KEM alone (FIPS 203; draft-ietf-tls-mlkem).
import { ApiMisuse } from "../errors.ts";
import type { Bytes } from "../wire/bytes.ts";
import type { SyncGroup } from "./provider.ts";
import { expectLength } from "./results.ts";

/**
 * FIPS 203 with one of its parameter sets, as a provider gives it to {@link hybridGroup} and {@link mlKemGroup}: ML-KEM-768 has
 * encapsulation keys of 1184 bytes and ciphertexts of 1088, ML-KEM-1024 of 1568 both. Secrets are fresh memory, wiped by core.
 */
export interface MlKem {
  generate(): { readonly encapsulationKey: Bytes; readonly decapsulationKey: unknown };
  /**
   * @param encapsulationKey of the right length.
   * @returns a secret of 32 bytes; undefined: the key fails §7.2's check, since a coefficient of it is not reduced.
   */
  encapsulate(encapsulationKey: Uint8Array): { readonly ciphertext: Bytes; readonly secret: Bytes } | undefined;
  /**
   * @param ciphertext of the right length.
   * @returns 32 bytes for any: a foreign ciphertext gives a secret that nobody has (§6.3).
   */
  decapsulate(decapsulationKey: unknown, ciphertext: Uint8Array): Bytes;
}

/** Bytes of what goes over the wire. */
export const mlKemLengths = {
  768: { encapsulationKey: 1184, ciphertext: 1088 },
  1024: { encapsulationKey: 1568, ciphertext: 1568 },
} as const;
export const mlKemSecretLength = 32;

/**
 * The group of ML-KEM-1024 without a curve beside it: for whoever must (CNSA 2.0), since a hybrid holds as long as one of its
 * halves does, and this one stands alone.
 *
 * @example
 * const groups = [mlKemGroup("MLKEM1024", kem), x25519];
 */
export function mlKemGroup(name: "MLKEM1024", kem: MlKem): SyncGroup {
  const { encapsulationKey: keyLength, ciphertext: ciphertextLength } = mlKemLengths[1024];
  return {
    name,
    shareLength: { client: keyLength, server: ciphertextLength },
    start: () => {
      const { encapsulationKey, decapsulationKey } = kem.generate();
      return { share: expectLength(encapsulationKey, keyLength, "ML-KEM encapsulation key"), key: new Key(decapsulationKey) };
    },
    complete: (key, peerShare) => {
      if (!(key instanceof Key)) throw new ApiMisuse("bad-argument", `this is no private key of ${name}`);
      if (peerShare.length !== ciphertextLength) return undefined;
      return expectLength(kem.decapsulate(key.ofKem, peerShare), mlKemSecretLength, "ML-KEM secret");
    },
    respond: (peerShare) => {
      const answer = peerShare.length === keyLength ? kem.encapsulate(peerShare) : undefined;
      if (answer === undefined) return undefined;
      return {
        share: expectLength(answer.ciphertext, ciphertextLength, "ML-KEM ciphertext"),
        secret: expectLength(answer.secret, mlKemSecretLength, "ML-KEM secret"),
      };
    },
  };
}

class Key {
  readonly ofKem: unknown;
  constructor(ofKem: unknown) {
    this.ofKem = ofKem;
  }
}
