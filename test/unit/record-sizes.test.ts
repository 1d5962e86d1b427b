// record_size_limit (RFC 8449) between two machines, and one against itself cut anywhere.
import type { ClientOptions, ProtocolVersion, ServerOptions } from "@sallyport/core";
import { Connection } from "@sallyport/core";
import { describe, expect, test } from "vitest";
import { node } from "@sallyport/crypto-node";
import { establishedPair, makePair, converse, type PairOptions, type Side } from "../support/pair.ts";
import { seededNode } from "../support/seeded.ts";

const versions = ["tls1.3", "tls1.2"] as const;

/** Lengths of the protected records, as they stand in their headers. */
function protectedLengths(output: Uint8Array, version: ProtocolVersion): number[] {
  const lengths: number[] = [];
  let isProtected = version === "tls1.3";
  for (let at = 0; at < output.length; ) {
    const [type = 0, , , high = 0, low = 0] = output.subarray(at, at + 5);
    const length = high * 256 + low;
    if (version === "tls1.3" ? type === 23 : isProtected) lengths.push(length);
    if (version === "tls1.2" && type === 20) isProtected = true;
    at += 5 + length;
  }
  return lengths;
}
/** What protection and, in TLS 1.3, the content type add to a record of X25519 … AES-GCM. */
const added = { "tls1.3": 17, "tls1.2": 24 } as const;

const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => at % 251);

function pairOf(
  version: ProtocolVersion,
  server: Partial<ServerOptions>,
  client: Partial<ClientOptions>,
  more: PairOptions = {},
) {
  const suites = [version === "tls1.3" ? "TLS_AES_128_GCM_SHA256" : "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"] as const;
  return establishedPair({ version, ...more, server: { suites, ...server }, client });
}

