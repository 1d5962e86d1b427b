import { createPrivateKey, X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import type { KeyKind } from "../support/pki.ts";
import { makePki } from "../support/pki.ts";

const kinds: readonly KeyKind[] = ["ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519", "rsa", "rsa-pss"];

test.each(kinds)("the test PKI makes a leaf with an %s key that its root signed", async (key) => {
  const pki = await makePki();
  const leaf = await pki.leaf({ key });
  const certificate = new X509Certificate(leaf.certificate.pem);
  expect(certificate.verify(new X509Certificate(pki.ca.der).publicKey)).toBe(true);
  expect(certificate.checkPrivateKey(createPrivateKey(leaf.keyPem))).toBe(true);
  expect(certificate.checkHost("localhost")).toBe("localhost");
  expect(certificate.checkIP("::1")).toBe("::1");
  expect(certificate.publicKey.asymmetricKeyType).toBe(key.startsWith("ecdsa") ? "ec" : key);
  expect(certificate.ca).toBe(false);
});

test("the test PKI makes the leaves that must be refused", async () => {
  const pki = await makePki();
  const parse = async (options: Parameters<typeof pki.leaf>[0]) => new X509Certificate((await pki.leaf(options)).certificate.pem);
  expect(Date.parse((await parse({ validity: "expired" })).validTo)).toBeLessThan(Date.now());
  expect(Date.parse((await parse({ validity: "not-yet" })).validFrom)).toBeGreaterThan(Date.now());
  expect((await parse({ usage: "client" })).keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
  expect((await parse({ issuer: "stranger" })).verify(new X509Certificate(pki.ca.pem).publicKey)).toBe(false);
  const own = await parse({ issuer: "self", key: "ed25519" });
  expect(own.verify(own.publicKey)).toBe(true);
});

test("a leaf of the test PKI may come by an intermediate", async () => {
  const { ca, leaf } = await makePki();
  const { chain } = await leaf({ issuer: "intermediate" });
  const [certificate, intermediate] = chain.map((der) => new X509Certificate(der));
  expect(certificate?.checkIssued(intermediate ?? certificate)).toBe(true);
  expect(intermediate?.verify(new X509Certificate(ca.pem).publicKey)).toBe(true);
});
