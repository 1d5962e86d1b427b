// What is TLS 1.2's alone: whose key is proven by ServerKeyExchange, an end that ends both directions, keys that can't be changed,
// renegotiation, exporters with and without extended_master_secret, and what the two versions must not be led to.
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { ApiMisuse, type Credential, type PresentedIdentity, type ProtocolVersion, type SyncSigner } from "@sallyport/core";
import { fatalAlertsOf, recordsOf } from "../support/outcome.ts";
import { converse, establishedPair, joined, makePair, type Pair, type PairOptions, type Side } from "../support/pair.ts";
import { ResealerTls12 } from "../support/resealer.ts";
import { ScriptedClientTls12, ScriptedServerTls12, extensionsTls12 } from "../support/scripted-tls12.ts";
import { extensions } from "../support/scripted-peer.ts";
import { extension, v8 } from "../support/octets.ts";
import { asyncSigner, asyncVerifier, seededCredential, seededNoble, seededNode, trusting } from "../support/seeded.ts";
import {
  alertsIn,
  contentType,
  messagesIn,
  prf,
  protectionsTls12,
  type ProtectionTls12,
  secretOf,
  serverHelloIn,
} from "../support/wiretap.ts";

const tls12 = { version: "tls1.2" } as const satisfies PairOptions;
const roles = ["client", "server"] as const;
const peerOf = (pair: Pair, role: "client" | "server"): Side => (role === "client" ? pair.server : pair.client);
const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => (at * 31) & 255);

const suites = [
  "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
] as const;
const worlds = [
  { name: "node, at once", provider: seededNode, asynchronous: false },
  { name: "node, of which everything waits", provider: seededNode, asynchronous: true },
  { name: "noble, at once", provider: seededNoble, asynchronous: false },
];

describe.each(worlds)("two machines ($name)", ({ provider, asynchronous }) => {
  test.each(suites)("agree by %s, and read what the other says", (suite) => {
    const pair = establishedPair({ ...tls12, provider, asynchronous, server: { suites: [suite] } });
    for (const role of roles) pair[role].send(pattern(20_000));
    converse(pair);
    for (const role of roles) {
      const { info } = pair[role].established;
      expect(info).toMatchObject({
        version: "tls1.2",
        suite,
        group: "x25519",
        alpn: "sally/1",
        handshakeKind: "full",
        extendedMasterSecret: true,
      });
      expect(Buffer.compare(joined(pair[role].data), pattern(20_000))).toBe(0);
    }
    expect(secretOf(pair.client.keyLog, "CLIENT_RANDOM")).toEqual(secretOf(pair.server.keyLog, "CLIENT_RANDOM"));
  });
});

