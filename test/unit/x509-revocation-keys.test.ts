// Whose key signed a list, where it was not the one that issued the certificate: an authority that changed its key, and a
// certificate that is trusted for itself.
import { node } from "@sallyport/crypto-node";
import { type RevocationOptions, serverVerifier, trustAnchors } from "@sallyport/x509";
import * as x509 from "@peculiar/x509";
import { describe, expect, test } from "vitest";
import { authority, keyPair, noon, type Party, type PartyOptions, presented, server, verdict } from "../support/chains.ts";
import { crl, ocsp } from "../support/revocation.ts";

const { keyCertSign, cRLSign } = x509.KeyUsageFlags;
const ca = (name: string, options: PartyOptions = {}, usage = keyCertSign | cRLSign): Promise<Party> =>
  authority(name, {
    ...options,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true), new x509.KeyUsagesExtension(usage, true)],
  });
const root = await ca("CN=Root");
const old = await ca("CN=CA", { by: root });
const leaf = await server(old, { serialNumber: "2a" });
const revoked = { revoked: [{ serial: [0x2a] }] };
const trusting = (revocation: RevocationOptions, roots: readonly Party[] = [root]) =>
  serverVerifier({ provider: node, roots: roots.map(({ der }) => der), revocation });

describe("an authority with a new key", () => {
  const judge = (by: Party, sent: readonly Party[] = [by], script = {}): readonly string[] =>
    [crl(by, script), crl(by, { ...script, ...revoked })].map((list) =>
      verdict(trusting({ lists: [list] }), presented([leaf.der, old.der, ...sent.map(({ der }) => der)])),
    );
  const taken = ["trusted", "certificate_revoked: revoked"];
  const unknown = ["certificate_unknown: revocation-unknown", "certificate_unknown: revocation-unknown"];

  test.each([
    ["that whoever certified the old one has certified", () => ca("CN=CA", { by: root }), taken],
    ["that the old one has certified", () => ca("CN=CA", { by: old }), taken],
    ["that has expired", () => ca("CN=CA", { by: root, notAfter: new Date(noon - 1000) }), unknown],
    ["that may not sign lists", () => ca("CN=CA", { by: root }, keyCertSign), unknown],
    ["that nobody has certified", () => ca("CN=CA"), unknown],
    [
      "that a stranger of the root's name has certified",
      async () => ca("CN=CA", { by: { name: "CN=Root", keys: await keyPair("P-256") } }),
      unknown,
    ],
    ["and another name", () => ca("CN=Other", { by: root }), unknown],
  ] as const)("%s", async (_, make, expected) => {
    expect(judge(await make())).toEqual(expected);
  });

  test("that was not sent is not known", async () => {
    expect(judge(await ca("CN=CA", { by: root }), [])).toEqual(unknown);
  });
  test("whose own certificate is on a list signs no more", async () => {
    const fresh = await ca("CN=CA", { by: root, serialNumber: "2b" });
    const lists = [crl(fresh), crl(root, { revoked: [{ serial: [0x2b] }] })];
    expect(verdict(trusting({ lists }), presented([leaf.der, old.der, fresh.der]))).toBe(
      "certificate_unknown: revocation-unknown",
    );
  });
  test("that is an anchor of that name, as a certificate or without one", async () => {
    const renewed = await ca("CN=CA");
    const identity = presented([leaf.der, old.der]);
    expect(verdict(trusting({ lists: [crl(renewed, revoked)] }, [root, renewed]), identity)).toBe("certificate_revoked: revoked");
    const anchors = trustAnchors([renewed.der]);
    const verifier = serverVerifier({ provider: node, roots: [root.der], anchors, revocation: { lists: [crl(renewed)] } });
    expect(verdict(verifier, identity)).toBe("trusted");
  });
});

describe("a certificate that is trusted for itself", () => {
  test("is revoked by a list of whoever issued it, if he is among the roots or was sent", () => {
    const lists = [crl(old, revoked)];
    const judge = (roots: readonly Party[], sent: readonly Party[]): string =>
      verdict(trusting({ lists }, roots), presented([leaf.der, ...sent.map(({ der }) => der)]));
    expect(judge([leaf, old], [])).toBe("certificate_revoked: revoked");
    expect(judge([leaf], [old])).toBe("certificate_revoked: revoked");
    expect(judge([leaf], [])).toBe("trusted");
  });
  test("and by nobody else of that name", async () => {
    const stranger = await ca("CN=CA");
    expect(verdict(trusting({ lists: [crl(stranger, revoked)] }, [leaf, stranger]), presented([leaf.der]))).toBe("trusted");
  });
  test("is revoked by a staple that says so; of an unknown status nobody asks", () => {
    const stapled = (status: "good" | "revoked" | "unknown"): string =>
      verdict(
        trusting({ policy: "hard" }, [leaf, old]),
        presented([leaf.der], { ocspResponse: ocsp(leaf.der, old, { status }) }),
      );
    expect([stapled("good"), stapled("revoked"), stapled("unknown")]).toEqual([
      "trusted",
      "certificate_revoked: revoked",
      "trusted",
    ]);
  });
});
