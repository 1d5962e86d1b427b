import { describe, expect, test, vi } from "vitest";
import { Acceptor, type Credential, type Limits } from "@sallyport/core";
import { decodeClientHello, encodeClientHello } from "../../packages/core/src/wire/client-hello.ts";
import { type Extension, extension } from "../../packages/core/src/wire/extensions.ts";
import { encodeKeyUpdate, encodeNewSessionTicket } from "../../packages/core/src/wire/post-handshake.ts";
import { fakeCertificate, fakePublicKey } from "../support/fake-credential.ts";
import { fatalAlertsOf } from "../support/outcome.ts";
import {
  converse,
  establishedPair,
  joined,
  makeClient,
  makeConfigs,
  makePair,
  makeServer,
  type PairOptions,
  Side,
} from "../support/pair.ts";
import { seededCredential } from "../support/seeded.ts";
import { contentType, messagesIn, openAll, pairSuite, Protection, record, secretOf } from "../support/wiretap.ts";

const roles = ["client", "server"] as const;
const unexpectedMessage = 10;
const decodeError = 50;

/** What the peer of `side` seals with behind the handshake. */
function peerKeys(side: Side): Protection {
  const secret = secretOf(side.keyLog, side.role === "server" ? "CLIENT_TRAFFIC_SECRET_0" : "SERVER_TRAFFIC_SECRET_0");
  if (secret === undefined) throw new Error("a key log of a connection");
  return new Protection(pairSuite, secret);
}
function withLimits(limits: Partial<Limits>): PairOptions {
  return { client: { limits }, server: { limits } };
}
function expectLimit(side: Side, limit: keyof Limits | "received", description: number): void {
  expect(side.failure?.error).toMatchObject({ kind: "limit-exceeded", context: { limit } });
  expect(fatalAlertsOf(side)).toEqual([{ level: 2, description }]);
}
const repeated = (count: number, make: (at: number) => Uint8Array): Uint8Array =>
  joined(Array.from({ length: count }, (_, at) => make(at)));

describe.each(roles)("at the %s", (role) => {
  const alert = (keys: Protection): Uint8Array => keys.seal(contentType.alert, Uint8Array.of(1, 90));

  test.each([1, 3, 32])("%d empty records in a row pass, and one more is unexpected_message", (limit) => {
    const side = establishedPair(withLimits({ emptyRecordsInARow: limit }))[role];
    const keys = peerKeys(side);
    const empty = (): Uint8Array => keys.seal(contentType.applicationData, new Uint8Array(0));
    side.hear(repeated(limit, empty));
    side.hear(keys.seal(contentType.applicationData, Uint8Array.of(1)));
    side.hear(repeated(limit, empty));
    expect([side.failure, joined(side.data)]).toEqual([undefined, Uint8Array.of(1)]);
    side.hear(empty());
    expectLimit(side, "emptyRecordsInARow", unexpectedMessage);
  });

  test.each([1, 4])("%d warnings pass, each with its event, and one more is unexpected_message", (limit) => {
    const side = establishedPair(withLimits({ warningAlerts: limit }))[role];
    const keys = peerKeys(side);
    for (let count = 0; count < limit; count++) side.hear(alert(keys));
    expect(side.events.map(({ kind }) => kind)).toEqual(Array.from({ length: limit }, () => "warning-alert"));
    side.hear(keys.seal(contentType.applicationData, Uint8Array.of(1)));
    side.hear(alert(keys));
    expectLimit(side, "warningAlerts", unexpectedMessage);
  });

  test.each([2, 32])("%d messages in a row pass behind the handshake, and one more is unexpected_message", (limit) => {
    const side = establishedPair(withLimits({ postHandshakeInARow: limit }))[role];
    let keys = peerKeys(side);
    const update = (): Uint8Array => {
      const sealed = keys.seal(contentType.handshake, encodeKeyUpdate(false));
      keys = keys.next();
      return sealed;
    };
    side.hear(repeated(limit, update));
    side.hear(keys.seal(contentType.applicationData, Uint8Array.of(1)));
    side.hear(repeated(limit, update));
    expect([side.failure, joined(side.data)]).toEqual([undefined, Uint8Array.of(1)]);
    side.hear(update());
    expectLimit(side, "postHandshakeInARow", unexpectedMessage);
  });

  test.each([1, 2, 5])("%d change_cipher_spec records pass inside the handshake, and one more is unexpected_message", (limit) => {
    const changeCipherSpec = record(contentType.changeCipherSpec, Uint8Array.of(1));
    const hearer = (): Side => {
      const pair = makePair(withLimits({ changeCipherSpecs: limit }));
      // A server takes them from the hello on, a client from its own hello on.
      if (role === "server") pair.server.hear(pair.client.take());
      return pair[role];
    };
    const side = hearer();
    side.hear(repeated(limit, () => changeCipherSpec));
    expect(side.failure).toBeUndefined();
    side.hear(changeCipherSpec);
    expectLimit(side, "changeCipherSpecs", unexpectedMessage);
  });

  test.each([4, 5, 10])("a key seals no more than recordsPerKey = %d records, whatever is sent", (limit) => {
    const pair = establishedPair(withLimits({ recordsPerKey: limit }));
    const side = pair[role];
    const { established } = side;
    for (let count = 0; count < 3; count++) {
      side.send(new Uint8Array(3 * 16384 + 1));
      for (let small = 0; small < 7; small++) side.send(Uint8Array.of(small));
      const target = new Uint8Array(40_000);
      const into = established.sendInto(new Uint8Array(60_000), target);
      if (into.kind !== "sent") throw new Error("the connection lives");
      side.sent({ kind: "sent", output: target.slice(0, into.written) });
    }
    side.sent(established.close());
    expect(recordsOfKeys(side).every((count) => count <= limit)).toBe(true);
    expect(recordsOfKeys(side).length).toBeGreaterThan(3);
    converse(pair);
    const peer = role === "client" ? pair.server : pair.client;
    expect([peer.failure, peer.closed]).toEqual([undefined, true]);
  });
});

