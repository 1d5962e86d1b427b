// Early data that a server does not take: why, what the client is told, and what becomes of its records.
import { describe, expect, test } from "vitest";
import { type EarlyDataRejection, type ServerOptions, type SyncSingleUse, ticketKeys } from "@sallyport/core";
import { decodeSession, encodeSession } from "../../packages/core/src/session/state.ts";
import { earlyClient, takesEarly, ticketsOf } from "../alerts/sessions.ts";
import { extension, repeat } from "../support/octets.ts";
import { content, extensions, ScriptedClient } from "../support/scripted-peer.ts";
import { converse, type Pair, type PairOptions } from "../support/pair.ts";
import { keptSessions, seededRandom } from "../support/seeded.ts";
import { Two } from "../support/two.ts";
import { contentType, record } from "../support/wiretap.ts";

const never = (): never => {
  throw new Error("the store is away");
};
const maxBytes = 1000;

/** The outcome at both, of a second meeting that ends well all the same, and gave the application nothing early. */
function refused(pair: Pair): [server: unknown, client: unknown, kind: string] {
  const { client, server } = pair;
  expect([client.failure?.error, server.failure?.error]).toEqual([undefined, undefined]);
  expect(server.early).toEqual([]);
  expect(server.stages.map(({ kind }) => kind).filter((kind) => kind.startsWith("early"))).toEqual(["early-data-end"]);
  client.send(new Uint8Array(3));
  converse(pair);
  expect(server.data).toEqual([new Uint8Array(3)]);
  const reason = (outcome: Pair["client"]["outcome"]): unknown => (typeof outcome === "object" ? outcome.rejected : outcome);
  return [reason(server.outcome), reason(client.outcome), client.established.info.handshakeKind];
}

interface Case {
  readonly server: EarlyDataRejection;
  readonly client: EarlyDataRejection;
  readonly kind?: string;
  readonly name: string;
  readonly wishes?: Partial<ServerOptions> | { readonly earlyData: undefined };
  readonly options?: PairOptions;
  /** Milliseconds between the meetings, by the server's clock alone. */
  readonly skewMs?: number;
}
const others = ticketKeys({ random: seededRandom("others"), now: () => new Two().time });
const cases: readonly Case[] = [
  { name: "takes none any more", server: "disabled", client: "declined", wishes: { earlyData: undefined } },
  { name: "has other ticket keys", server: "not-resumed", client: "not-resumed", kind: "full", wishes: { sessions: others } },
  { name: "has another label", server: "config-differs", client: "not-resumed", kind: "full", wishes: { label: "stricter" } },
  {
    name: "takes less than its ticket said",
    server: "config-differs",
    client: "declined",
    wishes: { earlyData: { maxBytes: maxBytes - 1, singleUse: { use: () => "fresh" } } },
  },
  {
    name: "asks for another share",
    server: "retried",
    client: "retried",
    kind: "resumed-after-retry",
    wishes: { groups: ["secp256r1"] },
  },
  {
    name: "chooses another suite of the same hash",
    server: "suite-differs",
    client: "suite-differs",
    wishes: { suites: ["TLS_CHACHA20_POLY1305_SHA256"] },
  },
  {
    name: "chooses a suite of another hash",
    server: "suite-differs",
    client: "not-resumed",
    kind: "full",
    wishes: { suites: ["TLS_AES_256_GCM_SHA384"] },
  },
  {
    name: "has seen it",
    server: "seen",
    client: "declined",
    wishes: { earlyData: { maxBytes, singleUse: { use: () => "seen" } } },
  },
  {
    name: "can't tell",
    server: "single-use-unavailable",
    client: "declined",
    wishes: { earlyData: { maxBytes, singleUse: { use: () => "unavailable" } } },
  },
  ...[undefined, null, true, "", "Fresh", { fresh: true }, Promise.resolve("fresh")].map(
    (answer) =>
      ({
        // What a caller without types gives.
        name: `has a store that says ${String(answer)}`,
        server: "single-use-unavailable",
        client: "declined",
        wishes: { earlyData: { maxBytes, singleUse: { use: () => answer as "fresh" } } },
      }) as const,
  ),
  {
    name: "has a store that fails",
    server: "single-use-unavailable",
    client: "declined",
    wishes: { earlyData: { maxBytes, singleUse: { use: never } } },
  },
  { name: "has a clock that is 10.001 s ahead", server: "age-skew", client: "declined", skewMs: 10_001 },
  { name: "has forgotten the ticket's key", server: "not-resumed", client: "not-resumed", kind: "full", skewMs: 23 * 3_600_000 },
];