describe.each(worlds)("a verifier that trusts everyone ($name)", (world) => {
  const honest = seededCredential("server");
  const stranger = seededCredential("stranger");

  function meet(sign: SyncSigner["sign"]): { readonly pair: Pair; readonly judged: readonly PresentedIdentity[] } {
    const judged: PresentedIdentity[] = [];
    const verifier = {
      ...trusting,
      verify: (presented: PresentedIdentity) => {
        judged.push(presented);
        return trusting.verify(presented);
      },
    };
    const signer = { ...honest.signer, sign };
    const credential: Credential = { ...honest, signer: world.asynchronous ? asyncSigner(signer) : signer };
    const pair = makePair({
      ...tls12,
      ...world,
      client: { verifier: world.asynchronous ? asyncVerifier(verifier) : verifier },
      server: { credentials: [credential] },
    });
    converse(pair);
    return { pair, judged };
  }
  function expectRefused(sign: SyncSigner["sign"]): void {
    const {
      pair: { client, server },
      judged,
    } = meet(sign);
    expect([client.connection, client.failure?.error.kind, judged]).toEqual([undefined, "bad-signature", []]);
    expect(fatalAlertsOf(client)).toEqual([{ level: 2, description: 51 }]);
    expect([server.connection, server.failure?.error.kind]).toEqual([undefined, "alert-received"]);
    // Nothing of the client's flight: no share, and no certificate.
    expect(messagesIn(recordsOf(client)).map(([type]) => type)).toEqual([1]);
  }

  test("is asked once about who has signed the share", () => {
    const { pair, judged } = meet(honest.signer.sign);
    expect(judged.map(({ chain }) => chain)).toEqual([honest.chain]);
    expect(pair.client.connection).toBeDefined();
  });

  test("is not asked where another key has signed, or the key something else", () => {
    expectRefused(stranger.signer.sign);
    for (const message of [new Uint8Array(0), pattern(100)]) expectRefused((scheme) => honest.signer.sign(scheme, message));
  });

  test.prop([fc.nat({ max: 200 }), fc.integer({ min: 1, max: 255 })], { numRuns: 10 })(
    "is not asked where one byte of either random or of the share is another than was signed",
    (where, bits) => {
      expectRefused((scheme, message) =>
        honest.signer.sign(
          scheme,
          message.map((byte, at) => (at === where % message.length ? byte ^ bits : byte)),
        ),
      );
    },
  );

  test.prop([fc.nat({ max: 63 }), fc.integer({ min: 1, max: 255 })], { numRuns: 10 })(
    "is not asked where a byte of the signature is another",
    (at, bits) => {
      expectRefused((scheme, message) =>
        honest.signer.sign(scheme, message).map((byte, index) => (index === at ? byte ^ bits : byte)),
      );
    },
  );
});

describe("an end", () => {
  test.each(roles)("that the %s says ends the other direction too, in the very output of the call that heard it", (role) => {
    const pair = establishedPair(tls12);
    const side = pair[role];
    const peer = peerOf(pair, role);
    side.send(Uint8Array.of(1));
    side.sent(side.established.close());
    const before = recordsOf(peer).length;
    peer.hear(side.take());
    expect([peer.closed, joined(peer.data)]).toEqual([true, Uint8Array.of(1)]);
    expect(alertsIn(recordsOf(peer).slice(before))).toEqual([{ level: 1, description: 0 }]);

    const { established } = peer;
    const { length } = peer.output;
    expect(established.receive(pattern(50))).toEqual({
      kind: "closed",
      output: new Uint8Array(0),
      data: [],
      events: [],
      writable: false,
    });
    expect(established.send(Uint8Array.of(1))).toEqual({ kind: "ended", output: new Uint8Array(0) });
    expect(established.sendInto(Uint8Array.of(1), new Uint8Array(100))).toEqual({ kind: "ended", output: new Uint8Array(0) });
    expect(established.close()).toEqual({ kind: "sent", output: new Uint8Array(0) });
    expect(established.receiveEnd().kind).toBe("closed");
    expect(peer.output.length).toBe(length);

    converse(pair);
    expect([side.closed, side.failure, peer.failure]).toEqual([true, undefined, undefined]);
    // It said so itself: this is no surprise.
    expect(() => side.established.send(Uint8Array.of(1))).toThrow(ApiMisuse);
  });

  test("that both say at once is heard by both, and answered by none", () => {
    const pair = establishedPair(tls12);
    for (const role of roles) pair[role].sent(pair[role].established.close());
    converse(pair);
    for (const role of roles) {
      expect([pair[role].closed, pair[role].failure]).toEqual([true, undefined]);
      expect(alertsIn(recordsOf(pair[role]))).toEqual([{ level: 1, description: 0 }]);
    }
  });

  test.each(roles)("of the transport alone leaves a lenient %s its own direction", (role) => {
    const pair = establishedPair({ ...tls12, [role]: { truncation: "lenient" } });
    expect(pair[role].established.receiveEnd()).toMatchObject({ kind: "closed", writable: true });
    pair[role].send(Uint8Array.of(5));
    pair[role].sent(pair[role].established.close());
    converse(pair);
    expect([peerOf(pair, role).closed, joined(peerOf(pair, role).data)]).toEqual([true, Uint8Array.of(5)]);
  });
});

