// Peers that are trusted for their key alone. Nobody vouches for them; name, dates and purpose are not looked at: `dangerous`.
import {
  type AsyncVerifier,
  ConfigError,
  type ConfigProblem,
  type CryptoProvider,
  type DistrustReason,
  dangerousAssertVerified,
  type HashImplementation,
  type PresentedIdentity,
  type SyncVerifier,
  type VerifiedIdentity,
} from "@sallyport/core";
import { ascii, base64, hex } from "./bytes.ts";
import { parseCertificate } from "./certificate.ts";
import { DerError } from "./der.ts";
import { distrust } from "./explanation.ts";
import type { CertificateReference, Finding } from "./findings.ts";
import type { KeyPin } from "./key-pin.ts";
import { readCertificates } from "./pem.ts";

export interface PinOptions {
  readonly provider: CryptoProvider;
  /** Whom it judges. Default `server`. */
  readonly role?: "client" | "server";
  /** Whose key is trusted; of servers also by the name that was meant, in lower case. Pin the next key beside today's. */
  readonly pins: readonly KeyPin[] | ReadonlyMap<string, readonly KeyPin[]>;
}

/**
 * Trusts whoever proves one of these keys, whatever the certificate around it says: who issued it, for which name, until when.
 * @throws ConfigError if there is no pin, or one is none
 * @example dangerousPinnedKeys({ provider, pins: [keyPin(provider, certificatePem)] })
 */
export function dangerousPinnedKeys({ provider, role = "server", pins }: PinOptions): SyncVerifier {
  const hash = sha256Of(provider);
  const lists: Lists = "length" in pins ? [[undefined, pins]] : [...pins];
  refusePins(lists);
  const text = JSON.stringify(lists.map(([name, list]) => [name ?? null, [...new Set(list)].sort()]).sort());
  return {
    ...common(provider),
    label: `x509 dangerous pins ${role} ${base64(hash.create().update(ascii(text)).digest())}`,
    verify: (presented) => {
      const shown = read(presented, role, hash);
      if ("kind" in shown) return distrust([shown]);
      const { serverName } = presented;
      const { pin, reference: certificate } = shown;
      const allowed = lists.flatMap(([name, list]) => (name === undefined || name === serverName?.toLowerCase() ? list : []));
      return allowed.includes(pin) ? verified(presented) : distrust([{ kind: "key-not-pinned", certificate, serverName, pin }]);
    },
  };
}

/** For everybody, or by name. */
type Lists = readonly (readonly [name: string | undefined, pins: readonly KeyPin[]])[];

/** What the first connection to a server has shown. Names come from the caller, so that a peer can't fill it. */
export interface KnownKeys {
  /** The pin that this name was first seen with: `pin`, which is kept, if it never was. One step: connections race. */
  firstOf(serverName: string, pin: KeyPin): KeyPin;
}
export interface AsyncKnownKeys {
  firstOfAsync(serverName: string, pin: KeyPin, signal: Signal): Promise<KeyPin>;
}
type Signal = Parameters<AsyncVerifier["verifyAsync"]>[1];

/** In memory, without end: gone with the process, and then everybody is new again. */
export function memoryKnownKeys(): KnownKeys {
  const keys = new Map<string, KeyPin>();
  return {
    firstOf(serverName, pin) {
      const first = keys.get(serverName) ?? pin;
      keys.set(serverName, first);
      return first;
    },
  };
}

export interface FirstUseOptions<Known> {
  readonly provider: CryptoProvider;
  readonly known: Known;
  /**
   * Of what is known, the same in each process that shares it: sessions are resumed under a verifier of the same name alone.
   * Default: one of its own for each `known`, in this process.
   */
  readonly name?: string;
}

/**
 * Trusts a server's key the first time that it is seen under a name, whoever it is, and no other under that name from then on:
 * what SSH does. Who stands in between at the first time stays unnoticed. Nothing else of the certificate is looked at.
 */
export function dangerousTrustOnFirstUse(options: FirstUseOptions<KnownKeys>): SyncVerifier;
export function dangerousTrustOnFirstUse(options: FirstUseOptions<AsyncKnownKeys>): AsyncVerifier;
export function dangerousTrustOnFirstUse({
  provider,
  known,
  name,
}: FirstUseOptions<KnownKeys | AsyncKnownKeys>): SyncVerifier | AsyncVerifier {
  const hash = sha256Of(provider);
  const whose = name === undefined ? `known here as ${ownName(known, provider)}` : `named ${JSON.stringify(name)}`;
  const label = `x509 dangerous trust on first use, ${whose}`;
  const look = (presented: PresentedIdentity): (Shown & { readonly name: string }) | Finding => {
    const shown = read(presented, "server", hash);
    if ("kind" in shown) return shown;
    const { serverName } = presented;
    if (serverName === undefined) return { kind: "no-server-name", serverName };
    return { ...shown, name: serverName.toLowerCase() };
  };
  const judge = (
    presented: PresentedIdentity,
    shown: Shown & { readonly name: string },
    first: KeyPin,
  ): VerifiedIdentity | DistrustReason => {
    if (first === shown.pin) return verified(presented);
    const { reference: certificate, name: serverName, pin } = shown;
    return distrust([{ kind: "key-changed", certificate, serverName, first, pin }]);
  };
  if ("firstOf" in known) {
    return {
      ...common(provider),
      label,
      verify: (presented) => {
        const shown = look(presented);
        return "kind" in shown ? distrust([shown]) : judge(presented, shown, known.firstOf(shown.name, shown.pin));
      },
    };
  }
  return {
    ...common(provider),
    label,
    verifyAsync: async (presented, signal) => {
      const shown = look(presented);
      if ("kind" in shown) return distrust([shown]);
      return judge(presented, shown, await known.firstOfAsync(shown.name, shown.pin, signal));
    },
  };
}

