// What a trace is told of a connection: messages, keys, decisions and alerts, in order.
import { describe, expect, test } from "vitest";
import { dangerousRawPsk, type TraceEvent } from "@sallyport/core";
import { converse, makePair, type Pair, type PairOptions } from "../support/pair.ts";
import { Two } from "../support/two.ts";

interface Told {
  readonly pair: Pair;
  readonly client: readonly TraceEvent[];
  readonly server: readonly TraceEvent[];
}
function told({ client, server, ...options }: PairOptions): Told {
  const heard: { client: TraceEvent[]; server: TraceEvent[] } = { client: [], server: [] };
  const pair = makePair({
    ...options,
    client: { ...client, trace: (event) => void heard.client.push(event) },
    server: { ...server, trace: (event) => void heard.server.push(event) },
    // A first meeting is another connection's.
    atStart: () => {
      heard.client.length = 0;
      heard.server.length = 0;
    },
  });
  converse(pair);
  return { pair, ...heard };
}
const messages = (events: readonly TraceEvent[], direction: "in" | "out"): readonly string[] =>
  events.flatMap((event) => (event.kind === "message" && event.direction === direction ? [`${event.type} ${event.length}`] : []));
const keys = (events: readonly TraceEvent[]): readonly string[] =>
  events.flatMap((event) => (event.kind === "keys" ? [`${event.direction} ${event.epoch}`] : []));
/** What was chosen, and why, by what it is about. */
const decisions = (events: readonly TraceEvent[]): Readonly<Record<string, readonly [string | undefined, string]>> =>
  Object.fromEntries(
    events.flatMap((event) => (event.kind === "decision" ? [[event.about, [event.chosen, event.because]]] : [])),
  );

const early = [new Uint8Array(20)];
const handshakes: readonly (readonly [name: string, options: PairOptions])[] = [
  ["a full handshake", {}],
  ["one behind HelloRetryRequest", { retry: true }],
  ["one in which both show certificates", { clientAuth: true }],
  ["a resumption", { resumed: "sealed" }],
  ["one with early data", { resumed: "sealed", early }],
  ["TLS 1.2", { version: "tls1.2" }],
  ["TLS 1.2 in which both show certificates", { version: "tls1.2", clientAuth: true }],
  ["a resumption of TLS 1.2", { version: "tls1.2", resumed: "sealed" }],
];

test.each(handshakes)("%s: what one says is what the other hears, message by message", (_, options) => {
  const { client, server } = told(options);
  expect(messages(client, "out").length).toBeGreaterThan(1);
  // The first hello comes before a config, and its trace, is chosen.
  expect(messages(server, "in")).toEqual(messages(client, "out").slice(1));
  expect(messages(client, "in")).toEqual(messages(server, "out"));
});

describe("keys", () => {
  const full = {
    client: ["read handshake", "write handshake", "write traffic", "read traffic"],
    server: ["read handshake", "write handshake", "write traffic", "read traffic"],
  };
  const expected: Readonly<Record<string, typeof full>> = {
    "one with early data": {
      client: ["write early", "read handshake", "write handshake", "write traffic", "read traffic"],
      server: ["read early", "write handshake", "write traffic", "read handshake", "read traffic"],
    },
  };
  test.each(handshakes.filter(([, { version }]) => version === undefined))(
    "%s: are told as they come into force",
    (name, options) => {
      const { client, server } = told(options);
      expect({ client: keys(client), server: keys(server) }).toEqual(expected[name] ?? full);
    },
  );
  test.each(handshakes.filter(([, { version }]) => version === "tls1.2"))(
    "%s: there is one pair, and who writes first is first",
    (_, options) => {
      const { client, server } = told(options);
      const [writes, reads] = [
        ["write traffic", "read traffic"],
        ["read traffic", "write traffic"],
      ];
      expect([keys(client), keys(server)]).toEqual(options.resumed === undefined ? [writes, reads] : [reads, writes]);
    },
  );
});

describe("a server's decisions", () => {
  test("are its suite and its group, and why", () => {
    expect(decisions(told({}).server)).toMatchObject({
      suite: ["TLS_AES_128_GCM_SHA256", "the server's order"],
      group: ["x25519", "a share was sent"],
      psk: [undefined, "none fits"],
    });
    const client = told({ retry: true, server: { suiteOrder: "client" } }).server;
    expect(decisions(client)).toMatchObject({
      suite: [expect.any(String), "the client's order"],
      group: ["secp256r1", "no share was sent"],
    });
    const policy = told({ server: { suiteOrder: () => ["TLS_AES_256_GCM_SHA384"] } }).server;
    expect(decisions(policy)["suite"]).toEqual(["TLS_AES_256_GCM_SHA384", "the policy's order"]);
  });

  test("are the PSK, and whose it is", () => {
    expect(decisions(told({ resumed: "sealed" }).server)["psk"]).toEqual(["session 0", "the first that fits"]);
    const psks = [dangerousRawPsk({ identity: Uint8Array.of(1), key: new Uint8Array(32).fill(3), hash: "sha256" })];
    expect(decisions(told({ psks }).server)).toMatchObject({
      psk: ["external 0", "the first that fits"],
      suite: [expect.any(String), "the server's order, of those that go with a PSK of ours"],
    });
  });

  test("are what becomes of early data, if any are offered", () => {
    expect(decisions(told({ resumed: "sealed", early }).server)["early data"]).toEqual([
      "accepted",
      "the session allows it, and it is fresh",
    ]);
    expect(decisions(told({ resumed: "sealed", early, retry: true }).server)["early data"]).toEqual([undefined, "retried"]);
    expect(decisions(told({ resumed: "sealed" }).server)["early data"]).toBeUndefined();
  });

  test("are whether a session of TLS 1.2 is taken up", () => {
    expect(decisions(told({ version: "tls1.2", resumed: "sealed" }).server)["session"]).toEqual(["the client's", "it fits"]);
    const two = new Two({ versions: ["tls1.2"], earlyData: undefined });
    two.meet();
    const events: TraceEvent[] = [];
    two.meet({ label: "another", trace: (event) => void events.push(event) });
    expect(decisions(events)["session"]).toEqual([undefined, "none fits"]);
    expect(decisions(told({ version: "tls1.2" }).server)["session"]).toBeUndefined();
  });
});

test.each(["client", "server"] as const)("the alert that the %s sends is told, behind all that led to it", (role) => {
  const { pair, ...events } = told({});
  pair[role].established.abort({ alert: "access_denied", reason: "no" });
  expect(events[role].at(-1)).toMatchObject({ kind: "alert", direction: "out", description: { name: "access_denied" } });
});

test("the key log of TLS 1.2 is one line, of both the same; its connection tells which certificate it showed", () => {
  const { pair } = told({ version: "tls1.2", clientAuth: true });
  expect(pair.client.keyLog).toEqual([expect.stringMatching(/^CLIENT_RANDOM [0-9a-f]{64} [0-9a-f]{96}$/)]);
  expect(pair.server.keyLog).toEqual(pair.client.keyLog);
  for (const [side, peer] of [
    [pair.client, pair.server],
    [pair.server, pair.client],
  ] as const) {
    const shown = side.established.info.ownCertificate;
    expect(shown?.length).toBeGreaterThan(20);
    expect(shown).toEqual(peer.established.info.peer?.presented.chain[0]);
  }
});