describe("a key that is worn out", () => {
  test.prop(
    [
      fc.constantFrom(...roles),
      fc.integer({ min: 4, max: 12 }),
      fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 12 }),
    ],
    { numRuns: 60 },
  )(
    "seals nothing of the call that is too much for it; the error says so, and the peer has read all that was sent before",
    (role, recordsPerKey, lengths) => {
      const pair = establishedPair({ ...tls12, [role]: { limits: { recordsPerKey } } });
      const side = pair[role];
      const peer = peerOf(pair, role);
      // Finished was the first record, and an alert may be the last.
      let left = recordsPerKey - 2;
      let sent = 0;
      for (const length of lengths) {
        const records = Math.ceil(length / 16384);
        const result = side.established.send(pattern(length));
        side.sent(result);
        if (records > left) {
          expect(result).toMatchObject({
            kind: "failed",
            error: { kind: "key-exhausted", fault: "us", context: { records: recordsPerKey - 1 } },
          });
          break;
        }
        expect(result.kind).toBe("sent");
        left -= records;
        sent += length;
      }
      peer.hear(side.take());
      expect(joined(peer.data).length).toBe(sent);
      expect(recordsOf(side).filter(({ isProtected }) => isProtected).length).toBeLessThanOrEqual(recordsPerKey);
      expect(peer.failure?.error.kind).toBe(side.failure === undefined ? undefined : "alert-received");
    },
  );

  test.each(roles)("seals no more into a window than it may, and tells the %s how much it took", (role) => {
    const pair = establishedPair({ ...tls12, [role]: { limits: { recordsPerKey: 5 } } });
    const side = pair[role];
    const plaintext = pattern(80_000);
    let taken = 0;
    for (;;) {
      const target = new Uint8Array(100_000);
      const result = side.established.sendInto(plaintext.subarray(taken), target);
      if (result.kind !== "sent") {
        expect(result).toMatchObject({
          kind: "failed",
          error: { kind: "key-exhausted" },
          alert: { description: "internal_error" },
        });
        side.sent(result);
        break;
      }
      side.sent({ kind: "sent", output: target.slice(0, result.written) });
      taken += result.taken;
    }
    expect(taken).toBe(3 * 16384);
    converse(pair);
    expect(Buffer.compare(joined(peerOf(pair, role).data), plaintext.subarray(0, taken))).toBe(0);
    expect(recordsOf(side).filter(({ isProtected }) => isProtected).length).toBe(5);
  });

  test.each(roles)("still says close_notify for the %s", (role) => {
    const pair = establishedPair({ ...tls12, [role]: { limits: { recordsPerKey: 4 } } });
    for (let count = 0; count < 2; count++) pair[role].send(Uint8Array.of(1));
    pair[role].sent(pair[role].established.close());
    converse(pair);
    expect([peerOf(pair, role).closed, pair[role].failure]).toEqual([true, undefined]);
  });

  test("is no matter for ChaCha20-Poly1305, whose sequence numbers wear out first", () => {
    const suite = "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256";
    const pair = establishedPair({ ...tls12, server: { suites: [suite], limits: { recordsPerKey: 4 } } });
    for (let count = 0; count < 20; count++) pair.server.send(Uint8Array.of(count));
    converse(pair);
    expect(joined(pair.client.data).length).toBe(20);
  });

  test.each(roles)("can't be replaced: updateKeys of the %s throws, and the connection lives on", (role) => {
    const pair = establishedPair(tls12);
    for (const options of [undefined, { requestPeer: true }]) {
      expect(() => pair[role].established.updateKeys(options)).toThrow(ApiMisuse);
    }
    pair[role].send(Uint8Array.of(3));
    converse(pair);
    expect(joined(peerOf(pair, role).data)).toEqual(Uint8Array.of(3));
  });
});

