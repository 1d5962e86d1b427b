import { randomBytes } from "node:crypto";
import { ConfigError, type CryptoProvider, type SyncVerification, VerifiedIdentity } from "@sallyport/core";
import { noble } from "@sallyport/crypto-noble";
import { node } from "@sallyport/crypto-node";
import { clientVerifier, describeFinding, remedyOf, serverVerifier } from "@sallyport/x509";
import * as x509 from "@peculiar/x509";
import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import {
  authority,
  explanation,
  keyPair,
  noon,
  type Party,
  party,
  presented,
  purposes,
  server,
  verdict,
} from "../support/chains.ts";

const root = await authority("CN=Root");
const intermediate = await authority("CN=Intermediate", { by: root });
const leaf = await server(intermediate);
const stranger = await authority("CN=Stranger");
/** Of everybody's names and keys, in each combination, and none of it signed by the root. */
const namesakes = await Promise.all(
  ["CN=Root", "CN=Intermediate", "CN=Other"].flatMap((name, _, names) =>
    names.flatMap((issuer) =>
      [root.keys, intermediate.keys, stranger.keys].map((keys) =>
        authority(name, { keys, by: { name: issuer, keys: stranger.keys } }),
      ),
    ),
  ),
);
const trusting = (...roots: readonly Party[]) => serverVerifier({ provider: node, roots: roots.map(({ der }) => der) });

describe("a chain to a root", () => {
  test("is trusted, and the verified identity says along which path and for which names", () => {
    const result = trusting(root).verify(presented([leaf.der, intermediate.der]));
    expect(result).toBeInstanceOf(VerifiedIdentity);
    expect(result).toMatchObject({ path: [leaf.der, intermediate.der, root.der], names: ["example.com"] });
  });

  test("is found whatever else was sent, and in any order", async () => {
    const namesake = await authority("CN=Intermediate");
    const junk = Uint8Array.of(0x30, 0x03, 1, 2);
    expect(
      verdict(trusting(root), presented([leaf.der, junk, stranger.der, namesake.der, root.der, leaf.der, intermediate.der])),
    ).toBe("trusted");
  });

  test("may end at an intermediate that was given as a root, whatever its own issuer is", () => {
    expect(verdict(trusting(intermediate), presented([leaf.der]))).toBe("trusted");
  });

  test("is searched on behind a dead end: a cross-signed intermediate leads to the root that is trusted", async () => {
    const old = await authority("CN=Old root");
    const keys = await keyPair("P-256");
    const viaOld = await authority("CN=Cross", { by: old, keys });
    const viaRoot = await authority("CN=Cross", { by: root, keys });
    const below = await server(viaOld);
    expect(verdict(trusting(root), presented([below.der, viaOld.der, viaRoot.der]))).toBe("trusted");
    expect(verdict(trusting(root), presented([below.der, viaOld.der]))).toBe("unknown_ca: unknown-issuer");
  });

  test("that only runs in circles ends", async () => {
    const [a, b] = [await keyPair("P-256"), await keyPair("P-256")];
    const aByB = await authority("CN=A", { keys: a, by: { name: "CN=B", keys: b } });
    const bByA = await authority("CN=B", { keys: b, by: { name: "CN=A", keys: a } });
    expect(verdict(trusting(root), presented([(await server(aByB)).der, aByB.der, bByA.der]))).toBe("unknown_ca: unknown-issuer");
  });
});

