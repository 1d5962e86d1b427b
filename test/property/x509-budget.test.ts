// What a peer can make a verifier work for, within what a handshake lets through: 64 KiB of certificates, ten of them. Milliseconds
// of this process, so that others on the machine don't count; the budget is a second each.
import { generateKeyPairSync } from "node:crypto";
import type { Bytes } from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { parseCertificate, serverVerifier } from "@sallyport/x509";
import { beforeAll, describe, expect, test } from "vitest";
import {
  aki,
  type Change,
  directory,
  dns,
  email,
  ids,
  intermediate,
  ip,
  type Keys,
  leaf,
  name,
  nc,
  newKeys,
  root,
  san,
  ski,
  spki,
  uri,
} from "../support/certificates.ts";
import { presented, verdict } from "../support/chains.ts";
import { bitString, extension, implicit, integer, oid, sequence, tlv } from "../support/der.ts";

const roots = [root()];
const verifier = serverVerifier({ provider: node, roots });
const few = 30_000;
const sizeOf = (chain: readonly Bytes[]): number => chain.reduce((sum, { length }) => sum + length, 0);

/** As many as fit into that many bytes. */
function fill(bytes: number, make: (at: number) => Bytes): readonly Bytes[] {
  const made: Bytes[] = [];
  for (let at = 0, left = bytes; left > 0; at++) {
    const one = make(at);
    left -= one.length + 4;
    made.push(one);
  }
  return made;
}
const constrained = (permitted: readonly Bytes[], excluded: readonly Bytes[] = []): Change => ({
  extensions: { [ids.nc]: nc(permitted, excluded) },
});
const named = (names: readonly Bytes[]): Change => ({
  subject: name(["CN", "x"]),
  extensions: { [ids.san]: san([dns("example.com"), ...names]) },
});
const pair = (permitted: readonly Bytes[], excluded: readonly Bytes[], names: readonly Bytes[]): [Bytes, ...Bytes[]] => [
  leaf(named(names)),
  intermediate(constrained(permitted, excluded)),
];
const half = few / 2;
const prefix = Array.from({ length: 8 }, (_, at) => ["O", `o${at}`] as const);
const deep = (last: string): Bytes => directory(name(...prefix, ["CN", last]));

/** Nine authorities of the issuer's name, each with a key that might have signed the leaf, and had to be tried. */
function namesakes(publicKeys: readonly Bytes[], algorithm: Bytes, signature: Bytes): [Bytes, ...Bytes[]] {
  const signed = certificateOf(leaf({ algorithm, innerAlgorithm: algorithm }), algorithm, signature);
  return [signed, ...publicKeys.map((publicKey, at) => intermediate({ publicKey, serial: integer(1, at) }))];
}
/** The same, with another signature. */
const certificateOf = (der: Bytes, algorithm: Bytes, signature: Bytes): Bytes =>
  sequence(parseCertificate(der).tbs, algorithm, bitString(signature));
const rsaSha256 = sequence(oid("1.2.840.113549.1.1.11"), tlv(5));
const ecdsaSha512 = sequence(oid("1.2.840.10045.4.3.4"));
const fieldElement = integer(1, ...Array<number>(64).fill(0x55));
function rsaKey(bits: number, exponent: number): Bytes {
  const seed = Buffer.alloc(128, 0xc5); // odd, and of full length: that is all that the work depends on
  const modulus = Buffer.concat(Array.from({ length: Math.ceil(bits / 1024) }, () => seed));
  const e = exponent.toString(16).padStart(10, "0");
  const key = sequence(integer(0, ...modulus), integer(...Buffer.from(e.replace(/^(00)+(?=[0-7])/, ""), "hex")));
  return sequence(sequence(oid("1.2.840.113549.1.1.1"), tlv(5)), bitString(key));
}

const wide = (count: number): Readonly<Record<string, Bytes>> => {
  const arcs = Array.from({ length: count }, (_, at) => oid(`1.3.6.1.4.1.99999.${128 + at}`));
  return {
    [ids.policies]: extension(ids.policies, false, sequence(...arcs.map((arc) => sequence(arc)))),
    [ids.mappings]: extension(
      ids.mappings,
      true,
      sequence(...arcs.map((arc, at) => sequence(arc, arcs[(at + 1) % count] ?? arc))),
    ),
    [ids.pc]: extension(ids.pc, true, sequence(implicit(0, [0]))),
  };
};

/** Each certifies the next by the same key, under one of few names: a graph with more paths than anybody can walk. */
function crossSigned(keys: Keys): [Bytes, ...Bytes[]] {
  const cross = (subject: string, issuer: string): Bytes =>
    intermediate({
      subject: name(["CN", subject]),
      issuer: name(["CN", issuer]),
      publicKey: spki(keys),
      signer: keys.privateKey,
      extensions: { [ids.ski]: ski(keys), [ids.aki]: aki(keys) },
    });
  const names = ["Intermediate", "A", "B", "C"];
  return [leaf({ signer: keys.privateKey }), ...names.flatMap((one) => names.map((other) => cross(one, other))).slice(0, 40)];
}

