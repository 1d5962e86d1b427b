import type { Bytes } from "../wire/bytes.ts";
import type { CipherSuiteName, HashName, NamedGroup, SignatureScheme } from "../wire/registry.ts";

/**
 * A plain object, ready from birth; mix two by spreading. Takes `Uint8Array`, and returns no Buffer. What is the peer's fault
 * is a returned value (undefined, false), never a throw: what a provider throws is our own fault, internal_error.
 */
export interface CryptoProvider {
  readonly name: string;
  /** In order of preference. */
  readonly suites: readonly SuiteImplementation[];
  readonly groups: readonly Group[];
  readonly verifications: readonly Verification[];
  readonly hashes: readonly HashImplementation[];
  random(length: number): Bytes;
}

export interface SuiteImplementation {
  readonly name: CipherSuiteName;
  readonly hash: HashName;
  /** Nonces have 12 bytes and tags 16: so have all suites that are spoken; a made-up one for fuzzing keeps to it. */
  readonly keyLength: 16 | 32;
  /** One object a key and direction (import the key here, once); `destroy` wipes it. */
  seal(key: Uint8Array): AeadSealer;
  open(key: Uint8Array): AeadOpener;
}
/**
 * `target` gets the ciphertext and its tag from `offset` on; it may overlap `plaintext` if they begin at the same byte. Core
 * stages payload and type byte there, so that one call seals them. `nonce` and `additionalData` are lent until the call returns; no
 * other record is to be sealed or opened before they were read, on whatever connection.
 */
export interface AeadSealer {
  seal(nonce: Uint8Array, additionalData: Uint8Array, plaintext: Uint8Array, target: Uint8Array, offset: number): void;
  destroy(): void;
}
/**
 * The plaintext, in the place of the ciphertext or in fresh memory, as the platform does it best (node:crypto can't write
 * into memory of ours); undefined: not authentic, and the bytes are worthless. `nonce` and `additionalData` are lent as to a sealer.
 */
export interface AeadOpener {
  open(nonce: Uint8Array, additionalData: Uint8Array, ciphertextAndTag: Uint8Array): Uint8Array | undefined;
  destroy(): void;
}

export type Group = SyncGroup | AsyncGroup;
interface AnyGroup {
  readonly name: NamedGroup;
  /** Of the client's and of the server's share: they differ for a KEM. */
  readonly shareLength: { readonly client: number; readonly server: number };
}
export interface SyncGroup extends AnyGroup {
  /** Initiator: the client of 1.3, the server of 1.2. */
  start(): { readonly share: Bytes; readonly key: unknown };
  /** undefined: the share is invalid; an all-zero secret too (§7.4.2). */
  complete(key: unknown, peerShare: Uint8Array): Bytes | undefined;
  /** Responder: one step, so that KEMs and hybrids fit. undefined: the share is invalid. */
  respond(peerShare: Uint8Array): { readonly share: Bytes; readonly secret: Bytes } | undefined;
}
export interface AsyncGroup extends AnyGroup {
  startAsync(signal: AbortSignal): Promise<{ readonly share: Uint8Array; readonly key: unknown }>;
  completeAsync(key: unknown, peerShare: Bytes, signal: AbortSignal): Promise<Uint8Array | undefined>;
  respondAsync(
    peerShare: Bytes,
    signal: AbortSignal,
  ): Promise<{ readonly share: Uint8Array; readonly secret: Uint8Array } | undefined>;
}

/** An ECDSA scheme means its hash, with the curve of any key: TLS 1.2 pairs them freely. Where the curve counts core looks itself. */
export type Verification = SyncVerification | AsyncVerification;
export interface SyncVerification {
  readonly scheme: SignatureScheme;
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}
export interface AsyncVerification {
  readonly scheme: SignatureScheme;
  verifyAsync(publicKey: Bytes, message: Bytes, signature: Bytes, signal: AbortSignal): Promise<boolean>;
}

export interface HashImplementation {
  readonly name: HashName;
  readonly length: 32 | 48 | 64;
  create(): Hash;
  /** Whole, since node:crypto can't clone one that has begun. HKDF and the PRF are core's, made of this. */
  hmac(key: Uint8Array, data: Uint8Array): Bytes;
}
export interface Hash {
  update(data: Uint8Array): this;
  clone(): Hash;
  /** Ends it. */
  digest(): Bytes;
}
