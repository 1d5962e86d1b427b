// What is known of a certificate's revocation, and from where.

export type StatusSource = "ocsp" | "crl";

/** Times are seconds since 1970. */
export type RevocationStatus =
  | { readonly kind: "good"; readonly source: StatusSource; readonly thisUpdate: number; readonly nextUpdate: number }
  | {
      readonly kind: "revoked";
      readonly source: StatusSource;
      readonly revokedAt: number;
      readonly reason: RevocationReason | undefined;
    }
  /** Its source is in order, and doesn't know. */
  | { readonly kind: "unknown"; readonly source: StatusSource; readonly problem: string }
  /** Its source is signed, and too old or too new to count. */
  | { readonly kind: "stale"; readonly source: StatusSource; readonly problem: string }
  /** Its source proves nothing. */
  | { readonly kind: "unusable"; readonly source: StatusSource; readonly because: UnusableStatus; readonly problem: string };

export type UnusableStatus = "malformed" | "unsuccessful" | "other certificate" | "not signed" | "not allowed to sign";

export type RevocationReason = (typeof reasons)[keyof typeof reasons];

/** RFC 5280 §5.3.1. */
const reasons = {
  0: "unspecified",
  1: "keyCompromise",
  2: "cACompromise",
  3: "affiliationChanged",
  4: "superseded",
  5: "cessationOfOperation",
  6: "certificateHold",
  9: "privilegeWithdrawn",
  10: "aACompromise",
} as const;

/** undefined: of no number that stands for one; removeFromCRL (8) is for deltas. */
export function revocationReason(code: number): RevocationReason | undefined {
  return Object.hasOwn(reasons, code) ? reasons[code as keyof typeof reasons] : undefined;
}

/** Seconds by which a source may be from the future: clocks differ, and a response may be made on the spot. */
export const clockTolerance = 300;
