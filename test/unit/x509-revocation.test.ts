import { randomBytes } from "node:crypto";
import { ConfigError, VerifiedIdentity } from "@sallyport/core";
import { noble } from "@sallyport/crypto-noble";
import { node } from "@sallyport/crypto-node";
import { clientVerifier, type RevocationOptions, RevocationLists, serverVerifier } from "@sallyport/x509";
import * as x509 from "@peculiar/x509";
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
import { enumerated, explicit, extension, implicit, integer, sequence } from "../support/der.ts";
import { changed, text } from "../support/octets.ts";
import { crl, crlNumber, issuingPoint, listKey, ocsp, unsuccessful } from "../support/revocation.ts";

const day = 86_400_000;
const { keyCertSign, cRLSign, digitalSignature } = x509.KeyUsageFlags;
const ca = (name: string, by?: Party, usage = keyCertSign | cRLSign): Promise<Party> =>
  authority(name, {
    ...(by && { by }),
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true), new x509.KeyUsagesExtension(usage, true)],
  });
const root = await ca("CN=Root");
const intermediate = await ca("CN=Intermediate", root);
const leaf = await server(intermediate, { serialNumber: "2a" });
const chain = [leaf.der, intermediate.der] as const;
const stranger = await ca("CN=Intermediate");
const nameless = await ca("");
const mustStaple = new x509.Extension("1.3.6.1.5.5.7.1.24", false, sequence(integer(5)));
const stapling = await server(intermediate, { more: [mustStaple] });

const trusting = (revocation: RevocationOptions, profile?: "rfc5280") =>
  serverVerifier({ provider: node, roots: [root.der], revocation, ...(profile && { profile }) });
const byLists = (...lists: readonly Uint8Array[]) => verdict(trusting({ lists }), presented(chain));
const revoked = { revoked: [{ serial: [0x2a] }] };