describe("a chain to nowhere", () => {
  test("names the last subject and its issuer, and where the issuer can be had", async () => {
    const access = new x509.AuthorityInfoAccessExtension({ caIssuers: "http://ca.example/r.cer" });
    const lonely = await server(intermediate, { more: [access] });
    const result = trusting(await authority("CN=Other")).verify(presented([lonely.der]));
    expect(result).toMatchObject({
      alert: "unknown_ca",
      reason:
        "nobody vouches for CN=server (certificate 0): its issuer, CN=Intermediate, is neither a given root nor among the " +
        "certificates that the peer sent; to mend it, let the peer send the certificate of CN=Intermediate as well (it says that it " +
        "can be had at http://ca.example/r.cer), or give that certificate as a root if you trust it",
    });
  });

  test("lists every dead end with the chain as far as it went", async () => {
    const result = trusting(await authority("CN=Other")).verify(presented([leaf.der, intermediate.der]));
    if (result instanceof VerifiedIdentity) throw new Error("trusted");
    const [attempt, ...more] = explanation(result).attempts;
    expect(more).toEqual([]);
    expect(attempt?.chain.map(({ subject }) => subject)).toEqual(["CN=server", "CN=Intermediate"]);
    expect(attempt?.finding).toMatchObject({
      kind: "unknown-issuer",
      certificate: { subject: "CN=Intermediate", issuer: "CN=Root" },
    });
  });

  test("a self-signed certificate says so, and how to trust exactly it", async () => {
    const self = await selfSigned();
    const result = trusting(root).verify(presented([self.der]));
    expect(result).toMatchObject({ alert: "unknown_ca" });
    expect(result).toHaveProperty(
      "reason",
      expect.stringMatching(
        /is self-signed and not among the roots;.* to mend it, give it as a root, which trusts exactly this certificate/,
      ),
    );
  });

  test("an issuer of the right name with another key is a bad signature, not an unknown issuer", async () => {
    const impostor = await authority("CN=Root");
    expect(verdict(trusting(impostor), presented([leaf.der, intermediate.der]))).toBe("bad_certificate: bad-signature");
  });

  test("an intermediate that can't be read is told before the issuer that is missing", () => {
    const cut = intermediate.der.slice(0, -1);
    expect(verdict(trusting(root), presented([leaf.der, cut]))).toBe("bad_certificate: malformed, unknown-issuer");
  });
});

describe("a certificate that is itself a root", () => {
  test("is trusted for itself, a CA's too", async () => {
    const self = await selfSigned();
    expect(verdict(trusting(self), presented([self.der]))).toBe("trusted");
    expect(verdict(trusting(leaf), presented([leaf.der]))).toBe("trusted");
  });

  test("is still held to its name, its time, and what it is for", async () => {
    const self = await selfSigned();
    const mail = await server(intermediate, { purpose: purposes.mail });
    expect(verdict(trusting(self), presented([self.der], { serverName: "example.org" }))).toBe("bad_certificate: wrong-name");
    expect(verdict(trusting(self), presented([self.der], { nowMs: noon * 2 }))).toBe("certificate_expired: expired");
    expect(verdict(trusting(mail), presented([mail.der]))).toBe("unsupported_certificate: wrong-purpose");
  });

  test("is refused with all that was sent", () => {
    const result = trusting(leaf).verify(presented([leaf.der, intermediate.der], { serverName: "example.org" }));
    if (result instanceof VerifiedIdentity) throw new Error("of another name");
    expect(explanation(result).sent.map(({ index }) => index)).toEqual([0, 1]);
  });

  test("vouches for no other certificate unless it is a CA's", async () => {
    const below = await server(leaf);
    expect(verdict(trusting(leaf), presented([below.der]))).toBe("bad_certificate: not-a-ca");
  });
});

describe("time", () => {
  const after = { nowMs: noon + 31 * 86_400_000 };
  const before = { nowMs: noon - 31 * 86_400_000 };
  test("a certificate that expired or is not valid yet is certificate_expired", async () => {
    const lasting = await authority("CN=Lasting", { notBefore: new Date(0), notAfter: new Date("2049-12-31T23:59:59Z") });
    const chain = presented([(await server(lasting)).der]);
    expect(verdict(trusting(lasting), { ...chain, ...after })).toBe("certificate_expired: expired");
    expect(verdict(trusting(lasting), { ...chain, ...before })).toBe("certificate_expired: not-yet-valid");
  });

  test("counts for the intermediate and for the root as well", async () => {
    const long = { notBefore: new Date(0), notAfter: new Date("2060-01-01T00:00:00Z") };
    const lastingLeaf = await server(intermediate, long);
    expect(verdict(trusting(intermediate), presented([lastingLeaf.der], after))).toBe("certificate_expired: expired");
    expect(verdict(trusting(root), presented([lastingLeaf.der, intermediate.der], after))).toBe("certificate_expired: expired");
  });

  test("is inclusive at both ends, to the second", () => {
    const [from, to] = [noon - 30 * 86_400_000, noon + 30 * 86_400_000];
    const at = (nowMs: number) => verdict(trusting(root), presented([leaf.der, intermediate.der], { nowMs }));
    expect(at(from)).toBe("trusted");
    expect(at(to + 999)).toBe("trusted");
    expect(at(from - 1)).toContain("not-yet-valid");
    expect(at(to + 1000)).toContain("expired");
  });
});