describe("a server that", () => {
  test.each(cases)(
    "$name says $server, its client $client, and what was sent early is skipped",
    ({ wishes = {}, skewMs = 0, kind = "resumed", ...told }) => {
      const two = new Two({ suites: ["TLS_AES_128_GCM_SHA256"] });
      two.meet();
      const skewed = { now: () => two.time + skewMs };
      expect(refused(two.meet({ ...skewed, ...wishes } as Partial<ServerOptions>))).toEqual([told.server, told.client, kind]);
    },
  );

  test.each([0, 10_000, -10_000])("is %i ms off takes it", (skewMs) => {
    const two = new Two();
    // So that a clock that goes back does not fall behind the full handshake.
    two.meet();
    two.time += 20_000;
    expect(two.meet({ now: () => two.time + skewMs }).server.outcome).toBe("accepted");
  });

  test("takes it asks its store once: for the binder's hash, and till when the hello is too old for anybody", () => {
    const asked: { readonly key: Uint8Array; readonly forgetAfterMs: number }[] = [];
    const singleUse: SyncSingleUse = {
      use: (key, forgetAfterMs) => {
        asked.push({ key, forgetAfterMs });
        return "fresh";
      },
    };
    const two = new Two({ earlyData: { maxBytes, singleUse } });
    two.meet();
    two.time += 20_000;
    expect(two.meet().server.outcome).toBe("accepted");
    expect(asked).toEqual([{ key: expect.any(Uint8Array), forgetAfterMs: two.time + 10_000 }]);
    expect(asked[0]?.key.length).toBe(32);
  });

  test("prefers another protocol than the session's says alpn-differs, and so does its client", () => {
    const two = new Two({ alpn: ["one", "two"] });
    const meet = (...alpn: string[]): Pair => two.meet({}, { client: { alpn: ["one", "two"] }, connector: { alpn } });
    meet("two");
    expect(meet("two").server.outcome).toBe("accepted");
    expect(refused(meet("two", "one"))).toEqual(["alpn-differs", "alpn-differs", "resumed"]);
  });

  test("has asked for the session by another name says name-differs", () => {
    const states = keptSessions();
    const renamed: typeof states = {
      ...states,
      find: (id) => {
        const found = states.find(id);
        return found && encodeSession({ ...decodeSession(found), serverName: "elsewhere.example" });
      },
    };
    const two = new Two({ sessions: states });
    two.meet();
    expect(refused(two.meet({ sessions: renamed }))).toEqual(["name-differs", "not-resumed", "full"]);
  });

  test("knows sessions of which none fits says why of the first", () => {
    const states = keptSessions();
    const config = { ...takesEarly, sessions: states };
    const known = ticketsOf(config);
    const [first, second] = known;
    if (first === undefined || second === undefined) throw new Error("a server gives two tickets");
    const changed: typeof states = {
      ...states,
      find: (id) => {
        const found = states.find(id);
        const change = Buffer.compare(id, first.ticket) === 0 ? { serverName: "elsewhere.example" } : { configId: repeat(32) };
        return found && encodeSession({ ...decodeSession(found), ...change });
      },
    };
    for (const [sessions, rejected] of [
      [[first, second], "name-differs"],
      [[second, first], "config-differs"],
    ] as const) {
      const client = earlyClient({ sessions, config: { sessions: changed } }).to("CONNECTED");
      expect([client.selected, client.machine.outcome]).toEqual([undefined, { rejected }]);
    }
  });

  test("knows the second identity alone says not-first-identity", () => {
    const [known] = ticketsOf(takesEarly);
    if (known === undefined) throw new Error("no ticket");
    const unknown = { ...known, ticket: repeat(known.ticket.length, 9) };
    const client = earlyClient({ sessions: [unknown, known], binders: ([, right = repeat(0)]) => [repeat(32), right] });
    expect(client.to("CONNECTED").selected).toBe(1);
    expect(client.machine.outcome).toEqual({ rejected: "not-first-identity" });
  });

  test("gave a ticket without leave says unsupported-for-session", () => {
    const client = earlyClient({ sessions: ticketsOf({ now: takesEarly.now ?? Date.now }).slice(0, 1) }).to("CONNECTED");
    expect([client.selected, client.machine.outcome]).toEqual([0, { rejected: "unsupported-for-session" }]);
  });

  test("takes no sessions at all says why", () => {
    const known = ticketsOf(takesEarly).slice(0, 1);
    const config = { sessions: undefined, earlyData: undefined } as object;
    const client = new ScriptedClient({ config, sessions: known }).extend(extension(extensions.earlyData)).to("CONNECTED");
    expect([client.selected, client.machine.outcome]).toEqual([undefined, { rejected: "disabled" }]);
  });
});

