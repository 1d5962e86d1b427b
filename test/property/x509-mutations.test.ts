// Whatever is done to a certificate, a CRL or an OCSP response: a verdict comes, in bounded time, and never a better one.
import { ConfigError, type CryptoProvider, type PresentedIdentity, VerifiedIdentity } from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import {
  clientVerifier,
  DerError,
  parseCertificate,
  parseDistinguishedName,
  RevocationLists,
  serverVerifier,
} from "@sallyport/x509";
import * as x509 from "@peculiar/x509";
import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { DerReader } from "../../packages/x509/src/der.ts";
import { parseRevocationList } from "../../packages/x509/src/revocation/crl.ts";
import { parseOcspResponse } from "../../packages/x509/src/revocation/ocsp.ts";
import { authority, noon, party, presented, server } from "../support/chains.ts";
import { generalizedTime, oid, sequence, tlv, utcTime } from "../support/der.ts";
import { join } from "../support/octets.ts";
import { crl, ocsp } from "../support/revocation.ts";

const { keyCertSign, cRLSign } = x509.KeyUsageFlags;
const usages = [
  new x509.BasicConstraintsExtension(true, undefined, true),
  new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
];
const root = await party("CN=Root", { extensions: usages });
const intermediate = await party("CN=Intermediate", { by: root, extensions: usages });
const leaf = await server(intermediate, { serialNumber: "2a" });
const list = crl(intermediate, { revoked: [{ serial: [0x2b], reason: 1 }] });
const response = ocsp(leaf.der, intermediate);
const lists = new RevocationLists([list]);
const verifier = serverVerifier({ provider: node, roots: [root.der], revocation: { lists, policy: "hard" } });
const whole = presented([leaf.der, intermediate.der], { ocspResponse: response });

/** One to four changes, each of a byte, a cut, a repetition or an insertion; none leaves it as it was. */
function mutated(bytes: Uint8Array<ArrayBuffer>): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  const at = fc.nat(bytes.length - 1);
  const change = fc.oneof(
    fc.tuple(at, fc.integer({ min: 1, max: 255 })).map(
      ([place, by]) =>
        (old: Uint8Array) =>
          old.map((byte, index) => (index === place ? byte ^ by : byte)),
    ),
    at.map((place) => (old: Uint8Array) => old.slice(0, place)),
    fc.tuple(at, fc.integer({ min: 1, max: 8 })).map(
      ([place, length]) =>
        (old: Uint8Array) =>
          join(old.slice(0, place), old.slice(place + length)),
    ),
    fc.tuple(at, fc.uint8Array({ minLength: 1, maxLength: 8 })).map(
      ([place, more]) =>
        (old: Uint8Array) =>
          join(old.slice(0, place), more, old.slice(place)),
    ),
    fc.tuple(at, at, fc.integer({ min: 1, max: 64 })).map(
      ([from, to, length]) =>
        (old: Uint8Array) =>
          join(old.slice(0, to), old.slice(from, from + length), old.slice(to + length)),
    ),
  );
  return fc
    .array(change, { minLength: 1, maxLength: 4 })
    .map((changes) => Uint8Array.from(changes.reduce((old: Uint8Array, each) => each(old), bytes)))
    .filter((result) => result.length !== bytes.length || result.some((byte, index) => byte !== bytes[index]));
}