describe("a CRL of the issuer", () => {
  test("that has the certificate makes it certificate_revoked, and says since when, why, and by whom", () => {
    const result = trusting({ lists: [crl(intermediate, { revoked: [{ serial: [0x2a], reason: 1 }] })] }).verify(
      presented(chain),
    );
    expect(result).toMatchObject({
      alert: "certificate_revoked",
      reason:
        "CN=server (certificate 0) was revoked by CN=Intermediate (certificate 1) at 2026-05-30T12:00:00Z (keyCompromise), as the " +
        "CRL says; to mend it, have CN=server (certificate 0) issued anew for another key, and find out why it was revoked",
    });
  });

  test("that does not have it makes its status known to be good", () => {
    expect(byLists(crl(intermediate))).toBe("trusted");
    expect(byLists(crl(intermediate, { revoked: [{ serial: [0x2b] }, { serial: [0, 0xaa] }] }))).toBe("trusted");
  });

  test("is of that issuer alone: another authority's serial numbers mean nothing", () => {
    const other = crl(root, revoked);
    expect(byLists(crl(intermediate), other)).toBe("trusted");
    expect(byLists(other)).toBe("certificate_unknown: revocation-unknown");
  });

  test("tells even if it is old, since nothing undoes a revocation; it does not tell that all is well", () => {
    const old = { thisUpdate: noon - 9 * day, nextUpdate: noon - day };
    expect(byLists(crl(intermediate, { ...old, ...revoked }))).toBe("certificate_revoked: revoked");
    expect(byLists(crl(intermediate, old))).toBe("certificate_unknown: revocation-unknown");
    expect(verdict(trusting({ lists: [crl(intermediate, { ...old, ...revoked })], policy: "soft" }), presented(chain))).toBe(
      "certificate_revoked: revoked",
    );
  });

  test("of the future, but for what clocks differ, does not count", () => {
    expect(byLists(crl(intermediate, { thisUpdate: noon + 200_000 }))).toBe("trusted");
    expect(byLists(crl(intermediate, { thisUpdate: noon + 400_000 }))).toBe("certificate_unknown: revocation-unknown");
  });

  test("signed by another key of its name proves nothing, neither good nor bad", () => {
    expect(byLists(crl(intermediate, { keys: stranger.keys }))).toBe("certificate_unknown: revocation-unknown");
    const forged = crl(intermediate, { ...revoked, keys: stranger.keys });
    expect(verdict(trusting({ lists: [forged], policy: "soft" }), presented(chain))).toBe("trusted");
    expect(byLists(forged, crl(intermediate))).toBe("trusted");
  });

  test("signed by an authority whose key usage lacks cRLSign proves nothing; without key usage it may sign", async () => {
    const lacking = await ca("CN=Lacking", root, keyCertSign);
    const free = await party("CN=Free", { by: root, extensions: [new x509.BasicConstraintsExtension(true, undefined, true)] });
    for (const [issuer, expected] of [
      [lacking, "certificate_unknown: revocation-unknown"],
      [free, "trusted"],
    ] as const) {
      const below = await server(issuer);
      expect(verdict(trusting({ lists: [crl(issuer)] }), presented([below.der, issuer.der]))).toBe(expected);
    }
  });

  test("revokes an intermediate too, and another way to a root is found around it", async () => {
    const other = await ca("CN=Other root");
    const keys = await keyPair("P-256");
    const both = keyCertSign | cRLSign;
    const extensions = [new x509.BasicConstraintsExtension(true, undefined, true), new x509.KeyUsagesExtension(both, true)];
    const viaRoot = await party("CN=Cross", { by: root, keys, extensions, serialNumber: "77" });
    const viaOther = await party("CN=Cross", { by: other, keys, extensions });
    const below = await server(viaRoot);
    const lists = [crl(root, { revoked: [{ serial: [0x77] }] })];
    const verifier = serverVerifier({ provider: node, roots: [root.der, other.der], revocation: { lists, policy: "soft" } });
    expect(verdict(verifier, presented([below.der, viaRoot.der]))).toBe("certificate_revoked: revoked");
    expect(verdict(verifier, presented([below.der, viaRoot.der, viaOther.der]))).toBe("trusted");
  });

  test("is asked for every certificate below the root if the scope is the path", () => {
    const judge = (...lists: readonly Uint8Array[]) => verdict(trusting({ lists, scope: "path" }), presented(chain));
    expect(judge(crl(intermediate))).toBe("certificate_unknown: revocation-unknown");
    expect(judge(crl(intermediate), crl(root))).toBe("trusted");
  });

  test("whose signature was checked once is not checked again for the next connection", () => {
    const checksOf = counted();
    expect([checksOf(chain), checksOf(chain)]).toEqual([3, 0]);
  });

  test("remembers the key that signed it, and not every key of an issuer's namesakes", async () => {
    const checksOf = counted();
    const namesakes = await Promise.all(Array.from({ length: 20 }, () => ca("CN=Intermediate", root)));
    const chains = await Promise.all(namesakes.map(async (namesake) => [(await server(namesake)).der, namesake.der] as const));
    checksOf(chain);
    for (const other of chains) expect(checksOf(other)).toBe(3);
    const [first = chain, last = chain] = [chains[0], chains.at(-1)];
    expect([checksOf(chain), checksOf(last), checksOf(first)]).toEqual([0, 0, 1]);
  });
});

/** How many signatures one verifier checks of a chain, a list of the intermediate's among them. */
function counted(): (chain: Parameters<typeof presented>[0]) => number {
  let checks = 0;
  const counting = {
    ...node,
    verifications: node.verifications.map((verification) =>
      "verify" in verification
        ? {
            ...verification,
            verify: (...inputs: Parameters<typeof verification.verify>) => (checks++, verification.verify(...inputs)),
          }
        : verification,
    ),
  };
  const verifier = serverVerifier({ provider: counting, roots: [root.der], revocation: { lists: [crl(intermediate)] } });
  return (sent) => {
    checks = 0;
    verifier.verify(presented(sent));
    return checks;
  };
}