describe.each(versions)("in %s", (version) => {
  test.each([
    { name: "the client's", server: {}, client: { maxRecordSize: 100 }, least: 100 },
    { name: "the server's", server: { maxRecordSize: 100 }, client: {}, least: 100 },
    { name: "the smaller", server: { maxRecordSize: 70 }, client: { maxRecordSize: 64 }, least: 64 },
  ])("no protected record of either side holds more than $name limit", ({ server, client, least }) => {
    const pair = pairOf(version, server, client, { clientAuth: true });
    for (const side of [pair.client, pair.server]) side.send(bytes(1000));
    converse(pair);
    for (const [side, peer] of [
      [pair.client, pair.server],
      [pair.server, pair.client],
    ] as const) {
      const lengths = protectedLengths(side.output, version);
      expect(lengths.length).toBeGreaterThan(10);
      expect(Math.max(...lengths)).toBeLessThanOrEqual(least + added[version]);
      expect(Buffer.concat(peer.data).equals(bytes(1000))).toBe(true);
    }
  });

  test("both sides tell what was agreed", () => {
    const pair = pairOf(version, { maxRecordSize: 300 }, { maxRecordSize: 200, versions: [version] });
    const [client, server] = pair.both;
    expect(client.info.maxRecordSize).toEqual({ send: 200, receive: 200 });
    expect(server.info.maxRecordSize).toEqual({ send: 200, receive: 300 });
  });

  test("who offers both versions never receives more plaintext in a record than it asked for", () => {
    const {
      both: [client, server],
    } = pairOf(version, {}, { maxRecordSize: 200, versions: ["tls1.3", "tls1.2"] });
    const expected = version === "tls1.3" ? 199 : 200;
    expect([client.info.maxRecordSize.receive, server.info.maxRecordSize.send]).toEqual([expected, expected]);
  });

  test("without a limit of anyone's records are as large as they can be", () => {
    const { both } = pairOf(version, {}, {});
    for (const { info } of both) expect(info.maxRecordSize).toEqual({ send: 16384, receive: 16384 });
  });

  test("sendInto fills a window with records that keep to the limit, and any window of 64 bytes makes progress", () => {
    const pair = pairOf(version, { maxRecordSize: 100 }, {});
    const [client] = pair.both;
    const plaintext = bytes(1050);
    const window = new Uint8Array(2000);
    const result = client.sendInto(plaintext, window);
    if (result.kind !== "sent" || !("taken" in result)) throw new Error(result.kind);
    expect(result.taken).toBe(1050);
    pair.server.hear(window.subarray(0, result.written));
    expect(Buffer.concat(pair.server.data).equals(plaintext)).toBe(true);
    const least = client.sendInto(plaintext, new Uint8Array(64));
    expect(least).toMatchObject({ kind: "sent", written: 64 });
  });

  test("sendInto makes no record without data, however much room is left", () => {
    const overhead = 5 + added[version];
    for (let room = 0; room <= overhead + 1; room++) {
      const [client] = pairOf(version, { maxRecordSize: 100 }, {}).both;
      const whole = 2 * (100 + overhead);
      const taken = 200 + Math.max(0, room - overhead);
      const written = room > overhead ? whole + room : whole;
      expect(client.sendInto(bytes(500), new Uint8Array(whole + room))).toEqual({ kind: "sent", taken, written });
    }
  });

  test("a connection that goes on elsewhere keeps to the limits", () => {
    const pair = pairOf(version, { maxRecordSize: 100 }, { dangerousExtractSecrets: true, provider: node });
    const extracted = pair.client.established.extractSecrets();
    if (extracted.kind !== "extracted") throw new Error(extracted.kind);
    const resumed = Connection.resume(structuredClone(extracted.secrets), node);
    const sent = resumed.send(bytes(1000));
    expect(
      Math.max(
        ...protectedLengths(
          Buffer.concat([version === "tls1.2" ? [20, 3, 3, 0, 0] : [], sent.output].map((part) => Uint8Array.from(part))),
          version,
        ),
      ),
    ).toBe(100 + added[version]);
    pair.server.hear(sent.output);
    expect(Buffer.concat(pair.server.data).equals(bytes(1000))).toBe(true);
    const broken = { ...extracted.secrets, info: { ...extracted.secrets.info, maxRecordSize: { send: 0, receive: 0 } } };
    expect(() => Connection.resume(broken, node)).toThrow("maxRecordSize");
  });

  test("a key's last records are counted by their real size", () => {
    const limits = { recordsPerKey: 4 };
    const pair = pairOf(version, { maxRecordSize: 100 }, { limits });
    const result = pair.client.established.send(bytes(1000));
    if (version === "tls1.2") return expect(result).toMatchObject({ kind: "failed", error: { kind: "key-exhausted" } });
    if (result.kind !== "sent") throw new Error(result.kind);
    pair.server.hear(result.output);
    expect(Buffer.concat(pair.server.data).equals(bytes(1000))).toBe(true);
    // Three records of data a key, and a KeyUpdate.
    expect(pair.server.events.filter(({ kind }) => kind === "keys-updated")).toHaveLength(3);
  });
});

test.each(versions)("%s: a session is taken up under the limits of today", (version) => {
  const options: PairOptions = { version, resumed: "sealed", client: { maxRecordSize: 80 }, provider: seededNode };
  const {
    both: [client, server],
    ...pair
  } = establishedPair(options);
  expect(client.info.handshakeKind).toBe("resumed");
  const most = version === "tls1.3" ? 79 : 80;
  expect(server.info.maxRecordSize.send).toBe(most);
  pair.server.send(bytes(200));
  converse(pair);
  expect(Math.max(...protectedLengths(pair.server.output, version))).toBe(most + added[version]);
});

test.each(versions)("%s: a flight in small records is the same handshake, in whatever pieces it comes", (version) => {
  const build = (): { client: Side; server: Side } =>
    makePair({ version, clientAuth: true, seed: "sizes", server: { maxRecordSize: 64 }, client: { maxRecordSize: 65 } });
  const whole = build();
  converse(whole);
  const pieces = build();
  for (let turn = 0; turn < 200; turn++) {
    for (const [from, to] of [
      [pieces.client, pieces.server],
      [pieces.server, pieces.client],
    ] as const) {
      const said = from.take();
      for (let at = 0; at < said.length; at += 13) to.hear(said.subarray(at, at + 13));
    }
  }
  expect(pieces.client.established.info).toEqual(whole.client.established.info);
  expect(Buffer.from(pieces.server.output).equals(whole.server.output)).toBe(true);
  expect(Buffer.from(pieces.client.output).equals(whole.client.output)).toBe(true);
});
