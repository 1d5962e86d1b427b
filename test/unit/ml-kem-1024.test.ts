// ML-KEM-1024, alone and beside P-384: for who asks for it.
import { ConfigError, type CryptoProvider, clientConfig, mlKemGroup, type NamedGroup } from "@sallyport/core";
import { mlKem1024Groups as ofNoble, noble } from "@sallyport/crypto-noble";
import { mlKem1024Groups, node } from "@sallyport/crypto-node";
import { describe, expect, test } from "vitest";
import { decodeClientHello } from "../../packages/core/src/wire/client-hello.ts";
import { recordsOf } from "../support/outcome.ts";
import { converse, makePair, type Pair, type PairOptions } from "../support/pair.ts";
import { now, seededRandom, trusting } from "../support/seeded.ts";
import { messagesIn } from "../support/wiretap.ts";

const names = ["MLKEM1024", "SecP384r1MLKEM1024"] as const;
const withNode = (): CryptoProvider => ({ ...node, groups: [...mlKem1024Groups(), ...node.groups] });
const withNoble = (seed: string): CryptoProvider => {
  const random = seededRandom(seed);
  const provider = noble({ random });
  return { ...provider, groups: [...ofNoble({ random }), ...provider.groups] };
};

function met(options: PairOptions): Pair {
  const pair = makePair(options);
  converse(pair);
  return pair;
}
const sharesOf = ({ client }: Pair): (number | undefined)[] => {
  const [raw = new Uint8Array()] = messagesIn(recordsOf(client));
  return (decodeClientHello(Uint8Array.from(raw)).keyShares ?? []).map(({ group }) => group);
};

describe.each([
  ["node", withNode],
  ["noble", withNoble],
] as const)("with %s", (_, provider) => {
  test.each(names)("%s makes a connection, behind a HelloRetryRequest too", (name) => {
    const groups: NamedGroup[] = [name];
    const pair = met({ provider, server: { groups }, client: { groups: [name, "x25519"] } });
    expect([pair.client, pair.server].map(({ established }) => established.info.group)).toEqual([name, name]);
    pair.client.send(Uint8Array.of(1, 2, 3));
    converse(pair);
    expect(pair.server.data).toEqual([Uint8Array.of(1, 2, 3)]);
    const retried = met({ provider, server: { groups }, client: { groups: ["x25519", name] } });
    expect(retried.client.established.info).toMatchObject({ group: name, handshakeKind: "full-after-retry" });
  });
});

test("the two providers agree with one another", () => {
  for (const name of names) {
    const pair = met({
      server: { provider: withNode(), groups: [name] },
      client: { provider: withNoble("other"), groups: [name] },
    });
    expect(pair.client.established.info.group).toBe(name);
  }
});

test("no provider lists them: who wants them says so", () => {
  for (const provider of [node, noble({ random: seededRandom("listed") })]) {
    expect(provider.groups.map(({ name }) => name).filter((name) => name.includes("1024"))).toEqual([]);
  }
});

test.each(names)("%s first, a share of it goes with a classical one, for servers that know no ML-KEM", (name) => {
  const pair = makePair({ provider: withNode, client: { groups: [name, "X25519MLKEM768", "secp256r1", "x25519"] } });
  expect(sharesOf(pair)).toEqual([name === "MLKEM1024" ? 0x0202 : 0x11ed, 0x0017]);
  expect(sharesOf(makePair({ provider: withNode, client: { groups: [name] } }))).toHaveLength(1);
});

test.each(names)("%s is TLS 1.3's: a config of TLS 1.2 that has nothing else is refused", (name) => {
  const make = () => clientConfig({ provider: withNode(), now, verifier: trusting, versions: ["tls1.2"], groups: [name] });
  expect(make).toThrow(ConfigError);
});

const bytes = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(1);
const kem = {
  generate: () => ({ encapsulationKey: bytes(1568), decapsulationKey: "dk" }),
  encapsulate: () => ({ ciphertext: bytes(1568), secret: bytes(32) }),
  decapsulate: () => bytes(32),
};

test("a share that the peer gives in another length, or not reduced, is undefined; another group's key is the caller's mistake", () => {
  const group = mlKemGroup("MLKEM1024", kem);
  const { share, key } = group.start();
  for (const length of [0, 1567, 1569]) {
    expect(group.respond(bytes(length))).toBe(undefined);
    expect(group.complete(key, bytes(length))).toBe(undefined);
  }
  expect(mlKemGroup("MLKEM1024", { ...kem, encapsulate: () => undefined }).respond(share)).toBe(undefined);
  expect(() => group.complete("another", share)).toThrow(expect.objectContaining({ code: "bad-argument" }));
});

test.each([
  ["an encapsulation key", { generate: () => ({ encapsulationKey: bytes(1184), decapsulationKey: "dk" }) }],
  ["a ciphertext", { encapsulate: () => ({ ciphertext: bytes(1088), secret: bytes(32) }) }],
  ["a secret to keep", { encapsulate: () => ({ ciphertext: bytes(1568), secret: bytes(31) }) }],
  ["a secret that was sent", { decapsulate: () => bytes(0) }],
])("a provider that gives %s of another length is at fault", (_, changes) => {
  const group = mlKemGroup("MLKEM1024", { ...kem, ...changes });
  expect(() => {
    const { share, key } = group.start();
    group.respond(share);
    group.complete(key, share);
  }).toThrow(TypeError);
});