describe("the scope of a CRL", () => {
  const place = (name: string) => sequence(explicit(0, explicit(0, implicit(6, text(name)))));
  const at = (name: string) => explicit(0, explicit(0, implicit(6, text(name))));
  const pointed = server(intermediate, {
    serialNumber: "2a",
    more: [new x509.Extension("2.5.29.31", false, sequence(place("http://c.example/1")))],
  });

  test.each([
    ["its certificate's place", issuingPoint(at("http://c.example/1")), "trusted"],
    ["another place", issuingPoint(at("http://c.example/2")), "certificate_unknown: revocation-unknown"],
    ["end entities", issuingPoint(implicit(1, [0xff])), "trusted"],
    ["authorities", issuingPoint(implicit(2, [0xff])), "certificate_unknown: revocation-unknown"],
    ["some reasons", issuingPoint(implicit(3, [1, 0x40])), "certificate_unknown: revocation-unknown"],
    ["attributes", issuingPoint(implicit(5, [0xff])), "certificate_unknown: revocation-unknown"],
  ] as const)("%s: without the certificate it is %s", async (_, point, expected) => {
    const identity = presented([(await pointed).der, intermediate.der]);
    expect(verdict(trusting({ lists: [crl(intermediate, { more: [point] })] }), identity)).toBe(expected);
  });

  test("leaves a revoked certificate revoked, except that a list of attributes speaks of no certificate", () => {
    const listed = (point: Uint8Array<ArrayBuffer>) => byLists(crl(intermediate, { ...revoked, more: [point] }));
    expect(listed(issuingPoint(implicit(2, [0xff])))).toBe("certificate_revoked: revoked");
    expect(listed(issuingPoint(at("http://c.example/2")))).toBe("certificate_revoked: revoked");
    expect(listed(issuingPoint(implicit(5, [0xff])))).toBe("certificate_unknown: revocation-unknown");
  });
});

describe("a CRL is refused when it is given, with the reason", () => {
  const number = crlNumber();
  const key = listKey(intermediate);
  test.each([
    ["without a number", crl(intermediate, { extensions: [key] }), "a CRL without a number"],
    ["with a critical number", crl(intermediate, { extensions: [crlNumber(true), key] }), "2.5.29.20 is marked critical"],
    [
      "with a negative number",
      crl(intermediate, { extensions: [extension("2.5.29.20", false, integer(0x80)), key] }),
      "negative",
    ],
    ["without its issuer's key", crl(intermediate, { extensions: [number] }), "without an authority key identifier"],
    ["without extensions", crl(intermediate, { extensions: [] }), "crlExtensions is missing"],
    ["of version 1", crl(intermediate, { version: [] }), "not of version 2"],
    ["of version 3", crl(intermediate, { version: integer(2) }), "not of version 2"],
    ["without an end", crl(intermediate, { nextUpdate: "none" }), "without nextUpdate"],
    ["that is a delta", crl(intermediate, { more: [extension("2.5.29.27", true, integer(1))] }), "a delta CRL"],
    ["that is indirect", crl(intermediate, { more: [issuingPoint(implicit(4, [0xff]))] }), "an indirect CRL"],
    [
      "with another's entry",
      crl(intermediate, { revoked: [{ serial: [1], extensions: [extension("2.5.29.29", true, sequence())] }] }),
      "an indirect CRL",
    ],
    [
      "with an unknown critical extension",
      crl(intermediate, { more: [extension("1.2.3.4", true, sequence())] }),
      "unknown extension 1.2.3.4",
    ],
    [
      "with an unknown critical extension of an entry",
      crl(intermediate, { revoked: [{ serial: [1], extensions: [extension("1.2.3.4", true, sequence())] }] }),
      "1.2.3.4",
    ],
    ["with a reason that is none", crl(intermediate, { revoked: [{ serial: [1], reason: 7 }] }), "a reason that is none"],
    ["with a serial number twice", crl(intermediate, { revoked: [{ serial: [1] }, { serial: [1] }] }), "there twice"],
    [
      "with a scope of nothing",
      crl(intermediate, { more: [issuingPoint(implicit(1, [0xff]), implicit(2, [0xff]))] }),
      "nothing to speak of",
    ],
    ["with an empty scope", crl(intermediate, { more: [issuingPoint()] }), "issuingDistributionPoint is empty"],
    [
      "whose scope is not critical",
      crl(intermediate, { more: [extension("2.5.29.28", false, sequence(implicit(1, [0xff])))] }),
      "not critical",
    ],
    ["that names no issuer", crl(nameless), "does not name its issuer"],
    ["that is cut off", crl(intermediate).subarray(0, -1), "longer than what holds it"],
  ] as const)("%s", (_, list, problem) => {
    expect(() => new RevocationLists([list])).toThrow(ConfigError);
    expect(() => new RevocationLists([crl(root), list])).toThrow(problem);
    expect(() => trusting({ lists: [list] })).toThrow("revocation.lists[0]");
  });

  test("and PEM has to hold one", () => {
    const pem = `-----BEGIN X509 CRL-----\n${Buffer.from(crl(intermediate, revoked)).toString("base64")}\n-----END X509 CRL-----\n`;
    expect(verdict(trusting({ lists: pem }), presented(chain))).toBe("certificate_revoked: revoked");
    expect(() => trusting({ lists: "crl.pem" })).toThrow("no X509 CRL block");
  });
});

