// What the lists that were given say about a certificate (RFC 5280 §6.3.3).
import { equal, latin1 } from "../bytes.ts";
import type { Certificate } from "../certificate.ts";
import { timeText } from "../der.ts";
import { isSame } from "../distinguished-name.ts";
import type { Authority } from "../profile.ts";
import { checkSignature, type SignatureVerdict, type Verifications } from "../signature.ts";
import type { RevocationList } from "./crl.ts";
import type { Question } from "./question.ts";
import { clockTolerance, type RevocationStatus, type UnusableStatus } from "./status.ts";

/** Who signed which list, found out once: a list is large, and the same for every connection. */
export type ListSignatures = WeakMap<RevocationList, Map<string, SignatureVerdict>>;
export interface ListChecks {
  readonly verifications: Verifications;
  readonly signatures: ListSignatures;
}

/** One status a list of this issuer; empty: there is none. */
export function judgeLists(
  lists: readonly RevocationList[],
  question: Question,
  checks: ListChecks,
): readonly RevocationStatus[] {
  return lists.filter(({ scope }) => scope.only !== "attributes").map((list) => judgeList(list, question, checks));
}

/** By the DER of the issuer, one character an octet. */
export function listsByIssuer(lists: readonly RevocationList[]): ReadonlyMap<string, readonly RevocationList[]> {
  const map = new Map<string, RevocationList[]>();
  for (const list of lists) {
    const key = latin1(list.issuer.raw);
    const same = map.get(key);
    if (same === undefined) map.set(key, [list]);
    else same.push(list);
  }
  return map;
}

function judgeList(list: RevocationList, question: Question, checks: ListChecks): RevocationStatus {
  const { certificate, issuer, now } = question;
  const entry = list.find(certificate.serial);
  const gap = gapOf(list, certificate, issuer);
  // There may be a hundred lists of one issuer, of which one is for this certificate.
  if (entry === undefined && gap !== undefined) return { kind: "unknown", source: "crl", problem: gap };
  const refusal = refusalOf(list, issuer, checks);
  if (
    refusal !== undefined &&
    !question.namesakes().some((other) => isNamed(list, other) && refusalOf(list, other, checks) === undefined)
  ) {
    return refusal;
  }
  // Nothing makes a revocation undone: an old list tells of it as well, and so does one that was meant for others.
  if (entry !== undefined) return { kind: "revoked", source: "crl", ...entry };
  const { thisUpdate, nextUpdate } = list;
  if (thisUpdate > now + clockTolerance) return stale(`it is for ${timeText(thisUpdate)} and later`);
  if (nextUpdate < now) return stale(`it held until ${timeText(nextUpdate)}`);
  return { kind: "good", source: "crl", thisUpdate, nextUpdate };
}

const stale = (problem: string): RevocationStatus => ({ kind: "stale", source: "crl", problem });
const unusable = (because: UnusableStatus, problem: string): RevocationStatus => ({
  kind: "unusable",
  source: "crl",
  because,
  problem,
});

/** undefined: it was for `signer` to sign the list, and so it did (§6.3.3 (f), (g)). */
function refusalOf(list: RevocationList, signer: Authority, checks: ListChecks): RevocationStatus | undefined {
  if (signer.extensions.keyUsage?.value.has("cRLSign") === false) {
    return unusable("not allowed to sign", "its issuer's key usage lacks cRLSign");
  }
  const verdict = signatureOf(list, signer, checks);
  return verdict === "valid" ? undefined : unusable("not signed", signatureProblem(verdict));
}

/** The list doesn't say that it was another key. */
function isNamed({ keyIdentifier }: RevocationList, { extensions: { subjectKeyIdentifier: own } }: Authority): boolean {
  return keyIdentifier === undefined || own === undefined || equal(keyIdentifier, own.value);
}

function signatureOf(list: RevocationList, issuer: Authority, { verifications, signatures }: ListChecks): SignatureVerdict {
  const { publicKey } = issuer;
  const known = signatures.get(list) ?? new Map<string, SignatureVerdict>();
  signatures.set(list, known);
  const key = latin1(publicKey.raw);
  const verdict = known.get(key) ?? checkSignature(list, publicKey, verifications);
  known.set(key, verdict);
  // An authority below may make namesakes of the issuer without end, each with a key of its own. Whose key it is stays.
  const least = known.size > mostOthers ? [...known].find(([, said]) => said !== "valid") : undefined;
  if (least !== undefined) known.delete(least[0]);
  return verdict;
}
const mostOthers = 16;

function signatureProblem(verdict: SignatureVerdict): string {
  if (typeof verdict === "object") return `it is signed with ${verdict.broken}, which can be forged`;
  return verdict === "unsupported" ? "it is signed by an algorithm that nobody verifies here" : "its issuer's key did not sign";
}

/** Why a list that does not have the certificate says nothing about it; undefined: it would have it (§6.3.3 (b)(2), (d)). */
function gapOf({ scope, issuer }: RevocationList, { extensions }: Certificate, authority: Authority): string | undefined {
  if (!isSame(issuer, authority.subject)) return "it is of another issuer";
  if (scope.hasSomeReasons) return "it is for some reasons of revocation only";
  const isAuthority = extensions.basicConstraints?.value.ca === true;
  if (scope.only === "end entities" && isAuthority) return "it is for end entities only";
  if (scope.only === "authorities" && !isAuthority) return "it is for authorities only";
  const { names } = scope;
  if (names === undefined) return undefined;
  const places = (extensions.crlDistributionPoints?.value ?? []).filter(({ hasIssuer }) => !hasIssuer);
  const isMeant = places.some((place) => place.names.some((name) => names.some((other) => equal(name, other))));
  return isMeant ? undefined : "it is for certificates with another distribution point";
}
