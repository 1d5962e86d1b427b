// Pauses in which the peer is judged: first its proof, then who it is.
import { type AsyncVerifier, type DistrustReason, type PresentedIdentity, VerifiedIdentity } from "../../config/identity.ts";
import type { ErrorAndAlert } from "../../connection/failure.ts";
import type { AsyncVerification } from "../../crypto/provider.ts";
import { type AbortCause, ApiMisuse } from "../../errors.ts";
import type { Bytes } from "../../wire/bytes.ts";
import type { SignatureScheme } from "../../wire/registry.ts";
import type { AnyStage, Turn } from "./stage.ts";

export interface SignatureCheck {
  readonly scheme: SignatureScheme;
  /** DER SubjectPublicKeyInfo of the peer's key. */
  readonly publicKey: Bytes;
  readonly message: Bytes;
  readonly signature: Bytes;
}

/** Only if the provider verifies this scheme asynchronously. Comes before the verdict. */
export class NeedsSignatureCheck<Next> implements AnyStage {
  readonly kind = "needs-signature-check";
  readonly check: SignatureCheck;
  readonly verification: AsyncVerification;
  readonly #turn: Turn<Next>;
  constructor(turn: Turn<Next>, check: SignatureCheck, verification: AsyncVerification) {
    this.#turn = turn;
    this.check = check;
    this.verification = verification;
  }
  get output(): Bytes {
    return this.#turn.output;
  }
  answer(valid: boolean): Next {
    return this.#turn.answer("validity", () => {
      if (typeof valid !== "boolean") throw new ApiMisuse("bad-argument", "a signature is valid or not: true or false");
      return valid;
    });
  }
  abort(cause: AbortCause): ErrorAndAlert {
    return this.#turn.abort(cause);
  }
}

/**
 * The key is proven; now judge the chain and the name, nothing else. Shows directly behind the message that proved the key:
 * CertificateVerify; at a client of 1.2 ServerKeyExchange.
 */
export class NeedsVerdict<Next> implements AnyStage {
  readonly kind = "needs-verdict";
  readonly presented: PresentedIdentity;
  readonly verifier: AsyncVerifier;
  readonly #turn: Turn<Next>;
  constructor(turn: Turn<Next>, presented: PresentedIdentity, verifier: AsyncVerifier) {
    this.#turn = turn;
    this.presented = presented;
    this.verifier = verifier;
  }
  get output(): Bytes {
    return this.#turn.output;
  }
  /** @throws ApiMisuse if `verified` was not made from this very `presented`. */
  trust(verified: VerifiedIdentity): Next {
    return this.#turn.answer("verdict", () => {
      if (!(verified instanceof VerifiedIdentity) || verified.presented !== this.presented) {
        throw new ApiMisuse("bad-argument", "trust takes a VerifiedIdentity made from this stage's `presented`");
      }
      return verified;
    });
  }
  distrust(reason: DistrustReason): ErrorAndAlert {
    return this.#turn.distrust(() => {
      if (!isDistrust(reason)) throw new ApiMisuse("bad-argument", "distrust takes { reason, alert? }");
      return reason;
    });
  }
  abort(cause: AbortCause): ErrorAndAlert {
    return this.#turn.abort(cause);
  }
}

/** A verdict's no: a reason in words, and an alert that a certificate can be refused with, or none. */
export function isDistrust(verdict: unknown): verdict is DistrustReason {
  if (typeof verdict !== "object" || verdict === null || !("reason" in verdict) || typeof verdict.reason !== "string") {
    return false;
  }
  return !("alert" in verdict) || verdict.alert === undefined || distrustAlerts.has(verdict.alert);
}
const distrustAlerts: ReadonlySet<unknown> = new Set([
  "bad_certificate",
  "unsupported_certificate",
  "certificate_revoked",
  "certificate_expired",
  "certificate_unknown",
  "unknown_ca",
  "access_denied",
  "bad_certificate_status_response",
  "handshake_failure",
  "internal_error",
]);
