// Chains of @sallyport/arbitraries: what is right is trusted, each thing that is wrong is found, and whatever a peer makes of
// them gives the reference model's verdict, within bounded work.
import { generateKeyPairSync } from "node:crypto";
import { fc, test } from "@fast-check/vitest";
import {
  chainDefects,
  type ChainDefect,
  chainKeys,
  chainNowMs,
  chains,
  type ChainScript,
  encodeChain,
  mayTrust,
} from "@sallyport/arbitraries";
import { type Bytes, ConfigError, type CryptoProvider, VerifiedIdentity } from "@sallyport/core";
import { node, signer } from "@sallyport/crypto-node";
import { type Finding, serverVerifier } from "@sallyport/x509";
import { describe, expect } from "vitest";
import { explanation, presented } from "../support/chains.ts";

const keys = Array.from({ length: chainKeys }, () => signer(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey));

/** `findings`: empty, if it is trusted. `checks`: of signatures. */
interface Judged {
  readonly isTrusted: boolean;
  readonly findings: readonly Finding[];
  readonly checks: number;
}
function judge(script: ChainScript, maxIntermediates = 8): Judged | "no such root" {
  let checks = 0;
  const verifications = node.verifications.map((each) =>
    "verify" in each
      ? { ...each, verify: (...given: Parameters<typeof each.verify>) => (checks++, each.verify(...given)) }
      : each,
  );
  const provider: CryptoProvider = { ...node, verifications };
  const {
    chain: [leaf, ...others],
    roots,
  } = encodeChain(script, keys);
  const sent: [Bytes, ...Bytes[]] = [leaf ?? new Uint8Array(0), ...others];
  let verifier: ReturnType<typeof serverVerifier>;
  try {
    verifier = serverVerifier({ provider, roots, maxIntermediates });
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(ConfigError);
    return "no such root";
  }
  const verdict = verifier.verify(presented(sent, { serverName: script.serverName, nowMs: chainNowMs }));
  if (verdict instanceof VerifiedIdentity) return { isTrusted: true, findings: [], checks };
  return { isTrusted: false, findings: explanation(verdict).findings, checks };
}

/** What @sallyport/x509 calls it, and where it says in whom it is. */
const told: Readonly<
  Record<ChainDefect, readonly [kinds: readonly Finding["kind"][], where: "certificate" | "constrainedBy" | "index" | "nowhere"]>
> = {
  expired: [["expired"], "certificate"],
  "not yet valid": [["not-yet-valid"], "certificate"],
  "unknown critical extension": [["unknown-critical-extension"], "certificate"],
  "signature spoiled": [["bad-signature"], "certificate"],
  "signed by another key": [["bad-signature"], "certificate"],
  "for another purpose": [["wrong-purpose"], "certificate"],
  "serial number negative": [["not-in-profile"], "certificate"],
  "extension twice": [["malformed"], "index"],
  "cut short": [["malformed"], "index"],
  "intermediate missing": [["unknown-issuer", "self-signed"], "nowhere"],
  "intermediate no CA": [["not-a-ca"], "certificate"],
  "may not sign certificates": [["not-a-ca"], "certificate"],
  "path too long": [["path-length-exceeded"], "certificate"],
  "names excluded": [["name-not-allowed"], "constrainedBy"],
  "names not permitted": [["name-not-allowed"], "constrainedBy"],
  // A namesake of one would stand above too many.
  "issuers in a circle": [["unknown-issuer", "self-signed", "path-length-exceeded"], "nowhere"],
  "root not trusted": [["unknown-issuer", "self-signed"], "nowhere"],
  "leaf for another name": [["wrong-name"], "certificate"],
  "leaf without digitalSignature": [["wrong-key-usage"], "certificate"],
  "leaf is a CA": [["ca-as-end-entity"], "certificate"],
  "leaf signs itself": [["self-signed"], "certificate"],
};
/** Its place among the script's certificates. */
function placeOf(
  { sent, roots }: ChainScript,
  finding: Finding | undefined,
  where: (typeof told)[ChainDefect][1],
): number | undefined {
  if (finding === undefined || where === "nowhere") return undefined;
  if (where === "index") return "index" in finding ? sent[finding.index] : undefined;
  const reference =
    where === "constrainedBy"
      ? "constrainedBy" in finding
        ? finding.constrainedBy
        : undefined
      : "certificate" in finding
        ? finding.certificate
        : undefined;
  return reference && (reference.source === "roots" ? roots : sent)[reference.index];
}

test.prop([chains()], { numRuns: 150 })(
  "a chain that is right is trusted, whatever is sent beside it, in any order",
  ({ script }) => {
    expect(mayTrust(script)).toBe(true);
    expect(judge(script)).toMatchObject({ isTrusted: true, findings: [] });
  },
);

const found = new Set<ChainDefect>();
test.prop([chains({ least: 1 })], { numRuns: 600, seed: 5280 })(
  "what is wrong with it is found, and in whom",
  ({ script, defects: [defect] }) => {
    if (defect === undefined) return;
    expect(mayTrust(script)).toBe(false);
    const judged = judge(script);
    if (judged === "no such root") throw new Error("each root can be read");
    const [kinds, where] = told[defect.kind];
    const [first] = judged.findings;
    // A namesake's key did not sign it, which may be told instead.
    if (first?.kind === "bad-signature" && hasNamesakes(script)) return;
    found.add(defect.kind);
    expect(kinds).toContain(first?.kind);
    // One name and one key are one authority, whichever certificate of it was tried.
    const whom = (at: number | undefined): unknown => {
      const { subject, key } = script.certificates[at ?? -1] ?? {};
      return { subject, key };
    };
    if (where !== "nowhere") expect(whom(placeOf(script, first, where))).toEqual(whom(defect.at));
  },
);
function hasNamesakes({ certificates }: ChainScript): boolean {
  return certificates.some((one) => certificates.some((other) => one.subject === other.subject && one.key !== other.key));
}
test("each of them was", () => {
  expect([...found].sort()).toEqual([...chainDefects].sort());
});

describe("whatever is wrong, and however much is sent", () => {
  const hostile = chains({ most: 5, crowd: 40 });
  test.prop([hostile, fc.nat({ max: 8 })], { numRuns: 150 })(
    "the verdict is the model's, after a hundred signatures at most",
    ({ script }, maxIntermediates) => {
      const judged = judge(script, maxIntermediates);
      if (judged === "no such root") return expect(mayTrust(script, maxIntermediates)).toBe(false);
      expect(judged.checks).toBeLessThanOrEqual(100);
      const isGivenUp = judged.findings.some(({ kind }) => kind === "search-given-up");
      if (!isGivenUp) expect(judged.isTrusted).toBe(mayTrust(script, maxIntermediates));
      expect(judged.isTrusted).toBe(judged.findings.length === 0);
    },
  );
});
