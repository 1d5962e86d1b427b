// What a refusal says: who failed and why, where each path ended, and what would mend it.
import { node } from "@sallyport/crypto-node";
import { alertOfFinding, describeExplanation, describeFinding, type Finding, remedyOf, serverVerifier } from "@sallyport/x509";
import { VerifiedIdentity } from "@sallyport/core";
import * as x509 from "@peculiar/x509";
import { describe, expect, test } from "vitest";
import { authority, explanation, presented, server } from "../support/chains.ts";
import { explicit, implicit, sequence } from "../support/der.ts";
import { text } from "../support/octets.ts";

const root = await authority("CN=Root");
const intermediate = await authority("CN=Intermediate", { by: root });
const leaf = await server(intermediate);
const other = await authority("CN=Other");
const refusal = (roots: readonly Uint8Array[], ...identity: Parameters<typeof presented>) => {
  const result = serverVerifier({ provider: node, roots }).verify(presented(...identity));
  if (result instanceof VerifiedIdentity) throw new Error("trusted");
  return { ...result, ...explanation(result) };
};

describe("of several ways that fail, the alert tells of", () => {
  test("the issuer that is missing, not of a namesake that did not sign: another did", async () => {
    const namesake = await authority("CN=Intermediate");
    for (const sent of [
      [namesake, intermediate],
      [intermediate, namesake],
    ]) {
      const { findings, attempts } = refusal([namesake.der], [leaf.der, ...sent.map(({ der }) => der)]);
      expect(findings).toMatchObject([{ kind: "unknown-issuer", certificate: { subject: "CN=Intermediate" } }]);
      expect(new Set(attempts.map(({ finding }) => finding.kind))).toEqual(new Set(["bad-signature", "unknown-issuer"]));
    }
  });

  test("the issuer that was there and failed, before one that is missing", async () => {
    const expired = await authority("CN=Intermediate", {
      by: root,
      keys: intermediate.keys,
      notAfter: new Date(Date.UTC(2026, 4, 20)),
    });
    expect(refusal([root.der], [leaf.der, expired.der]).findings).toMatchObject([{ kind: "expired", certificate: { index: 1 } }]);
  });

  test("a signature by another key of a name says so, if both name their keys", async () => {
    const older = await authority("CN=Root");
    const { reason } = refusal([older.der], [leaf.der, intermediate.der]);
    expect(reason).toContain("was not signed by the key of CN=Root (root 0): it names another key of an issuer with that name");
    const nameless = await authority("CN=Root", { identifiers: false });
    const serverLeaf = await server(root);
    expect(
      serverVerifier({ provider: node, roots: [nameless.der], profile: "rfc5280" }).verify(presented([serverLeaf.der])),
    ).toHaveProperty("reason", expect.not.stringContaining("names another key"));
  });
});

test("everything in lines: what is wrong, its remedy, what was sent, and where each path ended", () => {
  const { findings, sent, attempts } = refusal([root.der], [leaf.der], { serverName: "example.org" });
  expect(describeExplanation({ findings, sent, attempts })).toBe(
    [
      "nobody vouches for CN=server (certificate 0): its issuer, CN=Intermediate, is neither a given root nor among the certificates that the peer sent",
      "  to mend it, let the peer send the certificate of CN=Intermediate as well, or give that certificate as a root if you trust it",
      "CN=server (certificate 0) is not for example.org; it is for example.com",
      "  to mend it, have a certificate issued with example.org among its subject alternative names, or connect to example.com",
      "sent:",
      "  0  CN=server, by CN=Intermediate",
      "tried:",
      "  CN=server (certificate 0)",
      "    nobody vouches for CN=server (certificate 0): its issuer, CN=Intermediate, is neither a given root nor among the certificates that the peer sent",
    ].join("\n"),
  );
});

test("a root that was sent and nobody trusts is named as such, and how to trust it", () => {
  const { reason } = refusal([other.der], [leaf.der, intermediate.der, root.der]);
  expect(reason).toBe(
    "CN=Root (certificate 2) is self-signed and not among the roots; to mend it, if you trust CN=Root (certificate 2), give it as a root",
  );
});
test("an unknown status says where the certificate itself has its CRL", async () => {
  const place = sequence(explicit(0, explicit(0, implicit(6, text("http://crl.example/1")))));
  const pointed = await server(intermediate, { more: [new x509.Extension("2.5.29.31", false, sequence(place))] });
  const verifier = serverVerifier({ provider: node, roots: [root.der], revocation: { policy: "hard" } });
  expect(verifier.verify(presented([pointed.der, intermediate.der]))).toHaveProperty(
    "reason",
    "nobody knows whether CN=server (certificate 0) was revoked by CN=Intermediate (certificate 1): there is no list of its issuer, and " +
      "no OCSP response was stapled; to mend it, give a fresh CRL of CN=Intermediate in revocation.lists (http://crl.example/1), or let " +
      'an unknown status pass: policy: "soft"',
  );
});