describe("a certificate that is not for this", () => {
  test("another name is bad_certificate, and the reason lists the names that it has", () => {
    const result = trusting(root).verify(presented([leaf.der, intermediate.der], { serverName: "example.org" }));
    expect(result).toMatchObject({
      alert: "bad_certificate",
      reason:
        "CN=server (certificate 0) is not for example.org; it is for example.com; to mend it, have a certificate issued with " +
        "example.org among its subject alternative names, or connect to example.com",
    });
  });

  test("an extended key usage for something else is unsupported_certificate, in the leaf and above it", async () => {
    const mail = await server(intermediate, { purpose: purposes.mail });
    expect(verdict(trusting(root), presented([mail.der, intermediate.der]))).toBe("unsupported_certificate: wrong-purpose");
    const forMail = await authority("CN=Mail CA", { by: root, more: [new x509.ExtendedKeyUsageExtension([purposes.mail])] });
    expect(verdict(trusting(root), presented([(await server(forMail)).der, forMail.der]))).toBe(
      "unsupported_certificate: wrong-purpose",
    );
  });

  test("a key usage without digitalSignature is unsupported_certificate", async () => {
    const purpose = new x509.ExtendedKeyUsageExtension([purposes.server]);
    const names = new x509.SubjectAlternativeNameExtension([{ type: "dns", value: "example.com" }]);
    const usage = new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyEncipherment, true);
    const wrong = await party("CN=server", { by: root, extensions: [usage, purpose, names] });
    expect(verdict(trusting(root), presented([wrong.der]))).toBe("unsupported_certificate: wrong-key-usage");
  });

  test("a CA's certificate as a server's says so; the profile of RFC 5280 lets it pass", async () => {
    const names = new x509.SubjectAlternativeNameExtension([{ type: "dns", value: "example.com" }]);
    const both = new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature, true);
    const ca = await party("CN=CA", {
      by: root,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        both,
        names,
        new x509.ExtendedKeyUsageExtension([purposes.server]),
      ],
    });
    expect(verdict(trusting(root), presented([ca.der]))).toBe("bad_certificate: ca-as-end-entity");
    expect(verdict(serverVerifier({ provider: node, roots: [root.der], profile: "rfc5280" }), presented([ca.der]))).toBe(
      "trusted",
    );
  });

  test("a server's certificate without extended key usage, or with a critical one, is for the profile of RFC 5280", async () => {
    const names = new x509.SubjectAlternativeNameExtension([{ type: "dns", value: "example.com" }]);
    const without = await party("CN=server", { by: root, extensions: [names] });
    const critical = await party("CN=server", {
      by: root,
      extensions: [names, new x509.ExtendedKeyUsageExtension([purposes.server], true)],
    });
    const loose = serverVerifier({ provider: node, roots: [root.der], profile: "rfc5280" });
    for (const { der } of [without, critical]) {
      expect(verdict(trusting(root), presented([der]))).toBe("bad_certificate: not-in-profile");
      expect(verdict(loose, presented([der]))).toBe("trusted");
    }
    expect(verdict(serverVerifier({ provider: node, roots: [without.der] }), presented([without.der]))).toBe("trusted");
  });

  test("an unknown critical extension is refused, one that is not critical ignored", async () => {
    const unknown = (critical: boolean) => new x509.Extension("1.3.6.1.4.1.55738.1", critical, Uint8Array.of(5, 0));
    expect(verdict(trusting(root), presented([(await server(root, { more: [unknown(true)] })).der]))).toBe(
      "bad_certificate: unknown-critical-extension",
    );
    expect(verdict(trusting(root), presented([(await server(root, { more: [unknown(false)] })).der]))).toBe("trusted");
  });

  test("the verifier of servers refuses a client's identity and the other way round, as a local fault", () => {
    expect(verdict(trusting(root), presented([leaf.der], { role: "client" }))).toBe("internal_error: wrong-role");
    const clients = clientVerifier({ provider: node, roots: [root.der] });
    expect(verdict(clients, presented([leaf.der]))).toBe("internal_error: wrong-role");
  });

  test("a server name that is none is a local fault", () => {
    expect(verdict(trusting(root), presented([leaf.der, intermediate.der], { serverName: "exämple.com" }))).toBe(
      "internal_error: no-server-name",
    );
    expect(verdict(trusting(root), presented([leaf.der, intermediate.der], { serverName: undefined }))).toBe(
      "internal_error: no-server-name",
    );
  });
});

