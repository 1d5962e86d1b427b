// Records that are refused, or are not: what of it the alert table does not see, since it looks at the alert alone.
import { describe, expect, test } from "vitest";
import type { CryptoProvider } from "@sallyport/core";
import { earlyClient, takesEarly } from "../alerts/sessions.ts";
import { extension, message, record, repeat, text, u16 } from "../support/octets.ts";
import { establishedPair, joined, makePair } from "../support/pair.ts";
import { content, extensions, ScriptedClient, type ScriptedPeer, ScriptedServer, types } from "../support/scripted-peer.ts";
import { ScriptedClientTls12, ScriptedServerTls12 } from "../support/scripted-tls12.ts";
import { seededNode } from "../support/seeded.ts";

const errorOf = ({ machine }: ScriptedPeer): unknown => machine.failure?.error;
const refused = (kind: string, context: object, section?: string): unknown =>
  expect.objectContaining({ kind, context: expect.objectContaining(context), ...(section !== undefined && { section }) });

const versions = [
  ["tls1.3", () => [new ScriptedClient().to("CONNECTED"), new ScriptedServer().to("CONNECTED")]],
  ["tls1.2", () => [new ScriptedClientTls12().to("CONNECTED"), new ScriptedServerTls12().to("CONNECTED")]],
] as const;

describe("a content type is told by its name, or by its number", () => {
  test.each([
    [19, "content type 19"],
    [24, "content type 24"],
    [0, "content type 0"],
  ])("in clear: %d", (type, received) => {
    const client = new ScriptedClient({ shares: [] }).to("RETRIED");
    expect(errorOf(client.bytes(record(type, [1])))).toEqual(refused("unexpected-record", { received }));
  });
  test.each([
    [20, "change_cipher_spec inside a protected record"],
    [24, "content type 24 inside a protected record"],
    [255, "content type 255 inside a protected record"],
  ])("inside a protected record of TLS 1.3: %d", (type, received) => {
    for (const peer of versions[0][1]()) {
      expect(errorOf(peer.record(type, [1]))).toEqual(refused("unexpected-record", { received }));
    }
  });
  test("application data in clear are no data, whoever sends them", () => {
    for (const peer of [new ScriptedClient(), new ScriptedServer().to("WAIT_SH"), new ScriptedServerTls12().to("WAIT_SH")]) {
      const received = "application_data without protection";
      expect(errorOf(peer.bytes(record(content.data, [1])))).toEqual(refused("unexpected-record", { received }));
    }
  });
});

describe("a change_cipher_spec", () => {
  test("is told as what it is where none may come, and as a malformed one wherever it is another", () => {
    const received = "change_cipher_spec";
    expect(errorOf(new ScriptedClient().bytes(record(content.changeCipherSpec, [1])))).toEqual(
      refused("unexpected-record", { received }),
    );
    for (const peer of [() => new ScriptedClient(), () => new ScriptedServer().to("WAIT_SH")]) {
      for (const body of [[], [0], [2], [1, 1], [1, 0], [2, 1]]) {
        const malformed = refused("unexpected-record", { received: "a malformed change_cipher_spec" });
        expect(errorOf(peer().bytes(record(content.changeCipherSpec, body)))).toEqual(malformed);
      }
    }
  });
});

