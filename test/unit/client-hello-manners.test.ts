// How a client says its hello: GREASE (RFC 8701), order, padding (RFC 7685), records.
import { fc, test as property } from "@fast-check/vitest";
import { type ClientOptions, clientConfig, Connector, dangerousAssertVerified } from "@sallyport/core";
import { describe, expect, test } from "vitest";
import { decodeClientHello, type DecodedClientHello } from "../../packages/core/src/wire/client-hello.ts";
import { extensionIds, isGrease } from "../../packages/core/src/wire/registry.ts";
import { extension, type Octets, replaced, text, u16, v16, v8 } from "../support/octets.ts";
import { converse, makePair, type PairOptions } from "../support/pair.ts";
import { extensions, groups, ScriptedServer, type ServerHelloScript } from "../support/scripted-peer.ts";
import { now, seededNode, trusting } from "../support/seeded.ts";
import { contentType, parseRecords } from "../support/wiretap.ts";

interface Said {
  readonly hello: DecodedClientHello;
  /** Content bytes of its records. */
  readonly records: readonly number[];
}

function sayHello(options: Partial<ClientOptions> = {}, seed = "a", serverName = "localhost"): Said {
  const config = clientConfig({ provider: seededNode(seed), now, verifier: trusting, ...options });
  return readHello(new Connector(config, serverName).start().output);
}

/** The handshake message of these records. */
function readHello(bytes: Uint8Array): Said {
  const records: number[] = [];
  const message: number[] = [];
  for (const { type, fragment } of parseRecords(bytes).records) {
    if (type !== contentType.handshake) continue; // change_cipher_spec before the second hello
    records.push(fragment.length);
    message.push(...fragment);
  }
  return { hello: decodeClientHello(Uint8Array.from(message)), records };
}

const orderOf = ({ extensions }: DecodedClientHello): number[] => extensions.map(({ type }) => type.id);
const bodyOf = ({ extensions }: DecodedClientHello, id: number): string =>
  String(extensions.find(({ type }) => type.id === id)?.data);

/** Both hellos of a client that is asked for another share, and that all goes well behind them. */
function retried(options: PairOptions): readonly [DecodedClientHello, DecodedClientHello] {
  const pair = makePair({ retry: true, ...options });
  const first = pair.client.take();
  pair.server.hear(first);
  pair.client.hear(pair.server.take());
  const second = pair.client.take();
  pair.server.hear(second);
  converse(pair);
  expect(pair.server.established.info.handshakeKind).toMatch(/after-retry/);
  return [readHello(first).hello, readHello(second).hello];
}

test("a cookie that HelloRetryRequest asks for comes back, and the handshake goes on; each connection has its own", () => {
  const cookies = ["a", "b"].map((seed) => {
    const [first, second] = retried({
      seed,
      server: { groups: ["secp256r1"], retryCookie: true },
      client: { grease: true, padding: true },
    });
    expect(first.cookie).toBeUndefined();
    expect(second.cookie?.length).toBe(32);
    return String(second.cookie);
  });
  expect(new Set(cookies).size).toBe(2);
});