describe("an issuer", () => {
  test("that is no CA may not issue", async () => {
    const below = await server(leaf);
    expect(verdict(trusting(root), presented([below.der, leaf.der, intermediate.der]))).toBe("bad_certificate: not-a-ca");
  });

  test("with a path length is held to it", async () => {
    const narrow = await authority("CN=Narrow", { pathLength: 0 });
    const inner = await authority("CN=Inner", { by: narrow });
    expect(verdict(trusting(narrow), presented([(await server(narrow)).der]))).toBe("trusted");
    expect(verdict(trusting(narrow), presented([(await server(inner)).der, inner.der]))).toBe(
      "bad_certificate: path-length-exceeded",
    );
  });

  test("is one of at most maxIntermediates", () => {
    const verifier = serverVerifier({ provider: node, roots: [root.der], maxIntermediates: 0 });
    expect(verdict(verifier, presented([leaf.der, intermediate.der]))).toBe("bad_certificate: too-many-intermediates");
  });
});

describe("algorithms", () => {
  const providers: readonly CryptoProvider[] = [node, noble({ random: (length) => new Uint8Array(randomBytes(length)) })];
  const supported = [
    ["P-256", "SHA-256"],
    ["P-384", "SHA-384"],
    ["P-521", "SHA-512"],
    ["Ed25519", "SHA-256"],
    ["RSA", "SHA-256"],
    ["RSA", "SHA-384"],
    ["RSA", "SHA-512"],
  ] as const;
  for (const provider of providers) {
    test.for(supported)(`${provider.name} checks certificates signed with %s and %s`, async ([algorithm, hash]) => {
      const keys = algorithm === "RSA" ? await rsaKeys(hash) : await keyPair(algorithm);
      const ca = await authority("CN=CA", { keys, hash });
      const below = await server(ca, { hash });
      expect(verdict(serverVerifier({ provider, roots: [ca.der] }), presented([below.der]))).toBe("trusted");
      const forged = await server(
        { name: "CN=CA", keys: algorithm === "RSA" ? await rsaKeys(hash) : await keyPair(algorithm) },
        { hash },
      );
      expect(verdict(serverVerifier({ provider, roots: [ca.der] }), presented([forged.der]))).toBe(
        "bad_certificate: bad-signature",
      );
    });
  }

  test("a curve with a hash that is not its own is an unsupported signature", async () => {
    const odd = await server(root, { hash: "SHA-384" });
    expect(verdict(trusting(root), presented([odd.der]))).toBe("unsupported_certificate: unsupported-signature");
  });

  test("SHA-1 below the root is bad_certificate; in the root's own signature it proves nothing and harms nobody", async () => {
    const old = await authority("CN=Old", { hash: "SHA-1" });
    expect(verdict(trusting(old), presented([(await server(old)).der]))).toBe("trusted");
    expect(verdict(trusting(root), presented([(await server(root, { hash: "SHA-1" })).der]))).toBe(
      "bad_certificate: broken-hash",
    );
  });

  test("an RSA key under 2048 bits is unsupported_certificate, in the leaf and in the root", async () => {
    const keys = await keyPair("RSA-1024");
    expect(verdict(trusting(root), presented([(await server(root, { keys })).der]))).toBe("unsupported_certificate: weak-key");
    const weak = await authority("CN=Weak", { keys });
    expect(verdict(trusting(weak), presented([(await server(weak)).der]))).toBe("unsupported_certificate: weak-key");
  });

  const rsaKeys = (hash: string): Promise<CryptoKeyPair> =>
    crypto.subtle.generateKey(
      { name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash },
      true,
      ["sign", "verify"],
    );
});