describe("an alert", () => {
  test("in clear is nobody's word for sure, and one that was opened is the peer's", () => {
    const inClear = [
      new ScriptedServer().to("WAIT_SH"),
      new ScriptedClient({ shares: [] }).to("RETRIED"),
      new ScriptedServerTls12().to("WAIT_SH"),
    ];
    // A client that fails on ServerHello has no keys to say so with.
    const without = [new ScriptedClient().to("WAIT_FINISHED")];
    for (const [peers, authenticated] of [
      [inClear, false],
      [without, false],
      [versions[0][1](), true],
      [versions[1][1](), true],
    ] as const) {
      for (const peer of peers) {
        const sealed = authenticated ? peer.sealed(content.alert, [2, 40]) : record(content.alert, [2, 40]);
        expect(errorOf(peer.bytes(sealed))).toEqual(refused("alert-received", { authenticated, level: "fatal" }));
      }
    }
  });
  test("that closes too early says as well whether it is the peer's", () => {
    for (const peer of [new ScriptedServer().to("WAIT_SH"), new ScriptedClient().to("WAIT_FINISHED")]) {
      expect(errorOf(peer.bytes(record(content.alert, [1, 0])))).toEqual(refused("closed-early", { authenticated: false }));
    }
    for (const peer of [new ScriptedServer().to("WAIT_EE"), new ScriptedClient().to("WAIT_FINISHED")]) {
      expect(errorOf(peer.alert(1, 0))).toEqual(refused("closed-early", { authenticated: true }));
    }
  });
  test("in clear is taken no more once a record was opened, and never where nobody has fewer keys than we", () => {
    const opened = new ScriptedClient().to("WAIT_FINISHED").record(content.handshake, message(types.finished).subarray(0, 1));
    for (const peer of [opened, new ScriptedServer().to("WAIT_EE"), ...versions[0][1]()]) {
      expect(errorOf(peer.bytes(record(content.alert, [2, 40])))).toEqual(refused("bad-record-mac", {}));
    }
  });
  test.each(versions)("%s: user_canceled is a warning at either level, and at no other (RFC 9846 §6.1)", (_, connected) => {
    for (const level of [1, 2]) {
      for (const peer of connected()) {
        const { machine } = peer.alert(level, 90);
        expect(machine.failure).toBeUndefined();
        expect(machine.events.at(-1)).toMatchObject({ kind: "warning-alert", description: { name: "user_canceled" } });
      }
    }
    for (const level of [0, 3, 255]) {
      for (const peer of connected()) {
        expect(errorOf(peer.alert(level, 90))).toEqual(refused("alert-received", { level: "unknown" }));
      }
    }
  });
});

/** Behind the hello of a client whose early data the server skips. */
function skipping(): ScriptedClient {
  const client = earlyClient({ config: { label: "another" } });
  client.say(client.encodedHello());
  client.useHandshakeKeys();
  return client;
}

describe("in the handshake", () => {
  const under = (): ScriptedPeer[] => [
    new ScriptedServer().to("WAIT_EE"),
    new ScriptedServer().to("WAIT_FINISHED"),
    new ScriptedClient().to("WAIT_FINISHED"),
  ];
  test("data are none, empty or not, and whoever says them is told what was waited for", () => {
    for (const length of [0, 1]) {
      for (const peer of under()) {
        const received = "application_data";
        expect(errorOf(peer.record(content.data, repeat(length)))).toEqual(refused("unexpected-message", { received }));
      }
    }
  });
  test("a warning is told when it is established, and nothing more comes of it", () => {
    for (const peer of under()) {
      const { machine } = peer.alert(1, 90).proceed();
      expect(machine.events[0]).toMatchObject({ kind: "warning-alert", description: { name: "user_canceled" } });
    }
  });
  test("a HelloRequest is of no account to a client of TLS 1.2, and is not even hashed (RFC 5246 §7.4.1.1)", () => {
    for (const state of ["WAIT_SH", "WAIT_CERT", "WAIT_SKE", "WAIT_SHD"] as const) {
      const server = new ScriptedServerTls12().to(state);
      server.record(content.handshake, message(0));
      expect(server.proceed().machine.failure).toBeUndefined();
    }
  });
  test("what fails behind its end fails with the stage's output: what was received says nothing of its own", () => {
    const pair = makePair();
    pair.server.hear(pair.client.take());
    pair.client.hear(pair.server.take());
    pair.server.hear(joined([pair.client.take(), record(content.data, repeat(40))]));
    const { stage } = pair.server;
    if (stage.kind !== "established") throw new Error(stage.kind);
    expect(stage.received).toMatchObject({ kind: "failed", error: { kind: "bad-record-mac" }, output: repeat(0) });
    // Two tickets would be before it; an alert is 24 bytes.
    expect(stage.output.subarray(-24)).toHaveLength(24);
    expect([...stage.output.subarray(-24, -19)]).toEqual([23, 3, 3, 0, 19]);
  });
});

