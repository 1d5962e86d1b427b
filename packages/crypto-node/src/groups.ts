import { createECDH, diffieHellman, ECDH, KeyObject } from "node:crypto";
import { ApiMisuse, type Bytes, hybridGroup, mlKemGroup, type NamedGroup, type SyncGroup } from "@sallyport/core";
import { owned } from "./bytes.ts";
import { importKey } from "./import-key.ts";
import { field, makeKeyPair } from "./key-pair.ts";
import { mlKem } from "./ml-kem.ts";
import { importShare } from "./x25519-share.ts";

const mlKem768 = mlKem(768);

export const groups: readonly SyncGroup[] = [
  hybridGroup("X25519MLKEM768", mlKem768, x25519()),
  x25519(),
  weierstrass("secp256r1", "prime256v1", 65),
  weierstrass("secp384r1", "secp384r1", 97),
  secp521r1(),
  hybridGroup("SecP256r1MLKEM768", mlKem768, weierstrass("secp256r1", "prime256v1", 65)),
];

/**
 * Groups that nobody is offered unasked: {@link node} does not list them. With ML-KEM-1024 a key share and its answer have
 * 1.5 KiB each.
 *
 * @example
 * const provider = { ...node, groups: [...mlKem1024Groups(), ...node.groups] };
 */
export function mlKem1024Groups(): readonly SyncGroup[] {
  const kem = mlKem(1024);
  return [hybridGroup("SecP384r1MLKEM1024", kem, weierstrass("secp384r1", "secp384r1", 97)), mlKemGroup("MLKEM1024", kem)];
}

const publicKeyEncoding = { format: "jwk" } as const;

/** The private half is a KeyObject. Our public half leaves as JWK, a tenth of what DER costs. */
function x25519(): SyncGroup {
  return group("x25519", 32, {
    start: () => {
      const { privateKey, publicKey } = makeKeyPair("x25519", { publicKeyEncoding });
      return { share: field(publicKey, "x", 32), key: privateKey };
    },
    complete: (key, peerShare) => {
      if (!(key instanceof KeyObject)) throw foreignKey("x25519");
      const publicKey = importShare(peerShare);
      const secret = unlessInvalid(() => diffieHellman({ privateKey: key, publicKey }));
      return secret?.some((byte) => byte !== 0) === true ? secret : undefined; // not every OpenSSL refuses that itself
    },
  });
}

/** The private half is an ECDH object, which takes and gives bare points: twice as fast as KeyObjects. */
function weierstrass(name: "secp256r1" | "secp384r1", opensslName: string, shareLength: number): SyncGroup {
  return group(name, shareLength, {
    start: () => {
      const key = createECDH(opensslName);
      return { share: owned(key.generateKeys()), key };
    },
    complete: (key, peerShare) => {
      if (!(key instanceof ECDH)) throw foreignKey(name);
      // RFC 9846 §4.3.8.2: a point comes uncompressed; hybrid forms (6, 7) have the same length.
      return peerShare[0] === 4 ? unlessInvalid(() => key.computeSecret(peerShare)) : undefined;
    },
  });
}

/** With KeyObjects, since Deno's ECDH objects don't know the curve. */
function secp521r1(): SyncGroup {
  return group("secp521r1", 133, {
    start: () => {
      const { privateKey, publicKey } = makeKeyPair("ec", { namedCurve: "P-521", publicKeyEncoding });
      return { share: Uint8Array.of(4, ...field(publicKey, "x", 66), ...field(publicKey, "y", 66)), key: privateKey };
    },
    complete: (key, peerShare) => {
      if (!(key instanceof KeyObject)) throw foreignKey("secp521r1");
      if (peerShare[0] !== 4) return undefined; // as above
      return unlessInvalid(() => {
        const publicKey = importKey({ kind: "ec", curve: "secp521r1", point: peerShare });
        return diffieHellman({ privateKey: key, publicKey });
      });
    },
  });
}

function group(
  name: NamedGroup,
  length: number,
  { start, complete }: Pick<SyncGroup, "start"> & { complete(key: unknown, peerShare: Uint8Array): Bytes | undefined },
): SyncGroup {
  const completeChecked = (key: unknown, peerShare: Uint8Array): Bytes | undefined =>
    peerShare.length === length ? complete(key, peerShare) : undefined;
  return {
    name,
    shareLength: { client: length, server: length },
    start,
    complete: completeChecked,
    respond: (peerShare) => {
      const { share, key } = start();
      const secret = completeChecked(key, peerShare);
      return secret && { share, secret };
    },
  };
}

/** With a sound key of ours and a share of the right form, what OpenSSL throws is about the share. */
function unlessInvalid(derive: () => Buffer): Bytes | undefined {
  try {
    return owned(derive());
  } catch {
    return undefined;
  }
}

function foreignKey(name: NamedGroup): ApiMisuse {
  return new ApiMisuse("bad-argument", `this is no private key of ${name}`);
}