describe("lists that are replaced", () => {
  test("count from the next verdict on, and a replacement that can't be used changes nothing", () => {
    const lists = new RevocationLists([crl(intermediate)]);
    const verifier = trusting({ lists });
    expect(verdict(verifier, presented(chain))).toBe("trusted");
    lists.replace([crl(intermediate, revoked)]);
    expect(verdict(verifier, presented(chain))).toBe("certificate_revoked: revoked");
    expect(() => lists.replace([Uint8Array.of(0x30, 0)])).toThrow(ConfigError);
    expect(verdict(verifier, presented(chain))).toBe("certificate_revoked: revoked");
  });

  test("leave the label as it is; lists that are given make another for each set, in any order", () => {
    const [one, two] = [crl(intermediate), crl(root)];
    const holder = new RevocationLists([one]);
    const before = trusting({ lists: holder }).label;
    holder.replace([two]);
    expect(trusting({ lists: holder }).label).toBe(before);
    const labels = [trusting({ lists: [one] }), trusting({ lists: [one, two] }), trusting({}), trusting({ lists: holder })];
    expect(new Set(labels.map(({ label }) => label)).size).toBe(4);
    expect(trusting({ lists: [one, two] }).label).toBe(trusting({ lists: [two, one, one] }).label);
  });
});