describe("a wish to renegotiate", () => {
  /** The speaker's own keys, to say what its machine never says. */
  function keysOf({ role, keyLog, output, heard }: Side): ProtectionTls12 {
    const [, clientRandom = "", master = ""] = keyLog.find((line) => line.startsWith("CLIENT_RANDOM "))?.split(" ") ?? [];
    const hello = serverHelloIn(role === "server" ? output : heard);
    if (hello?.suite === undefined) throw new Error("an established side");
    const keys = protectionsTls12(hello.suite, Buffer.from(master, "hex"), Buffer.from(clientRandom, "hex"), hello.random)[role];
    keys.sequence = 1;
    return keys;
  }
  const wishes = { client: Uint8Array.of(0, 0, 0, 0), server: makePair(tls12).client.take().subarray(5) };

  test.each(roles)("that the %s hears is refused politely, with an event, and a second one for good", (role) => {
    const pair = establishedPair(tls12);
    const side = pair[role];
    const keys = keysOf(peerOf(pair, role));
    const before = recordsOf(side).length;
    side.hear(keys.seal(contentType.handshake, wishes[role]));
    expect(alertsIn(recordsOf(side).slice(before))).toEqual([{ level: 1, description: 100 }]);
    expect(side.events).toEqual([{ kind: "renegotiation-refused" }]);

    side.hear(keys.seal(contentType.applicationData, Uint8Array.of(8)));
    peerOf(pair, role).hear(side.take());
    expect(peerOf(pair, role).events).toMatchObject([{ kind: "warning-alert", description: { name: "no_renegotiation" } }]);
    expect([joined(side.data), side.failure]).toEqual([Uint8Array.of(8), undefined]);

    side.hear(keys.seal(contentType.handshake, wishes[role]));
    expect(side.failure).toMatchObject({
      error: { kind: "renegotiation" },
      alert: { level: "fatal", description: "no_renegotiation" },
    });
  });

  test.each(roles)(
    "in any fragments is one wish to the %s, and what is longer than a message may be is refused on its header",
    (role) => {
      const pair = establishedPair(tls12);
      const side = pair[role];
      const keys = keysOf(peerOf(pair, role));
      for (const byte of wishes[role]) side.hear(keys.seal(contentType.handshake, Uint8Array.of(byte)));
      expect(side.events).toEqual([{ kind: "renegotiation-refused" }]);
      side.hear(keys.seal(contentType.handshake, Uint8Array.of(wishes[role][0] ?? 0, 0xff, 0xff, 0xff)));
      expect(side.failure?.error).toMatchObject({ kind: "limit-exceeded" });
    },
  );

  test.each(roles)("behind the %s's own close_notify is refused in silence", (role) => {
    const pair = establishedPair(tls12);
    const side = pair[role];
    const keys = keysOf(peerOf(pair, role));
    side.sent(side.established.close());
    const { length } = side.output;
    side.hear(keys.seal(contentType.handshake, wishes[role]));
    side.hear(keys.seal(contentType.handshake, wishes[role]));
    expect(side.output.length).toBe(length);
    expect(side.failure).toMatchObject({
      error: { kind: "renegotiation" },
      alert: { kind: "none", reason: "own write side closed" },
    });
  });

  test("inside a handshake is ignored by a client, and not hashed: but no more than 32 of them", () => {
    const helloRequests = (count: number): Pair => {
      const pair = makePair(tls12);
      pair.server.hear(pair.client.take());
      for (let at = 0; at < count; at++) pair.client.hear(Uint8Array.of(22, 3, 3, 0, 4, 0, 0, 0, 0));
      converse(pair);
      return pair;
    };
    for (const count of [1, 32]) expect(helloRequests(count).client.connection).toBeDefined();
    expect(helloRequests(33).client.failure).toMatchObject({
      error: { kind: "limit-exceeded" },
      alert: { description: "unexpected_message" },
    });
  });

  test("inside a handshake of TLS 1.3 is an unexpected message to a client that offers nothing else", () => {
    const pair = makePair({ client: { versions: ["tls1.3"] } });
    pair.client.hear(Uint8Array.of(22, 3, 3, 0, 4, 0, 0, 0, 0));
    expect(pair.client.failure?.error.kind).toBe("unexpected-message");
  });
});