describe("order", () => {
  test("is another one for each connection, and the same for the same random bytes", () => {
    const orders = new Set(["a", "b", "c", "d", "e", "f"].map((seed) => orderOf(sayHello({}, seed).hello).join()));
    expect(orders.size).toBeGreaterThan(4);
    expect(orderOf(sayHello({}, "a").hello)).toEqual(orderOf(sayHello({}, "a").hello));
  });

  test("changes nothing else: the same extensions with the same bodies", () => {
    const plain = sayHello({ permuteExtensions: false }).hello;
    const permuted = sayHello().hello;
    expect(orderOf(permuted).toSorted()).toEqual(orderOf(plain).toSorted());
    for (const { type } of plain.extensions) {
      if (type.name !== "key_share") expect(bodyOf(permuted, type.id)).toBe(bodyOf(plain, type.id));
    }
  });

  test("`permuteExtensions: false` is always the same", () => {
    const plain = (seed: string): number[] => orderOf(sayHello({ permuteExtensions: false }, seed).hello);
    expect(plain("a")).toEqual(plain("b"));
  });

  test("each extension gets to each place", () => {
    const places = new Map<number, Set<number>>();
    for (let seed = 0; seed < 400; seed++) {
      for (const [place, id] of orderOf(sayHello({ versions: ["tls1.3"] }, String(seed)).hello).entries()) {
        places.set(id, (places.get(id) ?? new Set()).add(place));
      }
    }
    for (const [id, seen] of places) expect([id, seen.size]).toEqual([id, places.size]);
  });

  test("the last extension is never an empty one", () => {
    for (let seed = 0; seed < 200; seed++) {
      for (const grease of [false, true]) {
        expect(sayHello({ grease, versions: ["tls1.2"] }, String(seed)).hello.extensions.at(-1)?.data.length).toBeGreaterThan(0);
      }
    }
  });

  test.each([{}, { client: { grease: true, padding: true } }])("stays the same in the second hello (%j)", (options) => {
    const [first, second] = retried(options);
    expect(orderOf(second)).toEqual(orderOf(first));
  });

  test("pre_shared_key is the last, in both hellos, with padding before it", () => {
    for (const seed of ["a", "b", "c"]) {
      const client = { grease: true, padding: true };
      const pair = makePair({ seed, resumed: "sealed", client });
      const { hello } = readHello(pair.client.take());
      expect(orderOf(hello).at(-1)).toBe(extensionIds.pre_shared_key);
      const both = retried({ seed, resumed: "sealed", client: { ...client, alpn: ["x".repeat(40)] }, server: { alpn: [] } });
      for (const each of both) expect(orderOf(each).at(-1)).toBe(extensionIds.pre_shared_key);
    }
  });
});

describe("padding", () => {
  const small = { versions: ["tls1.3"], groups: ["x25519"], alpn: [] } as const;
  const nameOf = (length: number): string => `${"a".repeat(60)}.`.repeat(5).slice(0, length).replace(/\.$/, "a");

  property.prop([fc.integer({ min: 1, max: 250 }), fc.boolean(), fc.boolean(), fc.integer({ min: 0, max: 999 })])(
    "no hello has 256 to 511 bytes; one that would have becomes 512, or as little more as it can",
    (length, grease, permuteExtensions, seed) => {
      const options = { ...small, grease, permuteExtensions };
      const before = sayHello(options, String(seed), nameOf(length)).hello;
      const after = sayHello({ ...options, padding: true }, String(seed), nameOf(length)).hello;
      const odd = before.raw.length >= 256 && before.raw.length < 512;
      if (!odd) {
        expect(after.raw).toEqual(before.raw);
        return;
      }
      // An extension has four bytes, and one of its own.
      expect(after.raw.length).toBe(Math.max(512, before.raw.length + 5));
      const zeros = after.extensions.find(({ type }) => type.id === extensionIds.padding)?.data;
      expect(zeros?.length).toBeGreaterThan(0);
      expect(zeros?.every((byte) => byte === 0)).toBe(true);
      expect(orderOf(after).slice(0, -1)).toEqual(orderOf(before));
    },
  );

  test("counts a session's identity and binder, which follow it; the server verifies the binder", () => {
    for (const alpn of [[], ["h2"], ["x".repeat(60)]]) {
      const pair = makePair({
        resumed: "stored",
        client: { ...small, alpn, padding: true, permuteExtensions: false },
        server: { alpn, versions: ["tls1.3"] },
      });
      const bytes = pair.client.take();
      const { hello } = readHello(bytes);
      expect(hello.offersPsk).toBe(true);
      expect([hello.raw.length, hello.raw.length < 256 || hello.raw.length >= 512]).toEqual([hello.raw.length, true]);
      pair.server.hear(bytes);
      converse(pair);
      expect(pair.server.established.info.handshakeKind).toBe("resumed");
    }
  });

  test("the second hello has its own", () => {
    const [first, second] = retried({
      client: { ...small, groups: ["x25519", "secp256r1"], alpn: ["sally/1", "x".repeat(99)], padding: true },
    });
    expect([first.raw.length, second.raw.length]).toEqual([512, 512]);
    expect(bodyOf(second, extensionIds.padding)).not.toBe(bodyOf(first, extensionIds.padding));
  });
});

