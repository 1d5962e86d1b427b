// The verdict on whom a peer shows itself to be.
import { type DistrustReason, dangerousAssertVerified, type PresentedIdentity, type VerifiedIdentity } from "@sallyport/core";
import { equal, latin1 } from "./bytes.ts";
import type { Certificate } from "./certificate.ts";
import { DerError } from "./der.ts";
import { isSame } from "./distinguished-name.ts";
import { distrust } from "./explanation.ts";
import type { Attempt, CertificateReference, Finding, FindingKind } from "./findings.ts";
import { matches, nameText, nameTexts, parseReferenceName } from "./names.ts";
import { type Anchors, findPath } from "./path.ts";
import { endEntityFindings, isWhole, type Known, type KnownAuthority, type Policy, pinnedFindings } from "./profile.ts";
import type { RecentCertificates } from "./recent.ts";
import { type RequiredUsage, usageFindings } from "./required-usage.ts";
import { namesakesOf } from "./revocation/namesakes.ts";
import { judgeRevocation, type Revocation, type RevocationInput } from "./revocation/policy.ts";
import { checkSignature, type SignatureCheck, type Verifications } from "./signature.ts";

export interface Judge {
  readonly role: PresentedIdentity["role"];
  readonly policy: Policy;
  readonly roots: readonly Known[];
  readonly anchors: Anchors;
  readonly verifications: Verifications;
  readonly revocation: Revocation;
  readonly requires: RequiredUsage;
  readonly recent: RecentCertificates;
  /** See `Verifier.basis`. */
  basis(): string | undefined;
}

export function verify(judge: Judge, presented: PresentedIdentity): VerifiedIdentity | DistrustReason {
  const { role, roots } = judge;
  const basis = judge.basis();
  if (presented.role !== role) return distrust([{ kind: "wrong-role", expected: role }]);
  if (presented.type !== "x509") return distrust([{ kind: "not-x509", type: presented.type }]);
  const [leafDer, ...otherDer] = presented.chain;
  const leaf = read(leafDer, 0, judge);
  if ("kind" in leaf) return distrust([leaf]);
  const pinned = roots.some(({ certificate }) => equal(certificate.der, leafDer));
  const judged = pinned ? judgePinned(judge, leaf, otherDer, presented) : judgeChain(judge, leaf, otherDer, presented);
  const [first, ...more] = inOrder(
    [...judged.own, ...usageFindings(leaf, judge.requires)],
    judged.along,
    nameFindings(role, leaf, presented),
  );
  if (first !== undefined) return distrust([first, ...more], judged.attempts, judged.sent);
  const names = leaf.certificate.extensions.subjectAlternativeName?.value ?? [];
  return dangerousAssertVerified(presented, {
    // What the peer showed is the caller's; what is remembered of it is not.
    path: judged.path
      .filter(isWhole)
      .map(
        ({ certificate, reference: { source, index } }) =>
          (source === "peer" ? presented.chain[index] : undefined) ?? certificate.der,
      ),
    names: nameTexts(names, role === "server" ? "services" : "everything"),
    validUntilMs: judged.validUntil * 1000 + 999,
    ...(basis === undefined ? {} : { basis }),
  });
}

interface Judged {
  /** Empty: there is none, and `along` says why. */
  readonly path: readonly KnownAuthority[];
  /** Seconds since 1970. */
  readonly validUntil: number;
  /** Of the leaf by itself. */
  readonly own: readonly Finding[];
  readonly along: readonly Finding[];
  readonly attempts: readonly Attempt[];
  readonly sent: readonly CertificateReference[];
}