describe("name constraints", () => {
  test("are obeyed for DNS names and addresses, and never ignored", async () => {
    // permitted: dNSName example.com, iPAddress 192.0.2.0/24
    const constraints = new x509.Extension(
      "2.5.29.30",
      true,
      octets("301da01b300d820b6578616d706c652e636f6d300a8708c0000200ffffff00"),
    );
    const ca = await authority("CN=Constrained", { by: root, more: [constraints] });
    const judge = async (names: x509.JsonGeneralNames, serverName: string): Promise<string> =>
      verdict(trusting(root), presented([(await server(ca, { names })).der, ca.der], { serverName }));
    expect(await judge([{ type: "dns", value: "www.example.com" }], "www.example.com")).toBe("trusted");
    expect(await judge([{ type: "ip", value: "192.0.2.7" }], "192.0.2.7")).toBe("trusted");
    expect(await judge([{ type: "dns", value: "*.example.com" }], "a.example.com")).toBe("trusted");
    expect(await judge([{ type: "dns", value: "badexample.com" }], "badexample.com")).toBe("bad_certificate: name-not-allowed");
    expect(await judge([{ type: "ip", value: "192.0.3.7" }], "192.0.3.7")).toBe("bad_certificate: name-not-allowed");
    expect(
      await judge(
        [
          { type: "dns", value: "example.com" },
          { type: "dns", value: "example.org" },
        ],
        "example.com",
      ),
    ).toBe("bad_certificate: name-not-allowed");
  });
});

describe("the search is bounded", () => {
  test("by 100 signature checks, however many namesakes of the issuer are sent", async () => {
    let checks = 0;
    const provider = counting(node, () => checks++);
    const namesakes = await Promise.all(Array.from({ length: 150 }, () => authority("CN=Intermediate", { identifiers: true })));
    const verifier = serverVerifier({ provider, roots: [root.der] });
    expect(verdict(verifier, presented([leaf.der, ...namesakes.map(({ der }) => der)]))).toBe("bad_certificate: search-given-up");
    expect(checks).toBe(100);
  });

  test("by one check a key, however often that key is cross-signed", async () => {
    let checks = 0;
    const provider = counting(node, () => checks++);
    const strangers = await Promise.all(
      Array.from({ length: 300 }, (_, at) =>
        authority("CN=Intermediate", { by: { name: `CN=${at}`, keys: root.keys }, keys: intermediate.keys }),
      ),
    );
    const verifier = serverVerifier({ provider, roots: [root.der] });
    expect(verdict(verifier, presented([leaf.der, ...strangers.map(({ der }) => der)]))).toBe("unknown_ca: unknown-issuer");
    expect(checks).toBe(1);
    expect(verdict(verifier, presented([leaf.der, ...strangers.map(({ der }) => der), intermediate.der]))).toBe("trusted");
  });
});

describe("what else is sent", () => {
  const junk = namesakes.map(({ der }) => der);
  property.prop([fc.shuffledSubarray([...junk, intermediate.der], { minLength: 1 })])(
    "never turns yes into no, nor no into yes",
    (sent) => {
      const expected = sent.includes(intermediate.der) ? "trusted" : "no";
      expect(verdict(trusting(root), presented([leaf.der, ...sent])) === "trusted" ? "trusted" : "no").toBe(expected);
      expect(verdict(trusting(stranger), presented([leaf.der, ...sent]))).not.toBe("trusted");
    },
  );
});

