import { ml_kem1024, ml_kem768 } from "@noble/post-quantum/ml-kem.js";
import { ApiMisuse, type Bytes, type MlKem } from "@sallyport/core";

type Parameters = 768 | 1024;
const parameterSets: Readonly<Record<Parameters, typeof ml_kem768>> = { 768: ml_kem768, 1024: ml_kem1024 };

/** The decapsulation key is FIPS 203's own, 2400 or 3168 bytes. */
export function mlKem(parameters: Parameters, random: (length: number) => Bytes): MlKem {
  const noble = parameterSets[parameters];
  return {
    generate: () => {
      const seed = random(64);
      const { publicKey, secretKey } = noble.keygen(seed);
      seed.fill(0);
      return { encapsulationKey: publicKey, decapsulationKey: secretKey };
    },
    encapsulate: (encapsulationKey) => {
      const message = random(32);
      try {
        const { cipherText, sharedSecret } = noble.encapsulate(encapsulationKey, message);
        return { ciphertext: cipherText, secret: sharedSecret };
      } catch {
        return undefined; // it throws for nothing else: both lengths are right
      } finally {
        message.fill(0);
      }
    },
    decapsulate: (decapsulationKey, ciphertext) => {
      if (!(decapsulationKey instanceof Uint8Array)) {
        throw new ApiMisuse("bad-argument", `this is no decapsulation key of ML-KEM-${parameters}`);
      }
      return noble.decapsulate(ciphertext, decapsulationKey);
    },
  };
}
