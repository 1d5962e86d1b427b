// Path building (RFC 4158) and what RFC 5280 §6.1 checks along a path: from the leaf up, depth first, one issuer at a time, and
// back where it fails. Every edge is judged when it is taken, so a dead end knows its reason.
import { keyText, type PublicKey } from "./algorithms.ts";
import { equal, latin1 } from "./bytes.ts";
import type { Certificate } from "./certificate.ts";
import { violatedBy } from "./constraints.ts";
import { isSame } from "./distinguished-name.ts";
import { accessMethods } from "./extensions.ts";
import type { Attempt, Finding } from "./findings.ts";
import { isPrintableUrl } from "./names.ts";
import { policyFinding } from "./policies.ts";
import { type Authority, isWhole, issuerFindings, type Known, type KnownAuthority, type Policy } from "./profile.ts";
import type { RecentCertificates } from "./recent.ts";
import type { RevocationVerdict } from "./revocation/policy.ts";
import { prepareSignature, type SignatureCheck, type SignatureVerdict, type Verifications } from "./signature.ts";

export interface SearchInput {
  readonly leaf: Known;
  /** In any order; junk is welcome. */
  readonly intermediates: readonly Known[];
  readonly anchors: Anchors;
  readonly policy: Policy;
  /** Seconds since 1970. */
  readonly now: number;
  readonly verifications: Verifications;
  /** Which keys have signed what came before. */
  readonly recent: Pick<RecentCertificates, "signers">;
  /** Asked of every path that reaches an anchor: nobody is asked about certificates that nobody vouches for. */
  revocationOf(path: readonly [Known, ...KnownAuthority[]], check: SignatureCheck): RevocationVerdict;
}
export type SearchOutcome =
  | {
      readonly kind: "path";
      readonly path: readonly KnownAuthority[];
      /** Seconds since 1970: then something on it has run out, or is no longer known. */
      readonly validUntil: number;
    }
  | { readonly kind: "none"; readonly finding: Finding; readonly attempts: readonly Attempt[] };

/** By the DER of their subjects, one character an octet. */
export type Anchors = ReadonlyMap<string, readonly KnownAuthority[]>;

export function bySubject<K extends KnownAuthority>(authorities: readonly K[]): ReadonlyMap<string, readonly K[]> {
  const map = new Map<string, K[]>();
  for (const known of authorities) {
    const key = latin1(known.certificate.subject.raw);
    const same = map.get(key);
    if (same === undefined) map.set(key, [known]);
    else same.push(known);
  }
  return map;
}

/** Bounds on one search; the graph is the peer's to draw. */
const searchLimits = { signatureChecks: 100, steps: 1000, nameComparisons: 250_000, attempts: 32 } as const;

/** The first path from the leaf to an anchor on which nothing is wrong. The leaf by itself is judged elsewhere. */
export function findPath(input: SearchInput): SearchOutcome {
  return new Search(input).run();
}

type Found = Pick<Extract<SearchOutcome, { kind: "path" }>, "path" | "validUntil">;
type Candidate =
  | { readonly place: "anchor"; readonly issuer: KnownAuthority }
  | { readonly place: "intermediate"; readonly issuer: Known };