describe("a stapled OCSP response", () => {
  const stapled = (response: Uint8Array<ArrayBuffer>, options: RevocationOptions = {}, profile?: "rfc5280") =>
    verdict(trusting(options, profile), presented(chain, { ocspResponse: response }));

  test.each([{ hash: "sha1" }, { hash: "sha256" }, { responder: "key" }, {}] as const)(
    "of the issuer makes the status known: %j",
    (script) => {
      for (const policy of ["hard", "soft"] as const) {
        expect(stapled(ocsp(leaf.der, intermediate, script), { policy })).toBe("trusted");
        expect(stapled(ocsp(leaf.der, intermediate, { ...script, status: "revoked" }), { policy })).toBe(
          "certificate_revoked: revoked",
        );
      }
    },
  );

  test.each([
    ["cut off", ocsp(leaf.der, intermediate).subarray(0, -1), "malformed"],
    ["garbage", text("garbage"), "malformed"],
    ["of another type", sequence(enumerated(0), explicit(0, sequence())), "malformed"],
    ["an error, which nobody signs", unsuccessful(3), "unsuccessful"],
    ["an error of no known number", unsuccessful(4), "malformed"],
    ["of another serial number", ocsp(leaf.der, intermediate, { serial: Uint8Array.of(0x2b) }), "other certificate"],
    ["of another issuer of that name", ocsp(leaf.der, stranger), "other certificate"],
    ["of another issuer with another name", ocsp(leaf.der, root), "other certificate"],
    ["signed by another key", ocsp(leaf.der, intermediate, { keys: stranger.keys }), "not signed"],
    ["with a changed signature", changed(ocsp(leaf.der, intermediate), -1), "not signed"],
    ["too old", ocsp(leaf.der, intermediate, { thisUpdate: noon - 9 * day, nextUpdate: noon - 1000 }), "stale"],
    ["from the future", ocsp(leaf.der, intermediate, { thisUpdate: noon + 400_000 }), "stale"],
    ["without an end", ocsp(leaf.der, intermediate, { nextUpdate: "none" }), "stale"],
    [
      "with an unknown critical extension",
      ocsp(leaf.der, intermediate, { responseExtensions: [extension("1.2.3", true, sequence())] }),
      "malformed",
    ],
  ] as const)("%s is bad_certificate_status_response, also under the soft policy", (_, response, because) => {
    const result = trusting({ policy: "soft" }).verify(presented(chain, { ocspResponse: response }));
    if (result instanceof VerifiedIdentity) throw new Error("trusted");
    expect(result.alert).toBe("bad_certificate_status_response");
    expect(explanation(result).findings[0]).toMatchObject({ kind: "bad-staple", because });
  });

  test("that says the issuer doesn't know the certificate is certificate_unknown, also under the soft policy", () => {
    const response = ocsp(leaf.der, intermediate, { status: "unknown" });
    expect(stapled(response)).toBe("certificate_unknown: revocation-unknown");
    const { reason } = trusting({}).verify(presented(chain, { ocspResponse: response })) as { reason?: string };
    expect(reason).toContain("to mend it, find out whether CN=Intermediate issued CN=server (certificate 0)");
    expect(reason).not.toContain("soft");
  });

  test("is outdone by a CRL that has the certificate", () => {
    expect(stapled(ocsp(leaf.der, intermediate), { lists: [crl(intermediate, revoked)] })).toBe("certificate_revoked: revoked");
  });

  test("makes up for a CRL that is missing, under the hard policy", () => {
    expect(stapled(ocsp(leaf.der, intermediate), { lists: [crl(root)] })).toBe("trusted");
  });

  test("is neither asked for nor looked at if staples are off", () => {
    expect(trusting({ staples: false }).asksFor).toEqual([]);
    expect(stapled(text("garbage"), { staples: false })).toBe("trusted");
    expect(trusting({}).asksFor).toEqual(["ocsp"]);
    expect(clientVerifier({ provider: node, roots: [root.der] }).asksFor).toEqual([]);
  });

  describe("of a delegate", () => {
    const noCheck = new x509.Extension("1.3.6.1.5.5.7.48.1.5", false, Uint8Array.of(5, 0));
    const delegate = (
      by: Party,
      {
        purpose = "1.3.6.1.5.5.7.3.9",
        usage = digitalSignature,
        more = [noCheck],
        ...rest
      }: {
        readonly purpose?: string;
        readonly usage?: number;
        readonly more?: readonly x509.Extension[];
        readonly notAfter?: Date;
      } = {},
    ) =>
      party("CN=Responder", {
        by,
        ...rest,
        extensions: [new x509.ExtendedKeyUsageExtension([purpose]), new x509.KeyUsagesExtension(usage, true), ...more],
      });

    test.each(["name", "key"] as const)("that the issuer certified for just this counts (responder by %s)", async (responder) => {
      const by = await delegate(intermediate);
      expect(stapled(ocsp(leaf.der, intermediate, { by, responder }))).toBe("trusted");
      expect(stapled(ocsp(leaf.der, intermediate, { by, responder, status: "revoked" }))).toBe("certificate_revoked: revoked");
    });

    test.each([
      ["that another authority certified", () => delegate(root), "not allowed to sign"],
      ["that a namesake of the issuer certified", () => delegate(stranger), "not allowed to sign"],
      ["without the purpose OCSPSigning", () => delegate(intermediate, { purpose: purposes.server }), "not allowed to sign"],
      ["with any purpose", () => delegate(intermediate, { purpose: "2.5.29.37.0" }), "not allowed to sign"],
      ["that expired", () => delegate(intermediate, { notAfter: new Date(noon - 1000) }), "not allowed to sign"],
      ["without digitalSignature", () => delegate(intermediate, { usage: keyCertSign }), "not allowed to sign"],
      ["that may itself be revoked", () => delegate(intermediate, { more: [] }), "not allowed to sign"],
      ["that is any server the issuer certified", () => Promise.resolve(leaf), "not allowed to sign"],
    ] as const)("%s proves nothing", async (_, make, because) => {
      const response = ocsp(leaf.der, intermediate, { by: await make() });
      const result = trusting({}).verify(presented(chain, { ocspResponse: response }));
      if (result instanceof VerifiedIdentity) throw new Error("trusted");
      expect(explanation(result).findings[0]).toMatchObject({ kind: "bad-staple", because });
    });

    test("without nocheck counts in the profile of RFC 5280, where it is the authority's choice", async () => {
      const by = await delegate(intermediate, { more: [] });
      expect(stapled(ocsp(leaf.der, intermediate, { by }), {}, "rfc5280")).toBe("trusted");
    });

    test("whose certificate is not in the response proves nothing, and junk beside it harms nobody", async () => {
      const by = await delegate(intermediate);
      expect(stapled(ocsp(leaf.der, intermediate, { by, certificates: [] }))).toBe("bad_certificate_status_response: bad-staple");
      const junk = [sequence(), leaf.der, stranger.der];
      expect(stapled(ocsp(leaf.der, intermediate, { by, certificates: [...junk, by.der] }))).toBe("trusted");
    });
  });
});

