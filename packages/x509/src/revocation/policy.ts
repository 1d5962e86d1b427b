// What a verifier wants to know of revocation, and its judgement on a path that is otherwise whole.
import { ConfigError, type ConfigProblem, type CryptoProvider } from "@sallyport/core";
import { latin1 } from "../bytes.ts";
import type { Certificate } from "../certificate.ts";
import { DerReader } from "../der.ts";
import type { CertificateReference, Finding } from "../findings.ts";
import { generalName } from "../general-names.ts";
import { isPrintableUrl } from "../names.ts";
import { type Authority, isWhole, type Known, type KnownAuthority, type Policy } from "../profile.ts";
import { nameProblems } from "../required-usage.ts";
import type { SignatureCheck, Verifications } from "../signature.ts";
import { judgeLists, type ListSignatures } from "./judge-crl.ts";
import { digests, judgeOcsp } from "./judge-ocsp.ts";
import { RevocationLists } from "./lists.ts";
import type { Digest, Question } from "./question.ts";
import type { RevocationStatus } from "./status.ts";

export interface RevocationOptions {
  /** Of the authorities that issue what is judged: PEM text or DER, or a holder in which they are replaced. */
  readonly lists?: string | readonly Uint8Array[] | RevocationLists;
  /**
   * Whether the peer is asked to staple an OCSP response. Then what comes must be in order, and a certificate that promises one
   * (must-staple, RFC 7633) must come with it. Default: servers are asked, clients are not.
   */
  readonly staples?: boolean;
  /**
   * Of a status that nobody knows, or only old sources: `hard` refuses, `soft` lets it pass. Whoever is known to be revoked is
   * refused by both, and so is whose responder signs that it does not know him. Default: `hard` if there are lists, else `soft`.
   */
  readonly policy?: "hard" | "soft";
  /** Whose status must be known if the policy is hard: the peer's own (the default), or that of all below the root. */
  readonly scope?: "leaf" | "path";
}

export interface Revocation {
  readonly lists: RevocationLists | undefined;
  /** They are in a holder of the caller's. */
  readonly mayChange: boolean;
  readonly staples: boolean;
  readonly policy: "hard" | "soft";
  readonly scope: "leaf" | "path";
  readonly digest: Digest;
  readonly verifications: Verifications;
  readonly signatures: ListSignatures;
}

/** @throws ConfigError if a list can't be used, or nobody could ever be trusted */
export function revocation(
  { lists, staples, policy, scope = "leaf" }: RevocationOptions,
  role: "client" | "server",
  provider: CryptoProvider,
  verifications: Verifications,
): Revocation {
  const holder = lists === undefined || lists instanceof RevocationLists ? lists : listsOf(lists);
  const asks = staples ?? role === "server";
  const chosen = policy ?? (lists === undefined ? "soft" : "hard");
  const problems: ConfigProblem[] = [
    ...nameProblems("revocation.policy", chosen, ["hard", "soft"]),
    ...nameProblems("revocation.scope", scope, ["leaf", "path"]),
  ];
  if (chosen === "hard" && lists === undefined && !asks) {
    problems.push({
      kind: "no-revocation-source",
      path: "revocation",
      problem: "a hard policy without lists and without staples, so nobody could ever be trusted",
      remedy: "give the lists, let staples be asked for, or take the soft policy",
    });
  }
  if (chosen === "hard" && scope === "path" && lists === undefined) {
    problems.push({
      kind: "no-revocation-source",
      path: "revocation.scope",
      problem: "a hard policy for the whole path without lists: a staple speaks of the leaf alone",
      remedy: "give the lists of the roots and intermediates, or take the scope leaf",
    });
  }
  const [first, ...more] = problems;
  if (first !== undefined) throw new ConfigError([first, ...more]);
  return {
    lists: holder,
    mayChange: holder !== undefined && holder === lists,
    staples: asks,
    policy: chosen,
    scope,
    digest: digests(provider),
    verifications,
    signatures: new WeakMap(),
  };
}

function listsOf(lists: string | readonly Uint8Array[]): RevocationLists {
  try {
    return new RevocationLists(lists);
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    const [first, ...more] = thrown.problems;
    const under = (problem: ConfigProblem): ConfigProblem => ({ ...problem, path: `revocation.${problem.path}` });
    throw new ConfigError([under(first), ...more.map(under)]);
  }
}

export interface RevocationInput {
  readonly revocation: Revocation;
  readonly staple: Uint8Array | undefined;
  readonly profile: Policy["profile"];
  /** Seconds since 1970. */
  readonly now: number;
  /** What the staple says, by the issuer's key: there may be many paths, and each asks. Empty at first. */
  readonly stapled: Map<string, RevocationStatus>;
  /** Other keys of the authority that issued the certificate at this place of the path: see `Question`. */
  namesakes(path: readonly [Known, ...KnownAuthority[]], at: number, check: SignatureCheck): readonly Authority[];
}

