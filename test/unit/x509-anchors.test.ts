import { ConfigError } from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { parseCertificate, serverVerifier, type TrustAnchor, trustAnchors } from "@sallyport/x509";
import * as x509 from "@peculiar/x509";
import { describe, expect, test } from "vitest";
import { authority, keyPair, noon, type Party, presented, server, verdict } from "../support/chains.ts";
import { implicit, sequence, tlv } from "../support/der.ts";
import { text } from "../support/octets.ts";

const root = await authority("CN=Root");
const intermediate = await authority("CN=Intermediate", { by: root });
const leaf = await server(intermediate);
const chain = [leaf.der, intermediate.der] as const;
const trusting = (anchors: readonly TrustAnchor[], roots?: readonly Uint8Array[]) =>
  serverVerifier({ provider: node, anchors, ...(roots && { roots }) });
const onlyExampleOrg = sequence(tlv(0xa0, sequence(implicit(2, text("example.org")))));

describe("an anchor without a certificate", () => {
  test("vouches by its name and key; the path ends at the last certificate below it", () => {
    const verifier = trusting(trustAnchors([root.der]));
    expect(verifier.verify(presented(chain))).toMatchObject({ path: [leaf.der, intermediate.der], names: ["example.com"] });
  });

  test("is told from another key of its name, and another name of its key", async () => {
    const { subject, publicKey } = parseCertificate(root.der);
    const stranger = parseCertificate((await authority("CN=Stranger")).der);
    expect(verdict(trusting([{ subject: subject.raw, publicKey: stranger.publicKey.raw }]), presented(chain))).toBe(
      "bad_certificate: bad-signature",
    );
    expect(verdict(trusting([{ subject: stranger.subject.raw, publicKey: publicKey.raw }]), presented(chain))).toBe(
      "unknown_ca: unknown-issuer",
    );
  });

  test("is held to its name constraints", () => {
    const [anchor] = trustAnchors([root.der]);
    if (anchor === undefined) throw new Error("one");
    expect(verdict(trusting([{ ...anchor, nameConstraints: onlyExampleOrg }]), presented(chain))).toBe(
      "bad_certificate: name-not-allowed",
    );
  });

  test("does not end, and has no form: an expired root, and one that breaks the profile, serve as anchors", async () => {
    const odd = await Promise.all([
      authority("CN=Expired", { notAfter: new Date(noon - 1000) }),
      authority("CN=Bare", { identifiers: false }),
      authority("CN=Loose", { extensions: [new x509.BasicConstraintsExtension(true, undefined, false)] }),
    ]);
    for (const party of odd) {
      const below = await server(party);
      expect(verdict(serverVerifier({ provider: node, roots: [party.der] }), presented([below.der]))).not.toBe("trusted");
      expect(verdict(trusting(trustAnchors([party.der])), presented([below.der]))).toBe("trusted");
    }
  });

  test("is refused all the same with a key that is too weak", async () => {
    const weak = await authority("CN=Weak", { keys: await keyPair("RSA-1024") });
    expect(verdict(trusting(trustAnchors([weak.der])), presented([(await server(weak)).der]))).toBe(
      "unsupported_certificate: weak-key",
    );
  });

  test("stands beside roots that are certificates", async () => {
    const other = await authority("CN=Other");
    const verifier = trusting(trustAnchors([root.der]), [other.der]);
    expect(verdict(verifier, presented(chain))).toBe("trusted");
    expect(verdict(verifier, presented([(await server(other)).der]))).toBe("trusted");
  });

  test("takes no buffer of the caller's", () => {
    const anchors = trustAnchors([root.der.slice()]).map(({ subject, publicKey }) => ({
      subject: subject.slice(),
      publicKey: publicKey.slice(),
    }));
    const verifier = trusting(anchors);
    for (const { subject, publicKey } of anchors) for (const bytes of [subject, publicKey]) bytes.fill(0);
    expect(verdict(verifier, presented(chain))).toBe("trusted");
  });
});

test("trustAnchors keeps the name constraints of a root", async () => {
  const constrained = await authority("CN=Constrained", { more: [new x509.Extension("2.5.29.30", true, onlyExampleOrg)] });
  expect(trustAnchors([constrained.der])).toMatchObject([{ nameConstraints: onlyExampleOrg }]);
  const judge = async (party: Party, value: string) =>
    verdict(
      trusting(trustAnchors([constrained.der])),
      presented([(await server(party, { names: [{ type: "dns", value }] })).der], { serverName: value }),
    );
  expect(await judge(constrained, "example.com")).toBe("bad_certificate: name-not-allowed");
  expect(await judge(constrained, "example.org")).toBe("trusted");
});

test("trustAnchors refuses what is no CA, which as an anchor could issue for everybody", () => {
  expect(() => trustAnchors([root.der, leaf.der])).toThrow(/roots\[1\]: CN=server is no CA/);
  expect(() => trustAnchors("nothing")).toThrow(ConfigError);
});

test.each([
  ["does not say that it is one (RFC 5280 §4.2.1.9)", []],
  [
    "may not sign certificates (§4.2.1.3)",
    [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    ],
  ],
])("trustAnchors takes nobody for a CA who %s", async (_, extensions) => {
  const none = await authority("CN=None", { extensions });
  expect(() => trustAnchors([none.der])).toThrow("roots[0]: CN=None is no CA");
});

test("trustAnchors tells of what it leaves out, where somebody listens", () => {
  const problems: string[] = [];
  const anchors = trustAnchors([Uint8Array.of(0x30, 0), leaf.der, root.der], {
    leftOut: ({ path, kind }) => problems.push(`${path} ${kind}`),
  });
  expect(anchors).toEqual(trustAnchors([root.der]));
  expect(problems.sort()).toEqual(["roots[0] certificate-malformed", "roots[1] not-a-ca"]);
  expect(() => serverVerifier({ provider: node, anchors: trustAnchors([leaf.der], { leftOut: () => undefined }) })).toThrow(
    "there are no roots",
  );
});

test.each([
  [{ subject: Uint8Array.of(0x30, 0), publicKey: root.der }, "an empty name"],
  [{ subject: root.der, publicKey: root.der }, "anchors[0]: no trust anchor"],
  [{ subject: parseCertificate(root.der).subject.raw, publicKey: Uint8Array.of(0x30, 0) }, "anchors[0]: no trust anchor"],
] as const)("an anchor that can't be read is refused when it is given (%#)", (anchor, problem) => {
  expect(() => trusting([anchor])).toThrow(problem);
});

test("the label tells anchors apart, from each other and from the same as roots", () => {
  const anchors = trustAnchors([root.der, intermediate.der]);
  const [first] = anchors;
  if (first === undefined) throw new Error("two");
  const labels = [
    trusting(anchors),
    trusting([first]),
    trusting([{ ...first, nameConstraints: onlyExampleOrg }]),
    serverVerifier({ provider: node, roots: [root.der] }),
    trusting([first], [root.der]),
  ].map(({ label }) => label);
  expect(new Set(labels).size).toBe(5);
  expect(trusting([...anchors].reverse()).label).toBe(trusting(anchors).label);
});
