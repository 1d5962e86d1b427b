// A provider (and a signer, a verifier, a clock) that does one thing wrong, once.
import type {
  AeadOpener,
  AeadSealer,
  Bytes,
  Credential,
  CryptoProvider,
  Hash,
  HashImplementation,
  SuiteImplementation,
  SyncGroup,
  SyncSigner,
  SyncVerification,
  SyncVerifier,
} from "@sallyport/core";

export const operations = [
  "random",
  "start",
  "complete",
  "respond",
  "hmac",
  "create",
  "update",
  "clone",
  "digest",
  "sign",
  "verify",
  "judge",
  "now",
  "importSeal",
  "importOpen",
  "seal",
  "open",
  "destroy",
] as const;
export type Operation = (typeof operations)[number];

/** What happens instead; without one nothing does. */
export interface Fault {
  readonly operation: Operation;
  /** The first call is 1. */
  readonly call: number;
  /** Throws, or gives another result. */
  readonly instead: (result: unknown) => unknown;
}

export class Workshop {
  readonly calls = new Map<Operation, number>();
  fault: Fault | undefined;
  /** Calls count from here. */
  armed = false;

  #do<Result>(operation: Operation, work: () => Result): Result {
    if (!this.armed) return work();
    const call = (this.calls.get(operation) ?? 0) + 1;
    this.calls.set(operation, call);
    if (this.fault?.operation !== operation || this.fault.call !== call) return work();
    // A provider in JavaScript can give anything.
    return this.fault.instead(work()) as Result;
  }

  provider(from: CryptoProvider): CryptoProvider {
    return {
      ...from,
      random: (length) => this.#do("random", () => from.random(length)),
      groups: from.groups.map((group) => ("start" in group ? this.#group(group) : group)),
      verifications: from.verifications.map((verification) =>
        "verify" in verification ? this.#verification(verification) : verification,
      ),
      hashes: from.hashes.map((hash) => this.#hash(hash)),
      suites: from.suites.map((suite) => ({
        ...suite,
        seal: (key) => this.#do("importSeal", () => this.#sealer(suite.seal(key))),
        open: (key) => this.#do("importOpen", () => this.#opener(suite.open(key))),
      })),
    };
  }
  credential(from: Credential & { readonly signer: SyncSigner }): Credential {
    const { signer } = from;
    return { ...from, signer: { ...signer, sign: (scheme, message) => this.#do("sign", () => signer.sign(scheme, message)) } };
  }
  verifier(from: SyncVerifier): SyncVerifier {
    return { ...from, verify: (presented) => this.#do("judge", () => from.verify(presented)) };
  }
  clock(from: () => number): () => number {
    return () => this.#do("now", from);
  }

  #group(group: SyncGroup): SyncGroup {
    return {
      ...group,
      start: () => this.#do("start", () => group.start()),
      complete: (key, peerShare) => this.#do("complete", () => group.complete(key, peerShare)),
      respond: (peerShare) => this.#do("respond", () => group.respond(peerShare)),
    };
  }
  #verification(verification: SyncVerification): SyncVerification {
    return {
      ...verification,
      verify: (publicKey, message, signature) => this.#do("verify", () => verification.verify(publicKey, message, signature)),
    };
  }
  #hash(hash: HashImplementation): HashImplementation {
    return {
      ...hash,
      create: () => this.#do("create", () => this.#running(hash.create())),
      hmac: (key, data) => this.#do("hmac", () => hash.hmac(key, data)),
    };
  }
  #running(hash: Hash): Hash {
    const self: Hash = {
      update: (data) => {
        this.#do("update", () => hash.update(data));
        return self;
      },
      clone: () => this.#do("clone", () => this.#running(hash.clone())),
      digest: (): Bytes => this.#do("digest", () => hash.digest()),
    };
    return self;
  }
  #sealer(sealer: AeadSealer): AeadSealer {
    return {
      seal: (nonce, additionalData, plaintext, target, offset) =>
        this.#do("seal", () => sealer.seal(nonce, additionalData, plaintext, target, offset)),
      destroy: () => this.#do("destroy", () => sealer.destroy()),
    };
  }
  #opener(opener: AeadOpener): AeadOpener {
    return {
      open: (nonce, additionalData, sealed) => this.#do("open", () => opener.open(nonce, additionalData, sealed)),
      destroy: () => this.#do("destroy", () => opener.destroy()),
    };
  }
}

/** The same provider; `before` each seal, which fails if that throws. */
export function beforeSeals(provider: CryptoProvider, before: () => void): CryptoProvider {
  const suites = provider.suites.map(
    (suite): SuiteImplementation => ({
      ...suite,
      seal: (key) => {
        const sealer = suite.seal(key);
        return {
          seal: (...given) => {
            before();
            sealer.seal(...given);
          },
          destroy: () => sealer.destroy(),
        };
      },
    }),
  );
  return { ...provider, suites };
}
