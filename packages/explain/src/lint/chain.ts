// A server's chain as clients would judge it: x509's own verifier looks at it once, and each profile says for what it refuses.
import type { Bytes, Credential, CryptoProvider, PresentedIdentity, SignatureScheme, SyncVerifier } from "@sallyport/core";
import {
  type Certificate,
  DerError,
  describeFinding,
  type Explanation,
  type Finding,
  parseCertificate,
  remedyOf,
  serverVerifier,
  type TrustAnchor,
} from "@sallyport/x509";
import type { ClientProfile } from "../profiles/clients.ts";
import { refusesFor } from "../profiles/demands.ts";
import { paperProvider } from "../profiles/paper.ts";
import { schemes } from "../profiles/sallyport-hello.ts";
import { count } from "../words.ts";
import type { Remark } from "./report.ts";

/** What is known beside the config. */
export interface Surroundings {
  /** Checks the signatures along the path; undefined: they are taken to be right. */
  readonly provider: CryptoProvider | undefined;
  /** undefined: dates are not looked at. */
  readonly nowMs: number | undefined;
  /** Whom browsers and systems trust as they come. */
  readonly publicAnchors: readonly TrustAnchor[];
  /** Whom only some clients trust, such as a company's. */
  readonly privateAnchors: readonly TrustAnchor[];
}

export interface ChainJudged {
  /** Who vouches for it; `unknown`: nobody was named whom clients trust. */
  readonly trust: "public" | "private" | "nobody" | "unknown";
  readonly findings: readonly Finding[];
  /** Leaf first; undefined: it can't be read. */
  readonly certificates: readonly (Certificate | undefined)[];
  readonly serverName: string;
  readonly hasTimestamps: boolean;
}

/** Raw public keys have no chain: undefined. */
export function judgeChain(credential: Credential, serverName: string, surroundings: Surroundings): ChainJudged | undefined {
  if (credential.type !== "x509") return undefined;
  const { provider, nowMs, publicAnchors, privateAnchors } = surroundings;
  const certificates = credential.chain.map(readable);
  const [leaf] = certificates;
  const presented = presentedBy(credential, serverName, nowMs ?? (leaf?.validity.notBefore ?? 0) * 1000, provider !== undefined);
  const ways = [
    ["public", publicAnchors],
    ["private", privateAnchors],
  ] as const;
  let refused: readonly Finding[] | undefined;
  for (const [trust, anchors] of ways) {
    if (anchors.length === 0) continue;
    const findings = findingsOf(verifierOf(provider, anchors), presented);
    if (!findings.some(isAboutTrust)) return judged(trust, findings);
    refused ??= findings;
  }
  if (refused !== undefined) return judged("nobody", refused);
  // Nobody was named: an anchor that nobody is issued by brings out all else that is wrong.
  const findings = findingsOf(verifierOf(provider, [nobodysAnchor(credential)]), presented);
  const isSelfSigned = findings.some(({ kind }) => kind === "self-signed") && certificates.length === 1;
  return judged(
    isSelfSigned ? "nobody" : "unknown",
    isSelfSigned ? findings : findings.filter((finding) => !isAboutTrust(finding)),
  );

  function judged(trust: ChainJudged["trust"], all: readonly Finding[]): ChainJudged {
    // Without a provider a staple was not shown, so that nothing can be said of it.
    const findings =
      provider === undefined && credential.ocspResponse !== undefined ? all.filter(({ kind }) => kind !== "staple-missing") : all;
    return { trust, findings, certificates, serverName, hasTimestamps: hasTimestamps(credential, leaf) };
  }
}

const isAboutTrust = ({ kind }: Finding): boolean => kind === "unknown-issuer" || kind === "self-signed";

/** What keeps a client of that profile from taking the chain. */
export function remarksOfChain(judged: ChainJudged, { demands }: ClientProfile): readonly Remark[] {
  const remarks = judged.findings
    .filter((finding) => refusesFor(finding, demands, judged))
    .map(
      (finding): Remark => ({
        id: finding.kind,
        severity: "failure",
        clause: clauseOf(finding, demands.asksItsUser),
        remedy: remedyFor(finding),
      }),
    );
  const [leaf] = judged.certificates;
  if (judged.trust !== "public" || leaf === undefined) return remarks;
  const { mostDays, needsTimestamps } = demands.ofPublic;
  const days = daysOf(leaf);
  const tooLong: Remark = {
    id: "validity-too-long",
    severity: "failure",
    clause: `the certificate is by a public authority and valid for ${count(days, "day")}; it takes ${mostDays} at most`,
    remedy: "have it issued for less time, and renewed by a program",
  };
  const unlogged: Remark = {
    id: "no-timestamps",
    severity: "failure",
    clause: "the certificate is by a public authority and comes without signed certificate timestamps",
    remedy: "have it issued with timestamps embedded, or give signedCertificateTimestamps",
  };
  return [
    ...remarks,
    ...(mostDays !== undefined && days > mostDays ? [tooLong] : []),
    ...(needsTimestamps && !judged.hasTimestamps ? [unlogged] : []),
  ];
}