/** How many records each traffic key of this side has sealed. */
function recordsOfKeys(side: Side): number[] {
  const opened = openAll(side.role, side.output, side.keyLog);
  const finished = opened.findIndex(({ type, content }) => type === contentType.handshake && endsWithFinished(content));
  const counts = [0];
  for (const { type } of opened.slice(finished + 1)) {
    counts.push((counts.pop() ?? 0) + 1);
    if (type === contentType.handshake) counts.push(0);
  }
  return counts;
}
function endsWithFinished(content: Uint8Array): boolean {
  return messagesIn([{ type: contentType.handshake, content, isProtected: true }]).some(([type]) => type === 20);
}

describe("messages", () => {
  const ticket = (length: number): Uint8Array => {
    const header =
      encodeNewSessionTicket({ lifetime: 1, ageAdd: 1, nonce: new Uint8Array(0), ticket: new Uint8Array(1), extensions: [] })
        .length - 1;
    return encodeNewSessionTicket({
      lifetime: 1,
      ageAdd: 1,
      nonce: new Uint8Array(0),
      ticket: new Uint8Array(length - header),
      extensions: [],
    });
  };

  test.each([1024, 5000, 40_000])(
    "of %d bytes pass where that is the limit, and one more byte is decode_error on the header",
    (limit) => {
      const { client } = establishedPair(withLimits({ handshakeMessage: limit }));
      const keys = peerKeys(client);
      const whole = ticket(limit);
      for (let at = 0; at < whole.length; at += 10_000)
        client.hear(keys.seal(contentType.handshake, whole.subarray(at, at + 10_000)));
      client.hear(keys.seal(contentType.applicationData, Uint8Array.of(1)));
      expect([client.failure, joined(client.data)]).toEqual([undefined, Uint8Array.of(1)]);
      client.hear(keys.seal(contentType.handshake, ticket(limit + 1).subarray(0, 4)));
      expectLimit(client, "handshakeMessage", decodeError);
    },
  );

  test("a Certificate may be as long as its own limit, and no longer", () => {
    const long = (limit: number): Side => {
      const pair = makePair({ client: { limits: { certificateMessage: limit } }, server: { credentials: [chained(20)] } });
      converse(pair);
      return pair.client;
    };
    const unlimited = makePair({ client: { limits: { certificateChain: 20 } }, server: { credentials: [chained(20)] } });
    converse(unlimited);
    const message = messagesIn(openAll("server", unlimited.server.output, unlimited.server.keyLog)).find(([type]) => type === 11);
    const length = message?.length ?? 0;
    expect(length).toBeGreaterThan(1024);
    const atLimit = long(length);
    // As long as it may be; its chain is another limit's.
    expectLimit(atLimit, "certificateChain", decodeError);
    expectLimit(long(length - 1), "certificateMessage", decodeError);
  });

  test.each([1, 3, 10])("a chain of %d certificates passes where that is the limit, and one more is decode_error", (limit) => {
    const meet = (certificates: number): Side => {
      const pair = makePair({
        client: { limits: { certificateChain: limit } },
        server: { credentials: [chained(certificates)] },
      });
      converse(pair);
      return pair.client;
    };
    expect(meet(limit).connection).toBeDefined();
    expectLimit(meet(limit + 1), "certificateChain", decodeError);
  });

  test.each(["tls1.3", "tls1.2"] as const)(
    "a client's chain and its message keep to the server's limits, and not to the client's (%s)",
    (version) => {
      const meet = (limits: Partial<Limits>): Side => {
        const pair = makePair({ version, clientAuth: true, client: { credentials: [chained(5)] }, server: { limits } });
        converse(pair);
        return pair.server;
      };
      expect(meet({ certificateChain: 5 }).connection).toBeDefined();
      expectLimit(meet({ certificateChain: 4 }), "certificateChain", decodeError);
      const long: Credential = { ...chained(1), chain: [chained(1).chain[0], new Uint8Array(2000).fill(0x30)] };
      const pair = makePair({
        version,
        clientAuth: true,
        client: { credentials: [long] },
        server: { limits: { certificateMessage: 1024 } },
      });
      converse(pair);
      expectLimit(pair.server, "certificateMessage", decodeError);
    },
  );

  function chained(certificates: number): Credential {
    const credential = seededCredential("server");
    const above = Array.from({ length: certificates - 1 }, (_, at) => fakeCertificate(fakePublicKey("P-256", at)));
    return { ...credential, chain: [credential.chain[0], ...above] };
  }
});

