import { generateKeyPairSync } from "node:crypto";
import { ConfigError, type SyncSigner } from "@sallyport/core";
import { credential, parsePem, PemError } from "@sallyport/x509";
import { describe, expect, test } from "vitest";
import { authority, server } from "../support/chains.ts";

const root = await authority("CN=Root");
const intermediate = await authority("CN=Intermediate", { by: root });
const leaf = await server(intermediate, {
  names: [
    { type: "dns", value: "*.Example.com" },
    { type: "ip", value: "::1" },
    { type: "email", value: "a@b.example" },
  ],
});
const signer: SyncSigner = { schemes: ["ecdsa_secp256r1_sha256"], publicKey: new Uint8Array(0), sign: () => new Uint8Array(0) };
const pem = (der: Uint8Array, label = "CERTIFICATE"): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der).toString("base64").replace(/.{64}/g, "$&\n")}\n-----END ${label}-----\n`;

describe("credential", () => {
  test("reads key, names and issuers from a chain in DER", () => {
    const made = credential({ chain: [leaf.der, intermediate.der], signer });
    expect(made).toMatchObject({ type: "x509", chain: [leaf.der, intermediate.der], names: ["*.example.com", "::1"], signer });
    expect(made.publicKey).toHaveLength(91);
    expect(made.issuers).toHaveLength(2);
  });

  test("reads the same from PEM, whatever else the file holds", () => {
    const key = generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" });
    const text = `# my chain\r\n${pem(leaf.der)}${key}\ns:CN=Intermediate\n${pem(intermediate.der).replaceAll("\n", "\r\n")}`;
    expect(credential({ chain: text, signer })).toEqual(credential({ chain: [leaf.der, intermediate.der], signer }));
  });

  test("keeps its own copy, and no Buffer", () => {
    const mine = Buffer.from(leaf.der);
    const made = credential({ chain: [mine], signer });
    mine.fill(0);
    expect(made.chain[0].constructor).toBe(Uint8Array);
    expect(made.chain[0]).toEqual(leaf.der);
  });

  test("names each certificate that can't be read, and the offset", () => {
    const chain = [leaf.der, intermediate.der.slice(0, 20), Uint8Array.of(0x30, 0x80)];
    expect(() => credential({ chain, signer })).toThrow(ConfigError);
    expect(() => credential({ chain, signer })).toThrow(
      /^chain\[1\]: .* at byte 0.*\nchain\[2\]: .*indefinite length, at byte 1/,
    );
    expect(() => credential({ chain: [], signer })).toThrow("the chain is empty");
    expect(() => credential({ chain: pem(leaf.der, "TRUSTED CERTIFICATE"), signer })).toThrow(
      "no CERTIFICATE block, only TRUSTED CERTIFICATE",
    );
  });
});

describe("PEM", () => {
  test("is base64 with any line length", () => {
    for (let length = 0; length < 40; length++) {
      const bytes = new Uint8Array(length + 1).map((_, at) => at * 37);
      expect(parsePem(pem(bytes))[0]?.der).toEqual(bytes);
    }
  });

  test.for([
    ["-----BEGIN CERTIFICATE-----\nAAAA", "BEGIN CERTIFICATE without END CERTIFICATE, at character 0"],
    ["-----BEGIN CERTIFICATE\nAAAA", "a BEGIN line without its end"],
    ["-----BEGIN CERTIFICATE-----\nAA*A\n-----END CERTIFICATE-----", "not base64, at character 30"],
    ["-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----", "cut off"],
    ["-----BEGIN CERTIFICATE-----\nAA==AAAA\n-----END CERTIFICATE-----", "not base64"],
    ["-----BEGIN CERTIFICATE-----\nAB==\n-----END CERTIFICATE-----", "cut off"],
    ["-----BEGIN CERTIFICATE-----\n\n-----END CERTIFICATE-----", "cut off"],
  ] as const)("%j is refused: %s", ([text, problem]) => {
    expect(() => parsePem(text)).toThrow(PemError);
    expect(() => parsePem(text)).toThrow(problem);
  });
});
