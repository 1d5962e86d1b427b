// A provider that counts: what it was asked for, and whether a key has met a nonce twice.
import type { CryptoProvider, Hash } from "@sallyport/core";

/** By provider calls; counted on node alone. */
export interface Work {
  /** Key pairs, exchanges and verifications; signatures are not among them. */
  publicKey: number;
  opens: number;
  /** Bytes that went into hashes and HMACs. */
  hashed: number;
}

/** Of one conversation. */
export interface Tally {
  readonly work: Work;
  nonceReused: boolean;
}
let tally: Tally = newTally();
const sealedWith = new Set<string>();

/** All that is counted from here on. */
export function startCounting(): Tally {
  sealedWith.clear();
  tally = newTally();
  return tally;
}
function newTally(): Tally {
  return { work: { publicKey: 0, opens: 0, hashed: 0 }, nonceReused: false };
}

/** Every nonce is remembered with its key, and the work is counted. */
export function watching(provider: CryptoProvider): CryptoProvider {
  const exchange = <Result>(run: () => Result): Result => {
    tally.work.publicKey++;
    return run();
  };
  const running = (hash: Hash): Hash => {
    const self: Hash = {
      update: (data) => {
        tally.work.hashed += data.length;
        hash.update(data);
        return self;
      },
      clone: () => running(hash.clone()),
      digest: () => hash.digest(),
    };
    return self;
  };
  return {
    ...provider,
    groups: provider.groups.map((group) =>
      "start" in group
        ? {
            ...group,
            start: () => exchange(() => group.start()),
            complete: (key, peerShare) => exchange(() => group.complete(key, peerShare)),
            respond: (peerShare) => exchange(() => group.respond(peerShare)),
          }
        : group,
    ),
    verifications: provider.verifications.map((verification) =>
      "verify" in verification
        ? {
            ...verification,
            verify: (publicKey, message, signature) => exchange(() => verification.verify(publicKey, message, signature)),
          }
        : verification,
    ),
    hashes: provider.hashes.map((hash) => ({
      ...hash,
      create: () => running(hash.create()),
      hmac: (key, data) => {
        tally.work.hashed += data.length;
        return hash.hmac(key, data);
      },
    })),
    suites: provider.suites.map((suite) => ({
      ...suite,
      open: (key) => {
        const opener = suite.open(key);
        return {
          open: (nonce, additionalData, sealed) => {
            tally.work.opens++;
            return opener.open(nonce, additionalData, sealed);
          },
          destroy: () => opener.destroy(),
        };
      },
      seal: (key) => {
        const sealer = suite.seal(key);
        const name = key.join();
        return {
          seal: (nonce, additionalData, plaintext, target, offset) => {
            const use = `${name}/${nonce.join()}`;
            if (sealedWith.has(use)) tally.nonceReused = true;
            sealedWith.add(use);
            sealer.seal(nonce, additionalData, plaintext, target, offset);
          },
          destroy: () => sealer.destroy(),
        };
      },
    })),
  };
}
