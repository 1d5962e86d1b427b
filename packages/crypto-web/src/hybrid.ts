// ML-KEM-768 beside a curve (draft-ietf-tls-ecdhe-mlkem), where WebCrypto has it (Modern Algorithms in the Web Cryptography API).
import type { Bytes } from "@sallyport/core";
import type { Agreement } from "./agreement.ts";

const encapsulationKeyLength = 1184;
const ciphertextLength = 1088;

/** @param order of the halves, in shares and in the secret alike */
export function hybrid(
  order: "kem-first" | "curve-first",
  { curve, curveShare }: { readonly curve: Agreement; readonly curveShare: number },
): Agreement {
  const join = (ofKem: Uint8Array, ofCurve: Uint8Array): Bytes =>
    Uint8Array.from(order === "kem-first" ? [...ofKem, ...ofCurve] : [...ofCurve, ...ofKem]);
  const joinSecrets = (ofKem: Bytes, ofCurve: Bytes): Bytes => {
    const secret = join(ofKem, ofCurve);
    ofKem.fill(0);
    ofCurve.fill(0);
    return secret;
  };
  const split = (
    share: Uint8Array,
    kemShare: number,
  ): { readonly ofKem: Uint8Array; readonly ofCurve: Uint8Array } | undefined => {
    if (share.length !== kemShare + curveShare) return undefined;
    const at = order === "kem-first" ? kemShare : curveShare;
    const [head, tail] = [share.subarray(0, at), share.subarray(at)];
    return order === "kem-first" ? { ofKem: head, ofCurve: tail } : { ofKem: tail, ofCurve: head };
  };
  return {
    start: async () => {
      const [kem, other] = await Promise.all([generate(), curve.start()]);
      const complete = async (peerShare: Uint8Array): Promise<Bytes | undefined> => {
        const halves = split(peerShare, ciphertextLength);
        const fromCurve = halves && (await other.key.complete(halves.ofCurve));
        if (halves === undefined || fromCurve === undefined) return undefined;
        return joinSecrets(await kem.decapsulate(halves.ofKem), fromCurve);
      };
      return { share: join(kem.encapsulationKey, other.share), key: { complete } };
    },
    respond: async (peerShare) => {
      const halves = split(peerShare, encapsulationKeyLength);
      if (halves === undefined) return undefined;
      const [fromKem, fromCurve] = await Promise.all([encapsulate(halves.ofKem), curve.respond(halves.ofCurve)]);
      if (fromKem !== undefined && fromCurve !== undefined) {
        return { share: join(fromKem.ciphertext, fromCurve.share), secret: joinSecrets(fromKem.secret, fromCurve.secret) };
      }
      fromKem?.secret.fill(0);
      fromCurve?.secret.fill(0);
      return undefined;
    },
  };
}

/** What TypeScript's declarations don't have yet. */
interface KemSubtle {
  generateKey(algorithm: "ML-KEM-768", extractable: boolean, usages: readonly string[]): Promise<CryptoKeyPair>;
  exportKey(format: "raw-public", key: CryptoKey): Promise<ArrayBuffer>;
  importKey(
    format: "raw-public",
    key: Bytes,
    algorithm: "ML-KEM-768",
    extractable: boolean,
    usages: readonly string[],
  ): Promise<CryptoKey>;
  encapsulateBits(
    algorithm: "ML-KEM-768",
    key: CryptoKey,
  ): Promise<{ readonly sharedKey: ArrayBuffer; readonly ciphertext: ArrayBuffer }>;
  decapsulateBits(algorithm: "ML-KEM-768", key: CryptoKey, ciphertext: Bytes): Promise<ArrayBuffer>;
}

function kemSubtle(): KemSubtle {
  return crypto.subtle as unknown as KemSubtle;
}

async function generate(): Promise<{ readonly encapsulationKey: Bytes; decapsulate(ciphertext: Uint8Array): Promise<Bytes> }> {
  const pair = await kemSubtle().generateKey("ML-KEM-768", false, ["encapsulateBits", "decapsulateBits"]);
  return {
    encapsulationKey: new Uint8Array(await kemSubtle().exportKey("raw-public", pair.publicKey)),
    decapsulate: async (ciphertext) =>
      new Uint8Array(await kemSubtle().decapsulateBits("ML-KEM-768", pair.privateKey, Uint8Array.from(ciphertext))),
  };
}

/** undefined: the key fails FIPS 203 §7.2's check. */
async function encapsulate(key: Uint8Array): Promise<{ readonly ciphertext: Bytes; readonly secret: Bytes } | undefined> {
  try {
    const imported = await kemSubtle().importKey("raw-public", Uint8Array.from(key), "ML-KEM-768", false, ["encapsulateBits"]);
    const { ciphertext, sharedKey } = await kemSubtle().encapsulateBits("ML-KEM-768", imported);
    return { ciphertext: new Uint8Array(ciphertext), secret: new Uint8Array(sharedKey) };
  } catch {
    return undefined;
  }
}