/** Nobody vouches for it but who gave it; whoever issued it may still have revoked it. */
function judgePinned(judge: Judge, leaf: Known, otherDer: readonly Uint8Array[], presented: PresentedIdentity): Judged {
  const { policy, anchors, verifications, revocation: wanted } = judge;
  const intermediates = otherDer.map((der, at) => read(der, at + 1, judge)).filter((other) => "certificate" in other);
  const input = revocationInput(judge, intermediates, presented);
  const {
    issuer,
    validity: { notAfter },
  } = leaf.certificate;
  const name = latin1(issuer.raw);
  const check: SignatureCheck = (signed, key) => checkSignature(signed, key, verifications);
  const isAsked = (wanted.lists?.of(name) ?? []).length > 0 || (wanted.staples && presented.ocspResponse !== undefined);
  const named = [...(anchors.get(name) ?? []), ...intermediates.filter(({ certificate }) => isSame(certificate.subject, issuer))];
  const issuers = named
    .slice(0, isAsked ? maxIssuersOfPinned : 0)
    .filter(({ certificate }) => check(leaf.certificate, certificate.publicKey) === "valid");
  const revoked = issuers.flatMap((by) => {
    const { finding } = judgeRevocation(input, [leaf, by], check);
    return finding?.kind === "revoked" ? [finding] : [];
  });
  const own = [...pinnedFindings(leaf, policy, seconds(presented)), ...revoked.slice(0, 1)];
  const sent = [leaf, ...intermediates].map(({ reference }) => reference);
  return { path: [leaf], validUntil: notAfter, own, along: [], attempts: [], sent };
}
const maxIssuersOfPinned = 4;

function judgeChain(judge: Judge, leaf: Known, otherDer: readonly Uint8Array[], presented: PresentedIdentity): Judged {
  const now = seconds(presented);
  const others = otherDer.map((der, at) => read(der, at + 1, judge));
  const unreadable = others.filter((other) => "kind" in other);
  const intermediates = others.filter((other) => "certificate" in other);
  const own = endEntityFindings(leaf, judge.policy, now);
  const asked = revocationInput(judge, intermediates, presented);
  const outcome = findPath({
    leaf,
    intermediates,
    now,
    ...judge,
    revocationOf: (path, check) => judgeRevocation(asked, path, check),
  });
  const sent = [leaf, ...intermediates].map(({ reference }) => reference);
  if (outcome.kind === "path") {
    const { path, validUntil } = outcome;
    return { path, validUntil, own, along: [], attempts: [], sent };
  }
  // A certificate that can't be read may have been the issuer that is missing, and nothing else that is wrong.
  const { finding, attempts } = outcome;
  const isMissing = finding.kind === "unknown-issuer" || finding.kind === "self-signed";
  return {
    path: [],
    validUntil: now,
    own,
    along: isMissing ? [...unreadable, finding] : [finding, ...unreadable],
    attempts,
    sent,
  };
}

function revocationInput(judge: Judge, intermediates: readonly Known[], presented: PresentedIdentity): RevocationInput {
  const { revocation: wanted, policy, anchors } = judge;
  const now = seconds(presented);
  const sources = { anchors, intermediates, policy, now, lists: wanted.lists };
  return {
    revocation: wanted,
    staple: presented.ocspResponse,
    profile: policy.profile,
    now,
    stapled: new Map(),
    namesakes: (path, at, check) => namesakesOf(sources, path.slice(at + 1), check),
  };
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

function nameFindings(
  role: Judge["role"],
  { certificate, reference }: Known,
  { serverName }: PresentedIdentity,
): readonly Finding[] {
  if (role === "client") return [];
  const wanted = serverName === undefined ? undefined : parseReferenceName(serverName);
  if (serverName === undefined || wanted === undefined) return [{ kind: "no-server-name", serverName }];
  const names = certificate.extensions.subjectAlternativeName?.value ?? [];
  if (names.some((name) => matches(wanted, name))) return [];
  const forServers = names.filter(({ form }) => form === "dns" || form === "ip");
  return [{ kind: "wrong-name", certificate: reference, serverName, names: forServers.map(nameText) }];
}

type Malformed = Extract<Finding, { kind: "malformed" }>;
function read(der: Uint8Array, index: number, { recent }: Judge): Known | Malformed {
  try {
    return known(recent.parse(der), "peer", index);
  } catch (thrown) {
    if (thrown instanceof DerError) return { kind: "malformed", index, problem: thrown.problem, offset: thrown.offset };
    throw thrown;
  }
}

export function known(certificate: Certificate, source: CertificateReference["source"], index: number): Known {
  return { certificate, reference: { source, index, subject: certificate.subject.text, issuer: certificate.issuer.text } };
}
