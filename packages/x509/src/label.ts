// What tells one verifier from another, so that no session made under a laxer one enters a stricter.
import { ConfigError, type ConfigProblem, type CryptoProvider, type SignatureScheme } from "@sallyport/core";
import type { TrustAnchor } from "./anchors.ts";
import { ascii, hex } from "./bytes.ts";
import type { Known, Policy } from "./profile.ts";
import type { RequiredUsage } from "./required-usage.ts";
import type { RevocationLists } from "./revocation/lists.ts";
import type { Revocation } from "./revocation/policy.ts";

/** All that it judges by. */
export interface Rules {
  readonly role: "client" | "server";
  readonly policy: Policy;
  readonly schemes: readonly SignatureScheme[];
  readonly roots: readonly Known[];
  readonly anchors: readonly TrustAnchor[];
  readonly revocation: Revocation;
  readonly requires: RequiredUsage;
}

/** The same for the same rules in any order, another for others. Lists that can be replaced are not in it: they are the basis. */
export function labelOf(rules: Rules, provider: Pick<CryptoProvider, "hashes">): string {
  const {
    role,
    policy: { profile, maxIntermediates },
    schemes,
    roots,
    anchors,
    revocation,
    requires,
  } = rules;
  const digestOf = digester(provider);
  const { lists, mayChange, staples, policy, scope } = revocation;
  const text = JSON.stringify({
    format: 4,
    role,
    profile,
    maxIntermediates,
    schemes: [...schemes].sort(),
    staples,
    policy,
    scope,
    requires: [[...(requires.keyUsage ?? [])].sort(), [...(requires.extendedKeyUsage ?? [])].sort()],
    lists: lists === undefined ? "none" : mayChange ? "replaced" : listDigests(lists, digestOf),
    roots: unordered(roots.map(({ certificate }) => digestOf(certificate.der))),
    anchors: unordered(anchors.map((anchor) => digestOf(anchor.subject, anchor.publicKey, anchor.nameConstraints ?? empty))),
  });
  return `x509 ${role} ${profile} ${digestOf(ascii(text))}`;
}

/** Of the lists of now, if they can be replaced; looked at anew only when they were. */
export function basisOf({ lists, mayChange }: Revocation, provider: Pick<CryptoProvider, "hashes">): () => string | undefined {
  if (lists === undefined || !mayChange) return () => undefined;
  const digestOf = digester(provider);
  let known: { readonly all: RevocationLists["all"]; readonly text: string } | undefined;
  return () => {
    if (known?.all !== lists.all) known = { all: lists.all, text: digestOf(ascii(listDigests(lists, digestOf).join())) };
    return known.text;
  };
}

type DigestOf = (...parts: readonly Uint8Array[]) => string;

function digester({ hashes }: Pick<CryptoProvider, "hashes">): DigestOf {
  const hash = hashes.find(({ name }) => name === "sha256") ?? hashes[0];
  if (hash === undefined) throw new ConfigError([noHash]);
  return (...parts) => hex(parts.reduce((running, part) => running.update(part), hash.create()).digest());
}

/** A list has tens of megabytes, of which its signature says all: without the right one it counts for nothing. */
const listDigests = (lists: RevocationLists, digestOf: DigestOf): readonly string[] =>
  unordered(lists.all.map(({ issuer, signature }) => digestOf(issuer.raw, signature)));

const unordered = (digests: readonly string[]): readonly string[] => [...new Set(digests)].sort();
const empty: Uint8Array = new Uint8Array(0);
const noHash: ConfigProblem = {
  kind: "no-hash",
  path: "provider",
  problem: "the provider has no hash, by which a verifier is told from another",
  remedy: "give one that has sha256",
};
