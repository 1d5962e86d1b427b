// Providers, keys and clocks that give the same bytes in every run.
import { createECDH, createHash, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import type {
  AsyncClientSessionStore,
  AsyncCredentialPicker,
  AsyncGroup,
  AsyncServerSessionStore,
  AsyncSigner,
  AsyncSingleUse,
  AsyncVerification,
  AsyncVerifier,
  Bytes,
  Credential,
  CryptoProvider,
  SyncClientSessionStore,
  SyncCredentialPicker,
  SyncGroup,
  SyncServerSessionStore,
  SyncSigner,
  SyncSingleUse,
  SyncVerification,
  SyncVerifier,
} from "@sallyport/core";
import { dangerousAssertVerified } from "@sallyport/core";
import { noble } from "@sallyport/crypto-noble";
import { node, signer } from "@sallyport/crypto-node";
import { fakeCertificate } from "./fake-credential.ts";

/** A fixed moment, in milliseconds since 1970. */
export const now = (): number => 1_700_000_000_000;

/** SHA-256 in counter mode. */
export function seededRandom(seed: string): (length: number) => Bytes {
  let counter = 0;
  return (length) => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += 32) {
      const block = createHash("sha256").update(`${seed}/${counter++}`).digest();
      bytes.set(block.subarray(0, length - at), at);
    }
    return bytes;
  };
}

/** All in JavaScript, and slow: for what must hold with the default provider. */
export function seededNoble(seed: string): CryptoProvider {
  return noble({ random: seededRandom(seed) });
}

/** node:crypto's speed; its key pairs come from the seed, and its secrets are real ones. */
export function seededNode(seed: string): CryptoProvider {
  const random = seededRandom(seed);
  return { ...node, name: "seeded", random, groups: [x25519(random), p256(random)] };
}

function x25519(random: (length: number) => Bytes): SyncGroup {
  const provided = node.groups.find(({ name }) => name === "x25519");
  if (provided === undefined || !("complete" in provided)) throw new Error("node:crypto has X25519");
  const start = (): { share: Bytes; key: KeyObject } => {
    const key = privateKey("302e020100300506032b656e04220420", random(32));
    const { x = "" } = createPublicKey(key).export({ format: "jwk" });
    return { share: Uint8Array.from(Buffer.from(x, "base64url")), key };
  };
  return group("x25519", 32, start, (key, peerShare) => provided.complete(key, peerShare));
}

function p256(random: (length: number) => Bytes): SyncGroup {
  const start = (): { share: Bytes; key: ReturnType<typeof createECDH> } => {
    const key = createECDH("prime256v1");
    key.setPrivateKey(random(32));
    return { share: Uint8Array.from(key.getPublicKey()), key };
  };
  return group("secp256r1", 65, start, (key, peerShare) => {
    try {
      return Uint8Array.from(key.computeSecret(peerShare));
    } catch {
      return undefined;
    }
  });
}

function group<Key>(
  name: "x25519" | "secp256r1",
  length: number,
  start: () => { share: Bytes; key: Key },
  complete: (key: Key, peerShare: Uint8Array) => Bytes | undefined,
): SyncGroup {
  return {
    name,
    shareLength: { client: length, server: length },
    start,
    // The machine gives back what `start` made.
    complete: (key, peerShare) => complete(key as Key, peerShare),
    respond: (peerShare) => {
      const { share, key } = start();
      const secret = complete(key, peerShare);
      return secret && { share, secret };
    },
  };
}

function privateKey(prefix: string, seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([Buffer.from(prefix, "hex"), seed]), format: "der", type: "pkcs8" });
}

/** An Ed25519 identity: its signatures are the same in every run. Core reads no more of its certificate than the key. */
export function seededCredential(
  seed: string,
  names: readonly string[] = ["localhost"],
): Credential & { readonly signer: SyncSigner } {
  const own = signer(ed25519Key(seed));
  return { type: "x509", chain: [fakeCertificate(own.publicKey)], publicKey: own.publicKey, names, signer: own };
}

/** The 32 bytes that are the private key, for a look whether they are printed. */
export function ed25519Seed(seed: string): Uint8Array {
  return createHash("sha256").update(seed).digest();
}
function ed25519Key(seed: string): KeyObject {
  return privateKey("302e020100300506032b657004220420", ed25519Seed(seed));
}

/** Takes every chain, since its key was proven. */
export const trusting: SyncVerifier = {
  schemes: ["ed25519"],
  label: "trusts everyone",
  verify: (presented) => dangerousAssertVerified(presented),
};

/** Server's sessions in memory: a look finds them, however often. */
export function keptSessions(): SyncServerSessionStore {
  const states = new Map<string, Uint8Array>();
  return { find: (id) => states.get(id.join()), put: (id, session) => void states.set(id.join(), session.state) };
}

// The twins whose answers are waited for: core never calls them, and `answered` finds what they stand for.
const twins = new WeakMap<object, unknown>();
const never = (): Promise<never> => Promise.reject(new Error("core calls no asynchronous twin"));

export function asyncGroup(sync: SyncGroup): AsyncGroup {
  const { name, shareLength } = sync;
  return paired({ name, shareLength, startAsync: never, completeAsync: never, respondAsync: never }, sync);
}
export function asyncSigner(sync: SyncSigner): AsyncSigner {
  return paired({ schemes: sync.schemes, publicKey: sync.publicKey, signAsync: never }, sync);
}
export function asyncVerification(sync: SyncVerification): AsyncVerification {
  return paired({ scheme: sync.scheme, verifyAsync: never }, sync);
}
export function asyncVerifier(sync: SyncVerifier): AsyncVerifier {
  const { verify: _, ...said } = sync;
  return paired({ ...said, verifyAsync: never }, sync);
}
export function asyncPicker(sync: SyncCredentialPicker): AsyncCredentialPicker {
  const { pick: _, ...said } = sync;
  return paired({ ...said, pickAsync: never }, sync);
}
export function asyncClientSessions(sync: SyncClientSessionStore): AsyncClientSessionStore {
  return paired({ takeAsync: never, putAsync: never, ...(sync.groups && { groups: sync.groups }) }, sync);
}
export function asyncServerSessions(sync: SyncServerSessionStore): AsyncServerSessionStore {
  return paired({ findAsync: never, putAsync: never }, sync);
}
export function asyncSingleUse(sync: SyncSingleUse): AsyncSingleUse {
  return paired({ useAsync: never }, sync);
}
export function asyncProvider(provider: CryptoProvider): CryptoProvider {
  return {
    ...provider,
    groups: provider.groups.map((group) => ("start" in group ? asyncGroup(group) : group)),
    verifications: provider.verifications.map((verification) =>
      "verify" in verification ? asyncVerification(verification) : verification,
    ),
  };
}

export function syncTwin(twin: AsyncGroup): SyncGroup;
export function syncTwin(twin: AsyncSigner): SyncSigner;
export function syncTwin(twin: AsyncVerification): SyncVerification;
export function syncTwin(twin: AsyncVerifier): SyncVerifier;
export function syncTwin(twin: AsyncCredentialPicker): SyncCredentialPicker;
export function syncTwin(twin: AsyncClientSessionStore): SyncClientSessionStore;
export function syncTwin(twin: AsyncServerSessionStore): SyncServerSessionStore;
export function syncTwin(twin: AsyncSingleUse): SyncSingleUse;
export function syncTwin(twin: object): unknown {
  return twins.get(twin);
}

function paired<Twin extends object>(twin: Twin, sync: object): Twin {
  twins.set(twin, sync);
  return twin;
}
