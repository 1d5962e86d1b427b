// A connection that ends here and goes on elsewhere.
import { createDecipheriv } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type ClientOptions, Connection, type ConnectionSecrets, type ServerOptions } from "@sallyport/core";
import { establishedPair } from "../support/pair.ts";
import { seededNode } from "../support/seeded.ts";

type Version = "tls1.2" | "tls1.3";
const text = (bytes: readonly Uint8Array[]): string => Buffer.concat(bytes).toString();
const bytes = (words: string): Uint8Array => new TextEncoder().encode(words);

function extractable(version: Version) {
  const options: Partial<ServerOptions> & Partial<ClientOptions> = { versions: [version], dangerousExtractSecrets: true };
  const { both } = establishedPair({ server: options, client: options });
  return both;
}
function extracted(connection: Connection): ConnectionSecrets {
  const result = connection.extractSecrets();
  if (result.kind !== "extracted") throw new Error(result.kind);
  return structuredClone(result.secrets);
}
const resumed = (connection: Connection): Connection => Connection.resume(extracted(connection), seededNode("elsewhere"));

describe.each(["tls1.3", "tls1.2"] as const)("%s", (version) => {
  test("both ends go on with what structuredClone carried: data both ways, exporters, info", () => {
    const [client, server] = extractable(version);
    const exported = client.exportKeyingMaterial("EXPORTER-test", bytes("context"), 32);
    const before = server.info;
    expect(text(server.receive(client.send(bytes("one")).output).data)).toBe("one");
    const [there, here] = [resumed(client), resumed(server)];
    expect(text(here.receive(there.send(bytes("two")).output).data)).toBe("two");
    expect(text(there.receive(here.send(bytes("three")).output).data)).toBe("three");
    expect(there.exportKeyingMaterial("EXPORTER-test", bytes("context"), 32)).toEqual(exported);
    expect(here.exportKeyingMaterial("EXPORTER-test", bytes("context"), 32)).toEqual(exported);
    expect(here.info).toEqual(before);
    expect(there.info.peer?.presented.serverName).toBe("localhost");
    expect(here.receive(there.close().output).kind).toBe("closed");
  });

  test("a record that has not arrived whole goes along", () => {
    const [client, server] = extractable(version);
    const record = client.send(bytes("in two pieces")).output;
    expect(server.receive(record.slice(0, 9)).data).toEqual([]);
    expect(text(resumed(server).receive(record.slice(9)).data)).toBe("in two pieces");
  });

  test("key and iv are the ones of the next record: node:crypto opens it", () => {
    const [client, server] = extractable(version);
    const record = Buffer.from(client.send(bytes("for the kernel")).output);
    const { suite, read } = extracted(server);
    expect(suite).toMatch(/AES_128_GCM/);
    expect(read.sequence).toBe(version === "tls1.3" ? 0 : 1);
    const sequence = Buffer.alloc(8);
    sequence.writeUInt32BE(read.sequence, 4);
    const nonce = Buffer.alloc(12);
    if (version === "tls1.3")
      for (const [at, byte] of sequence.entries()) nonce.writeUInt8(byte ^ (read.iv[4 + at] ?? 0), 4 + at);
    nonce.set(read.iv.subarray(0, 4));
    if (version === "tls1.2") record.copy(nonce, 4, 5, 13);
    const start = version === "tls1.3" ? 5 : 13;
    const decipher = createDecipheriv("aes-128-gcm", read.key, nonce);
    const length = record.length - start - 16;
    decipher.setAAD(
      version === "tls1.3"
        ? record.subarray(0, 5)
        : Buffer.concat([sequence, record.subarray(0, 3), Buffer.from([length >> 8, length & 255])]),
    );
    decipher.setAuthTag(record.subarray(-16));
    const opened = Buffer.concat([decipher.update(record.subarray(start, -16)), decipher.final()]);
    expect(opened.subarray(0, 14).toString()).toBe("for the kernel");
  });

  test("a direction that has ended stays ended", () => {
    const [client, server] = extractable(version);
    const farewell = client.close().output;
    expect(server.receive(farewell).kind).toBe("closed");
    const there = resumed(client);
    const here = resumed(server);
    expect(() => there.send(bytes("late"))).toThrow(expect.objectContaining({ code: "closed" }));
    expect(here.receive(bytes("ignored")).kind).toBe("closed");
  });

  test("what was extracted is no connection any more, and needs the config's word", () => {
    const [client] = extractable(version);
    extracted(client);
    for (const call of [
      () => client.send(bytes("x")),
      () => client.receive(bytes("x")),
      () => client.close(),
      () => client.extractSecrets(),
    ]) {
      expect(call).toThrow(expect.objectContaining({ name: "ApiMisuse", code: "closed" }));
    }
    const [, plain] = establishedPair({ server: { versions: [version] }, client: { versions: [version] } }).both;
    expect(() => plain.extractSecrets()).toThrow(expect.objectContaining({ code: "not-supported-here" }));
  });
});