/** A session made under one store says nothing of what another one knows. */
function ownName(known: KnownKeys | AsyncKnownKeys, provider: CryptoProvider): string {
  const name = ownNames.get(known) ?? hex(provider.random(16));
  ownNames.set(known, name);
  return name;
}
const ownNames = new WeakMap<KnownKeys | AsyncKnownKeys, string>();

/**
 * The pin of a certificate's key.
 * @param certificate PEM (the first one of it counts) or DER
 * @throws ConfigError if it can't be read
 */
export function keyPin(provider: CryptoProvider, certificate: string | Uint8Array): KeyPin {
  const given = typeof certificate === "string" ? certificate : [certificate];
  const { certificates, problems } = readCertificates(given, "certificate");
  const [first] = certificates;
  const [problem, ...more] = problems;
  if (problem !== undefined) throw new ConfigError([problem, ...more]);
  if (first === undefined) throw new ConfigError([noCertificate]);
  return pinOf(first.publicKey.raw, sha256Of(provider));
}

function pinOf(subjectPublicKeyInfo: Uint8Array, hash: HashImplementation): KeyPin {
  return `sha256/${base64(hash.create().update(subjectPublicKeyInfo).digest())}`;
}

interface Shown {
  readonly pin: KeyPin;
  readonly reference: CertificateReference;
}

function read(
  { role, type, chain: [leaf] }: PresentedIdentity,
  expected: "client" | "server",
  hash: HashImplementation,
): Shown | Finding {
  if (role !== expected) return { kind: "wrong-role", expected };
  if (type !== "x509") return { kind: "not-x509", type };
  try {
    const { publicKey, subject, issuer } = parseCertificate(leaf);
    const reference = { source: "peer", index: 0, subject: subject.text, issuer: issuer.text } as const;
    return { pin: pinOf(publicKey.raw, hash), reference };
  } catch (thrown) {
    if (thrown instanceof DerError) return { kind: "malformed", index: 0, problem: thrown.problem, offset: thrown.offset };
    throw thrown;
  }
}

// Nobody has vouched for the names in the certificate: the identity has none but the one that was meant.
function verified(presented: PresentedIdentity): VerifiedIdentity {
  const {
    serverName,
    chain: [leaf],
  } = presented;
  return dangerousAssertVerified(presented, { path: [leaf], names: serverName === undefined ? [] : [serverName] });
}

function common({ verifications }: CryptoProvider): Pick<SyncVerifier, "schemes" | "types"> {
  return { schemes: verifications.map(({ scheme }) => scheme), types: ["x509"] };
}

function refusePins(lists: Lists): void {
  const problems: ConfigProblem[] = [];
  if (lists.every(([, list]) => list.length === 0)) {
    problems.push({
      kind: "pins-empty",
      path: "pins",
      problem: "there are no pins, so nobody could ever be trusted",
      remedy: "give the keyPin of each key that you trust",
    });
  }
  for (const [name, list] of lists) {
    const path = name === undefined ? "pins" : `pins.get(${JSON.stringify(name)})`;
    if (name !== undefined && name !== name.toLowerCase()) {
      problems.push({ kind: "bad-name", path, problem: "the name is not in lower case", remedy: `write ${name.toLowerCase()}` });
    }
    for (const [at, pin] of list.entries()) {
      if (/^sha256\/[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/.test(pin)) continue;
      problems.push({
        kind: "bad-pin",
        path: `${path}[${at}]`,
        problem: `${JSON.stringify(pin)} is not sha256/ and the base64 of 32 bytes`,
        remedy: "take what keyPin gives",
      });
    }
  }
  const [first, ...more] = problems;
  if (first !== undefined) throw new ConfigError([first, ...more]);
}

function sha256Of({ hashes }: CryptoProvider): HashImplementation {
  const hash = hashes.find(({ name }) => name === "sha256");
  if (hash === undefined) throw new ConfigError([noHash]);
  return hash;
}

const noHash: ConfigProblem = {
  kind: "no-hash",
  path: "provider",
  problem: "the provider has no sha256, by which keys are pinned",
  remedy: "give one that has it",
};
const noCertificate: ConfigProblem = {
  kind: "chain-empty",
  path: "certificate",
  problem: "there is no certificate",
  remedy: "give the one with the key to pin",
};
