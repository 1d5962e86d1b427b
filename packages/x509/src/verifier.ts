import {
  ConfigError, type ConfigProblem, type CryptoProvider, type DistrustReason, dangerousAssertVerified, type PresentedIdentity,
  type SignatureScheme, type SyncVerification, type SyncVerifier, type VerifiedIdentity,
} from "@sallyport/core";
import { readAnchors, type TrustAnchor } from "./anchors.ts";
import { ascii, equal, hex } from "./bytes.ts";
import { type Certificate, parseCertificate } from "./certificate.ts";
import { DerError } from "./der.ts";
import { distrust } from "./explanation.ts";
import type { Attempt, CertificateReference, Finding, FindingKind, Purpose } from "./findings.ts";
import { matches, nameText, nameTexts, parseReferenceName } from "./names.ts";
import { type Anchors, bySubject, findPath } from "./path.ts";
import { readCertificates } from "./pem.ts";
import {
  endEntityFindings, isWhole, type Known, type KnownAuthority, type Policy, type Profile, pinnedFindings,
} from "./profile.ts";
import { type RequiredUsage, requiredUsageProblems, usageFilters, usageFindings } from "./required-usage.ts";
import { type Revocation, type RevocationOptions, revocation, revocationFinding } from "./revocation/policy.ts";

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

type Role = PresentedIdentity["role"];

function verifier(role: Role, purpose: Purpose, options: VerifierOptions, requires: RequiredUsage = {}): SyncVerifier {
  const { provider, profile = "web-pki", maxIntermediates = 8 } = options;
  const given = options.roots === undefined ? nothing : readCertificates(options.roots, "roots");
  const bare = readAnchors(options.anchors ?? []);
  const verifications = new Map<SignatureScheme, SyncVerification>();
  for (const verification of provider.verifications)
    if ("verify" in verification) verifications.set(verification.scheme, verification);
  const unreadable = [...given.problems, ...bare.problems];
  const trusted = given.certificates.length + bare.authorities.length + unreadable.length;
  const [first, ...more] = [
    ...unreadable, ...optionProblems(trusted, verifications.size, maxIntermediates), ...requiredUsageProblems(requires),
  ];
  if (first !== undefined) throw new ConfigError([first, ...more]);
  const wanted = revocation(options.revocation ?? {}, role, provider, verifications);
  const roots = given.certificates.map((certificate, index) => known(certificate, "roots", index));
  const policy: Policy = { profile, purpose, maxIntermediates };
  const schemes = [...verifications.keys()];
  const anchors = bySubject<KnownAuthority>([...roots, ...bare.authorities]);
  const judge: Judge = { role, policy, roots, anchors, verifications, revocation: wanted, requires };
  return {
    label: label(judge, schemes, options),
    schemes,
    types: ["x509"],
    oidFilters: usageFilters(requires),
    asksFor: wanted.staples ? ["ocsp"] : [],
    verify: (presented) => verify(judge, presented),
  };
}
const nothing: ReturnType<typeof readCertificates> = { certificates: [], problems: [] };

interface Judge {
  readonly role: Role;
  readonly policy: Policy;
  readonly roots: readonly Known[];
  readonly anchors: Anchors;
  readonly verifications: ReadonlyMap<SignatureScheme, SyncVerification>;
  readonly revocation: Revocation;
  readonly requires: RequiredUsage;
}

function verify(judge: Judge, presented: PresentedIdentity): VerifiedIdentity | DistrustReason {
  const { role, roots } = judge;
  if (presented.role !== role) return distrust([{ kind: "wrong-role", expected: role }]);
  if (presented.type !== "x509") return distrust([{ kind: "not-x509", type: presented.type }]);
  const [leafDer, ...otherDer] = presented.chain;
  const leaf = read(leafDer, 0);
  if ("kind" in leaf) return distrust([leaf]);
  const pinned = roots.some(({ certificate }) => equal(certificate.der, leafDer));
  const judged = pinned ? judgePinned(judge, leaf, presented) : judgeChain(judge, leaf, otherDer, presented);
  const [first, ...more] = inOrder(
    [...judged.own, ...usageFindings(leaf, judge.requires)], judged.along, nameFindings(role, leaf, presented),
  );
  if (first !== undefined) return distrust([first, ...more], judged.attempts, judged.sent);
  const names = leaf.certificate.extensions.subjectAlternativeName?.value ?? [];
  return dangerousAssertVerified(presented, {
    path: judged.path.filter(isWhole).map(({ certificate }) => certificate.der),
    names: nameTexts(names, role === "server" ? "services" : "everything"),
  });
}

interface Judged {
  /** Empty: there is none, and `along` says why. */
  readonly path: readonly KnownAuthority[];
  /** Of the leaf by itself. */
  readonly own: readonly Finding[];
  readonly along: readonly Finding[];
  readonly attempts: readonly Attempt[];
  readonly sent: readonly CertificateReference[];
}

function judgePinned({ policy }: Judge, leaf: Known, presented: PresentedIdentity): Judged {
  return { path: [leaf], own: pinnedFindings(leaf, policy, seconds(presented)), along: [], attempts: [], sent: [leaf.reference] };
}

