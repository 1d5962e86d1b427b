// Who was revoked, or has expired, since the full handshake is not resumed: neither where the config has him judged again, nor where
// nobody looks but at what the verdict was made by.
import { KeyObject } from "node:crypto";
import type { ProtocolVersion, SyncVerifier } from "@sallyport/core";
import { node, signer } from "@sallyport/crypto-node";
import { clientVerifier, credential, RevocationLists, type RevocationOptions, serverVerifier } from "@sallyport/x509";
import * as x509 from "@peculiar/x509";
import { describe, expect, test } from "vitest";
import { Acquaintance } from "../support/acquaintance.ts";
import { type Party, party, purposes, server } from "../support/chains.ts";
import { crl, ocsp } from "../support/revocation.ts";

const hour = 3_600_000;
const now = new Acquaintance().time;
const lasting = { notBefore: new Date(now - 24 * hour), notAfter: new Date(now + 1000 * hour) };
const current = { thisUpdate: now - hour, nextUpdate: now + 24 * hour };
const { keyCertSign, cRLSign } = x509.KeyUsageFlags;
const root = await party("CN=Root", {
  ...lasting,
  extensions: [
    new x509.BasicConstraintsExtension(true, undefined, true),
    new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
  ],
});
const brief = { ...lasting, notAfter: new Date(now + 2 * hour) };
const names: x509.JsonGeneralNames = [{ type: "dns", value: "localhost" }];
const serverParty = await server(root, { ...brief, names, serialNumber: "2a" });
const clientParty = await server(root, { ...brief, names, purpose: purposes.client, serialNumber: "2a" });
/** The same, who are not judged. */
const otherServer = await server(root, { ...lasting, names });
const otherClient = await server(root, { ...lasting, names, purpose: purposes.client });
const own = ({ der, keys }: Party, ocspResponse?: Uint8Array) =>
  credential({
    chain: [der],
    signer: signer(KeyObject.from(keys.privateKey).export({ type: "pkcs8", format: "pem" }).toString()),
    ...(ocspResponse && { ocspResponse }),
  });
const revoked = crl(root, { ...current, revoked: [{ serial: [0x2a] }] });

const both = ["client", "server"] as const;
/** They know each other, and this role judges the other one by x509. */
function begin(
  version: ProtocolVersion,
  role: (typeof both)[number],
  revocation: RevocationOptions,
  ocspResponse?: Uint8Array,
  reverifies = true,
): Acquaintance {
  const judge = (of: (typeof both)[number]) => ({ provider: node, roots: [root.der], ...(of === role && { revocation }) });
  const again = (of: (typeof both)[number]) => ({ reverifyOnResume: reverifies && of === role });
  return new Acquaintance(
    {
      provider: () => node,
      client: {
        verifier: serverVerifier(judge("client")),
        credentials: [own(role === "server" ? clientParty : otherClient)],
        ...again("client"),
      },
      server: {
        credentials: [role === "client" ? own(serverParty, ocspResponse) : own(otherServer)],
        clientAuthentication: { mode: "required", verifier: clientVerifier(judge("server")) },
        ...again("server"),
      },
    },
    [version],
  );
}

const worlds = (["tls1.3", "tls1.2"] as const).flatMap((version) => both.map((role) => ({ version, role })));
describe.each(worlds)("at the $role of $version", ({ version, role }) => {
  const alertOf = (two: Acquaintance): unknown => two.meet().pair[role].failure?.alert;

  test("who is in order is resumed; once a list has him, he is certificate_revoked", () => {
    const lists = new RevocationLists([crl(root, current)]);
    const two = begin(version, role, { lists });
    expect(two.meet()[role]).toBe("full");
    expect(two.meet()[role]).toBe("resumed");
    lists.replace([revoked]);
    expect(alertOf(two)).toMatchObject({ description: "certificate_revoked" });
  });

  test("a certificate that has expired meanwhile is certificate_expired", () => {
    const two = begin(version, role, { policy: "soft" });
    two.meet();
    two.time += 2.5 * hour;
    expect(alertOf(two)).toMatchObject({ description: "certificate_expired" });
  });
});

