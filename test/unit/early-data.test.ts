// Early data, both ways: taken once, refused for a reason, skipped, and never mixed with what comes later.
import { describe, expect, test } from "vitest";
import { type ClientNeedsInput, Connector, type EarlyWriter, ticketKeys } from "@sallyport/core";
import { converse, joined, makeClient, makeConfigs, makePair, makeServer, type Pair, type PairOptions } from "../support/pair.ts";
import { keptSessions, now, seededRandom } from "../support/seeded.ts";
import { Two } from "../support/two.ts";
import { contentType, openAll, secretOf } from "../support/wiretap.ts";

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const words = (parts: readonly Uint8Array[]): string[] => parts.map((part) => Buffer.from(part).toString());
const early = [bytes("GET / "), bytes("HTTP/1.1")];

function meet(options: PairOptions = {}): Pair {
  const pair = makePair({ resumed: "sealed", early, ...options });
  converse(pair);
  return pair;
}
const kinds = ({ client, server }: Pair): string[] => [client.stage.kind, server.stage.kind];

describe.each(["sealed", "stored"] as const)("with a session that is %s", (resumed) => {
  test.each([false, true])(
    "early data is accepted, shown a record at a time, and told once (asynchronous: %s)",
    (asynchronous) => {
      const pair = meet({ resumed, asynchronous });
      expect(kinds(pair)).toEqual(["established", "established"]);
      const { client, server } = pair;
      expect(words(server.early)).toEqual(["GET / ", "HTTP/1.1"]);
      expect([client.outcome, server.outcome]).toEqual(["accepted", "accepted"]);
      expect(server.stages.map(({ kind }) => kind).filter((kind) => kind.startsWith("early"))).toEqual([
        "early-data",
        "early-data",
        "early-data-end",
      ]);
      expect(server.data).toEqual([]);
      client.send(bytes("later"));
      converse(pair);
      expect(words(server.data)).toEqual(["later"]);
      expect(words(server.early)).toHaveLength(2);
    },
  );

  test("whoever sends none is told all the same, and goes on", () => {
    const pair = meet({ resumed, early: [] });
    expect(kinds(pair)).toEqual(["established", "established"]);
    expect([pair.client.outcome, pair.server.outcome, pair.server.early]).toEqual(["accepted", "accepted", []]);
  });

  test("a session that early data has made gives early data again", () => {
    const two = new Two(resumed === "stored" ? { sessions: keptSessions() } : {});
    two.meet();
    expect([1, 2, 3].map(() => two.meet().server.outcome)).toEqual(["accepted", "accepted", "accepted"]);
  });
});

test("nobody is told of early data that was not offered", () => {
  const pair = makePair({ resumed: "sealed" });
  converse(pair);
  const { client, server } = pair;
  expect([client.outcome, server.outcome]).toEqual(["none", undefined]);
});

test("both log the early secrets, and the same ones", () => {
  const { client, server } = meet();
  for (const label of ["CLIENT_EARLY_TRAFFIC_SECRET", "EARLY_EXPORTER_SECRET"]) {
    expect(secretOf(client.keyLog, label)).toBeDefined();
    expect(secretOf(client.keyLog, label)).toEqual(secretOf(server.keyLog, label));
  }
});

test("on the wire: hello, change_cipher_spec, early data, then EndOfEarlyData under the early key and Finished under the handshake's", () => {
  const { client } = meet();
  const records = openAll("client", client.output, client.keyLog);
  const { handshake, changeCipherSpec, applicationData } = contentType;
  expect(records.map(({ type }) => type)).toEqual([
    handshake,
    changeCipherSpec,
    applicationData,
    applicationData,
    handshake,
    handshake,
  ]);
  expect(records.slice(4).map(({ content }) => content[0])).toEqual([5, 20]);
});

test("the early exporter gives both the same, which is not the connection's", () => {
  const given: unknown[] = [];
  let writer: EarlyWriter | undefined;
  const pair = meet({
    watch: (stage) => {
      if (stage.kind === "needs-input" && "early" in stage) writer ??= stage.early;
      if (stage.kind === "early-data") given.push(stage.exportEarlyKeyingMaterial("EXPORTER-x", bytes("y"), 40));
      if (writer !== undefined && given.length === 0) given.push(writer.exportEarlyKeyingMaterial("EXPORTER-x", bytes("y"), 40));
    },
  });
  expect(given).toHaveLength(3);
  expect(given[0]).toMatchObject({ kind: "exported", keyingMaterial: { length: 40 } });
  expect(given[1]).toEqual(given[0]);
  expect(given[2]).toEqual(given[0]);
  expect(pair.client.established.exportKeyingMaterial("EXPORTER-x", bytes("y"), 40)).not.toEqual(given[0]);
  expect(() => writer?.exportEarlyKeyingMaterial("EXPORTER-x", undefined, 1)).toThrow("complete");
});