describe("must-staple", () => {
  const identity = presented([stapling.der, intermediate.der]);
  test("without a staple is bad_certificate_status_response, if one was asked for", () => {
    expect(verdict(trusting({}), identity)).toBe("bad_certificate_status_response: staple-missing");
    expect(verdict(trusting({ lists: [crl(intermediate)] }), identity)).toBe("bad_certificate_status_response: staple-missing");
    expect(verdict(trusting({ staples: false }), identity)).toBe("trusted");
  });
  test("with one is trusted", () => {
    expect(verdict(trusting({}), { ...identity, ocspResponse: ocsp(stapling.der, intermediate) })).toBe("trusted");
  });
  test("of a CA is one for every server below it (RFC 7633 §4.2.2)", async () => {
    const promising = await authority("CN=Promising", { by: root, more: [mustStaple] });
    const below = await server(promising);
    const sent = presented([below.der, promising.der]);
    expect(verdict(trusting({}), sent)).toBe("bad_certificate_status_response: staple-missing");
    expect(verdict(trusting({}), { ...sent, ocspResponse: ocsp(below.der, promising) })).toBe("trusted");
  });
});

describe("a policy", () => {
  test("that is hard refuses what nobody knows, one that is soft lets it pass", () => {
    expect(verdict(trusting({ policy: "hard" }), presented(chain))).toBe("certificate_unknown: revocation-unknown");
    expect(verdict(trusting({ policy: "soft" }), presented(chain))).toBe("trusted");
    expect(verdict(trusting({ lists: [crl(root)], policy: "soft" }), presented(chain))).toBe("trusted");
  });
  test("that could trust nobody is refused when it is made", () => {
    expect(() => trusting({ policy: "hard", staples: false })).toThrow("without lists and without staples");
    expect(() => trusting({ policy: "hard", scope: "path" })).toThrow("a staple speaks of the leaf alone");
  });
  test("that is misspelt is not taken for the laxer one", () => {
    expect(() => trusting({ policy: "Hard" as "hard" })).toThrow("revocation.policy: Hard is none of its values");
    expect(() => trusting({ scope: "chain" as "path" })).toThrow("revocation.scope: chain is none of its values");
    expect(() => trusting({}, "web_pki" as "rfc5280")).toThrow("profile: web_pki is none of its values");
  });
  test("is not asked of a certificate that is itself a root", () => {
    const verifier = serverVerifier({ provider: node, roots: [leaf.der], revocation: { policy: "hard" } });
    expect(verdict(verifier, presented([leaf.der]))).toBe("trusted");
  });
  test("is not asked before somebody vouches for the chain", () => {
    const verifier = serverVerifier({
      provider: node,
      roots: [stranger.der],
      revocation: { lists: [crl(intermediate, revoked)] },
    });
    expect(verdict(verifier, presented([leaf.der]))).toBe("bad_certificate: bad-signature");
  });
});

test("clients are judged by lists as well, and by staples if they are asked for them", async () => {
  const client = await server(intermediate, { purpose: purposes.client, serialNumber: "2a" });
  const identity = presented([client.der, intermediate.der], { role: "client", serverName: undefined });
  const verifier = (revocation: RevocationOptions) => clientVerifier({ provider: node, roots: [root.der], revocation });
  expect(verdict(verifier({ lists: [crl(intermediate, revoked)] }), identity)).toBe("certificate_revoked: revoked");
  const response = ocsp(client.der, intermediate, { status: "revoked" });
  expect(verdict(verifier({ staples: true }), { ...identity, ocspResponse: response })).toBe("certificate_revoked: revoked");
});

test("the pure provider says the same as node's", async () => {
  const provider = noble({ random: (length) => new Uint8Array(randomBytes(length)) });
  const verifier = serverVerifier({ provider, roots: [root.der], revocation: { lists: [crl(intermediate)] } });
  expect(verdict(verifier, presented(chain, { ocspResponse: ocsp(leaf.der, intermediate) }))).toBe("trusted");
  expect(verdict(verifier, presented(chain, { ocspResponse: ocsp(leaf.der, intermediate, { status: "revoked" }) }))).toBe(
    "certificate_revoked: revoked",
  );
});