test("tls1.3: keys are updated elsewhere too, and a request that is unanswered waits", () => {
  const [client, server] = extractable("tls1.3");
  const asked = client.updateKeys({ requestPeer: true }).output;
  expect(client.extractSecrets().kind).toBe("later");
  client.receive(server.receive(asked).output);
  const [there, here] = [resumed(client), resumed(server)];
  there.receive(here.receive(there.updateKeys({ requestPeer: true }).output).output);
  expect(text(there.receive(here.send(bytes("new keys")).output).data)).toBe("new keys");
});

describe.each(["tls1.3", "tls1.2"] as const)("%s: secrets that are not what extractSecrets gave are refused", (version) => {
  const [client, server] = extractable(version);
  const given = extracted(client);
  const ended = extracted(server);
  const zeros = (length: number): ConnectionSecrets["unread"] => new Uint8Array(length);
  const { info, read } = given;

  const keys: readonly object[] =
    version === "tls1.3"
      ? [{ secret: undefined }, { secret: zeros(31) }, { secret: zeros(33) }, { secret: "text" }]
      : [{ secret: zeros(32) }, { key: zeros(15) }, { key: zeros(32) }, { key: undefined }, { iv: zeros(12) }, { iv: zeros(0) }];
  const sequences: readonly object[] = [-1, 0.5, 2 ** 53, Number.NaN, "1", undefined].map((sequence) => ({ sequence }));
  const sizes = [0, -1, 0.5, 16385, "1"].flatMap((size) => [{ send: size }, { receive: size }]);
  /** Instead of what was given; by what the message says of it. */
  const changes: readonly (readonly [said: string, change: object])[] = [
    ["role", { role: "proxy" }],
    ["version", { version: version === "tls1.3" ? "tls1.2" : "tls1.3" }],
    ["TLS_AES_128_CCM_SHA256", { suite: "TLS_AES_128_CCM_SHA256" }],
    ["info", { info: undefined }],
    ["info.maxRecordSize", { info: { ...info, maxRecordSize: undefined } }],
    ...sizes.map(
      (size) => ["info.maxRecordSize", { info: { ...info, maxRecordSize: { ...info.maxRecordSize, ...size } } }] as const,
    ),
    ["peer", { peer: "localhost" }],
    ["peer", { peer: {} }],
    ["unread", { unread: [1, 2] }],
    ["exporter", { exporter: zeros(31) }],
    ["exporter", { exporter: {} }],
    ...(["read", "write"] as const).flatMap((name) => [
      [name, { [name]: undefined }] as const,
      [name, { [name]: { ...given[name], closed: 0 } }] as const,
      ...keys.map((key) => [name, { [name]: { ...given[name], ...key } }] as const),
      ...sequences.map((sequence) => [`${name}.sequence`, { [name]: { ...given[name], ...sequence } }] as const),
    ]),
  ];
  test.each(changes)("by their %s", (said, change) => {
    const wrong: ConnectionSecrets = { ...given, ...change };
    expect(() => Connection.resume(wrong, seededNode("elsewhere"))).toThrow(
      expect.objectContaining({ name: "ApiMisuse", code: "bad-argument", message: expect.stringContaining(said) }),
    );
  });
  test.each([undefined, null, "text", 1])("or %j instead", (wrong) => {
    expect(() => Connection.resume(wrong as never, seededNode("elsewhere"))).toThrow(
      expect.objectContaining({ name: "ApiMisuse", code: "bad-argument" }),
    );
  });

  test("or are for another suite than the provider has, or for its suite without the hash", () => {
    const provider = seededNode("elsewhere");
    for (const lacking of [{ suites: [] }, { hashes: [] }]) {
      expect(() => Connection.resume(given, { ...provider, ...lacking })).toThrow(
        expect.objectContaining({ code: "bad-argument", message: expect.stringContaining(given.suite) }),
      );
    }
  });

  test("but for those of a direction that has ended, which nobody reads", () => {
    const provider = seededNode("elsewhere");
    const closed = { ...read, closed: true, secret: undefined, key: zeros(0), iv: zeros(0), sequence: -1 };
    const writer = Connection.resume({ ...ended, read: closed }, provider);
    expect(writer.receive(bytes("nothing")).kind).toBe("closed");
    const reader = Connection.resume({ ...given, write: closed }, provider);
    expect(() => reader.send(bytes("x"))).toThrow(expect.objectContaining({ code: "closed" }));
    const { output } = writer.send(bytes("still"));
    if (version === "tls1.3") expect(text(reader.receive(output).data)).toBe("still");
  });

  test("an option that can't be is refused as well", () => {
    const provider = seededNode("elsewhere");
    for (const options of [{ truncation: "never" }, { limits: { warningAlerts: -1 } }]) {
      const resume = () => Connection.resume(given, provider, options as never);
      expect(resume).toThrow(expect.objectContaining({ code: "bad-argument" }));
    }
  });
});