describe("the client's writer", () => {
  /** The client's first stage, its hello said. */
  function begin(options: PairOptions = {}) {
    const configs = makeConfigs({ resumed: "sealed", early: [], ...options });
    const stage = new Connector(configs.client.config, "localhost").start() as ClientNeedsInput;
    if (stage.early === undefined) throw new Error(`no writer at ${stage.kind}`);
    const server = makeServer(configs.server);
    server.hear(stage.output);
    return { stage, early: stage.early, server };
  }

  test("knows what the session's connection agreed on", () => {
    const { agreed } = begin().early;
    expect(agreed).toEqual({ version: "tls1.3", suite: "TLS_AES_128_GCM_SHA256", alpn: "sally/1", serverName: "localhost" });
  });

  test("takes what the ticket allows, and not a byte more", () => {
    const { early: writer, server } = begin();
    expect(writer.remaining).toBe(20_000);
    const first = writer.send(new Uint8Array(19_000));
    expect(writer.remaining).toBe(1000);
    expect(() => writer.send(new Uint8Array(1001))).toThrow("1001 bytes of early data; 1000 remain");
    expect(() => writer.send("text" as never)).toThrow("Uint8Array");
    const last = writer.send(new Uint8Array(1000));
    expect([first.kind, last.kind, writer.remaining]).toEqual(["sent", "sent", 0]);
    server.hear(joined([first.output, last.output]));
    expect(server.early.map(({ length }) => length)).toEqual([16384, 2616, 1000]);
  });

  test("goes on while the server's flight comes in, and has ended when all of it has", () => {
    const { stage, early: writer, server } = begin();
    const flight = server.take();
    let next = stage.receive(flight.subarray(0, -1));
    const sent = writer.send(bytes("late, and in time"));
    server.hear(sent.output);
    expect(words(server.early)).toEqual(["late, and in time"]);
    if (next.kind !== "needs-input") throw new Error(next.kind);
    expect("early" in next).toBe(false);
    next = next.receive(flight.subarray(-1));
    expect(next).toMatchObject({ kind: "established", earlyData: "accepted" });
    expect(writer.send(bytes("too late"))).toEqual({ kind: "ended", output: new Uint8Array(0) });
    expect(writer.remaining).toBe(0);
  });

  test.each<[string, PairOptions]>([
    ["HelloRetryRequest", { retry: true }],
    ["a rejection", { singleUse: { use: () => "seen" } }],
    ["a full handshake", { server: { sessions: ticketKeys({ random: seededRandom("others"), now }) } }],
  ])("has ended at %s, and the second flight is in keys that the server reads", (_, options) => {
    const { stage, early: writer, server } = begin(options);
    const next = stage.receive(server.take());
    expect(writer.send(bytes("late"))).toMatchObject({ kind: "ended" });
    server.hear(next.output);
    expect(server.failure?.error).toBeUndefined();
  });

  test("of a failed connection gives the failure", () => {
    const { stage, early: writer } = begin();
    const failure = stage.abort("cancelled");
    expect(writer.send(bytes("x"))).toMatchObject({ kind: "failed", error: failure.error });
    expect(writer.exportEarlyKeyingMaterial("EXPORTER-x", undefined, 1)).toMatchObject({ kind: "failed", error: failure.error });
  });

  test("does not wear its key out", () => {
    const { early: writer } = begin({ client: { limits: { recordsPerKey: 4 } } });
    expect(Array.from({ length: 4 }, () => writer.send(new Uint8Array(1)).kind)).toEqual(["sent", "sent", "sent", "ended"]);
  });

  test("is not there without leave of session or config, nor for a protocol that is not offered again", () => {
    for (const options of [{ client: { earlyData: false } }, { connector: { alpn: [] } }]) {
      const { stages } = makeClient(makeConfigs({ resumed: "sealed", early, ...options }).client, options);
      expect(stages.map((stage) => "early" in stage && stage.early !== undefined)).not.toContain(true);
    }
    const plain = new Two({ earlyData: undefined });
    plain.meet();
    expect(plain.meet().client.outcome).toBe("none");
  });
});