function judgeChain(judge: Judge, leaf: Known, otherDer: readonly Uint8Array[], presented: PresentedIdentity): Judged {
  const now = seconds(presented);
  const others = otherDer.map((der, at) => read(der, at + 1));
  const unreadable = others.filter((other) => "kind" in other);
  const intermediates = others.filter((other) => "certificate" in other);
  const own = endEntityFindings(leaf, judge.policy, now);
  const { revocation: wanted, policy: { profile } } = judge;
  const asked = { revocation: wanted, staple: presented.ocspResponse, profile, now, stapled: new Map() };
  const outcome = findPath({
    ...judge, leaf, intermediates, now,
    revocationOf: (path, check) => revocationFinding(asked, path, check),
  });
  const sent = [leaf, ...intermediates].map(({ reference }) => reference);
  if (outcome.kind === "path") return { path: outcome.path, own, along: [], attempts: [], sent };
  // A certificate that can't be read may have been the issuer that is missing, and nothing else that is wrong.
  const { finding, attempts } = outcome;
  const isMissing = finding.kind === "unknown-issuer" || finding.kind === "self-signed";
  return { path: [], own, along: isMissing ? [...unreadable, finding] : [finding, ...unreadable], attempts, sent };
}

/** Certificates know whole seconds: 00.999 is still 00. */
const seconds = ({ nowMs }: PresentedIdentity): number => Math.floor(nowMs / 1000);

/** Is it usable at all, who vouches for it, is it valid now, meant for this, of the right form: the first gives the alert. */
function inOrder(own: readonly Finding[], along: readonly Finding[], name: readonly Finding[]): readonly Finding[] {
  const rank = ({ kind }: Finding): number => ranks.get(kind) ?? 0;
  const early = own.filter((finding) => rank(finding) === 0);
  const late = [...own, ...name].filter((finding) => rank(finding) > 0).sort((one, other) => rank(one) - rank(other));
  // A broken hash of the leaf is found by looking at the leaf and again by looking at the signature.
  const fresh = along.filter(({ kind }) => kind !== "broken-hash" || !early.some((finding) => finding.kind === kind));
  return [...early, ...fresh, ...late];
}
/** 0, the default, goes before what was found along the path. */
const ranks: ReadonlyMap<FindingKind, number> = new Map([
  ["expired", 1],
  ["not-yet-valid", 1],
  ["no-server-name", 2],
  ["wrong-name", 2],
  ["wrong-purpose", 2],
  ["wrong-key-usage", 2],
  ["required-usage", 2],
  ["ca-as-end-entity", 2],
  ["not-in-profile", 3],
]);

function nameFindings(role: Role, { certificate, reference }: Known, { serverName }: PresentedIdentity): readonly Finding[] {
  if (role === "client") return [];
  const wanted = serverName === undefined ? undefined : parseReferenceName(serverName);
  if (serverName === undefined || wanted === undefined) return [{ kind: "no-server-name", serverName }];
  const names = certificate.extensions.subjectAlternativeName?.value ?? [];
  if (names.some((name) => matches(wanted, name))) return [];
  const forServers = names.filter(({ form }) => form === "dns" || form === "ip");
  return [{ kind: "wrong-name", certificate: reference, serverName, names: forServers.map(nameText) }];
}

type Malformed = Extract<Finding, { kind: "malformed" }>;
function read(der: Uint8Array, index: number): Known | Malformed {
  try {
    return known(parseCertificate(der), "peer", index);
  } catch (thrown) {
    if (thrown instanceof DerError) return { kind: "malformed", index, problem: thrown.problem, offset: thrown.offset };
    throw thrown;
  }
}

function known(certificate: Certificate, source: CertificateReference["source"], index: number): Known {
  return { certificate, reference: { source, index, subject: certificate.subject.text, issuer: certificate.issuer.text } };
}

function optionProblems(
  trusted: number,
  verifications: number,
  maxIntermediates: number,
): readonly ConfigProblem[] {
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

/**
 * The same for the same roots in any order; another for whatever would judge differently. Lists in a holder are not in it: they
 * change while the verifier lives.
 */
function label(
  { role, policy: { profile, maxIntermediates }, roots, revocation: { lists, staples, policy, scope }, requires }: Judge,
  schemes: readonly SignatureScheme[],
  { provider: { hashes }, anchors = [], revocation: given }: VerifierOptions,
): string {
  const hash = hashes.find(({ name }) => name === "sha256") ?? hashes[0];
  const digestOf = (...parts: readonly Uint8Array[]): string => {
    if (hash === undefined) throw new ConfigError([noHash]);
    return hex(parts.reduce((running, part) => running.update(part), hash.create()).digest());
  };
  const unordered = (digests: readonly string[]): readonly string[] => [...new Set(digests)].sort();
  const isFixed = lists !== undefined && lists !== given?.lists;
  const text = JSON.stringify({
    format: 4, role, profile, maxIntermediates, schemes: [...schemes].sort(), staples, policy, scope,
    requires: [[...(requires.keyUsage ?? [])].sort(), [...(requires.extendedKeyUsage ?? [])].sort()],
    lists: isFixed ? unordered(lists.all.map(({ der }) => digestOf(der))) : lists === undefined ? "none" : "replaced",
    roots: unordered(roots.map(({ certificate }) => digestOf(certificate.der))),
    anchors: unordered(anchors.map((anchor) => digestOf(anchor.subject, anchor.publicKey, anchor.nameConstraints ?? empty))),
  });
  return `x509 ${role} ${profile} ${digestOf(ascii(text))}`;
}

const empty: Uint8Array = new Uint8Array(0);
const noHash: ConfigProblem = {
  kind: "no-hash",
  path: "provider",
  problem: "the provider has no hash, by which a verifier is told from another",
  remedy: "give one that has sha256",
};