export interface RevocationVerdict {
  /** The first thing that is wrong, from the leaf up. */
  readonly finding: Finding | undefined;
  /** Seconds since 1970 until which what is known will do; infinite if nothing had to be known. */
  readonly validUntil: number;
}

export function judgeRevocation(
  { revocation: wanted, staple, profile, now, stapled, namesakes }: RevocationInput,
  path: readonly [Known, ...KnownAuthority[]],
  check: SignatureCheck,
): RevocationVerdict {
  let validUntil = Number.POSITIVE_INFINITY;
  const wrong = (finding: Finding): RevocationVerdict => ({ finding, validUntil });
  for (const [at, known] of path.entries()) {
    const issuer = path[at + 1];
    if (issuer === undefined || !isWhole(known)) break;
    const { certificate, reference } = known;
    let others: readonly Authority[] | undefined;
    const question: Question = {
      certificate,
      issuer: issuer.certificate,
      now,
      profile,
      check,
      digest: wanted.digest,
      namesakes: () => (others ??= namesakes(path, at, check)),
    };
    const about = { certificate: reference, issuer: issuer.reference, listUrls: listUrls(certificate) };
    const lists = wanted.lists?.of(latin1(certificate.issuer.raw)) ?? [];
    const statuses = [...judgeLists(lists, question, wanted)];
    if (at === 0 && wanted.staples) {
      // RFC 7633 §4.2.2: a CA's promise is one for all that it issues.
      const promising = path.find(
        ({ certificate: { extensions } }) => extensions.tlsFeature?.value.includes(statusRequest) === true,
      );
      if (staple === undefined && promising !== undefined)
        return wrong({ kind: "staple-missing", certificate: promising.reference });
      if (staple !== undefined) {
        const key = latin1(issuer.certificate.publicKey.raw);
        const status = stapled.get(key) ?? judgeOcsp(staple, question);
        stapled.set(key, status);
        statuses.unshift(status);
      }
    }
    const mustBeKnown = wanted.policy === "hard" && (at === 0 || wanted.scope === "path");
    const finding = findingOf(statuses, about, mustBeKnown);
    if (finding !== undefined) return wrong(finding);
    validUntil = Math.min(validUntil, ...endsOf(statuses, mustBeKnown));
  }
  return { finding: undefined, validUntil };
}

/** A staple has to be in order for as long as it is shown; of what must be known one good source is enough. */
function endsOf(statuses: readonly RevocationStatus[], mustBeKnown: boolean): readonly number[] {
  const good = statuses.flatMap((status) => (status.kind === "good" ? [status] : []));
  const staples = good.filter(({ source }) => source === "ocsp").map(({ nextUpdate }) => nextUpdate);
  return mustBeKnown ? [...staples, Math.max(...good.map(({ nextUpdate }) => nextUpdate))] : staples;
}

interface About {
  readonly certificate: CertificateReference;
  readonly issuer: CertificateReference;
  readonly listUrls: readonly string[];
}

function listUrls({ extensions }: Certificate): readonly string[] {
  const names = (extensions.crlDistributionPoints?.value ?? []).flatMap((point) => point.names);
  return names.flatMap((der) => {
    const name = generalName(new DerReader(der), "crlDistributionPoints");
    return name.form === "uri" && isPrintableUrl(name.value) ? [name.value] : [];
  });
}

/** The number of the TLS extension status_request. */
const statusRequest = 5;

function findingOf(
  statuses: readonly RevocationStatus[],
  { listUrls: urls, ...about }: About,
  mustBeKnown: boolean,
): Finding | undefined {
  for (const status of statuses) {
    if (status.kind !== "revoked") continue;
    const { source, revokedAt, reason } = status;
    return { kind: "revoked", ...about, source, revokedAt, reason };
  }
  for (const status of statuses) {
    if (status.source !== "ocsp" || status.kind === "good" || status.kind === "revoked") continue;
    // A signed "I don't know it" of the very authority is no gap in what is known: it never issued such a certificate.
    if (status.kind === "unknown") return { kind: "revocation-unknown", ...about, listUrls: urls, statuses };
    const because = status.kind === "stale" ? status.kind : status.because;
    return { kind: "bad-staple", certificate: about.certificate, because, problem: status.problem };
  }
  if (!mustBeKnown || statuses.some(({ kind }) => kind === "good")) return undefined;
  return { kind: "revocation-unknown", ...about, listUrls: urls, statuses };
}