describe("a ClientHello", () => {
  const alpn = Array.from({ length: 4 }, (_, at) => String(at).repeat(100));
  const raw = (): Uint8Array => makePair({ client: { alpn } }).client.take();
  const helloLength = raw().length - 5;

  test("may be as long as the Acceptor says, and no longer", () => {
    const stage = (maxClientHello: number) => new Acceptor({ maxClientHello }).start().receive(raw());
    expect(stage(helloLength).kind).toBe("accepted");
    expect(stage(helloLength - 1)).toMatchObject({
      kind: "failed",
      error: { kind: "limit-exceeded", context: { limit: "clientHello" } },
      alert: { description: "decode_error" },
    });
  });

  test("may be as long as the config says, and no longer: the first and the second", () => {
    const meet = (limit: number, retry: boolean): Side => {
      const pair = makePair({ retry, client: { alpn }, server: { alpn: [], limits: { clientHello: limit } } });
      converse(pair);
      return pair.server;
    };
    expect(meet(helloLength, false).connection).toBeDefined();
    expectLimit(meet(helloLength - 1, false), "clientHello", decodeError);
    // The second one has a share of 65 bytes instead of 32.
    expect(meet(helloLength + 33, true).connection).toBeDefined();
    expectLimit(meet(helloLength + 32, true), "clientHello", decodeError);
  });

  test("keeps to what the Acceptor says, however much the config allows: the second one too", () => {
    const meet = (maxClientHello: number): Side => {
      const configs = makeConfigs({ retry: true, client: { alpn }, server: { alpn: [] } });
      const first = new Acceptor({ maxClientHello }).start();
      const server = new Side("server", configs.server.keyLog, first, undefined, configs.server.config);
      converse({ client: makeClient(configs.client), server });
      return server;
    };
    expect(meet(helloLength + 33).connection).toBeDefined();
    expectLimit(meet(helloLength + 32), "clientHello", decodeError);
  });

  test("may take as many bytes on the wire as the Acceptor says, up to the end of the record that completes it", () => {
    const hello = raw().subarray(5);
    const inPieces = joined(Array.from(hello, (byte) => record(contentType.handshake, Uint8Array.of(byte))));
    const stage = (maxReceived: number) =>
      new Acceptor({ maxReceived }).start().receive(joined([inPieces, new Uint8Array(100_000)]));
    expect(stage(inPieces.length).kind).toBe("accepted");
    const failed = stage(inPieces.length - 1);
    expect(failed).toMatchObject({ kind: "failed", error: { kind: "limit-exceeded", context: { limit: "received" } } });
  });
});

