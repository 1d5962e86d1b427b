import type { Bytes } from "../wire/bytes.ts";
import type { OidFilter } from "../wire/oid-filters.ts";
import type { CertificateType, SignatureScheme } from "../wire/registry.ts";
import type { StapleKind } from "../wire/staples.ts";

/**
 * A certificate chain and who signs for it: x509's `credential()` makes one from PEM or DER. Or a key without a certificate:
 * `rawPublicKey()`.
 */
export interface Credential {
  readonly type: CertificateType;
  /** DER, leaf first; for a raw public key its SubjectPublicKeyInfo alone. */
  readonly chain: readonly [Uint8Array, ...Uint8Array[]];
  /** DER SubjectPublicKeyInfo of the leaf. The config is refused if the signer's key is another. */
  readonly publicKey: Uint8Array;
  /** DNS names and IP addresses that it covers; wildcards as written. */
  readonly names: readonly string[];
  /** DER of the distinguished names that issued the chain: what a peer's authorities are matched with. Absent: fits any. */
  readonly issuers?: readonly Uint8Array[];
  /**
   * Shown only to peers that name one of `issuers` among their authorities; to those that name none at all it is not. Default
   * false: authorities are a hint (RFC 9846 §4.3.4), and decide among several.
   */
  readonly onlyForItsIssuers?: boolean;
  readonly signer: Signer;
  /** DER. Stapled for a peer that asks (RFC 6066 §8). A config keeps a copy: to renew it, make a new config. */
  readonly ocspResponse?: Uint8Array;
  /** As a log gave them (RFC 6962 §3.3). */
  readonly signedCertificateTimestamps?: readonly Uint8Array[];
}

export type Signer = SyncSigner | AsyncSigner;
interface AnySigner {
  /** In the signer's order of preference. */
  readonly schemes: readonly SignatureScheme[];
  /** DER SubjectPublicKeyInfo, to be compared with the certificate's. */
  readonly publicKey: Uint8Array;
}
export interface SyncSigner extends AnySigner {
  /** As it goes on the wire: ECDSA in DER, which WebCrypto doesn't give. */
  sign(scheme: SignatureScheme, message: Uint8Array): Uint8Array;
}
/** Core never calls `signAsync`; the driver does, or you answer the stage as you like. */
export interface AsyncSigner extends AnySigner {
  signAsync(scheme: SignatureScheme, message: Bytes, signal: AbortSignal): Promise<Uint8Array>;
}

export type CredentialPicker = SyncCredentialPicker | AsyncCredentialPicker;
interface AnyCredentialPicker {
  /** Of which types it can give one, in order of preference: servers are told. Default x509 alone. */
  readonly types?: readonly CertificateType[];
}
export interface SyncCredentialPicker extends AnyCredentialPicker {
  pick(request: CredentialRequest): Credential | undefined;
}
export interface AsyncCredentialPicker extends AnyCredentialPicker {
  pickAsync(request: CredentialRequest, signal: AbortSignal): Promise<Credential | undefined>;
}

export interface CredentialRequest {
  /** By which the server lets a client prove its key, in the server's order; not those that only sign certificates. */
  readonly schemes: readonly SignatureScheme[];
  /** DER of distinguished names; empty: any. */
  readonly authorities: readonly Bytes[];
  /** The one that was agreed on; only such a credential can be shown. */
  readonly certificateTypes: readonly CertificateType[];
  /** What the server would have stapled (RFC 9846 §4.5.1.1); in TLS 1.2 nothing. */
  readonly staples: readonly StapleKind[];
  /**
   * What the certificate must have, as far as you know these extensions (RFC 9846 §4.3.5); in TLS 1.2 nothing. A list of
   * credentials is not searched by it, since core reads of a certificate nothing but its key: a picker can.
   */
  readonly oidFilters: readonly OidFilter[];
}
