import {
  ConfigError,
  type ConfigProblem,
  type CryptoProvider,
  type SignatureScheme,
  type SyncVerification,
  type SyncVerifier,
} from "@sallyport/core";
import { readAnchors, type TrustAnchor } from "./anchors.ts";
import type { Purpose } from "./findings.ts";
import { type Judge, known, verify } from "./judge.ts";
import { basisOf, labelOf } from "./label.ts";
import { bySubject } from "./path.ts";
import { readCertificates } from "./pem.ts";
import { type KnownAuthority, type Policy, type Profile, profiles } from "./profile.ts";
import { recentCertificates } from "./recent.ts";
import { nameProblems, type RequiredUsage, requiredUsageProblems, usageFilters } from "./required-usage.ts";
import { type RevocationOptions, revocation } from "./revocation/policy.ts";

export interface VerifierOptions {
  /** Signatures are checked by its synchronous verifications. */
  readonly provider: CryptoProvider;
  /**
   * Whom to trust: PEM text or DER, in any order. CA certificates, which are held to the profile too; or certificates of peers,
   * each then trusted for itself, whoever issued it. Nobody is trusted by default.
   */
  readonly roots?: string | readonly Uint8Array[];
  /** Beside the roots, or instead of them: names and keys without a certificate, as `trustAnchors` makes them. */
  readonly anchors?: readonly TrustAnchor[];
  /** Default: a server's staple is asked for, and judged if it comes; nothing else is known. */
  readonly revocation?: RevocationOptions;
  /** Default `web-pki`. */
  readonly profile?: Profile;
  /** Between leaf and root, self-issued ones not counted. Default 8. */
  readonly maxIntermediates?: number;
}

export interface ClientVerifierOptions extends VerifierOptions {
  /**
   * What a client's certificate must say of its use, beside clientAuth. In TLS 1.3 the client is told so (RFC 9846 §4.3.5); who
   * shows another one is refused with unsupported_certificate, in TLS 1.2 too. Default nothing.
   */
  readonly requires?: RequiredUsage;
}

/**
 * Judges servers: a path to one of the roots, for serverAuth, now, and for the very name that was meant. A `DistrustReason` of it
 * holds an `Explanation` in `detail`.
 * @throws ConfigError if a root can't be read, there is none, or the provider verifies nothing synchronously
 * @example clientConfig({ provider, now: Date.now, verifier: serverVerifier({ provider, roots: caPem }) })
 */
export function serverVerifier(options: VerifierOptions): SyncVerifier {
  return verifier("server", "serverAuth", options);
}

/**
 * Judges clients: a path to one of the roots, for clientAuth, now. Which client it is stands in `names` of the verified identity
 * (DNS names, addresses, mail addresses, URIs), and is for you to judge.
 * @throws ConfigError as `serverVerifier`
 */
export function clientVerifier(options: ClientVerifierOptions): SyncVerifier {
  return verifier("client", "clientAuth", options, options.requires);
}

function verifier(
  role: "client" | "server",
  purpose: Purpose,
  options: VerifierOptions,
  requires: RequiredUsage = {},
): SyncVerifier {
  const { provider, profile = "web-pki", maxIntermediates = 8 } = options;
  const given = options.roots === undefined ? nothing : readCertificates(options.roots, "roots");
  const bare = readAnchors(options.anchors ?? []);
  const verifications = new Map<SignatureScheme, SyncVerification>();
  for (const verification of provider.verifications)
    if ("verify" in verification) verifications.set(verification.scheme, verification);
  const unreadable = [...given.problems, ...bare.problems];
  const trusted = given.certificates.length + bare.authorities.length + unreadable.length;
  const [first, ...more] = [
    ...unreadable,
    ...optionProblems(trusted, verifications.size, maxIntermediates),
    ...nameProblems("profile", profile, profiles),
    ...requiredUsageProblems(requires),
  ];
  if (first !== undefined) throw new ConfigError([first, ...more]);
  const wanted = revocation(options.revocation ?? {}, role, provider, verifications);
  const roots = given.certificates.map((certificate, index) => known(certificate, "roots", index));
  const policy: Policy = { profile, purpose, maxIntermediates };
  const schemes = [...verifications.keys()];
  const anchors = bySubject<KnownAuthority>([...roots, ...bare.authorities]);
  const basis = basisOf(wanted, provider);
  const judge: Judge = {
    role,
    policy,
    roots,
    anchors,
    verifications,
    revocation: wanted,
    requires,
    recent: recentCertificates(),
    basis,
  };
  return {
    label: labelOf({ ...judge, schemes, anchors: options.anchors ?? [] }, provider),
    get basis() {
      return basis();
    },
    schemes,
    types: ["x509"],
    oidFilters: usageFilters(requires),
    asksFor: wanted.staples ? ["ocsp"] : [],
    verify: (presented) => verify(judge, presented),
  };
}
const nothing: ReturnType<typeof readCertificates> = { certificates: [], paths: [], problems: [] };

function optionProblems(trusted: number, verifications: number, maxIntermediates: number): readonly ConfigProblem[] {
  const found: ConfigProblem[] = [];
  if (trusted === 0) {
    found.push({
      kind: "roots-empty",
      path: "roots",
      problem: "there are no roots, so nobody could ever be trusted",
      remedy: "give the certificates of the CAs that you trust, or anchors",
    });
  }
  if (verifications === 0) {
    found.push({
      kind: "no-synchronous-verification",
      path: "provider",
      problem: "the provider verifies no signature synchronously",
      remedy: "give the verifier one that does; the machine's own may be another",
    });
  }
  if (!Number.isInteger(maxIntermediates) || maxIntermediates < 0) {
    found.push({
      kind: "number-out-of-range",
      path: "maxIntermediates",
      problem: `${maxIntermediates} is no number of certificates`,
      remedy: "give an integer from 0 on",
    });
  }
  return found;
}
