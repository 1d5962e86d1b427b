// Certificates that go by in clear are judged as the client would, where the caller has roots and a time.
import { describe, expect, test } from "vitest";
import { node } from "@sallyport/crypto-node";
import { explain, type Judge, type Report } from "@sallyport/explain";
import { serverVerifier } from "@sallyport/x509";
import { recordTls12 } from "../support/recorded-tls12.ts";
import { makePki } from "../support/pki.ts";

const pki = await makePki();
const judge =
  (roots = pki.ca.pem) =>
  (): Judge => ({ verifier: serverVerifier({ provider: node, roots }), nowMs: Date.now() });
const ids = ({ causes }: Report): readonly string[] => causes.map(({ id }) => id);

describe("a handshake of TLS 1.2 that the client ended is explained by what is wrong with the certificate:", () => {
  test.each([
    ["expired", { validity: "expired" }],
    ["not-yet-valid", { validity: "not-yet" }],
    ["wrong-name", { dns: ["elsewhere.example"], ips: [] }],
    ["unknown-issuer", { issuer: "stranger" }],
    ["self-signed", { issuer: "self" }],
    ["wrong-purpose", { usage: "client" }],
  ] as const)("%s", async (id, options) => {
    const { client, server } = await recordTls12(await pki.leaf(options), "localhost");
    // The alert alone says no more than that the certificate is bad.
    const inputs = [
      { from: "client", input: Buffer.concat([client, Buffer.from("1503030002022a", "hex")]) },
      { from: "server", input: server },
    ] as const;
    expect(ids(explain(inputs, { judge: judge() }))[0]).toBe(id);
    expect(ids(explain(inputs))[0]).not.toBe(id);
  });
});

test("where nothing failed it is a warning, and no cause", async () => {
  const { client, server } = await recordTls12(await pki.leaf({ validity: "expired" }), "localhost");
  const report = explain(
    [
      { from: "client", input: client },
      { from: "server", input: server },
    ],
    { judge: judge() },
  );
  expect(report.causes).toEqual([]);
  expect(report.findings.find(({ id }) => id === "certificate")?.what).toContain("expired");
});

test("a chain that is fine says nothing, and one without a name in the hello is not judged by it", async () => {
  const fine = await recordTls12(await pki.leaf(), "localhost");
  const unnamed = await recordTls12(await pki.leaf({ dns: ["elsewhere.example"], ips: [] }), undefined);
  for (const { client, server } of [fine, unnamed]) {
    const report = explain(
      [
        { from: "client", input: client },
        { from: "server", input: server },
      ],
      { judge: judge() },
    );
    expect(report.findings.filter(({ id }) => id === "certificate")).toEqual([]);
  }
});

test("nobody is asked to judge where no certificate can be read", () => {
  let asked = 0;
  explain("15030300020228", {
    judge: () => {
      asked++;
      return undefined;
    },
  });
  expect(asked).toBe(0);
});
