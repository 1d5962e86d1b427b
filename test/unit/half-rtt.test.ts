// Half-RTT: a server writes behind its Finished, before it has heard the client's (RFC 9846, figure 1).
import { describe, expect, test } from "vitest";
import { dangerousAssertVerified, type HalfRtt, type ServerOptions, serverConfig, type Writer } from "@sallyport/core";
import { converse, makePair, type Pair, type PairOptions, type Stage } from "../support/pair.ts";
import { now, seededCredential, seededNode, trusting } from "../support/seeded.ts";

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const words = (parts: readonly Uint8Array[]): string => Buffer.concat(parts).toString();
const halfRttOf = (stage: Stage): HalfRtt["halfRtt"] => ("halfRtt" in stage ? stage.halfRtt : undefined);

/** Which writers the server showed, and at which stages. */
function meet(options: PairOptions) {
  const writers: Writer[] = [];
  const kinds: string[] = [];
  const pair = makePair({
    ...options,
    server: { halfRtt: true, ...options.server },
    watch: (stage, role) => {
      const halfRtt = role === "server" ? halfRttOf(stage) : undefined;
      if (halfRtt === undefined) return;
      writers.push(halfRtt.writer);
      kinds.push(stage.kind);
      expect(halfRtt.agreed).toEqual({
        version: "tls1.3",
        suite: "TLS_AES_128_GCM_SHA256",
        alpn: "sally/1",
        serverName: "localhost",
      });
    },
  });
  converse(pair);
  return { pair, writers, kinds };
}

/** The server uses its writer at each stage that has one; what it wrote goes behind the stage's own output. */
function speak(options: PairOptions, use: (writer: Writer, kind: string) => ReturnType<Writer["send"]> | undefined): Pair {
  const pair: Pair = makePair({
    ...options,
    server: { halfRtt: true, ...options.server },
    watch: (stage, role) => {
      const halfRtt = role === "server" ? halfRttOf(stage) : undefined;
      const sent = halfRtt && use(halfRtt.writer, stage.kind);
      if (sent !== undefined) pair.server.sent(sent);
    },
  });
  converse(pair);
  return pair;
}
const variants: readonly [string, PairOptions, string[]][] = [
  ["a full handshake", {}, ["needs-input"]],
  ["one with a retry", { retry: true }, ["needs-input"]],
  ["a resumption", { resumed: "stored" }, ["needs-input"]],
  ["a resumption with early data", { resumed: "sealed", early: [bytes("ask")] }, ["early-data", "needs-input", "early-data-end"]],
  [
    "a resumption whose early data is rejected",
    { resumed: "sealed", early: [bytes("ask")], singleUse: { use: () => "seen" } },
    ["early-data-end", "needs-input"],
  ],
];

describe.each(variants)("in %s", (_, options, expected) => {
  test.each([false, true])(
    "the writer is there from the server's Finished on, and becomes the connection's (asynchronous: %s)",
    (asynchronous) => {
      const { pair, writers, kinds } = meet({ ...options, asynchronous });
      expect(pair.server.failure?.error).toBeUndefined();
      expect(kinds.filter((kind, at) => kind !== kinds[at - 1])).toEqual(expected);
      expect(new Set(writers)).toEqual(new Set([pair.server.established.writer]));
    },
  );

  test("the client reads what was written with it when it is established, and later data behind it", () => {
    const pair = speak(options, (writer, kind) => writer.send(bytes(`${kind};`)));
    expect([pair.client.failure?.error, pair.server.failure?.error]).toEqual([undefined, undefined]);
    pair.server.send(bytes("later"));
    converse(pair);
    expect(words(pair.client.data)).toMatch(/^((needs-input|early-data|early-data-end);)+later$/);
    expect(pair.client.events.some(({ kind }) => kind === "new-session")).toBe(options.resumed !== undefined);
  });

  test("keys may be updated, and the client's answer be asked for, before it has finished", () => {
    const pair = speak(options, (writer) => writer.updateKeys({ requestPeer: true }));
    expect([pair.client.failure?.error, pair.server.failure?.error]).toEqual([undefined, undefined]);
    expect(pair.server.events).toContainEqual({ kind: "keys-updated", direction: "read", requested: false });
    pair.server.send(bytes("there"));
    pair.client.send(bytes("back"));
    converse(pair);
    expect([words(pair.client.data), words(pair.server.data)]).toEqual(["there", "back"]);
  });

  test("who has closed says nothing more: neither a ticket nor an alert", () => {
    let closed = false;
    const pair = speak(options, (writer) => {
      if (closed) return undefined;
      closed = true;
      return writer.close();
    });
    expect([pair.client.failure?.error, pair.server.failure?.error, pair.client.closed]).toEqual([undefined, undefined, true]);
    expect(pair.client.events.filter(({ kind }) => kind === "new-session")).toEqual([]);
    expect(() => pair.server.established.send(bytes("x"))).toThrow("after close()");
    const failure = pair.server.established.abort({ alert: "internal_error", reason: "" });
    expect([failure.output.length, failure.alert]).toEqual([
      0,
      { kind: "none", due: "internal_error", reason: "own write side closed" },
    ]);
  });

  test("a failure of the handshake is the writer's too", () => {
    let writer: Writer | undefined;
    const watch = (stage: Stage): void => {
      writer ??= halfRttOf(stage)?.writer;
    };
    const pair = makePair({ ...options, server: { halfRtt: true }, watch });
    while (writer === undefined) {
      pair.server.hear(pair.client.take());
      if (writer === undefined) pair.client.hear(pair.server.take());
    }
    const failure = pair.server.stage.abort("timeout");
    expect(writer?.send(bytes("x"))).toMatchObject({ kind: "failed", error: failure.error });
  });
});

test("nobody writes early without leave", () => {
  const { writers } = meet({ server: { halfRtt: false } });
  expect(writers).toEqual([]);
});

test.each<[string, Partial<ServerOptions>]>([
  [
    "a client's certificate is waited for",
    { clientAuthentication: { mode: "optional", verifier: { ...trusting, verify: dangerousAssertVerified } } },
  ],
  ["there is no TLS 1.3", { versions: ["tls1.2"] }],
])("a config is refused in which it can't be: %s", (_, options) => {
  const make = () =>
    serverConfig({ provider: seededNode("x"), now, credentials: [seededCredential("server")], halfRtt: true, ...options });
  expect(make).toThrow(/^halfRtt: /);
});