/** What is to be said of it whoever comes. */
export function remarksOfAll({ certificates, trust }: ChainJudged, nowMs: number | undefined): readonly Remark[] {
  const [leaf] = certificates;
  const last = certificates.at(-1);
  const remarks: Remark[] = [];
  if (leaf !== undefined && nowMs !== undefined) {
    const left = Math.floor((leaf.validity.notAfter * 1000 - nowMs) / day);
    if (left >= 0 && left < soon) {
      remarks.push({
        id: "expires-soon",
        severity: "warning",
        clause: `the certificate of ${leaf.subject.text} ends in ${count(left, "day")}`,
        remedy: "renew it now, and by a program from then on",
      });
    }
  }
  if (last !== undefined && last !== leaf && last.subject.text === last.issuer.text) {
    remarks.push({
      id: "root-sent",
      severity: "information",
      clause: `the chain ends with a root, ${last.subject.text}, which clients have or don't trust`,
      remedy: "leave it out of the chain: it costs each handshake its bytes",
    });
  }
  if (trust === "unknown" && last !== undefined) {
    remarks.push({
      id: "trust-not-known",
      severity: "information",
      clause: `whether clients trust ${last.issuer.text} was not looked at`,
      remedy: "name the roots that they trust (publicRoots, privateRoots)",
    });
  }
  return remarks;
}
const day = 86_400_000;
const soon = 14;

/** Both dates are inclusive (RFC 5280 section 4.1.2.5; BR section 6.3.2). */
const daysOf = ({ validity: { notBefore, notAfter } }: Certificate): number => Math.ceil((notAfter - notBefore + 1) / 86_400);

/** Who has people before it aborts all the same, and asks them behind it. */
function clauseOf(finding: Finding, asksItsUser: boolean): string {
  if (finding.kind !== "self-signed") return describeFinding(finding);
  const what =
    finding.certificate.index === 0
      ? "the certificate is self-signed"
      : `${finding.certificate.subject} is self-signed, and no root that was named`;
  return `${what}: it aborts ${asksItsUser ? "each first visit, until somebody tells it to go on" : "each handshake"}`;
}

function remedyFor(finding: Finding): string | undefined {
  if (finding.kind === "self-signed") {
    return "have the certificate issued by an authority that the clients trust: a public one, or a local one added to each of them";
  }
  return remedyOf(finding);
}

function readable(der: Uint8Array): Certificate | undefined {
  try {
    return parseCertificate(der);
  } catch (thrown) {
    // The verifier says so, and where.
    if (thrown instanceof DerError) return undefined;
    throw thrown;
  }
}

function presentedBy(
  { chain: [leaf, ...more], ocspResponse, signedCertificateTimestamps = [] }: Credential,
  serverName: string,
  nowMs: number,
  checks: boolean,
): PresentedIdentity {
  return {
    role: "server",
    type: "x509",
    chain: [own(leaf), ...more.map(own)],
    serverName,
    nowMs,
    ocspResponse: checks && ocspResponse !== undefined ? own(ocspResponse) : undefined,
    signedCertificateTimestamps: signedCertificateTimestamps.map(own),
  };
}
const own = (bytes: Uint8Array): Bytes => Uint8Array.from(bytes);

function verifierOf(provider: CryptoProvider | undefined, anchors: readonly TrustAnchor[]): SyncVerifier {
  return serverVerifier({ provider: provider ?? believing, anchors });
}

function findingsOf(verifier: SyncVerifier, presented: PresentedIdentity): readonly Finding[] {
  const verdict = verifier.verify(presented);
  return "reason" in verdict && isExplanation(verdict.detail) ? verdict.detail.findings : [];
}
function isExplanation(detail: unknown): detail is Explanation {
  return typeof detail === "object" && detail !== null && "findings" in detail;
}

/** Takes every signature for right: who gives no provider is told of it. */
const every: readonly SignatureScheme[] = [...schemes, "mldsa44", "mldsa65", "mldsa87"];
const believing: CryptoProvider = {
  ...paperProvider([], [], every),
  verifications: every.map((scheme) => ({ scheme, verify: () => true })),
};

/** CN=nobody, with the key of the leaf itself. */
function nobodysAnchor({ publicKey }: Credential): TrustAnchor {
  const subject = new Uint8Array([
    0x30, 0x11, 0x31, 0x0f, 0x30, 0x0d, 0x06, 3, 0x55, 4, 3, 0x0c, 6, 0x6e, 0x6f, 0x62, 0x6f, 0x64, 0x79,
  ]);
  return { subject, publicKey };
}

/** Embedded (RFC 6962 section 3.3), to be stapled, or perhaps in the OCSP response. */
function hasTimestamps({ signedCertificateTimestamps = [], ocspResponse }: Credential, leaf: Certificate | undefined): boolean {
  const isEmbedded = leaf?.extensions.all.some(({ oid }) => oid === "1.3.6.1.4.1.11129.2.4.2") === true;
  return isEmbedded || signedCertificateTimestamps.length > 0 || ocspResponse !== undefined;
}