describe("exporters", () => {
  const exported = (side: Side, label: string, context: Uint8Array | undefined, length: number): Uint8Array => {
    const result = side.established.exportKeyingMaterial(label, context, length);
    if (result.kind !== "exported") throw new Error(result.kind);
    return result.keyingMaterial;
  };

  test.prop(
    [
      fc.constantFrom("EXPERIMENTAL", "EXPORTER-x", "a b c"),
      fc.option(fc.uint8Array({ maxLength: 300 })),
      fc.integer({ min: 16, max: 300 }),
    ],
    { numRuns: 30 },
  )("are equal on both sides, and are the PRF of the master secret over both randoms", (label, given, length) => {
    const pair = establishedPair(tls12);
    const context = given ?? undefined;
    const ours = exported(pair.client, label, context, length);
    expect(exported(pair.server, label, context, length)).toEqual(ours);
    const { keyLog, heard } = pair.client;
    const master = secretOf(keyLog, "CLIENT_RANDOM") ?? new Uint8Array(0);
    const clientRandom = Buffer.from(keyLog[0]?.split(" ")[1] ?? "", "hex");
    const framed = context === undefined ? [] : [Uint8Array.of(context.length >> 8, context.length & 255), context];
    const seed = Buffer.concat([clientRandom, serverHelloIn(heard)?.random ?? new Uint8Array(0), ...framed]);
    expect(ours).toEqual(prf("sha256", master, label, seed, length));
    expect(exported(pair.server, label, new Uint8Array(0), length)).not.toEqual(exported(pair.server, label, undefined, length));
  });

  test.each(["client finished", "server finished", "master secret", "extended master secret", "key expansion"])(
    "take no label that TLS itself uses: %s",
    (label) => {
      const pair = establishedPair(tls12);
      expect(() => pair.client.established.exportKeyingMaterial(label, undefined, 16)).toThrow(ApiMisuse);
      expect(exported(pair.client, `${label}!`, undefined, 16).length).toBe(16);
    },
  );

  const without = [
    { role: "server", peer: () => new ScriptedClientTls12().leaveOut(extensionsTls12.extendedMasterSecret).to("CONNECTED") },
    {
      role: "client",
      peer: () => {
        const server = new ScriptedServerTls12();
        server.say(server.serverHello({ extensions: [extension(extensions.renegotiationInfo, v8())] })).skipTo("WAIT_CERT");
        return server.to("CONNECTED");
      },
    },
  ];
  test.each(without)("are not to be had without extended_master_secret, and the $role says so", ({ peer }) => {
    const { connection } = peer().machine;
    expect(connection?.info.extendedMasterSecret).toBe(false);
    expect(connection?.exportKeyingMaterial("EXPORTER-x", undefined, 16)).toEqual({
      kind: "unavailable",
      reason: "no-extended-master-secret",
    });
    peer().proceed();
  });
});

