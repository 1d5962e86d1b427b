// P_SHA256 and P_SHA384 as people publish them, and as an HMAC by hand gives them.
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import type { HashImplementation } from "@sallyport/core";
import { noble } from "@sallyport/crypto-noble";
import { node } from "@sallyport/crypto-node";
import {
  exportKeyingMaterialTls12,
  finishedVerifyDataTls12,
  keyBlock,
  masterSecret,
  prf,
} from "../../packages/core/src/crypto/prf.ts";
import { bytesOf, hexOf } from "../support/hex.ts";
import { join, v16 } from "../support/octets.ts";
import { suite } from "../support/fake-provider.ts";
import { prf as prfByHand } from "../support/wiretap.ts";

/** Posted to the list of the IETF's TLS working group in 2009, when the PRF was new. */
const published = [
  {
    hash: "sha256",
    secret: "9bbe436ba940f017b17652849a71db35",
    seed: "a0ba9f936cda311827a6f796ffd5198c",
    output:
      "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab" +
      "4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66",
  },
  {
    hash: "sha384",
    secret: "b80b733d6ceefcdc71566ea48e5567df",
    seed: "cd665cf6a8447dd6ff8b27555edb7465",
    output:
      "7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cde9ca0faa60be9fe34f82b1233c9146a0e534cb400fed2700884f9dc236f80edd" +
      "8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d9184259b5bf8cd4d90fa0d31e2dec479e4f1a26066f2eea9a69236a3e52655c9e9aee6" +
      "91c8f3a26854308d5eaa3be85e0990703d73e56f",
  },
] as const;

const providers = [node, noble({ random: (length) => new Uint8Array(length).fill(1) })];
const random = (value: number): Uint8Array => new Uint8Array(32).fill(value);
const randoms = { client: random(0xc1), server: random(0x5e) };

describe.each(providers)("$name", ({ hashes }) => {
  const hashOf = (name: string): HashImplementation => {
    const hash = hashes.find((one) => one.name === name);
    if (hash === undefined) throw new Error(`no ${name}`);
    return hash;
  };

  test.each(published)("P_$hash gives what was published", ({ hash, secret, seed, output }) => {
    const wanted = bytesOf(output);
    expect(hexOf(prf(hashOf(hash), bytesOf(secret), "test label", bytesOf(seed), wanted.length))).toBe(output);
    expect(hexOf(prfByHand(hash, bytesOf(secret), "test label", bytesOf(seed), wanted.length))).toBe(output);
  });

  test.prop([
    fc.constantFrom("sha256", "sha384"),
    fc.uint8Array({ maxLength: 100 }),
    fc.string({ unit: "binary-ascii", maxLength: 30 }),
    fc.uint8Array({ maxLength: 100 }),
    fc.nat({ max: 300 }),
  ])("any length of any secret, label and seed is what an HMAC by hand gives", (name, secret, label, seed, length) => {
    expect(hexOf(prf(hashOf(name), secret, label, seed, length))).toBe(hexOf(prfByHand(name, secret, label, seed, length)));
  });

  const hash = hashOf("sha256");
  const master = new Uint8Array(48).fill(9);

  test("a master secret is of both randoms, or of the session hash alone, and wipes what it was made of", () => {
    const premaster = random(7);
    const byRandoms = prfByHand("sha256", premaster, "master secret", join(randoms.client, randoms.server), 48);
    const bySession = prfByHand("sha256", premaster, "extended master secret", random(3), 48);
    expect(hexOf(masterSecret(hash, random(7), undefined, randoms))).toBe(hexOf(byRandoms));
    expect(hexOf(masterSecret(hash, random(7), random(3), randoms))).toBe(hexOf(bySession));
    masterSecret(hash, premaster, undefined, randoms);
    expect(premaster).toEqual(random(0));
  });

  test.each([
    ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", 16, 4],
    ["TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", 32, 12],
  ] as const)("a key block of %s is cut into keys, then IVs, the client's first", (name, keyLength, ivLength) => {
    const { clientKey, serverKey, clientIv, serverIv } = keyBlock(
      hash,
      master,
      randoms,
      suite(name, "sha256", keyLength),
      ivLength,
    );
    const whole = prfByHand("sha256", master, "key expansion", join(randoms.server, randoms.client), 2 * (keyLength + ivLength));
    expect([clientKey.length, serverKey.length, clientIv.length, serverIv.length]).toEqual([
      keyLength,
      keyLength,
      ivLength,
      ivLength,
    ]);
    expect(hexOf(join(clientKey, serverKey, clientIv, serverIv))).toBe(hexOf(whole));
  });

  test("Finished has 12 bytes, and each side its own", () => {
    const sides = (["client", "server"] as const).map((side) => hexOf(finishedVerifyDataTls12(hash, master, side, random(4))));
    expect(sides).toEqual(
      ["client", "server"].map((side) => hexOf(prfByHand("sha256", master, `${side} finished`, random(4), 12))),
    );
  });

  test("an exporter tells no context from an empty one", () => {
    const exported = (context: Uint8Array | undefined): string =>
      hexOf(exportKeyingMaterialTls12(hash, master, randoms, "EXPORTER-x", context, 40));
    const seed = join(randoms.client, randoms.server);
    expect(exported(undefined)).toBe(hexOf(prfByHand("sha256", master, "EXPORTER-x", seed, 40)));
    expect(exported(new Uint8Array(0))).toBe(hexOf(prfByHand("sha256", master, "EXPORTER-x", join(seed, v16()), 40)));
    expect(exported(random(1))).toBe(hexOf(prfByHand("sha256", master, "EXPORTER-x", join(seed, v16(random(1))), 40)));
  });
});