describe("early data that is rejected", () => {
  /** The client's hello, with early data that belongs to another session. */
  function offering(): Uint8Array {
    const hello = decodeClientHello(Uint8Array.from(makePair().client.take().subarray(5)));
    const psk = extension("pre_shared_key", (writer) => {
      writer.vector(2, () => writer.opaque(2, new Uint8Array(20)).u32(1)).vector(2, () => writer.opaque(1, new Uint8Array(32)));
    });
    const modes = extension("psk_key_exchange_modes", (writer) => writer.opaque(1, Uint8Array.of(1)));
    const extensions: Extension[] = [...(hello.extensions as Extension[]), modes, extension("early_data"), psk];
    const { legacyVersion, random, legacySessionId, compressionMethods } = hello;
    const cipherSuites = hello.cipherSuites.map(({ id }) => id);
    return record(
      contentType.handshake,
      encodeClientHello({ legacyVersion, random, legacySessionId, cipherSuites, compressionMethods, extensions }),
    );
  }

  test.each([
    { name: "behind the server's flight", retry: false },
    { name: "behind a retry", retry: true },
  ])("is skipped up to its limit, as on the wire, and one more byte is unexpected_message: $name", ({ retry }) => {
    for (const size of [100, 16384 + 17]) {
      const early = record(contentType.applicationData, new Uint8Array(size).fill(7));
      const meet = (limit: number): Side => {
        const server = makeServer(makeConfigs({ retry, server: { limits: { skippedEarlyData: limit } } }).server);
        server.hear(joined([offering(), early, early]));
        return server;
      };
      expect(meet(2 * early.length).stage.kind).toBe("needs-input");
      expectLimit(meet(2 * early.length - 1), "skippedEarlyData", unexpectedMessage);
    }
  });
});

describe("memory and work", () => {
  test("are for what arrived, and not for what was announced", () => {
    const limits = { handshakeMessage: 2 ** 24 + 4, certificateMessage: 2 ** 24 + 4 };
    const sides = Array.from({ length: 100 }, () => {
      const pair = makePair({ client: { limits } });
      pair.server.hear(pair.client.take());
      return pair.client;
    });
    const before = process.memoryUsage().arrayBuffers;
    for (const side of sides) side.hear(record(contentType.handshake, Uint8Array.of(2, 255, 255, 255, 3, 3, 1, 1, 1, 1)));
    expect(sides.every(({ failure }) => failure === undefined)).toBe(true);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
  });

  test("are twice what arrived of a record, and not what its header announced", () => {
    const begun = record(contentType.handshake, new Uint8Array(16_384).fill(1)).subarray(0, 505);
    const before = process.memoryUsage().arrayBuffers;
    const stages = Array.from({ length: 1000 }, () => new Acceptor().start().receive(begun));
    expect(stages.every(({ kind }) => kind === "needs-input")).toBe(true);
    // Once in the record, once in what `accepted.received` will be.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1000 * 4 * begun.length);
  });

  /** Bytes that were copied while this runs. */
  function copied(run: () => void): number {
    let bytes = 0;
    const prototype = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array;
    const { set } = prototype;
    const spy = vi.spyOn(prototype, "set").mockImplementation(function (this: Uint8Array, source, offset) {
      bytes += source.length;
      set.call(this, source, offset);
    });
    run();
    spy.mockRestore();
    return bytes;
  }

  test.each([
    { name: "a hello that comes byte by byte, in records of one byte", chunk: 1, fragment: 1 },
    { name: "a hello in records of one byte that come at once", chunk: 100_000, fragment: 1 },
    { name: "a hello in one record that comes byte by byte", chunk: 1, fragment: 16_384 },
  ])("grow with what arrives: $name", ({ chunk, fragment }) => {
    const work = (length: number): number => {
      const hello = joined([Uint8Array.of(1, 0, (length + 100) >> 8, (length + 100) & 255), new Uint8Array(length)]);
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < hello.length; at += fragment)
        pieces.push(record(contentType.handshake, hello.subarray(at, at + fragment)));
      const wire = joined(pieces);
      return copied(() => {
        let stage = new Acceptor({ maxReceived: 1e9 }).start();
        for (let at = 0; at < wire.length; at += chunk) {
          const next = stage.receive(wire.subarray(at, at + chunk));
          if (next.kind !== "needs-input") throw new Error(next.kind);
          stage = next;
        }
      });
    };
    const [once, fourfold] = [work(3_000), work(12_000)];
    expect(fourfold / once).toBeLessThan(6);
    expect(fourfold).toBeLessThan(12_000 * 6 * 6);
  });
});