describe("reading ends with a value or a DerError, whatever the bytes", () => {
  const readers = [parseCertificate, parseRevocationList, parseOcspResponse, parseDistinguishedName] as const;
  const ends = (bytes: Uint8Array): void => {
    for (const read of readers) {
      try {
        read(bytes);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(DerError);
      }
    }
  };
  property.prop([fc.constantFrom(leaf.der, intermediate.der, list, response).chain(mutated)], { numRuns: 1000 })(
    "near to what they should be",
    ends,
  );
  property.prop([fc.uint8Array({ maxLength: 200 })])("or far from it", ends);
  test("nested as deep, or as wide, as bytes can be", () => {
    let deep = sequence();
    for (let level = 0; level < 2000; level++) deep = tlv(0x30, deep);
    const wide = tlv(0x30, ...Array.from({ length: 20_000 }, () => [0x30, 0]));
    const began = performance.now();
    for (const bytes of [deep, wide, tlv(0x30, deep, deep), sequence(wide)]) ends(bytes);
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

describe("what is accepted has one encoding", () => {
  /** Every element read and written anew, down to the last that is constructed. */
  const rewritten = (bytes: Uint8Array): Uint8Array => {
    const reader = new DerReader(bytes);
    const items: Uint8Array[] = [];
    while (!reader.atEnd) {
      const { tag, content } = reader.any("element");
      items.push(tlv(tag, (tag & 0x20) === 0 ? content : rewritten(content)));
    }
    return join(...items);
  };
  const inputs = fc.constantFrom(leaf.der, intermediate.der, root.der).chain((der) => fc.oneof(fc.constant(der), mutated(der)));
  property.prop([inputs], { numRuns: 500 })(
    "it is written again as it was read, with its identifiers, times and numbers",
    (bytes) => {
      const read = (): ReturnType<typeof parseCertificate> | undefined => {
        try {
          return parseCertificate(bytes);
        } catch {
          return undefined;
        }
      };
      const certificate = read();
      if (certificate === undefined) return;
      expect(rewritten(bytes)).toEqual(bytes);
      const { signatureAlgorithm, validity, extensions, tbs } = certificate;
      const written = Buffer.from(tbs).toString("latin1");
      const isIn = (part: Uint8Array): boolean => written.includes(Buffer.from(part).toString("latin1"));
      for (const id of [signatureAlgorithm.oid, ...extensions.all.map((one) => one.oid)]) expect(isIn(oid(id)), id).toBe(true);
      for (const seconds of [validity.notBefore, validity.notAfter]) {
        expect(isIn(utcTime(seconds * 1000)) || isIn(generalizedTime(seconds * 1000))).toBe(true);
      }
    },
  );
});

describe("a change makes no verdict better", () => {
  const accepts = (identity: PresentedIdentity): boolean => verifier.verify(identity) instanceof VerifiedIdentity;
  test("as it is, all is well", () => {
    expect(accepts(whole)).toBe(true);
  });
  property.prop([mutated(leaf.der)], { numRuns: 500 })("of the leaf: it is never trusted", (changed) => {
    expect(accepts({ ...whole, chain: [changed, intermediate.der] })).toBe(false);
  });
  property.prop([mutated(intermediate.der)], { numRuns: 300 })("of the issuer: the chain is never trusted", (changed) => {
    expect(accepts({ ...whole, chain: [leaf.der, changed] })).toBe(false);
  });
  property.prop([mutated(response)], { numRuns: 500 })("of what was stapled: it proves nothing, and that ends it", (changed) => {
    expect(accepts({ ...whole, ocspResponse: changed })).toBe(false);
  });
  property.prop([mutated(list)], { numRuns: 500 })("of a list: it is refused when it is given, or proves nothing", (changed) => {
    const given = new RevocationLists([]);
    const judge = serverVerifier({ provider: node, roots: [root.der], revocation: { lists: given } });
    try {
      given.replace([changed]);
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(ConfigError);
    }
    expect(judge.verify({ ...whole, ocspResponse: undefined })).not.toBeInstanceOf(VerifiedIdentity);
  });
  property.prop([fc.domain(), fc.integer({ min: -(2 ** 42), max: 2 ** 42 })])(
    "of the name or the time: what it is not for is refused",
    (serverName, shift) => {
      const nowMs = noon + shift;
      const isRight = serverName.toLowerCase() === "example.com" && Math.abs(shift) <= 30 * 86_400_000;
      expect(accepts({ ...whole, ocspResponse: undefined, serverName, nowMs })).toBe(isRight && Math.abs(shift) <= 86_400_000);
    },
  );
});

describe("what was sent beside the leaf, in any order", async () => {
  const expired = await party("CN=Intermediate", {
    by: root,
    keys: intermediate.keys,
    extensions: usages,
    notAfter: new Date(noon - 1000),
  });
  const namesake = await authority("CN=Intermediate");
  const stranger = await authority("CN=Stranger");
  const revoking = new RevocationLists([crl(intermediate, { revoked: [{ serial: [0x2a] }] })]);
  const judges = [
    verifier,
    serverVerifier({ provider: node, roots: [stranger.der] }),
    serverVerifier({ provider: node, roots: [root.der], revocation: { lists: revoking } }),
  ];
  const pools = [
    [intermediate.der, root.der, namesake.der, stranger.der],
    [expired.der, root.der, stranger.der],
    [namesake.der, stranger.der],
  ];
  const said = (at: number, others: readonly Uint8Array<ArrayBuffer>[]): string => {
    const result = judges[at]?.verify({ ...whole, ocspResponse: undefined, chain: [leaf.der, ...others] });
    return result instanceof VerifiedIdentity ? "trusted" : `${result?.alert}`;
  };
  const expected = [
    ["trusted", "certificate_expired", "bad_certificate"],
    ["unknown_ca", "certificate_expired", "bad_certificate"],
    ["certificate_revoked", "certificate_expired", "bad_certificate"],
  ];
  const orders = fc
    .constantFrom(...pools.keys())
    .chain((at) => fc.tuple(fc.constant(at), fc.shuffledSubarray(pools[at] ?? [], { minLength: (pools[at] ?? []).length })));
  property.prop([orders, fc.nat(judges.length - 1)])("gives the same alert", ([pool, sent], judge) => {
    expect(said(judge, sent)).toBe(expected[judge]?.[pool]);
  });
  property.prop([
    orders,
    fc.array(fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.constantFrom(list, response)), { maxLength: 4 }),
  ])("with any junk, is trusted if it was, and only then", ([pool, sent], junk) => {
    for (const at of judges.keys()) {
      const isTrusted = said(at, [...junk.map((der) => Uint8Array.from(der)), ...sent]) === "trusted";
      expect(isTrusted).toBe(expected[at]?.[pool] === "trusted");
    }
    expect(said(2, [...junk.map((der) => Uint8Array.from(der)), intermediate.der])).toBe("certificate_revoked");
  });
});

describe("work is bounded", () => {
  const counting = (): { readonly provider: CryptoProvider; readonly checks: () => number } => {
    let checks = 0;
    const verifications = node.verifications.map((verification) =>
      "verify" in verification
        ? {
            ...verification,
            verify: (...inputs: Parameters<typeof verification.verify>) => (checks++, verification.verify(...inputs)),
          }
        : verification,
    );
    return { provider: { ...node, verifications }, checks: () => checks };
  };

  test("on a thousand authorities that certify each other with one key", async () => {
    const { provider, checks } = counting();
    const keys = intermediate.keys;
    const names = Array.from({ length: 32 }, (_, at) => `CN=${at}`);
    const graph = await Promise.all(
      names.flatMap((name) => names.map((by) => authority(name, { keys, by: { name: by, keys } }))),
    );
    const below = await server({ name: "CN=0", keys });
    for (const judge of [serverVerifier({ provider, roots: [root.der] }), clientVerifier({ provider, roots: [root.der] })]) {
      const began = performance.now();
      const result = judge.verify(presented([below.der, ...graph.map(({ der }) => der)]));
      expect(result).not.toBeInstanceOf(VerifiedIdentity);
      expect(performance.now() - began).toBeLessThan(5000);
    }
    expect(checks()).toBeLessThanOrEqual(100);
  });

  test("on a response with thousands of answers and certificates", () => {
    const { provider, checks } = counting();
    const judge = serverVerifier({ provider, roots: [root.der] });
    const certificates = Array.from({ length: 1000 }, () => intermediate.der);
    const stuffed = ocsp(leaf.der, intermediate, { by: leaf, certificates });
    const began = performance.now();
    judge.verify({ ...whole, ocspResponse: stuffed });
    expect(performance.now() - began).toBeLessThan(3000);
    expect(checks()).toBeLessThan(10);
  });
});
