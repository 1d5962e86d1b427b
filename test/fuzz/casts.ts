// By whose cryptography both speak, and what they know each other by.
import { dangerousFuzzCredential, dangerousFuzzProvider, externalPsk, type PeerSession } from "@sallyport/arbitraries";
import {
  type Credential,
  type CryptoProvider,
  dangerousAssertVerified,
  dangerousRawPsk,
  type ExternalPsk,
  importedPsk,
  rawPublicKey,
  type SyncSigner,
  type SyncVerifier,
} from "@sallyport/core";
import { noble } from "@sallyport/crypto-noble";
import { node } from "@sallyport/crypto-node";
import { seededCredential, seededRandom, trusting } from "../support/seeded.ts";
import type { ProviderName } from "./features.ts";
import { watching } from "./watching.ts";

type Own = Credential & { readonly signer: SyncSigner };

export interface Cast {
  readonly machine: CryptoProvider;
  readonly peer: CryptoProvider;
  /** Both show it. */
  readonly own: Own;
  /** Takes every chain. */
  readonly verifier: SyncVerifier;
  /** The peer's, by the numbers of its script: the first is known to the machine, the second to nobody. */
  readonly rawKeys: readonly [Own, Own];
  /** The peer's, by the numbers of its script, as `pskNames` says. */
  readonly psks: readonly PeerSession[];
  readonly restart: (seed: number) => void;
}

/** What a peer's external PSKs are called, by the numbers of its script; and whether the machine has the same key. */
export const pskNames: readonly { readonly name: string; readonly isRight: boolean }[] = [
  { name: "imported", isRight: true },
  { name: "raw", isRight: true },
  { name: "imported", isRight: false },
  { name: "unknown", isRight: false },
];
const text = (name: string): Uint8Array => new TextEncoder().encode(name);
const keyOf = (name: string): Uint8Array => seededRandom(`the key of ${name}`)(32);
/** A machine's. */
export const ownPsks: readonly [ExternalPsk, ExternalPsk] = [
  importedPsk({ identity: text("imported"), key: keyOf("imported") }),
  dangerousRawPsk({ identity: text("raw"), key: keyOf("raw"), hash: "sha384" }),
];
function peersPsks(provider: CryptoProvider): readonly PeerSession[] {
  return pskNames.map(({ name, isRight }) =>
    externalPsk(provider, {
      identity: text(name),
      key: keyOf(isRight ? name : `another ${name}`),
      as: name === "raw" ? "sha384" : "imported",
    }),
  );
}

const fuzz = dangerousFuzzProvider();
const ownFuzz = dangerousFuzzCredential();
const ownReal = seededCredential("fuzzed");
const asRawKey = ({ signer }: Own): Own => ({ ...rawPublicKey(signer, ["localhost"]), signer });
/** Its last byte is another. */
const strangerFuzz: Own = asRawKey({
  ...ownFuzz,
  signer: { ...ownFuzz.signer, publicKey: ownFuzz.publicKey.map((byte, at, all) => (at === all.length - 1 ? byte ^ 1 : byte)) },
});
const real = {
  peer: node,
  own: ownReal,
  verifier: trusting,
  rawKeys: [asRawKey(ownReal), asRawKey(seededCredential("a stranger"))],
  psks: peersPsks(node),
  restart: (): void => {},
} as const;

export const casts: Readonly<Record<ProviderName, Cast>> = {
  fuzz: {
    machine: fuzz,
    peer: fuzz,
    own: ownFuzz,
    verifier: { schemes: ["ecdsa_secp256r1_sha256"], label: "trusts", verify: dangerousAssertVerified },
    rawKeys: [asRawKey(ownFuzz), strangerFuzz],
    psks: peersPsks(fuzz),
    restart: (seed) => fuzz.restart(seed),
  },
  node: { ...real, machine: watching(node) },
  noble: { ...real, machine: inOrderOf(node, noble({ random: seededRandom("fuzzed") })) },
};

/** noble prefers ChaCha20-Poly1305; early data is taken under its session's very suite alone, so that the same peer would meet another answer. */
function inOrderOf({ suites, groups }: CryptoProvider, other: CryptoProvider): CryptoProvider {
  const rank = (names: readonly { readonly name: string }[], name: string): number =>
    names.findIndex((each) => each.name === name);
  return {
    ...other,
    suites: other.suites.toSorted((one, two) => rank(suites, one.name) - rank(suites, two.name)),
    groups: other.groups.toSorted((one, two) => rank(groups, one.name) - rank(groups, two.name)),
  };
}