describe("versions", () => {
  const both: readonly ProtocolVersion[] = ["tls1.3", "tls1.2"];
  const sets: readonly (readonly ProtocolVersion[])[] = [["tls1.3"], ["tls1.2"], both];

  test.each(sets.flatMap((client) => sets.map((server) => ({ client, server }))))(
    "$client at the client and $server at the server meet in the newest of both, or in none",
    ({ client, server }) => {
      const pair = makePair({ client: { versions: client }, server: { versions: server } });
      converse(pair);
      const common = both.find((version) => client.includes(version) && server.includes(version));
      expect(pair.client.connection?.info.version).toBe(common);
      expect(pair.server.connection?.info.version).toBe(common);
      if (common === undefined) expect(fatalAlertsOf(pair.server)).toEqual([{ level: 2, description: 70 }]);
    },
  );

  test("a server says how far it fell only where it could do better", () => {
    const randomOf = (server: readonly ProtocolVersion[], client: readonly ProtocolVersion[]): string => {
      const pair = makePair({ client: { versions: client }, server: { versions: server } });
      pair.server.hear(pair.client.take());
      return Buffer.from(serverHelloIn(pair.server.output)?.random.subarray(24) ?? []).toString("latin1");
    };
    expect(randomOf(both, ["tls1.2"])).toBe("DOWNGRD\x01");
    expect(randomOf(["tls1.2"], both)).not.toMatch(/DOWNGRD/);
    expect(randomOf(both, both)).not.toMatch(/DOWNGRD/);
  });

  test("who leaves TLS 1.3 out of a hello is found out by the client, before anything is signed for", () => {
    const pair = makePair({ server: { versions: both } });
    // Renamed to a number that nobody knows.
    const hello = Buffer.from(pair.client.take());
    const at = hello.indexOf(Buffer.from([0x00, 0x2b, 0x00, 0x05, 0x04]));
    expect(at).toBeGreaterThan(0);
    hello.writeUInt16BE(0xfa5a, at);
    pair.server.hear(new Uint8Array(hello));
    pair.client.hear(pair.server.take());
    expect(pair.client.failure).toMatchObject({
      error: { kind: "illegal-parameter", context: { field: "random" } },
      alert: { description: "illegal_parameter" },
    });
  });

  test("a client of TLS 1.2 alone offers no session, no share and no versions", () => {
    expect(shapeOf(["tls1.2"])).toEqual({ keyShares: false, sessionId: 0, versions: false });
    expect(shapeOf(both)).toEqual({ keyShares: true, sessionId: 32, versions: true });
  });

  test.each([
    { role: "client", options: { client: { requireExtendedMasterSecret: true } } },
    { role: "server", options: { server: { requireExtendedMasterSecret: true } } },
  ])("a $role that requires extended_master_secret gets it from us, and asks TLS 1.3 for nothing", ({ options }) => {
    for (const version of both) {
      const pair = establishedPair({ ...options, version });
      expect(pair.client.established.info.extendedMasterSecret).toBe(true);
    }
  });
});

/** A hello as bytes show it. */
function shapeOf(versions: readonly ProtocolVersion[]): { keyShares: boolean; sessionId: number; versions: boolean } {
  const hello = Buffer.from(makePair({ client: { versions } }).client.take()).subarray(5);
  const sessionId = hello[38] ?? 0;
  let at = 39 + sessionId;
  at += 2 + hello.readUInt16BE(at);
  at += 1 + (hello[at] ?? 0) + 2;
  const types: number[] = [];
  for (; at < hello.length; at += 4 + hello.readUInt16BE(at + 2)) types.push(hello.readUInt16BE(at));
  return { keyShares: types.includes(extensions.keyShare), sessionId, versions: types.includes(extensions.supportedVersions) };
}

test("a record between change_cipher_spec and Finished that is data is refused", () => {
  for (const role of roles) {
    const pair = makePair(tls12);
    const resealer = new ResealerTls12(pair[role], ({ type, content }, index, keys) => [
      ...(index === 0 ? [keys.seal(contentType.applicationData, Uint8Array.of(1))] : []),
      keys.seal(type, content),
    ]);
    const hearer = peerOf(pair, role);
    for (let turn = 0; turn < 6; turn++) {
      hearer.hear(resealer.pass(pair[role].take()));
      pair[role].hear(hearer.take());
    }
    expect([hearer.failure?.error.kind, hearer.data]).toEqual(["unexpected-message", []]);
  }
});
