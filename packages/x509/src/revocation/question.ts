import type { Certificate } from "../certificate.ts";
import type { Authority, Policy } from "../profile.ts";
import type { SignatureCheck } from "../signature.ts";

/** Is this certificate of this issuer revoked? */
export interface Question {
  readonly certificate: Certificate;
  /** Who issued it, proven by its signature. */
  readonly issuer: Authority;
  /** Others of the issuer's name, with other keys that it signs by too; who they are is proven. Asked if the issuer's own did not sign. */
  namesakes(): readonly Authority[];
  /** Seconds since 1970. */
  readonly now: number;
  readonly profile: Policy["profile"];
  readonly check: SignatureCheck;
  readonly digest: Digest;
}
/** undefined: no hash of that OID. */
export type Digest = (oid: string, bytes: Uint8Array) => Uint8Array | undefined;
