// Key exchange by WebCrypto, or by another provider's group where the runtime hasn't the algorithm.
import { ApiMisuse, type AsyncGroup, type Group, type NamedGroup, type SyncGroup } from "@sallyport/core";
import { type Agreement, type Curve, curve, type PrivateHalf } from "./agreement.ts";
import { hybrid } from "./hybrid.ts";

export const curves: Readonly<Record<"x25519" | "secp256r1" | "secp384r1" | "secp521r1", Curve>> = {
  x25519: curve({ name: "X25519" }, { share: 32, secret: 32 }),
  secp256r1: curve({ name: "ECDH", namedCurve: "P-256" }, { share: 65, secret: 32 }),
  secp384r1: curve({ name: "ECDH", namedCurve: "P-384" }, { share: 97, secret: 48 }),
  secp521r1: curve({ name: "ECDH", namedCurve: "P-521" }, { share: 133, secret: 66 }),
};

const agreements: { readonly [Name in NamedGroup]?: Agreement } = {
  ...curves,
  X25519MLKEM768: hybrid("kem-first", { curve: curves.x25519, curveShare: 32 }),
  SecP256r1MLKEM768: hybrid("curve-first", { curve: curves.secp256r1, curveShare: 65 }),
};

/** `base` as it is where WebCrypto has nothing like it in any runtime. */
export function nativeGroup(base: SyncGroup): Group {
  const native = agreements[base.name];
  return native === undefined ? base : withFallback(native, base);
}

function withFallback(native: Agreement, base: SyncGroup): AsyncGroup {
  let isThere: Promise<boolean> | undefined;
  const chosen = async (signal: AbortSignal): Promise<Agreement> => {
    signal.throwIfAborted();
    isThere ??= works(native);
    return (await isThere) ? native : inBase;
  };
  const inBase: Agreement = {
    start: async () => {
      const { share, key } = base.start();
      return { share, key: { complete: async (peerShare) => base.complete(key, peerShare) } };
    },
    respond: async (peerShare) => base.respond(peerShare),
  };
  return {
    name: base.name,
    shareLength: base.shareLength,
    startAsync: async (signal) => {
      const { share, key } = await (await chosen(signal)).start();
      return { share, key: new Key(base.name, key) };
    },
    completeAsync: async (key, peerShare, signal) => {
      if (!(key instanceof Key) || key.group !== base.name) throw noKey(base.name);
      signal.throwIfAborted();
      return key.half.complete(peerShare);
    },
    respondAsync: async (peerShare, signal) => (await chosen(signal)).respond(peerShare),
  };
}

/** Runtimes lack an algorithm in many ways: a name, a format or a usage that they don't know. So it is tried once, as a whole. */
async function works(native: Agreement): Promise<boolean> {
  try {
    const { share, key } = await native.start();
    const answer = await native.respond(share);
    const secret = answer && (await key.complete(answer.share));
    return (
      secret !== undefined && secret.length === answer?.secret.length && secret.every((byte, at) => byte === answer.secret[at])
    );
  } catch {
    return false;
  }
}

/** Ours alone: a private half of another provider, or of another group, is refused. */
export class Key {
  readonly group: NamedGroup;
  readonly half: PrivateHalf;

  constructor(group: NamedGroup, half: PrivateHalf) {
    this.group = group;
    this.half = half;
  }
}

function noKey(group: NamedGroup): ApiMisuse {
  return new ApiMisuse("bad-argument", `this is no private key of ${group}`);
}
