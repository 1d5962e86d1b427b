import { ml_kem768 as mlKem } from "@noble/post-quantum/ml-kem.js";
import { ApiMisuse, type Bytes, type MlKem768 } from "@sallyport/core";

/** The decapsulation key is FIPS 203's own, 2400 bytes. */
export function mlKem768(random: (length: number) => Bytes): MlKem768 {
  return {
    generate: () => {
      const seed = random(64);
      const { publicKey, secretKey } = mlKem.keygen(seed);
      seed.fill(0);
      return { encapsulationKey: publicKey, decapsulationKey: secretKey };
    },
    encapsulate: (encapsulationKey) => {
      const message = random(32);
      try {
        const { cipherText, sharedSecret } = mlKem.encapsulate(encapsulationKey, message);
        return { ciphertext: cipherText, secret: sharedSecret };
      } catch {
        return undefined; // it throws for nothing else: both lengths are right
      } finally {
        message.fill(0);
      }
    },
    decapsulate: (decapsulationKey, ciphertext) => {
      if (!(decapsulationKey instanceof Uint8Array)) {
        throw new ApiMisuse("bad-argument", "this is no decapsulation key of ML-KEM-768");
      }
      return mlKem.decapsulate(ciphertext, decapsulationKey);
    },
  };
}