describe("early data that are not taken", () => {
  test("are application data, and nothing else is skipped with them", () => {
    const client = skipping();
    const sealed = client.earlyKeys().seal([...text("early"), content.data]);
    expect(errorOf(client.bytes(sealed))).toBeUndefined();
    expect(errorOf(skipping().bytes(record(content.handshake, repeat(40, 1))))).toEqual(refused("bad-record-mac", {}));
  });
  test("are counted as they are on the wire, and told so behind the last", () => {
    const client = skipping();
    const sealed = client.earlyKeys().seal([...repeat(4000, 7), content.data]);
    let sent = 0;
    for (let count = 0; count < 20 && client.machine.failure === undefined; count++) {
      client.bytes(sealed);
      sent += sealed.length;
    }
    const skipped = { limit: "skippedEarlyData", allowed: 16_384, received: sent };
    expect(errorOf(client)).toEqual(refused("limit-exceeded", skipped));
  });
});

test.each(versions)("%s: what comes too often is told by how often it came", (_, connected) => {
  for (const peer of connected()) {
    for (let count = 0; count < 33; count++) peer.record(content.data, []);
    const context = { limit: "emptyRecordsInARow", allowed: 32, received: 33 };
    expect(errorOf(peer)).toEqual(refused("limit-exceeded", context));
  }
});

describe("early data that are taken", () => {
  test("are all that is taken: a record that does not open is no early data of somebody else's", () => {
    const client = earlyClient().to("WAIT_EOED");
    expect(errorOf(client.bytes(record(content.data, repeat(40, 1))))).toEqual(refused("bad-record-mac", {}));
  });
  test("show for each record that holds some", () => {
    const client = earlyClient().to("WAIT_EOED");
    for (const length of [0, 3, 0, 0, 1]) client.record(content.data, repeat(length, 7));
    expect(client.to("CONNECTED").machine.early.map(({ length }) => length)).toEqual([3, 1]);
  });
  test("may be in records as long as any: they were made before our limit was known (RFC 8449 §4)", () => {
    const config = { ...takesEarly, maxRecordSize: 100 };
    const limited = (): ScriptedClient => earlyClient({ config }).extend(extension(extensions.recordSizeLimit, u16(16_385)));
    const client = limited().to("WAIT_EOED").record(content.data, repeat(500, 7));
    expect([errorOf(client), client.machine.early.map(({ length }) => length)]).toEqual([undefined, [500]]);
    client.to("WAIT_FINISHED").record(content.handshake, repeat(101));
    expect(errorOf(client)).toEqual(refused("record-overflow", { allowed: 100 }));
  });
});

describe("what is sealed may be longer than its plaintext, by what its version allows and by no byte more", () => {
  const most = 2 ** 14;
  const header = (type: number, length: number): number[] => [type, 3, 3, length >> 8, length & 255];
  test.each([
    ["TLS 1.3 (RFC 9846 §5.2)", versions[0][1], [content.data], 256],
    ["TLS 1.2 (RFC 5246 §6.2.3)", versions[1][1], [content.alert, content.handshake, content.data], 2048],
    ["early data that are not taken", () => [skipping()], [content.data], 256],
  ] as const)("%s", (_, peers, types, expansion) => {
    for (const type of types) {
      for (const peer of peers()) {
        peer.bytes(header(type, most + expansion));
        expect(errorOf(peer)).toBeUndefined();
      }
      for (const peer of peers()) {
        const context = { allowed: most + expansion, received: most + expansion + 1 };
        expect(errorOf(peer.bytes(header(type, most + expansion + 1)))).toEqual(refused("record-overflow", context));
      }
    }
  });
  test("what is in clear may not", () => {
    for (const type of [content.changeCipherSpec, content.alert, content.handshake]) {
      for (const peer of [new ScriptedClient({ shares: [] }).to("RETRIED"), new ScriptedClient().to("WAIT_FINISHED")]) {
        expect(errorOf(peer.bytes(header(type, most + 1)))).toEqual(refused("record-overflow", { allowed: most }));
      }
    }
  });
});