const worlds: readonly (readonly [what: string, make: () => [Bytes, ...Bytes[]]])[] = [
  [
    "DNS names against DNS constraints",
    () =>
      pair(
        [],
        fill(half, (at) => dns(`a${at}.example`)),
        fill(half, (at) => dns(`b${at}.example`)),
      ),
  ],
  [
    "long ones",
    () =>
      pair(
        [],
        fill(half, (at) => dns(`a${at}.${"x.".repeat(100)}example`)),
        fill(half, (at) => dns(`b${at}.${"x.".repeat(100)}example`)),
      ),
  ],
  [
    "addresses against networks",
    () =>
      pair(
        [],
        fill(half, (at) => ip(at >> 8, at & 255, 0, 0, 255, 255, 255, 255)),
        fill(half, (at) => ip(at >> 8, at & 255, 0, 1)),
      ),
  ],
  [
    "mailboxes against mailboxes",
    () =>
      pair(
        [],
        fill(half, (at) => email(`${"a".repeat(60)}${at}@example.com`)),
        fill(half, (at) => email(`${"a".repeat(60)}x${at}@example.com`)),
      ),
  ],
  [
    "URIs against hosts",
    () =>
      pair(
        [],
        fill(half, (at) => uri(`.h${at}.example`)),
        fill(half, (at) => uri(`https://u@h${at}.example:1/`)),
      ),
  ],
  [
    "directory names that differ at their end",
    () =>
      pair(
        [deep("permitted")],
        fill(half, (at) => deep(`a${at}`)),
        fill(half, (at) => deep(`b${at}`)),
      ),
  ],
  [
    "one directory name of 40 KB against short ones",
    () => [
      leaf({ subject: name(...Array.from({ length: half / 13 }, () => ["O", "o"] as const)) }),
      intermediate(
        constrained(
          [],
          fill(half, (at) => directory(name(["O", `${at}`]))),
        ),
      ),
    ],
  ],
  [
    "names that are no names",
    () =>
      pair(
        [],
        [dns("example")],
        fill(few, (at) => dns(`${"-".repeat(50)}${at}`)),
      ),
  ],
  ["policies that are mapped in circles", () => [leaf({ extensions: wide(500) }), intermediate({ extensions: wide(800) })]],
  [
    "namesakes with RSA keys of 8192 bits and the largest exponent",
    () =>
      namesakes(
        Array.from({ length: 9 }, () => rsaKey(8192, 2 ** 33 - 1)),
        rsaSha256,
        Uint8Array.from({ length: 1024 }, () => 0x55),
      ),
  ],
  [
    "namesakes on P-521",
    () =>
      namesakes(
        Array.from({ length: 9 }, () => spki(generateKeyPairSync("ec", { namedCurve: "P-521" }))),
        ecdsaSha512,
        sequence(fieldElement, fieldElement),
      ),
  ],
  ["authorities that certify each other by one key", () => crossSigned(newKeys())],
  [
    "extensions without number",
    () => [
      leaf({
        extensions: Object.fromEntries(
          Array.from({ length: 1500 }, (_, at) => {
            const id = `1.3.6.1.4.1.99999.5.${at}`;
            return [id, extension(id, false, tlv(5))];
          }),
        ),
      }),
    ],
  ],
  ["a name of one attribute with 40 KB", () => [leaf({ subject: name(["CN", "\u00e9".repeat(few)]) })]],
];

describe("a chain that is made to cost", () => {
  const took = new Map<string, number>();
  beforeAll(() => {
    verifier.verify(presented([leaf(), intermediate()]));
    return () => console.log([...took].map(([what, ms]) => `${what}: ${ms.toFixed(0)} ms`).join("\n"));
  });
  const cpu = (work: () => void): number => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };

  test.each(worlds)("%s", (what, make) => {
    const chain = make();
    expect(sizeOf(chain)).toBeLessThan(65_536);
    let said = "";
    const ms = cpu(() => {
      said = verdict(verifier, presented(chain));
    });
    took.set(`${what} (${said.slice(0, 60)})`, ms);
    expect(ms).toBeLessThan(1000);
  });

  test("a staple of 60 KB", () => {
    const answers = Array.from({ length: 1500 }, () => sequence(tlv(5)));
    const ms = cpu(() => verdict(verifier, presented([leaf(), intermediate()], { ocspResponse: sequence(...answers) })));
    took.set("a staple of 60 KB", ms);
    expect(ms).toBeLessThan(1000);
  });
});