class Search {
  readonly #input: SearchInput;
  readonly #intermediates: ReadonlyMap<string, readonly Known[]>;
  readonly #attempts: Attempt[] = [];
  readonly #verdicts = new Map<Known, Map<string, SignatureVerdict>>();
  readonly #proven = new Set<Known>();
  readonly #ownFindings = {
    anchor: new Map<KnownAuthority, Finding | undefined>(),
    intermediate: new Map<KnownAuthority, Finding | undefined>(),
  };
  readonly #names = { left: searchLimits.nameComparisons as number };
  #signatureChecks = 0;
  #steps = 0;
  #givenUp: Finding | undefined;
  #telling: { readonly finding: Finding; readonly child: Known; readonly rank: number } | undefined;

  constructor(input: SearchInput) {
    this.#input = input;
    this.#intermediates = bySubject(input.intermediates);
  }

  run(): SearchOutcome {
    const found = this.#extend([this.#input.leaf]);
    if (found !== undefined) return { kind: "path", ...found };
    const finding = this.#givenUp ?? this.#telling?.finding ?? issuerUnknown(this.#input.leaf);
    return { kind: "none", finding, attempts: this.#attempts };
  }

  #extend(path: readonly [Known, ...Known[]]): Found | undefined {
    const child = path.at(-1) ?? path[0];
    let isTried = false;
    for (const candidate of this.#issuersOf(child)) {
      const { issuer } = candidate;
      if (path.some((known) => isSameAuthority(known.certificate, issuer.certificate))) continue;
      isTried = true;
      this.#steps += 1;
      if (this.#steps > searchLimits.steps) return this.#giveUp("steps", searchLimits.steps);
      const finding = this.#judge(path, child, candidate);
      if (this.#givenUp !== undefined) return undefined;
      if (finding !== undefined) {
        this.#record([...path, issuer], child, finding);
        continue;
      }
      if (candidate.place === "anchor") {
        const whole = [...path, issuer] as const;
        const found = this.#judgeWhole(whole);
        if (this.#givenUp !== undefined) return undefined;
        if (!("kind" in found)) return found;
        this.#record(whole, child, found);
        continue;
      }
      const found = this.#extend([...path, candidate.issuer]);
      if (found !== undefined || this.#givenUp !== undefined) return found;
    }
    if (!isTried) this.#record(path, child, issuerUnknown(child));
    return undefined;
  }

  /** What can be said once an anchor is reached. */
  #judgeWhole(path: readonly [Known, ...KnownAuthority[]]): Found | Finding {
    const policy = policyFinding(path);
    if (policy !== undefined) return policy;
    const { finding, validUntil } = this.#input.revocationOf(path, this.#check);
    const ends = path.filter(isWhole).map(({ certificate }) => certificate.validity.notAfter);
    return finding ?? { path, validUntil: Math.min(validUntil, ...ends) };
  }

  /** Anchors first: the shortest way out. Among intermediates those whose key the child names. */
  #issuersOf(child: Known): readonly Candidate[] {
    const name = latin1(child.certificate.issuer.raw);
    const wanted = child.certificate.extensions.authorityKeyIdentifier?.value.keyIdentifier;
    const isNamed = ({ certificate: { extensions } }: KnownAuthority): boolean =>
      wanted !== undefined &&
      extensions.subjectKeyIdentifier !== undefined &&
      equal(wanted, extensions.subjectKeyIdentifier.value);
    const sorted = <K extends KnownAuthority>(candidates: readonly K[] = []): readonly K[] => [
      ...candidates.filter(isNamed),
      ...candidates.filter((candidate) => !isNamed(candidate)),
    ];
    return [
      ...sorted(this.#input.anchors.get(name)).map((issuer) => ({ place: "anchor", issuer }) as const),
      ...sorted(this.#intermediates.get(name)).map((issuer) => ({ place: "intermediate", issuer }) as const),
    ];
  }

  /** What keeps `issuer` from standing above `child`, cheapest first; names last, and only under a key that did sign. */
  #judge(path: readonly Known[], child: Known, candidate: Candidate): Finding | undefined {
    return (
      this.#ownFinding(candidate) ??
      this.#lengthFinding(path, candidate) ??
      this.#signatureFinding(child, candidate.issuer) ??
      this.#nameFinding(path, candidate.issuer)
    );
  }

  #ownFinding({ place, issuer }: Candidate): Finding | undefined {
    const known = this.#ownFindings[place];
    if (!known.has(issuer)) {
      const [finding] = issuerFindings(issuer, place, this.#input.policy, this.#input.now);
      known.set(issuer, finding ?? (place === "anchor" ? this.#identifierFinding(issuer) : undefined));
    }
    return known.get(issuer);
  }

  /** RFC 5280 §4.2.1.1: who is signed by another key names that key. Self-signed is who his own key signed, whatever he is called. */
  #identifierFinding(anchor: KnownAuthority): Finding | undefined {
    if (!isWhole(anchor) || isSelfIssued(anchor.certificate)) return undefined;
    const { certificate, reference } = anchor;
    if (certificate.extensions.authorityKeyIdentifier !== undefined) return undefined;
    if (this.#check(certificate, certificate.publicKey) === "valid") return undefined;
    const problem = "has no authority key identifier, and another key signed it";
    return { kind: "not-in-profile", certificate: reference, problem, section: "RFC 5280 §4.2.1.1" };
  }

  #lengthFinding(path: readonly Known[], { place, issuer: { certificate, reference } }: Candidate): Finding | undefined {
    // RFC 5280 §4.2.1.9: neither the last certificate nor self-issued ones count.
    const below = path.slice(1).filter((known) => !isSelfIssued(known.certificate)).length;
    const allowed = certificate.extensions.basicConstraints?.value.pathLength;
    if (allowed !== undefined && below > allowed) return { kind: "path-length-exceeded", certificate: reference, allowed, below };
    const { maxIntermediates } = this.#input.policy;
    const total = below + (place === "anchor" || isSelfIssued(certificate) ? 0 : 1);
    if (total > maxIntermediates) return { kind: "too-many-intermediates", certificate: reference, allowed: maxIntermediates };
    return undefined;
  }

  #signatureFinding(child: Known, issuer: KnownAuthority): Finding | undefined {
    const { signatureAlgorithm } = child.certificate;
    const { publicKey } = issuer.certificate;
    const { reference: certificate } = child;
    // By key, not by certificate: cross-signed issuers share theirs.
    const verdicts = this.#verdicts.get(child) ?? new Map<string, SignatureVerdict>();
    this.#verdicts.set(child, verdicts);
    const key = latin1(publicKey.raw);
    const verdict = verdicts.get(key) ?? this.#signedBy(child.certificate, publicKey, key);
    if (verdict === "given-up") return undefined;
    verdicts.set(key, verdict);
    if (typeof verdict === "object") return { kind: "broken-hash", certificate, hash: verdict.broken };
    switch (verdict) {
      case "valid":
        this.#proven.add(child);
        return undefined;
      case "invalid":
        return { kind: "bad-signature", certificate, issuer: issuer.reference, namesAnotherKey: namesAnotherKey(child, issuer) };
      case "unsupported":
        return { kind: "unsupported-signature", certificate, algorithm: signatureAlgorithm.oid, key: keyText(publicKey) };
    }
  }

  /** What is valid stays so: it depends on nothing but these octets. */
  #signedBy(certificate: Certificate, publicKey: PublicKey, key: string): ReturnType<SignatureCheck> {
    const { signers } = this.#input.recent;
    if (signers.get(certificate)?.has(key) === true) return "valid";
    const verdict = this.#check(certificate, publicKey);
    if (verdict === "valid") signers.set(certificate, (signers.get(certificate) ?? new Set()).add(key));
    return verdict;
  }

  readonly #check: SignatureCheck = (signed, key) => {
    const prepared = prepareSignature(signed, key, this.#input.verifications);
    if (typeof prepared !== "function") return prepared;
    this.#signatureChecks += 1;
    if (this.#signatureChecks <= searchLimits.signatureChecks) return prepared();
    this.#giveUp("signature checks", searchLimits.signatureChecks);
    return "given-up";
  };

  // RFC 5280 §6.1.3 (b), (c): self-issued certificates are left out, unless they are the last.
  #nameFinding(path: readonly Known[], issuer: KnownAuthority): Finding | undefined {
    const constraints = issuer.certificate.extensions.nameConstraints?.value;
    if (constraints === undefined) return undefined;
    for (const [at, { certificate, reference }] of path.entries()) {
      if (at > 0 && isSelfIssued(certificate)) continue;
      const violation = violatedBy(certificate, constraints, this.#names);
      if (violation === "given-up") {
        this.#giveUp("name comparisons", searchLimits.nameComparisons);
        return undefined;
      }
      if (violation !== undefined) {
        return { kind: "name-not-allowed", certificate: reference, constrainedBy: issuer.reference, ...violation };
      }
    }
    return undefined;
  }

  #record(chain: readonly KnownAuthority[], child: Known, finding: Finding): void {
    if (this.#attempts.length < searchLimits.attempts) {
      this.#attempts.push({ chain: chain.map(({ reference }) => reference), finding });
    }
    const rank = this.#rankOf(finding, child, chain.length);
    if (this.#telling === undefined || rank > this.#telling.rank || this.#isOverruled(this.#telling)) {
      this.#telling = { finding, child, rank };
    }
  }

  /**
   * The higher the more it tells: what was found on a path that is otherwise whole; an issuer that was there and failed; one that
   * was not, at the end of the longest chain.
   */
  #rankOf(finding: Finding, child: Known, length: number): number {
    if (wholePathKinds.has(finding.kind)) return 2000;
    if (finding.kind === "unknown-issuer" || finding.kind === "self-signed") return length;
    return this.#isOverruled({ finding, child }) ? 0 : 1000;
  }

  /** Somebody else's key did sign it, so that a namesake's did not tells nothing. */
  #isOverruled({ finding, child }: { readonly finding: Finding; readonly child: Known }): boolean {
    return finding.kind === "bad-signature" && this.#proven.has(child);
  }

  #giveUp(limit: "signature checks" | "steps" | "name comparisons", allowed: number): undefined {
    this.#givenUp = { kind: "search-given-up", limit, allowed };
  }
}

