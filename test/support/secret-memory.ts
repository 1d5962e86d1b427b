// A provider that keeps hold of the very memory of each secret that it makes, to see what is left in it later.
import type { AeadOpener, AeadSealer, CryptoProvider, HashImplementation, SyncGroup } from "@sallyport/core";
import { hex } from "./secret-watch.ts";

export interface SecretMemory {
  readonly provider: CryptoProvider;
  /** What was made or taken so far: each secret that is not wiped and each key that is not destroyed, by what it is. */
  left(): readonly string[];
  /** How many there were. */
  readonly made: number;
  /** What there was so far is nobody's here: a config's. */
  forget(): void;
}

/** Public are zeros, what is derived of nothing but public values, and what goes on the wire: binders and Finished. */
export function keepSecrets(of: CryptoProvider): SecretMemory {
  const secrets: { readonly what: string; readonly bytes: Uint8Array }[] = [];
  const keys = new Set<string>();
  const publics = new Set<string>();
  const finishedKeys = new Set<string>();
  let made = 0;
  const isPublic = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0) || publics.has(hex(bytes));
  const keep = <Bytes extends Uint8Array | undefined>(what: string, bytes: Bytes): Bytes => {
    if (bytes !== undefined) secrets.push({ what, bytes });
    made++;
    return bytes;
  };
  const derive = (hash: HashImplementation, key: Uint8Array, data: Uint8Array): Uint8Array<ArrayBuffer> => {
    const label = /tls13 [a-z0-9 ]+/.exec(Buffer.from(data.subarray(3)).toString("latin1"))?.[0];
    const [isFinishedKey, isOfPublics] = [finishedKeys.has(hex(key)), isPublic(key)];
    const isExtracted = label === undefined && data.length === hash.length;
    const derived = hash.hmac(key, data);
    if (isFinishedKey) return derived;
    if (isOfPublics && (!isExtracted || isPublic(data))) {
      publics.add(hex(derived));
      return derived;
    }
    if (label === "tls13 finished") finishedKeys.add(hex(derived));
    return keep(label ?? "an HMAC", derived);
  };
  const alive = (key: Uint8Array, what: string): (() => void) => {
    const name = `${what} (${made})`;
    keep(what, key);
    keys.add(name);
    return () => void keys.delete(name);
  };
  const provider: CryptoProvider = {
    ...of,
    hashes: of.hashes.map((hash) => ({ ...hash, hmac: (key, data) => derive(hash, key, data) })),
    groups: of.groups
      .filter((group): group is SyncGroup => "start" in group)
      .map((group) => ({
        ...group,
        start: () => group.start(),
        complete: (key, share) => keep("a shared secret", group.complete(key, share)),
        respond: (share) => {
          const done = group.respond(share);
          keep("a shared secret", done?.secret);
          return done;
        },
      })),
    suites: of.suites.map((suite) => ({
      ...suite,
      seal: (key): AeadSealer => {
        const destroyed = alive(key, "a key that seals");
        const sealer = suite.seal(key);
        return {
          seal: (...given) => sealer.seal(...given),
          destroy: () => {
            destroyed();
            sealer.destroy();
          },
        };
      },
      open: (key): AeadOpener => {
        const destroyed = alive(key, "a key that opens");
        const opener = suite.open(key);
        return {
          open: (...given) => opener.open(...given),
          destroy: () => {
            destroyed();
            opener.destroy();
          },
        };
      },
    })),
  };
  return {
    provider,
    get made() {
      return made;
    },
    forget: () => {
      secrets.length = 0;
      keys.clear();
      made = 0;
    },
    left: () => [...secrets.filter(({ bytes }) => bytes.some((byte) => byte !== 0)).map(({ what }) => what), ...keys],
  };
}
