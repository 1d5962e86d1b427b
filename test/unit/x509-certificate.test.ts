import { rootCertificates } from "node:tls";
import { fc, test as property } from "@fast-check/vitest";
import { VerifiedIdentity } from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { DerError, parseCertificate, parsePem, serverVerifier } from "@sallyport/x509";
import * as x509 from "@peculiar/x509";
import { X509Certificate } from "node:crypto";
import { describe, expect, test } from "vitest";
import { authority, presented, server } from "../support/chains.ts";

const root = await authority("CN=Root,O=Sallyport");
const leaf = await server(root, {
  names: [
    { type: "dns", value: "example.com" },
    { type: "ip", value: "192.0.2.1" },
  ],
  more: [new x509.AuthorityInfoAccessExtension({ caIssuers: "http://ca.example/r.cer" })],
});

describe("a certificate", () => {
  test("is decoded to what another implementation reads", () => {
    const { subject, issuer, serial, validity, publicKey, version, extensions } = parseCertificate(leaf.der);
    const theirs = new X509Certificate(leaf.der);
    expect(subject.text).toBe(theirs.subject.split("\n").reverse().join(","));
    expect(issuer.text).toBe(theirs.issuer.split("\n").reverse().join(","));
    expect(Buffer.from(serial).toString("hex").toUpperCase()).toBe(theirs.serialNumber);
    expect([validity.notBefore * 1000, validity.notAfter * 1000]).toEqual([
      Date.parse(theirs.validFrom),
      Date.parse(theirs.validTo),
    ]);
    expect(Buffer.from(publicKey.raw)).toEqual(theirs.publicKey.export({ format: "der", type: "spki" }));
    expect(version).toBe(3);
    expect([...(extensions.keyUsage?.value ?? [])]).toEqual(["digitalSignature"]);
    expect(extensions.basicConstraints).toEqual({ critical: true, value: { ca: false, pathLength: undefined } });
    expect(extensions.subjectAlternativeName?.value).toEqual([
      { form: "dns", value: "example.com" },
      { form: "ip", value: Uint8Array.of(192, 0, 2, 1) },
    ]);
  });

  test("of every root of the Web PKI that Node ships is decoded", () => {
    for (const pem of rootCertificates) {
      const theirs = new X509Certificate(pem);
      const { der } = parsePem(pem)[0] ?? { der: new Uint8Array(0) };
      const { validity, extensions } = parseCertificate(der);
      expect(validity.notAfter * 1000).toBe(Date.parse(theirs.validTo));
      expect(extensions.basicConstraints?.value.ca).toBe(theirs.ca);
    }
  });
});

describe("bytes that are no certificate", () => {
  const refusal = (der: Uint8Array): DerError | undefined => {
    try {
      parseCertificate(der);
      return undefined;
    } catch (thrown) {
      if (thrown instanceof DerError) return thrown;
      throw thrown; // any other kind fails the test
    }
  };

  test("every prefix is refused with an offset within it", () => {
    for (let length = 0; length < leaf.der.length; length++) {
      const error = refusal(leaf.der.subarray(0, length));
      expect(error?.offset).toBeLessThanOrEqual(length);
    }
    expect(refusal(Uint8Array.of(...leaf.der, 0))).toMatchObject({
      problem: "certificate has bytes left over",
      offset: leaf.der.length,
    });
  });

  test("a change of any single byte gives a typed refusal or another certificate, which is never trusted", () => {
    const verifier = serverVerifier({ provider: node, roots: [root.der] });
    expect(verifier.verify(presented([leaf.der]))).toBeInstanceOf(VerifiedIdentity);
    for (let at = 0; at < leaf.der.length; at++) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const changed = leaf.der.slice();
        changed[at] = (changed[at] ?? 0) ^ flip;
        const error = refusal(changed);
        if (error !== undefined) expect(error.offset).toBeLessThanOrEqual(leaf.der.length);
        expect(verifier.verify(presented([changed])), `byte ${at}`).not.toBeInstanceOf(VerifiedIdentity);
      }
    }
  });

  property.prop([fc.uint8Array({ maxLength: 200 })])("any bytes are refused, with an offset", (bytes) => {
    expect(refusal(bytes)?.offset).toBeLessThanOrEqual(bytes.length);
  });

  property.prop([fc.nat(leaf.der.length - 1), fc.nat(40), fc.uint8Array({ maxLength: 40 })])(
    "any splice of a certificate is refused, or read again to the very octets",
    (at, removed, inserted) => {
      const changed = Uint8Array.of(...leaf.der.subarray(0, at), ...inserted, ...leaf.der.subarray(at + removed));
      if (refusal(changed) === undefined) expect(parseCertificate(changed).der).toEqual(changed);
    },
  );
});

describe("strictness", () => {
  const cases = [
    ["a boolean that is neither", "0101ff", "010101", "critical is neither TRUE nor FALSE"],
    ["FALSE in writing", "0101ff", "010100", "critical is FALSE in writing"],
    ["a needless octet in an integer", "020201a5", "02020025", "serialNumber is an integer with a needless octet"],
    ["an indefinite length", "a003020102", "a080020102", "version has an indefinite length"],
    ["an unknown version", "a003020102", "a003020103", "version 4 is unknown"],
    ["version 1 in writing", "a003020102", "a003020100", "version 1 in writing, which is its default"],
    ["version 2 with extensions", "a003020102", "a003020101", "tbsCertificate has bytes left over"],
    ["a usage for nothing", "03020780", "03020700", "keyUsage allows nothing"],
    ["unused bits that are set", "03020780", "03020781", "keyUsage has unused bits that are set"],
    ["a name that is not ASCII", "8704c0000201", "8204c0000201", "subjectAlternativeName is not ASCII"],
    ["a name of no form", "8704c0000201", "8904c0000201", "subjectAlternativeName is of no known form"],
    ["a date that is none", "3236303530323132", "3236303533323132", "notBefore is no date of the calendar"],
  ] as const;
  test.for(cases)("%s is refused", ([, from, to, problem]) => {
    const text = Buffer.from(leaf.der).toString("hex");
    expect(text).toContain(from);
    expect(() => parseCertificate(new Uint8Array(Buffer.from(text.replace(from, to), "hex")))).toThrow(problem);
  });

  test("an extension that is there twice is refused", async () => {
    const twice = await server(root, {
      more: [new x509.Extension("1.2.3", false, Uint8Array.of(5, 0)), new x509.Extension("1.2.3", false, Uint8Array.of(5, 0))],
    });
    expect(() => parseCertificate(twice.der)).toThrow("the extension 1.2.3 is there twice");
  });

  test("a signature algorithm that differs from the signed one is refused", () => {
    const der = leaf.der.slice();
    const outer = Buffer.from(der).lastIndexOf(Buffer.from("06082a8648ce3d040302", "hex"));
    der[outer + 9] = 3;
    expect(() => parseCertificate(der)).toThrow("signatureAlgorithm is not what was signed");
  });
});