/** What is found once an anchor is reached. */
const wholePathKinds: ReadonlySet<Finding["kind"]> = new Set([
  "explicit-policy-required",
  "revoked",
  "revocation-unknown",
  "bad-staple",
  "staple-missing",
]);

function isSelfIssued({ subject, issuer }: Authority): boolean {
  return isSame(subject, issuer);
}

/** One name and one key are one authority: to pass it twice is a loop, whatever else its certificates say (RFC 4158 §2.4.1). */
function isSameAuthority(one: Authority, other: Authority): boolean {
  return isSame(one.subject, other.subject) && equal(one.publicKey.raw, other.publicKey.raw);
}

/** Both say which key is meant, and it is another. */
function namesAnotherKey({ certificate: { extensions } }: Known, issuer: KnownAuthority): boolean {
  const wanted = extensions.authorityKeyIdentifier?.value.keyIdentifier;
  const own = issuer.certificate.extensions.subjectKeyIdentifier?.value;
  return wanted !== undefined && own !== undefined && !equal(wanted, own);
}

function issuerUnknown({ certificate, reference }: Known): Finding {
  if (isSelfIssued(certificate)) return { kind: "self-signed", certificate: reference };
  const issuerUrls = (certificate.extensions.authorityInformationAccess?.value ?? []).flatMap(({ method, location }) =>
    method === accessMethods.caIssuers && location.form === "uri" && isPrintableUrl(location.value) ? [location.value] : [],
  );
  return { kind: "unknown-issuer", certificate: reference, issuerUrls };
}
