// A provider whose ephemeral keys are those of a recording, and which writes down every HMAC and every digest.
import type { Bytes, CryptoProvider, Group, Hash, HashImplementation, SyncGroup, Verification } from "@sallyport/core";

export interface EphemeralKey {
  readonly group: string;
  readonly share: Bytes;
  /** In the provider's own form. */
  readonly key: unknown;
}

export interface Hmac {
  readonly key: Bytes;
  readonly data: Bytes;
  readonly output: Bytes;
}

export interface Notebook {
  readonly hmacs: Hmac[];
  readonly digests: Bytes[];
}

export function recordedProvider(
  base: CryptoProvider,
  keys: readonly EphemeralKey[],
  verifications: readonly Verification[],
): { readonly provider: CryptoProvider; readonly notebook: Notebook } {
  const notebook: Notebook = { hmacs: [], digests: [] };
  const groups = keys.map(({ group, share, key }) => withKey(find(base.groups, group), share, key));
  const hashes = base.hashes.map((hash) => written(hash, notebook));
  return { provider: { ...base, name: `${base.name}, recorded`, groups, hashes, verifications }, notebook };
}

function find(groups: readonly Group[], name: string): SyncGroup {
  const group = groups.find((each) => each.name === name);
  if (group === undefined || !("start" in group)) throw new Error(`the provider has no synchronous ${name}`);
  return group;
}

function withKey(group: SyncGroup, share: Bytes, key: unknown): SyncGroup {
  return {
    ...group,
    start: () => ({ share, key }),
    complete: (own, peerShare) => group.complete(own, peerShare),
    respond: (peerShare) => {
      const secret = group.complete(key, peerShare);
      return secret && { share, secret };
    },
  };
}

function written(hash: HashImplementation, { hmacs, digests }: Notebook): HashImplementation {
  return {
    ...hash,
    create: () => listened(hash.create()),
    hmac: (key, data) => {
      const output = hash.hmac(key, data);
      // What the machine wipes later is written down as it was.
      hmacs.push({ key: Uint8Array.from(key), data: Uint8Array.from(data), output: Uint8Array.from(output) });
      return output;
    },
  };

  function listened(inner: Hash): Hash {
    const outer: Hash = {
      update: (data) => {
        inner.update(data);
        return outer;
      },
      clone: () => listened(inner.clone()),
      digest: () => {
        const output = inner.digest();
        digests.push(Uint8Array.from(output));
        return output;
      },
    };
    return outer;
  }
}