describe("clientVerifier", () => {
  const verifier = clientVerifier({ provider: node, roots: [root.der] });
  test("asks for clientAuth and for no name, and tells which client it is", async () => {
    const names: x509.JsonGeneralNames = [
      { type: "email", value: "who@example.com" },
      { type: "url", value: "spiffe://example/who" },
      { type: "dns", value: "who.example" },
    ];
    const client = await server(root, { purpose: purposes.client, names });
    const result = verifier.verify(presented([client.der], { role: "client", serverName: undefined }));
    expect(result).toMatchObject({ names: ["who@example.com", "spiffe://example/who", "who.example"] });
    const wrong = await server(root);
    expect(verdict(verifier, presented([wrong.der], { role: "client", serverName: undefined }))).toBe(
      "unsupported_certificate: wrong-purpose",
    );
  });

  test("never passes a name of one form for a name of another", async () => {
    const names: x509.JsonGeneralNames = [
      { type: "url", value: "admin.example.com" },
      { type: "email", value: "admin" },
      { type: "dns", value: "10.0.0.1" },
    ];
    const client = await server(root, { purpose: purposes.client, names });
    expect(verifier.verify(presented([client.der], { role: "client" }))).toMatchObject({ names: [] });
  });
});

describe("making a verifier", () => {
  test("the label is equal for the same roots in any order, and another for whatever would judge differently", async () => {
    const other = await authority("CN=Other");
    const label = (options: Partial<Parameters<typeof serverVerifier>[0]>) =>
      serverVerifier({ provider: node, roots: [root.der, other.der], ...options }).label;
    expect(label({ roots: [other.der, root.der, root.der] })).toBe(label({}));
    const different = [{}, { roots: [root.der] }, { profile: "rfc5280" }, { maxIntermediates: 2 }] as const;
    const labels = [...different.map(label), clientVerifier({ provider: node, roots: [root.der, other.der] }).label];
    expect(new Set(labels).size).toBe(labels.length);
  });

  test("its schemes are those that the provider verifies synchronously", () => {
    expect(trusting(root).schemes).toEqual(node.verifications.map(({ scheme }) => scheme));
    expect(() => serverVerifier({ provider: { ...node, verifications: [] }, roots: [root.der] })).toThrow(ConfigError);
  });

  test("roots that can't be read are refused all at once, with their offsets", () => {
    const roots = [root.der, root.der.slice(0, 40), Uint8Array.of(4, 0)];
    expect(() => serverVerifier({ provider: node, roots })).toThrow(/roots\[1\]: .* at byte 0.*\n.*roots\[2\]: .* at byte 0/);
    expect(() => serverVerifier({ provider: node, roots: [] })).toThrow(/there are no roots/);
    expect(() => serverVerifier({ provider: node, roots: "ca.pem" })).toThrow(/no CERTIFICATE block/);
  });

  test("what a caller does with its own buffers afterwards changes nothing", () => {
    const mine = root.der.slice();
    const verifier = serverVerifier({ provider: node, roots: [mine] });
    mine.fill(0);
    expect(verdict(verifier, presented([leaf.der, intermediate.der]))).toBe("trusted");
  });
});

test("every finding reads as a sentence and prints nothing that a certificate made up", async () => {
  const evil = await authority("CN=a\nAll is well\u202e", {});
  const result = trusting(root).verify(presented([(await server(evil)).der, evil.der]));
  if (result instanceof VerifiedIdentity) throw new Error("trusted");
  expect(result.reason).not.toMatch(/[\n\u202e]/u);
  const [first, ...more] = explanation(result).findings;
  const said = [first, ...more].map(describeFinding).join("; moreover ");
  expect(result.reason).toBe(`${said}; to mend it, ${remedyOf(first)}`);
});

function selfSigned(): Promise<Party> {
  const names = new x509.SubjectAlternativeNameExtension([{ type: "dns", value: "example.com" }]);
  return party("CN=localhost", { extensions: [new x509.BasicConstraintsExtension(true, undefined, true), names] });
}

function octets(...hex: readonly string[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(hex.join(""), "hex"));
}

function counting(provider: CryptoProvider, count: () => void): CryptoProvider {
  const verifications = provider.verifications.map((verification): SyncVerification => {
    if (!("verify" in verification)) throw new Error("asynchronous");
    return { scheme: verification.scheme, verify: (...inputs) => (count(), verification.verify(...inputs)) };
  });
  return { ...provider, verifications };
}
