import type { Bytes } from "@sallyport/core";

/** A key agreement of this runtime's. It rejects where the runtime hasn't it. */
export interface Agreement {
  start(): Promise<{ readonly share: Bytes; readonly key: PrivateHalf }>;
  /** undefined: the share is invalid. */
  respond(peerShare: Uint8Array): Promise<{ readonly share: Bytes; readonly secret: Bytes } | undefined>;
}
export interface PrivateHalf {
  /** undefined: the share is invalid. */
  complete(peerShare: Uint8Array): Promise<Bytes | undefined>;
}

export interface Curve extends Agreement {
  /** @param privateKey of this curve, usable for `deriveBits` */
  half(privateKey: CryptoKey): PrivateHalf;
}

/** Diffie-Hellman on a curve. */
export function curve(
  algorithm: { readonly name: "X25519" | "ECDH"; readonly namedCurve?: string },
  { share: shareLength, secret: secretLength }: { readonly share: number; readonly secret: number },
): Curve {
  const complete = async (privateKey: CryptoKey, peerShare: Uint8Array): Promise<Bytes | undefined> => {
    // RFC 9846 §4.3.8.2: a point comes uncompressed; WebCrypto would take others.
    if (peerShare.length !== shareLength || (algorithm.name === "ECDH" && peerShare[0] !== 4)) return undefined;
    try {
      const publicKey = await crypto.subtle.importKey("raw", Uint8Array.from(peerShare), algorithm, false, []);
      const bits = await crypto.subtle.deriveBits({ name: algorithm.name, public: publicKey }, privateKey, 8 * secretLength);
      const secret = new Uint8Array(bits);
      // §7.4.2: refused by most runtimes already. On the other curves it is one secret among others.
      return algorithm.name === "X25519" && isZero(secret) ? undefined : secret;
    } catch {
      // Node.js rejects a point off the curve when it is imported, Deno when it is used, each by another error. All else of this
      // call has worked before, with a key of our own.
      return undefined;
    }
  };
  const start = async (): Promise<{ readonly share: Bytes; readonly privateKey: CryptoKey }> => {
    // Both algorithms make pairs, which the declarations say of their own names alone.
    const pair = (await crypto.subtle.generateKey(algorithm, false, ["deriveBits"])) as CryptoKeyPair;
    return { share: new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)), privateKey: pair.privateKey };
  };
  const half = (privateKey: CryptoKey): PrivateHalf => ({ complete: (peerShare) => complete(privateKey, peerShare) });
  return {
    half,
    start: async () => {
      const { share, privateKey } = await start();
      return { share, key: half(privateKey) };
    },
    respond: async (peerShare) => {
      const { share, privateKey } = await start();
      const secret = await complete(privateKey, peerShare);
      return secret && { share, secret };
    },
  };
}

function isZero(secret: Uint8Array): boolean {
  let bits = 0;
  for (const byte of secret) bits |= byte;
  return bits === 0;
}