describe("GREASE", () => {
  const full = { grease: true, alpn: ["h2", "http/1.1"], sessions: { take: () => undefined, put: () => {} } } as const;

  test("one value that means nothing stands first in each list, and two extensions mean nothing", () => {
    const { hello } = sayHello(full);
    const { cipherSuites, groups = [], keyShareGroups, signatureSchemes = [], versions, alpn, pskModes = [], extensions } = hello;
    for (const list of [cipherSuites, groups, keyShareGroups, signatureSchemes, versions]) {
      expect(list.map(({ id }) => isGrease(id))).toEqual([true, ...list.slice(1).map(() => false)]);
    }
    expect(keyShareGroups[0]).toEqual(groups[0]);
    expect(isGrease(Buffer.from(alpn[0] ?? "", "latin1").readUInt16BE())).toBe(true);
    expect(alpn.slice(1)).toEqual(full.alpn);
    expect([0x0b, 0x2a, 0x49, 0x68, 0x87, 0xa6, 0xc5, 0xe4]).toContain(pskModes[0]);
    expect(pskModes.slice(1)).toEqual([1]);
    const meaningless = extensions.filter(({ type }) => isGrease(type.id));
    expect(meaningless.map(({ data }) => data.length).toSorted()).toEqual([0, 1]);
    expect(new Set(meaningless.map(({ type }) => type.id)).size).toBe(2);
  });

  test("values are drawn anew for each connection, over the whole range", () => {
    const suites = new Set(Array.from({ length: 200 }, (_, seed) => sayHello(full, String(seed)).hello.cipherSuites[0]?.id));
    expect(suites.size).toBe(16);
  });

  test.each(["tls1.3", "tls1.2"] as const)("a server of %s ignores it", (version) => {
    const pair = makePair({ version, client: { grease: true } });
    converse(pair);
    expect(pair.server.established.info.version).toBe(version);
    expect(pair.client.established.info.alpn).toBe("sally/1");
  });

  test("the second hello keeps it, but for the one share that was asked for", () => {
    const [first, second] = retried({ client: { grease: true } });
    expect(second.keyShareGroups.map(({ name }) => name)).toEqual(["secp256r1"]);
    expect(second.cipherSuites).toEqual(first.cipherSuites);
    for (const { type, data } of first.extensions) {
      if (type.name !== "key_share") expect(bodyOf(second, type.id)).toBe(String(data));
    }
  });

  describe("a server that takes it up gets illegal_parameter:", () => {
    const verifier = { schemes: ["ecdsa_secp256r1_sha256"], label: "trusts", verify: dangerousAssertVerified } as const;
    const scripted = (): ScriptedServer => new ScriptedServer({ config: { ...full, verifier, provider: seededNode("echo") } });
    // The same seed draws the same values in the same order.
    const said = sayHello({ ...full, verifier, versions: ["tls1.3"] }, "echo").hello;
    const grease = (list: readonly { readonly id: number }[] | undefined): number =>
      list?.find(({ id }) => isGrease(id))?.id ?? 0;
    const unknown = said.extensions.find(({ type }) => isGrease(type.id))?.type.id ?? 0;
    const illegal = { kind: "alert", level: "fatal", description: "illegal_parameter" };
    const answer = (server: ScriptedServer, type: number, ...body: readonly Octets[]): Partial<ServerHelloScript> => {
      const plain = [extension(extensions.supportedVersions, u16(0x0304)), server.keyShare(groups.x25519)];
      return { extensions: replaced(plain, extension(type, ...body)) };
    };

    test("the client offers these very values", () => {
      const server = scripted();
      expect(server.sessionId).toEqual(said.legacySessionId);
      expect([...server.shares.keys()]).toEqual(said.keyShareGroups.map(({ id }) => id));
      expect(grease(said.cipherSuites) > 0 && unknown > 0).toBe(true);
    });

    test.each<[string, (server: ScriptedServer) => Partial<ServerHelloScript>]>([
      ["suite", () => ({ suite: grease(said.cipherSuites) })],
      ["version", (server) => answer(server, extensions.supportedVersions, u16(grease(said.versions)))],
      ["share", (server) => answer(server, extensions.keyShare, u16(grease(said.groups)), v16([0]))],
      ["extension", (server) => answer(server, unknown)],
    ])("a %s", (_, change) => {
      const server = scripted().to("WAIT_SH");
      server.say(server.serverHello(change(server)));
      expect(server.machine.failure?.alert).toEqual(illegal);
    });

    test("a group in HelloRetryRequest", () => {
      const server = scripted().to("WAIT_SH");
      server.say(
        server.retryRequest({
          extensions: [
            extension(extensions.supportedVersions, u16(0x0304)),
            extension(extensions.keyShare, u16(grease(said.groups))),
          ],
        }),
      );
      expect(server.machine.failure?.alert).toEqual(illegal);
    });

    test("an extension or a protocol in EncryptedExtensions", () => {
      for (const answer of [extension(unknown), extension(extensions.alpn, v16(v8(text(said.alpn[0] ?? ""))))]) {
        const server = scripted().to("WAIT_EE");
        server.say(server.encryptedExtensions(answer));
        expect(server.machine.failure?.alert).toEqual(illegal);
      }
    });

    test("a scheme in CertificateVerify", () => {
      const server = scripted().to("WAIT_CV");
      const own = server.certificateVerify();
      const scheme = grease(said.signatureSchemes);
      server.say(Uint8Array.from(own, (byte, at) => (at === 4 ? scheme >> 8 : at === 5 ? scheme & 0xff : byte)));
      expect(server.machine.failure?.alert).toEqual(illegal);
    });
  });
});