describe("a limit of record sizes", () => {
  test("is told with its reason: the peer's own word, or what every record keeps to", () => {
    const limited = (size: number) =>
      new ScriptedClient({ config: { maxRecordSize: size } }).extend(extension(extensions.recordSizeLimit, u16(16_385)));
    for (const [size, section] of [
      [100, "RFC 8449 §4"],
      [16_384, "RFC 9846 §5.1"],
    ] as const) {
      const client = limited(size);
      client.fragment = size;
      client.to("CONNECTED").record(content.data, repeat(size + 1));
      expect(errorOf(client)).toEqual(refused("record-overflow", { allowed: size, received: size + 1 }, section));
    }
  });
  test("is told with what it may be: to a client more than its version holds is too much", () => {
    const expected = (peer: ScriptedPeer, words: string): void => {
      expect(errorOf(peer)).toEqual(refused("illegal-parameter", { field: "record_size_limit", expected: words }));
    };
    const client = new ScriptedClient().extend(extension(extensions.recordSizeLimit, u16(63)));
    expected(client.say(client.encodedHello()), "64 or more");
    const server = new ScriptedServer().to("WAIT_EE");
    expected(server.say(server.encryptedExtensions(extension(extensions.recordSizeLimit, u16(63)))), "64 to 16385");
    const old = new ScriptedServerTls12().to("WAIT_SH");
    const answers = old.answers(extension(extensions.recordSizeLimit, u16(63)));
    expected(old.say(old.serverHello({ extensions: answers })), "64 to 16384");
  });
  test("holds for what is sealed: in clear TLS 1.2 sends its flight as it is (RFC 8449 §4)", () => {
    const { server } = establishedPair({ version: "tls1.2", client: { maxRecordSize: 64 } });
    const flight = server.output;
    expect(flight[0]).toBe(content.handshake);
    expect((flight[3] ?? 0) * 256 + (flight[4] ?? 0)).toBeGreaterThan(64);
  });
});

describe.each(["tls1.3", "tls1.2"] as const)("%s: what is opened in the record's own place", (version) => {
  /** Plaintext goes where the ciphertext was: core lends a record to its provider. */
  const inPlace = (of: CryptoProvider): CryptoProvider => ({
    ...of,
    suites: of.suites.map((suite) => ({
      ...suite,
      open: (key) => {
        const opener = suite.open(key);
        return {
          open: (nonce, additionalData, sealed) => {
            const opened = opener.open(nonce, additionalData, sealed);
            if (opened === undefined) return undefined;
            sealed.set(opened);
            return sealed.subarray(0, opened.length) as Uint8Array<ArrayBuffer>;
          },
          destroy: () => opener.destroy(),
        };
      },
    })),
  });

  test("stays as it is, whatever is put together behind it", () => {
    const { both } = establishedPair({ version, server: { provider: inPlace(seededNode("in place")) } });
    const [sender, receiver] = both;
    const plaintexts = [repeat(300, 1), repeat(250, 2), repeat(270, 3)];
    const wire = joined(plaintexts.map((plaintext) => sender.send(plaintext).output));
    const data: Uint8Array[] = [];
    // Each chunk ends inside of a record, and begins inside of the one before.
    for (const [from, to] of [
      [0, 200],
      [200, 500],
      [500, 700],
      [700, wire.length],
    ] as const) {
      data.push(...receiver.receive(wire.slice(from, to)).data);
    }
    expect(data).toEqual(plaintexts);
  });
});

test("nobody goes on elsewhere in the middle of a handshake message", () => {
  const config = { dangerousExtractSecrets: true };
  for (const peer of [new ScriptedServer({ config }).to("CONNECTED"), new ScriptedServerTls12({ config }).to("CONNECTED")]) {
    peer.record(content.handshake, [types.keyUpdate, 0]);
    expect(peer.machine.connection?.extractSecrets().kind).toBe("later");
  }
});
