import { x25519 } from "@noble/curves/ed25519.js";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { ApiMisuse, type Bytes, hybridGroup, mlKemGroup, type NamedGroup, type SyncGroup } from "@sallyport/core";
import { mlKem } from "./ml-kem.ts";

type Random = (length: number) => Bytes;

export function groups(random: Random): readonly SyncGroup[] {
  const kem = mlKem(768, random);
  const x25519 = group("x25519", 32, montgomery, random);
  const secp256r1 = group("secp256r1", 65, weierstrass(p256, 256), random);
  return [
    hybridGroup("X25519MLKEM768", kem, x25519),
    x25519,
    secp256r1,
    group("secp384r1", 97, weierstrass(p384, 384), random),
    group("secp521r1", 133, weierstrass(p521, 521), random),
    hybridGroup("SecP256r1MLKEM768", kem, secp256r1),
  ];
}

/**
 * Groups that nobody is offered unasked: {@link noble} does not list them. With ML-KEM-1024 a key share and its answer have
 * 1.5 KiB each.
 *
 * @example
 * const provider = noble({ random });
 * const offering = { ...provider, groups: [...mlKem1024Groups({ random }), ...provider.groups] };
 */
export function mlKem1024Groups({ random }: { readonly random: Random }): readonly SyncGroup[] {
  const kem = mlKem(1024, random);
  const secp384r1 = group("secp384r1", 97, weierstrass(p384, 384), random);
  return [hybridGroup("SecP384r1MLKEM1024", kem, secp384r1), mlKemGroup("MLKEM1024", kem)];
}

/** The private half is the scalar's bytes. */
interface Curve {
  generate(random: Random): Bytes;
  share(key: Uint8Array): Bytes;
  /** @throws if the share is invalid, or the secret all zero. */
  secret(key: Uint8Array, peerShare: Uint8Array): Bytes;
}

const montgomery: Curve = {
  generate: (random) => random(32),
  share: (key) => x25519.getPublicKey(key),
  secret: (key, peerShare) => x25519.getSharedSecret(key, peerShare),
};

function weierstrass(curve: typeof p256, bits: number): Curve {
  const length = Math.ceil(bits / 8);
  return {
    // FIPS 186-5, A.2.2: as many bits as the order has, drawn again until they are below it, which but one in 2^32 is not.
    generate: (random) => {
      for (let attempt = 0; attempt < 8; attempt++) {
        const candidate = random(length);
        candidate[0] = (candidate[0] ?? 0) & (0xff >> (8 * length - bits));
        if (curve.utils.isValidSecretKey(candidate)) return candidate;
      }
      throw new ApiMisuse("bad-argument", "what `random` gives is not random: no private key was found in it");
    },
    share: (key) => curve.getPublicKey(key, false),
    // The secret is the x-coordinate alone (RFC 9846 §7.4.2).
    secret: (key, peerShare) => curve.getSharedSecret(key, peerShare, false).slice(1, 1 + length),
  };
}

function group(name: NamedGroup, length: number, curve: Curve, random: Random): SyncGroup {
  const complete = (key: unknown, peerShare: Uint8Array): Bytes | undefined => {
    if (!(key instanceof Uint8Array)) throw new ApiMisuse("bad-argument", `this is no private key of ${name}`);
    // RFC 9846 §4.3.8.2: a point comes uncompressed.
    if (peerShare.length !== length || (name !== "x25519" && peerShare[0] !== 4)) return undefined;
    try {
      return curve.secret(key, peerShare);
    } catch {
      return undefined;
    }
  };
  const start = (): { share: Bytes; key: Bytes } => {
    const key = curve.generate(random);
    return { share: curve.share(key), key };
  };
  return {
    name,
    shareLength: { client: length, server: length },
    start,
    complete,
    respond: (peerShare) => {
      const { share, key } = start();
      const secret = complete(key, peerShare);
      key.fill(0);
      return secret && { share, secret };
    },
  };
}
