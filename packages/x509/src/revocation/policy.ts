// What a verifier wants to know of revocation, and its judgement on a path that is otherwise whole.
import { ConfigError, type ConfigProblem, type CryptoProvider } from "@sallyport/core";
import { latin1 } from "../bytes.ts";
import type { Certificate } from "../certificate.ts";
import { DerReader } from "../der.ts";
import type { CertificateReference, Finding } from "../findings.ts";
import { generalName } from "../general-names.ts";
import { isPrintableUrl } from "../names.ts";
import { isWhole, type Known, type KnownAuthority, type Policy } from "../profile.ts";
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
   * refused by both. Default: `hard` if there are lists, else `soft`.
   */
  readonly policy?: "hard" | "soft";
  /** Whose status must be known if the policy is hard: the peer's own (the default), or that of all below the root. */
  readonly scope?: "leaf" | "path";
}

export interface Revocation {
  readonly lists: RevocationLists | undefined;
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
  const problems: ConfigProblem[] = [];
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
    lists: holder, staples: asks, policy: chosen, scope, digest: digests(provider), verifications, signatures: new WeakMap(),
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
}

/** The first thing that is wrong, from the leaf up. */
export function revocationFinding(
  { revocation: wanted, staple, profile, now, stapled }: RevocationInput,
  path: readonly [Known, ...KnownAuthority[]],
  check: SignatureCheck,
): Finding | undefined {
  for (const [at, known] of path.entries()) {
    const issuer = path[at + 1];
    if (issuer === undefined || !isWhole(known)) return undefined;
    const { certificate, reference } = known;
    const question: Question = { certificate, issuer: issuer.certificate, now, profile, check, digest: wanted.digest };
    const about = { certificate: reference, issuer: issuer.reference, listUrls: listUrls(certificate) };
    const lists = wanted.lists?.of(latin1(certificate.issuer.raw)) ?? [];
    const statuses = [...judgeLists(lists, question, wanted)];
    if (at === 0 && wanted.staples) {
      if (staple === undefined && certificate.extensions.tlsFeature?.value.includes(statusRequest) === true) {
        return { kind: "staple-missing", certificate: reference };
      }
      if (staple !== undefined) {
        const key = latin1(issuer.certificate.publicKey.raw);
        const status = stapled.get(key) ?? judgeOcsp(staple, question);
        stapled.set(key, status);
        statuses.unshift(status);
      }
    }
    const finding = findingOf(statuses, about, wanted.policy === "hard" && (at === 0 || wanted.scope === "path"));
    if (finding !== undefined) return finding;
  }
  return undefined;
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
