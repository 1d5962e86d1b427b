// A provider that remembers every secret it is asked for, makes, or is given, by connection and by name.
import type { Bytes, CryptoProvider, HashImplementation, SyncGroup } from "@sallyport/core";

export interface Known {
  /** By their hex: what each was called. Two names for one value are two uses of one secret. */
  readonly secrets: ReadonlyMap<string, ReadonlySet<string>>;
  /** Random, and public: hello randoms, session ids, key shares, salts. */
  readonly publics: ReadonlySet<string>;
  /** Keys that a side sealed with: `role hex`. */
  readonly sealedWith: ReadonlySet<string>;
}

export interface SecretWatch {
  /** From now on what is asked for belongs to another connection. @returns what it will know */
  connection(): Known;
  /** A provider for one role. */
  provider(role: "client" | "server", of: CryptoProvider): CryptoProvider;
}

/**
 * @param given secrets that outlast a connection. What is derived of nothing else is the same wherever it is derived, and not
 * remembered; what is derived of one of them and of a salt is `a ticket's`.
 */
export function watchSecrets(given: readonly Uint8Array[]): SecretWatch {
  let secrets = new Map<string, Set<string>>();
  let publics = new Set<string>();
  let sealedWith = new Set<string>();
  const lasting = new Set([...given, new Uint8Array(32), new Uint8Array(48)].map(hex));
  const tickets = new Set<string>();
  // A PSK that is imported for a longer hash is two blocks (RFC 9258 §4.1).
  const lasts = (value: string): boolean => lasting.has(value) || lasting.has(value.slice(0, 64));
  const name = (secret: Uint8Array, as: string): void => {
    const value = hex(secret);
    if (lasts(value) || secret.length < 16) return;
    const names = secrets.get(value) ?? new Set();
    secrets.set(value, names.add(tickets.has(value) ? "a ticket's" : as));
  };
  const derive = (hash: HashImplementation, key: Uint8Array, data: Uint8Array): Bytes => {
    const derived = hash.hmac(key, data);
    const label = labelIn(data);
    const addsNothing =
      lasts(hex(data)) ||
      label?.name === "derived psk" ||
      label?.context === "" ||
      label?.context === hex(hash.create().digest());
    if (lasts(hex(key))) {
      if (addsNothing) lasting.add(hex(derived));
      // A session's PSK is derived where it was given, and not where it is used.
      else if (label === undefined && isZero(key)) name(data, "psk");
      else if (Buffer.from(data).includes("sallyport ticket")) tickets.add(hex(derived));
    }
    name(derived, label?.name ?? "an HMAC");
    return derived;
  };
  return {
    connection: () => {
      [secrets, publics, sealedWith] = [new Map(), new Set(), new Set()];
      return { secrets, publics, sealedWith };
    },
    provider: (role, of) => ({
      ...of,
      random: (length) => {
        const bytes = of.random(length);
        // Shorter ones are GREASE.
        if (length >= 16) publics.add(hex(bytes));
        return bytes;
      },
      hashes: of.hashes.map((hash) => ({ ...hash, hmac: (key, data) => derive(hash, key, data) })),
      suites: of.suites.map((suite) => ({
        ...suite,
        seal: (key) => {
          sealedWith.add(`${role} ${hex(key)}`);
          name(key, "key");
          return suite.seal(key);
        },
        open: (key) => {
          name(key, "key");
          return suite.open(key);
        },
      })),
      groups: of.groups
        .filter((group): group is SyncGroup => "start" in group)
        .map((group) => ({
          ...group,
          start: () => {
            const started = group.start();
            publics.add(hex(started.share));
            return started;
          },
          complete: (key, share) => {
            const secret = group.complete(key, share);
            if (secret !== undefined) name(secret, "a shared secret");
            return secret;
          },
          respond: (share) => {
            const done = group.respond(share);
            if (done === undefined) return done;
            publics.add(hex(done.share));
            name(done.secret, "a shared secret");
            return done;
          },
        })),
    }),
  };
}

/** Of HKDF-Expand-Label (RFC 9846 §7.1), one block. */
function labelIn(data: Uint8Array): { readonly name: string; readonly context: string } | undefined {
  const { length } = data;
  const nameEnd = 3 + (data[2] ?? 0);
  const contextEnd = nameEnd + 1 + (data[nameEnd] ?? 0);
  const text = String.fromCharCode(...data.subarray(3, nameEnd));
  if (length < 10 || !text.startsWith("tls13 ") || contextEnd + 1 !== length) return undefined;
  return { name: text.slice(6), context: hex(data.subarray(nameEnd + 1, contextEnd)) };
}
function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
