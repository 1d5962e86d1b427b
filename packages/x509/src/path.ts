// Path building (RFC 4158) and what RFC 5280 §6.1 checks along a path: from the leaf up, depth first, one issuer at a time, and
// back where it fails. Every edge is judged when it is taken, so a dead end knows its reason.
import type { SignatureScheme, SyncVerification } from "@sallyport/core";
import { brokenHash, keyText, signatureScheme } from "./algorithms.ts";
import { equal, latin1 } from "./bytes.ts";
import type { Certificate } from "./certificate.ts";
import { violatedBy } from "./constraints.ts";
import { isSame } from "./distinguished-name.ts";
import { accessMethods } from "./extensions.ts";
import type { Attempt, Finding } from "./findings.ts";
import { issuerFindings, type Known, type Policy } from "./profile.ts";

export interface SearchInput {
  readonly leaf: Known;
  /** In any order; junk is welcome. */
  readonly intermediates: readonly Known[];
  readonly anchors: Anchors;
  readonly policy: Policy;
  /** Seconds since 1970. */
  readonly now: number;
  readonly verifications: ReadonlyMap<SignatureScheme, SyncVerification>;
}
export type SearchOutcome =
  | { readonly kind: "path"; readonly path: readonly Known[] }
  | { readonly kind: "none"; readonly finding: Finding; readonly attempts: readonly Attempt[] };

/** By the DER of their subjects, one character an octet. */
export type Anchors = ReadonlyMap<string, readonly Known[]>;

