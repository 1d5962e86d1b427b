import { noble } from "@sallyport/crypto-noble";
import { wasmCrypto } from "@sallyport/crypto-wasm";
import { describe, expect, test } from "vitest";
import { group, pattern } from "../support/provider-contract.ts";

const seeded = (): ReturnType<typeof noble> => {
  let drawn = 0;
  return noble({ random: (length) => pattern(length, drawn++) });
};

describe("wasmCrypto", () => {
  test("lists what its base lists, in that order, and replaces what libsodium has", async () => {
    const base = seeded();
    const provider = await wasmCrypto(base);
    const names = ({ suites, groups, verifications, hashes }: typeof base): unknown => [
      suites.map(({ name }) => name),
      groups.map(({ name }) => name),
      verifications.map(({ scheme }) => scheme),
      hashes,
    ];
    expect(names(provider)).toEqual(names(base));
    const replaced = [
      ...provider.suites.filter((suite) => !base.suites.includes(suite)).map(({ name }) => name),
      ...provider.groups.filter((each) => !base.groups.includes(each)).map(({ name }) => name),
      ...provider.verifications.filter((each) => !base.verifications.includes(each)).map(({ scheme }) => scheme),
    ];
    expect(replaced).toEqual([
      "TLS_CHACHA20_POLY1305_SHA256",
      "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
      "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
      "X25519MLKEM768",
      "x25519",
      "ed25519",
    ]);
  });

  test("adds nothing that its base leaves out", async () => {
    const base = seeded();
    const narrow = { ...base, suites: base.suites.slice(1, 2), groups: base.groups.slice(2, 3), verifications: [] };
    const provider = await wasmCrypto(narrow);
    expect(provider.suites).toEqual(narrow.suites);
    expect(provider.groups).toEqual(narrow.groups);
    expect(provider.verifications).toEqual([]);
  });

  test("draws from its base's randomness, and makes of it what its base makes", async () => {
    for (const name of ["x25519", "X25519MLKEM768"] as const) {
      const ours = group(await wasmCrypto(seeded()), name);
      const theirs = group(seeded(), name);
      const [one, other] = [ours.start(), theirs.start()];
      expect(one.share).toEqual(other.share);
      expect(ours.respond(other.share)).toEqual(theirs.respond(other.share));
    }
  });

  test("another provider's private key is the caller's mistake, and not the peer's", async () => {
    const ours = group(await wasmCrypto(seeded()), "x25519");
    expect(() => ours.complete({}, pattern(32, 1))).toThrow("no private key");
  });
});