test.each(["tls1.3", "tls1.2"] as const)(
  "in %s, what was stapled at the full handshake counts as long as it holds",
  (version) => {
    const response = ocsp(serverParty.der, root, { thisUpdate: now - hour, nextUpdate: now + hour });
    const two = begin(version, "client", { policy: "hard" }, response);
    two.meet();
    two.time += 0.5 * hour;
    expect(two.meet().client).toBe("resumed");
    two.time += hour;
    expect(two.meet().pair.client.failure?.alert).toMatchObject({ description: "bad_certificate_status_response" });
  },
);

describe.each(worlds)("at the $role of $version, where nobody is judged again", ({ version, role }) => {
  const meeting = (revocation: RevocationOptions, ocspResponse?: Uint8Array): Acquaintance =>
    begin(version, role, revocation, ocspResponse, false);

  test("who is revoked by a list that came meanwhile is not resumed, and then refused", () => {
    const lists = new RevocationLists([crl(root, current)]);
    const two = meeting({ lists });
    two.meet();
    expect(two.meet()[role]).toBe("resumed");
    lists.replace([revoked]);
    expect(two.meet().pair[role].failure).toMatchObject({
      error: { kind: "identity-distrusted" },
      alert: { description: "certificate_revoked" },
    });
  });

  test("who is on no list that came meanwhile is judged once more by it, and resumed from then on", () => {
    const lists = new RevocationLists([crl(root, current)]);
    const two = meeting({ lists });
    two.meet();
    lists.replace([crl(root, { ...current, thisUpdate: now - hour / 2 })]);
    expect([two.meet()[role], two.meet()[role]]).toEqual(["full", "resumed"]);
    lists.replace([crl(root, { ...current, thisUpdate: now - hour / 4 })]);
    expect(two.meet()[role]).toBe("full");
  });

  test("a list that comes between the verdict and the tickets makes none that outlive it", () => {
    const lists = new RevocationLists([crl(root, current)]);
    const two = meeting({ lists });
    const judge = role === "client" ? two.client.verifier : two.server.clientAuthentication?.verifier;
    if (judge === undefined || !("verify" in judge)) throw new Error("no verifier");
    const verifier: SyncVerifier = {
      ...judge,
      get basis() {
        return judge.basis;
      },
      verify(presented) {
        const verdict = judge.verify(presented);
        lists.replace([revoked]);
        return verdict;
      },
    };
    expect(
      two.meet({ [role]: role === "client" ? { verifier } : { clientAuthentication: { mode: "required", verifier } } })[role],
    ).toBe("full");
    expect(two.meet().pair[role].failure?.alert).toMatchObject({ description: "certificate_revoked" });
  });

  test("whose certificate has run out is not resumed, to the second", () => {
    const two = meeting({ policy: "soft" });
    two.meet();
    two.time = now + 2 * hour;
    expect(two.meet()[role]).toBe("resumed");
    two.time += 1000;
    expect(two.meet().pair[role].failure?.alert).toMatchObject({ description: "certificate_expired" });
  });

  test("nor whose issuer's list, which had to know him, is out of date", () => {
    const two = meeting({ lists: [crl(root, { thisUpdate: now - hour, nextUpdate: now + hour })] });
    two.meet();
    two.time += 0.9 * hour;
    expect(two.meet()[role]).toBe("resumed");
    two.time += 0.2 * hour;
    expect(two.meet().pair[role].failure?.alert).toMatchObject({ description: "certificate_unknown" });
  });
});

test.each(["tls1.3", "tls1.2"] as const)("in %s nobody is resumed for longer than his staple holds", (version) => {
  const response = ocsp(serverParty.der, root, { thisUpdate: now - hour, nextUpdate: now + hour });
  const two = begin(version, "client", {}, response, false);
  two.meet();
  two.time += 0.5 * hour;
  expect(two.meet().client).toBe("resumed");
  two.time += hour;
  expect(two.meet().pair.client.failure?.alert).toMatchObject({ description: "bad_certificate_status_response" });
});