export function bySubject(certificates: readonly Known[]): Anchors {
  const map = new Map<string, Known[]>();
  for (const known of certificates) {
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

class Search {
  readonly #input: SearchInput;
  readonly #intermediates: Anchors;
  readonly #attempts: Attempt[] = [];
  readonly #verdicts = new Map<Known, Map<string, boolean>>();
  readonly #ownFindings = { anchor: new Map<Known, Finding | undefined>(), intermediate: new Map<Known, Finding | undefined>() };
  readonly #names = { left: searchLimits.nameComparisons as number };
  #signatureChecks = 0;
  #steps = 0;
  #givenUp: Finding | undefined;

  constructor(input: SearchInput) {
    this.#input = input;
    this.#intermediates = bySubject(input.intermediates);
  }

  run(): SearchOutcome {
    const path = this.#extend([this.#input.leaf]);
    if (path !== undefined) return { kind: "path", path };
    return { kind: "none", finding: this.#givenUp ?? this.#mostTelling(), attempts: this.#attempts };
  }

  #extend(path: readonly [Known, ...Known[]]): readonly Known[] | undefined {
    const child = path.at(-1) ?? path[0];
    let isTried = false;
    for (const [issuer, place] of this.#issuersOf(child)) {
      if (path.some((known) => isSameAuthority(known.certificate, issuer.certificate))) continue;
      isTried = true;
      this.#steps += 1;
      if (this.#steps > searchLimits.steps) return this.#giveUp("steps", searchLimits.steps);
      const longer = [...path, issuer] as const;
      const finding = this.#judge(path, child, issuer, place);
      if (this.#givenUp !== undefined) return undefined;
      if (finding !== undefined) {
        this.#record(longer, finding);
        continue;
      }
      if (place === "anchor") return longer;
      const found = this.#extend(longer);
      if (found !== undefined || this.#givenUp !== undefined) return found;
    }
    if (!isTried) this.#record(path, issuerUnknown(child));
    return undefined;
  }

  /** Anchors first: the shortest way out. Among intermediates those whose key the child names. */
  #issuersOf(child: Known): readonly (readonly [Known, "anchor" | "intermediate"])[] {
    const name = latin1(child.certificate.issuer.raw);
    const wanted = child.certificate.extensions.authorityKeyIdentifier?.value.keyIdentifier;
    const isNamed = ({ certificate: { extensions } }: Known): boolean =>
      wanted !== undefined &&
      extensions.subjectKeyIdentifier !== undefined &&
      equal(wanted, extensions.subjectKeyIdentifier.value);
    const sorted = (candidates: readonly Known[] = []): readonly Known[] => [
      ...candidates.filter(isNamed),
      ...candidates.filter((candidate) => !isNamed(candidate)),
    ];
    return [
      ...sorted(this.#input.anchors.get(name)).map((known) => [known, "anchor"] as const),
      ...sorted(this.#intermediates.get(name)).map((known) => [known, "intermediate"] as const),
    ];
  }

  /** What keeps `issuer` from standing above `child`, cheapest first; names last, and only under a key that did sign. */
  #judge(path: readonly Known[], child: Known, issuer: Known, place: "anchor" | "intermediate"): Finding | undefined {
    return (
      this.#ownFinding(issuer, place) ??
      this.#lengthFinding(path, issuer, place) ??
      this.#signatureFinding(child, issuer) ??
      this.#nameFinding(path, issuer)
    );
  }

  #ownFinding(issuer: Known, place: "anchor" | "intermediate"): Finding | undefined {
    const known = this.#ownFindings[place];
    if (!known.has(issuer)) known.set(issuer, issuerFindings(issuer, place, this.#input.policy, this.#input.now)[0]);
    return known.get(issuer);
  }

  #lengthFinding(path: readonly Known[], issuer: Known, place: "anchor" | "intermediate"): Finding | undefined {
    const { certificate, reference } = issuer;
    // RFC 5280 §4.2.1.9: neither the last certificate nor self-issued ones count.
    const below = path.slice(1).filter((known) => !isSelfIssued(known.certificate)).length;
    const allowed = certificate.extensions.basicConstraints?.value.pathLength;
    if (allowed !== undefined && below > allowed) return { kind: "path-length-exceeded", certificate: reference, allowed, below };
    const { maxIntermediates } = this.#input.policy;
    const total = below + (place === "anchor" || isSelfIssued(certificate) ? 0 : 1);
    if (total > maxIntermediates) return { kind: "too-many-intermediates", certificate: reference, allowed: maxIntermediates };
    return undefined;
  }

  #signatureFinding(child: Known, issuer: Known): Finding | undefined {
    const { signatureAlgorithm, tbs, signature } = child.certificate;
    const { publicKey } = issuer.certificate;
    const hash = brokenHash(signatureAlgorithm);
    if (hash !== undefined) return { kind: "broken-hash", certificate: child.reference, hash };
    const scheme = signatureScheme(signatureAlgorithm, publicKey);
    const verification = scheme && this.#input.verifications.get(scheme);
    if (verification === undefined) {
      const key = keyText(publicKey);
      return { kind: "unsupported-signature", certificate: child.reference, algorithm: signatureAlgorithm.oid, key };
    }
    // By key, not by certificate: cross-signed issuers share theirs.
    const verdicts = this.#verdicts.get(child) ?? new Map<string, boolean>();
    this.#verdicts.set(child, verdicts);
    const key = latin1(publicKey.raw);
    let isValid = verdicts.get(key);
    if (isValid === undefined) {
      this.#signatureChecks += 1;
      if (this.#signatureChecks > searchLimits.signatureChecks) {
        this.#giveUp("signature checks", searchLimits.signatureChecks);
        return undefined;
      }
      isValid = verification.verify(publicKey.raw, tbs, signature);
      verdicts.set(key, isValid);
    }
    return isValid ? undefined : { kind: "bad-signature", certificate: child.reference, issuer: issuer.reference };
  }

  // RFC 5280 §6.1.3 (b), (c): self-issued certificates are left out, unless they are the last.
  #nameFinding(path: readonly Known[], issuer: Known): Finding | undefined {
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

  #record(chain: readonly Known[], finding: Finding): void {
    if (this.#attempts.length < searchLimits.attempts)
      this.#attempts.push({ chain: chain.map(({ reference }) => reference), finding });
  }

  #giveUp(limit: "signature checks" | "steps" | "name comparisons", allowed: number): undefined {
    this.#givenUp = { kind: "search-given-up", limit, allowed };
  }

  /** An issuer that was there and failed tells more than one that was not; of these the one that ends the longest chain. */
  #mostTelling(): Finding {
    const isAbsence = ({ finding: { kind } }: Attempt): boolean => kind === "unknown-issuer" || kind === "self-signed";
    const failed = this.#attempts.find((attempt) => !isAbsence(attempt));
    const longest = this.#attempts.reduce<Attempt | undefined>(
      (best, attempt) => (best === undefined || attempt.chain.length > best.chain.length ? attempt : best),
      undefined,
    );
    return (failed ?? longest)?.finding ?? issuerUnknown(this.#input.leaf);
  }
}

function isSelfIssued({ subject, issuer }: Certificate): boolean {
  return isSame(subject, issuer);
}

/** One name and one key are one authority: to pass it twice is a loop, whatever else its certificates say (RFC 4158 §2.4.1). */
function isSameAuthority(one: Certificate, other: Certificate): boolean {
  return isSame(one.subject, other.subject) && equal(one.publicKey.raw, other.publicKey.raw);
}

function issuerUnknown({ certificate, reference }: Known): Finding {
  if (isSelfIssued(certificate)) return { kind: "self-signed", certificate: reference };
  const issuerUrls = (certificate.extensions.authorityInformationAccess?.value ?? []).flatMap(({ method, location }) =>
    method === accessMethods.caIssuers && location.form === "uri" && /^[!-~]{1,300}$/.test(location.value)
      ? [location.value]
      : [],
  );
  return { kind: "unknown-issuer", certificate: reference, issuerUrls };
}