describe("rejected early data", () => {
  const seen = { ...takesEarly, earlyData: { maxBytes: 1000, singleUse: { use: () => "seen" as const } } };
  const whole = 1000 + 22;
  /** Its early data was rejected, and it writes some all the same, in records of so many bytes of data. */
  function skipping(sizes: readonly number[], config: Partial<ServerOptions> = seen): ScriptedClient {
    const client = earlyClient({ config }).to("START");
    client.say(client.encodedHello());
    const keys = client.earlyKeys();
    for (const size of sizes) client.bytes(keys.sealAs(content.data, repeat(size, 7), 0));
    return client;
  }

  test("is skipped, whatever is in it, and the handshake goes on", () => {
    const client = skipping([1000, 1, 16384 - 2000]);
    expect(client.proceed().machine.outcome).toEqual({ rejected: "seen" });
    expect(client.machine.early).toEqual([]);
  });

  test("may have all that the ticket allowed, in one record or in many", () => {
    const config = { ...seen, earlyData: { maxBytes: 50_000, singleUse: { use: () => "seen" as const } } };
    for (const size of [16_384, 180]) {
      const sizes = Array.from({ length: Math.floor(50_000 / size) }, () => size);
      expect(skipping(sizes, config).proceed().machine.failure).toBeUndefined();
    }
  });

  test("is cut off behind the limit, which is counted as it came", () => {
    for (const [limit, kind] of [
      [2 * whole, undefined],
      [2 * whole - 1, "limit-exceeded"],
    ] as const) {
      const client = skipping([1000, 1000], { ...seen, limits: { skippedEarlyData: limit } });
      expect(client.machine.failure?.error.kind).toBe(kind);
    }
  });

  test("without content is cut off behind 32 records: each is a trial, and costs the limit next to nothing", () => {
    const empty = Array.from({ length: 33 }, () => 0);
    expect(skipping(empty).machine.failure?.error).toMatchObject({
      kind: "limit-exceeded",
      context: { limit: "emptyRecordsInARow" },
    });
    expect(skipping(empty.slice(1)).proceed().machine.failure).toBeUndefined();
    expect(skipping([...empty.slice(1), 1, ...empty.slice(1)]).proceed().machine.failure).toBeUndefined();
    const tiny = skipping([]);
    for (let sent = 0; sent < 33; sent++) tiny.bytes(record(contentType.applicationData, repeat(0)));
    expect(tiny.machine.failure?.error).toMatchObject({ context: { limit: "emptyRecordsInARow" } });
  });

  test("has ended with the first record that opens: a later one is bad_record_mac", () => {
    const client = skipping([10]);
    const late = client.earlyKeys().sealAs(content.data, repeat(1), 0);
    client.say(client.finished()).bytes(late);
    expect(client.machine.failure?.error.kind).toBe("bad-record-mac");
  });

  test("holds no alert, since nobody can read it: what could is in clear, or under the handshake's keys", () => {
    const client = skipping([10]);
    client.bytes(client.earlyKeys().sealAs(content.alert, [2, 40], 0));
    expect(client.machine.failure).toBeUndefined();
    client.alert(2, 40);
    expect(client.machine.failure?.error).toMatchObject({ kind: "alert-received", context: { authenticated: true } });
  });
});