test("every kind of finding has an alert, a sentence, and a remedy that is an order or none", () => {
  const certificate = { source: "peer", index: 0, subject: "CN=a", issuer: "CN=b" } as const;
  const issuer = { source: "roots", index: 3, subject: "CN=b", issuer: "CN=b" } as const;
  const about = { certificate, issuer, constrainedBy: issuer } as const;
  const pin = "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  const all: { readonly [K in Finding["kind"]]: Extract<Finding, { readonly kind: K }> } = {
    "not-x509": { kind: "not-x509", type: "raw-public-key" },
    "wrong-role": { kind: "wrong-role", expected: "server" },
    "no-server-name": { kind: "no-server-name", serverName: undefined },
    malformed: { kind: "malformed", index: 1, problem: "x is cut off", offset: 7 },
    "unknown-issuer": { kind: "unknown-issuer", certificate, issuerUrls: [] },
    "self-signed": { kind: "self-signed", certificate },
    "bad-signature": { kind: "bad-signature", ...about, namesAnotherKey: false },
    "broken-hash": { kind: "broken-hash", certificate, hash: "MD5" },
    "unsupported-signature": { kind: "unsupported-signature", certificate, algorithm: "1.2.3", key: "RSA key of 2048 bits" },
    "unsupported-key": { kind: "unsupported-key", certificate, key: "key of the algorithm 1.2.3" },
    "weak-key": { kind: "weak-key", certificate, key: "RSA key of 1024 bits", required: "2048 to 8192 bits" },
    expired: { kind: "expired", certificate, notAfter: 0, now: 1 },
    "not-yet-valid": { kind: "not-yet-valid", certificate, notBefore: 1, now: 0 },
    "unknown-critical-extension": { kind: "unknown-critical-extension", certificate, extension: "1.2.3" },
    "not-a-ca": { kind: "not-a-ca", certificate, lacks: "cA" },
    "ca-as-end-entity": { kind: "ca-as-end-entity", certificate },
    "path-length-exceeded": { kind: "path-length-exceeded", certificate, allowed: 0, below: 1 },
    "too-many-intermediates": { kind: "too-many-intermediates", certificate, allowed: 8 },
    "wrong-purpose": { kind: "wrong-purpose", certificate, purpose: "serverAuth", allowed: [] },
    "wrong-key-usage": { kind: "wrong-key-usage", certificate, lacks: "digitalSignature" },
    "required-usage": { kind: "required-usage", certificate, extension: "extendedKeyUsage", lacks: ["1.2.3"] },
    "wrong-name": { kind: "wrong-name", certificate, serverName: "a.test", names: [] },
    "name-not-allowed": { kind: "name-not-allowed", ...about, name: "a.test", because: "excluded" },
    "explicit-policy-required": { kind: "explicit-policy-required", certificate },
    "not-in-profile": { kind: "not-in-profile", certificate, problem: "is odd", section: "BR §1" },
    revoked: { kind: "revoked", ...about, source: "crl", revokedAt: 0, reason: undefined },
    "bad-staple": { kind: "bad-staple", certificate, because: "stale", problem: "it is old" },
    "staple-missing": { kind: "staple-missing", certificate },
    "revocation-unknown": { kind: "revocation-unknown", ...about, statuses: [], listUrls: [] },
    "key-not-pinned": { kind: "key-not-pinned", certificate, serverName: undefined, pin },
    "key-changed": { kind: "key-changed", certificate, serverName: "a.test", first: pin, pin },
    "search-given-up": { kind: "search-given-up", limit: "steps", allowed: 1000 },
  };
  for (const finding of Object.values(all)) {
    expect(alertOfFinding(finding)).toMatch(/^[a-z_]+$/);
    for (const said of [describeFinding(finding), remedyOf(finding) ?? "x"]) {
      expect(said).not.toMatch(/undefined|\[object|\.$|\s\s/);
    }
  }
});
