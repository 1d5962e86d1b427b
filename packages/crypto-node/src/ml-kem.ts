import * as crypto from "node:crypto";
import { ml_kem1024, ml_kem768 } from "@noble/post-quantum/ml-kem.js";
import { ApiMisuse, type Bytes, type MlKem } from "@sallyport/core";
import { base64url, owned } from "./bytes.ts";
import { field, makeKeyPair } from "./key-pair.ts";

type Parameters = 768 | 1024;
const parameterSets: Readonly<Record<Parameters, typeof ml_kem768>> = { 768: ml_kem768, 1024: ml_kem1024 };

/** node:crypto's own where it has one. */
export function mlKem(parameters: Parameters): MlKem {
  const ofOpenssl = native(parameters);
  return works(ofOpenssl) ? ofOpenssl : inJavaScript(parameters);
}

/**
 * Tries it: whether a runtime has ML-KEM depends on its version, and on the OpenSSL that it was built with or runs under.
 */
export function works(kem: MlKem): boolean {
  try {
    const { encapsulationKey, decapsulationKey } = kem.generate();
    const answer = kem.encapsulate(encapsulationKey);
    const secret = answer && kem.decapsulate(decapsulationKey, answer.ciphertext);
    return answer !== undefined && secret !== undefined && Buffer.compare(answer.secret, secret) === 0;
  } catch {
    return false;
  }
}

/** What node:crypto of Node.js 24 has, and the types of Node.js 20 don't know. */
interface WithMlKem {
  encapsulate(key: crypto.KeyObject): { readonly sharedKey: Buffer; readonly ciphertext: Buffer };
  decapsulate(key: crypto.KeyObject, ciphertext: Uint8Array): Buffer;
}
const openssl = crypto as unknown as WithMlKem; // `works` finds out whether it is

/** The decapsulation key is a KeyObject. A public key leaves as JWK, a third of what DER costs. */
export function native(parameters: Parameters): MlKem {
  return {
    generate: () => {
      const { publicKey, privateKey } = makeKeyPair(`ml-kem-${parameters}`, { publicKeyEncoding: { format: "jwk" } });
      const length = parameters === 768 ? 1184 : 1568;
      return { encapsulationKey: field(publicKey, "pub", length), decapsulationKey: privateKey };
    },
    encapsulate: (encapsulationKey) => {
      const publicKey = imported(encapsulationKey, parameters);
      if (publicKey === undefined) return undefined;
      const { sharedKey, ciphertext } = openssl.encapsulate(publicKey);
      return { ciphertext: owned(ciphertext), secret: owned(sharedKey) };
    },
    decapsulate: (decapsulationKey, ciphertext) => {
      if (!(decapsulationKey instanceof crypto.KeyObject)) throw foreignKey(parameters);
      return owned(openssl.decapsulate(decapsulationKey, ciphertext));
    },
  };
}

/** With a key of the right length, what OpenSSL throws is about its coefficients. */
function imported(encapsulationKey: Uint8Array, parameters: Parameters): crypto.KeyObject | undefined {
  try {
    const jwk = { kty: "AKP", alg: `ML-KEM-${parameters}`, pub: base64url(encapsulationKey) };
    return crypto.createPublicKey({ key: jwk, format: "jwk" });
  } catch {
    return undefined;
  }
}

/** For the other runtimes, ten times as slow. The decapsulation key is FIPS 203's own, 2400 or 3168 bytes. */
export function inJavaScript(parameters: Parameters): MlKem {
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
      if (!(decapsulationKey instanceof Uint8Array)) throw foreignKey(parameters);
      return noble.decapsulate(ciphertext, decapsulationKey);
    },
  };
}

function random(length: number): Bytes {
  return crypto.randomFillSync(new Uint8Array(length));
}

function foreignKey(parameters: Parameters): ApiMisuse {
  return new ApiMisuse("bad-argument", `this is no decapsulation key of ML-KEM-${parameters}`);
}