describe("records", () => {
  test("`clientHelloRecordSize` bounds them, in both hellos, and the server reads on", () => {
    for (const size of [64, 100, 512]) {
      const { hello, records } = sayHello({ clientHelloRecordSize: size });
      expect(records.slice(0, -1).every((length) => length === size)).toBe(true);
      expect(records.reduce((sum, length) => sum + length, 0)).toBe(hello.raw.length);
      retried({ client: { clientHelloRecordSize: size } });
    }
  });

  test("what follows the hello is as it was", () => {
    const lengths = (options: Partial<ClientOptions>): number => {
      const pair = makePair({ version: "tls1.2", clientAuth: true, client: { permuteExtensions: false, ...options } });
      const hello = pair.client.take();
      pair.server.hear(hello);
      converse(pair);
      pair.client.established;
      return pair.client.output.length - hello.length;
    };
    expect(lengths({ clientHelloRecordSize: 64 })).toBe(lengths({}));
  });

  test.each([
    [{ clientHelloRecordSize: 63 }, /clientHelloRecordSize: is 63, which makes more headers than hello; give 64 to 16384/],
    [{ clientHelloRecordSize: 16_385 }, /no record holds more/],
    [{ clientHelloRecordSize: 0.5 }, /clientHelloRecordSize: is 0.5/],
    [{ grease: 1 as unknown as boolean }, /grease: is neither true nor false/],
    [{ padding: "yes" as unknown as boolean }, /padding: is neither/],
  ])("refused when the config is made: %j", (options, expected) => {
    expect(() => sayHello(options)).toThrow(expected);
  });
});
