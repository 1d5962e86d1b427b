import type { Bytes } from "../wire/bytes.ts";
import type { OidFilter } from "../wire/oid-filters.ts";
import type { CertificateType, SignatureScheme } from "../wire/registry.ts";
import type { StapleKind } from "../wire/staples.ts";

/** What the peer showed; its key is proven already. */
export interface PresentedIdentity {
  readonly role: "client" | "server";
  readonly type: CertificateType;
  /** DER, leaf first, as sent; of a raw public key its SubjectPublicKeyInfo alone. */
  readonly chain: readonly [Bytes, ...Bytes[]];
  /** Whom we meant to reach; undefined for a client's identity. */
  readonly serverName: string | undefined;
  /** DER, as stapled, unjudged; undefined: none came. A session brings back what came with its full handshake. */
  readonly ocspResponse: Bytes | undefined;
  readonly signedCertificateTimestamps: readonly Bytes[];
  /** From `config.now`. */
  readonly nowMs: number;
}

/**
 * Made by `dangerousAssertVerified`, which x509's verifier calls too, once, after its last check; and by the machine when it
 * resumes a session that was made from one.
 */
export class VerifiedIdentity {
  readonly #presented: PresentedIdentity;
  /** DER, leaf to trust anchor, where the verifier built a path. */
  readonly path: readonly Uint8Array[];
  /** For people and for your own checks: what the verifier found out. */
  readonly names: readonly string[];
  /** Until when the verdict holds: no session of it is taken up later. undefined: the verifier did not say. */
  readonly validUntilMs: number | undefined;
  /** `Verifier.basis` of then: no session of it is taken up once that is another. */
  readonly basis: string | undefined;

  private constructor(presented: PresentedIdentity, { path = [], names = [], validUntilMs, basis }: VerifiedFacts) {
    this.#presented = presented;
    this.validUntilMs =
      validUntilMs === Number.POSITIVE_INFINITY ? undefined : validUntilMs && Math.max(0, Math.floor(validUntilMs));
    this.basis = basis;
    // Of a list that has grown the copy has no room to spare: it lives as long as its connection.
    this.path = path.slice();
    this.names = names.slice();
  }
  get presented(): PresentedIdentity {
    return this.#presented;
  }
  /** @internal */
  static assert: typeof dangerousAssertVerified = (presented, facts = {}) => new VerifiedIdentity(presented, facts);
}

/** As plain data, which `dangerousAssertVerified(presented, facts)` makes one of again. */
export function plainIdentity({ presented, path, names, validUntilMs, basis }: VerifiedIdentity): PlainIdentity {
  return { presented, path, names, validUntilMs, basis };
}
export type PlainIdentity = { readonly presented: PresentedIdentity } & Pick<
  VerifiedIdentity,
  "path" | "names" | "validUntilMs" | "basis"
>;

/** Each as `VerifiedIdentity` has it. */
export interface VerifiedFacts {
  readonly path?: readonly Uint8Array[];
  readonly names?: readonly string[];
  readonly validUntilMs?: number | undefined;
  readonly basis?: string | undefined;
}

/** "I have verified this identity." Whoever calls it is the verifier. */
export function dangerousAssertVerified(presented: PresentedIdentity, facts?: VerifiedFacts): VerifiedIdentity {
  return VerifiedIdentity.assert(presented, facts);
}

/** `alert` defaults to certificate_unknown. */
export interface DistrustReason {
  readonly alert?:
    | "bad_certificate"
    | "unsupported_certificate"
    | "certificate_revoked"
    | "certificate_expired"
    | "certificate_unknown"
    | "unknown_ca"
    | "access_denied"
    | "bad_certificate_status_response"
    | "handshake_failure"
    | "internal_error";
  readonly reason: string;
  /** The verifier's own typed finding (x509's union). */
  readonly detail?: unknown;
}

export type Verifier = SyncVerifier | AsyncVerifier;
interface AnyVerifier {
  /** What it asks for in signature_algorithms_cert; may be empty where it judges no certificates; enters the config id together with `label`. */
  readonly schemes: readonly SignatureScheme[];
  /** Names the policy: two verifiers that would judge differently must differ here. */
  readonly label: string;
  /**
   * By what it judges that changes while it lives, such as the CRLs of today; default nothing. A session whose peer was verified
   * on another basis is not taken up: a full handshake judges anew. Read whenever a session could be.
   */
  readonly basis?: string | undefined;
  /** What it can judge, in order of preference; default x509 alone. */
  readonly types?: readonly CertificateType[];
  /** What the peer is asked for beside its chain; default nothing. */
  readonly asksFor?: readonly StapleKind[];
  /**
   * Of a client's certificate, TLS 1.3: what a server tells it to have (RFC 9846 §4.3.5). Told, not judged: a client may show
   * another, and TLS 1.2 has no words for it, so that it is `verify` who refuses, with unsupported_certificate. Default nothing.
   */
  readonly oidFilters?: readonly OidFilter[];
}
export interface SyncVerifier extends AnyVerifier {
  verify(presented: PresentedIdentity): VerifiedIdentity | DistrustReason;
}
export interface AsyncVerifier extends AnyVerifier {
  verifyAsync(presented: PresentedIdentity, signal: AbortSignal): Promise<VerifiedIdentity | DistrustReason>;
}
