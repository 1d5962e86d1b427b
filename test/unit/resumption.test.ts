// TLS 1.3's sessions: given, kept, offered, taken up, or left aside without a word.
import { describe, expect, test } from "vitest";
import {
  Acceptor,
  type ClientSessionKey,
  Connector,
  dangerousAssertVerified,
  memoryClientSessions,
  type ServerOptions,
  type StoredSession,
  type SyncVerifier,
  type TicketKeys,
  ticketKeys,
} from "@sallyport/core";
import { Acquaintance } from "../support/acquaintance.ts";
import { makeConfigs, type PairOptions } from "../support/pair.ts";
import { keptSessions, seededCredential, seededRandom } from "../support/seeded.ts";
import { extensions, ScriptedClient, types } from "../support/scripted-peer.ts";
import { resumingClient } from "../alerts/sessions.ts";

const hourMs = 3_600_000;

describe.each(["sealed tickets", "states that are kept"])("%s", (way) => {
  const begin = (options: PairOptions = {}): Acquaintance => {
    const server: Partial<ServerOptions> = way === "sealed tickets" ? {} : { sessions: keptSessions() };
    return new Acquaintance({ ...options, server: { ...server, ...options.server } });
  };

  test("the second meeting is a resumption, and both know the same peer and export the same", () => {
    const two = begin();
    expect(two.meet()).toMatchObject({ client: "full", server: "full" });
    const { pair, client, server } = two.meet();
    expect([client, server]).toEqual(["resumed", "resumed"]);
    const [one, other] = [pair.client.established, pair.server.established];
    expect(one.info.peer?.presented.chain).toEqual([...seededCredential("server").chain]);
    expect(one.info.peer?.presented.serverName).toBe("localhost");
    expect(one.exportKeyingMaterial("EXPORTER-x", undefined, 32)).toEqual(
      other.exportKeyingMaterial("EXPORTER-x", undefined, 32),
    );
  });

  test("behind HelloRetryRequest too", () => {
    const { take, put } = memoryClientSessions(); // one that remembers no group: it would be guessed right
    const two = begin({ retry: true, client: { sessions: { take, put } } });
    expect(two.meet().client).toBe("full-after-retry");
    expect(two.meet()).toMatchObject({ client: "resumed-after-retry", server: "resumed-after-retry" });
  });

  test("who the client is, is remembered", () => {
    const verifier: SyncVerifier = {
      label: "all",
      schemes: ["ed25519"],
      verify: (presented) => dangerousAssertVerified(presented, { names: ["me"] }),
    };
    const own = seededCredential("a client", ["client"]);
    const two = begin({ server: { clientAuthentication: { mode: "required", verifier } }, client: { credentials: [own] } });
    two.meet();
    const { pair, server } = two.meet();
    expect(server).toBe("resumed");
    expect(pair.server.established.info.peer?.names).toEqual(["me"]);
    expect(pair.server.established.info.peer?.presented.chain).toEqual([...own.chain]);
  });

  test("each session is used once: two after a full handshake, one after a resumed one", () => {
    const two = begin();
    two.meet();
    const kinds = Array.from({ length: 5 }, () => two.meet().client);
    expect(kinds).toEqual(["resumed", "resumed", "resumed", "resumed", "resumed"]);
    const bare = begin({ client: { sessions: { take: () => undefined, put: () => {} } } });
    expect([bare.meet().client, bare.meet().client]).toEqual(["full", "full"]);
  });

  test.each<[string, Partial<ServerOptions>]>([
    [
      "asks for client certificates",
      {
        clientAuthentication: { mode: "optional", verifier: { label: "", schemes: ["ed25519"], verify: () => ({ reason: "" }) } },
      },
    ],
    ["speaks another protocol", { alpn: ["sally/1", "other"] }],
    ["has another label", { label: "stricter" }],
  ])("a config that %s makes a full handshake, without a word", (_, server) => {
    const two = begin();
    two.meet();
    expect(two.meet({ server })).toMatchObject({ client: "full", server: "full" });
  });

  test("a session is for one server name", () => {
    const two = begin({ server: { servesAnyName: true } });
    two.meet();
    expect(two.meet({ serverName: "elsewhere.example" }).client).toBe("full");
    expect(two.meet().client).toBe("resumed");
  });

  test("a suite of the same hash will do, one of another makes a full handshake", () => {
    const two = begin();
    two.meet({ server: { suites: ["TLS_AES_128_GCM_SHA256"] } });
    expect(two.meet({ server: { suites: ["TLS_CHACHA20_POLY1305_SHA256"] } }).client).toBe("resumed");
    const other = begin();
    other.meet({ server: { suites: ["TLS_AES_128_GCM_SHA256"] } });
    expect(other.meet({ server: { suites: ["TLS_AES_256_GCM_SHA384"] } }).client).toBe("full");
  });

  test("seven days after the full handshake no resumption in between renews it", () => {
    const two = begin();
    two.meet();
    const start = two.time;
    let last = two.meet().client;
    while (two.time - start < 7 * 24 * hourMs) {
      expect(last).toBe("resumed");
      two.time += 3 * hourMs;
      last = two.meet().client;
    }
    expect(last).toBe("full");
  });
});

test("a ticket outlives no key: after six hours another seals, after twelve the first opens nothing", () => {
  let time = 0;
  const keys = ticketKeys({ random: seededRandom("rotation"), now: () => time });
  const first = keys.current;
  time = 6 * hourMs;
  expect(keys.current).not.toBe(first);
  expect(keys.previous).toBe(first);
  time = 12 * hourMs;
  expect(keys.previous).not.toBe(first);
  expect([...first.secret].every((byte) => byte === 0)).toBe(true);
});

test("tickets are opened in another process that has the keys, and by nobody else", () => {
  const two = new Acquaintance();
  two.meet();
  const { current, previous } = two.server.sessions as TicketKeys;
  expect(two.meet({ server: { sessions: structuredClone({ current, previous }) } }).server).toBe("resumed");
  two.meet();
  const strangers = ticketKeys({ random: seededRandom("strangers"), now: two.now });
  expect(two.meet({ server: { sessions: strangers } })).toMatchObject({ client: "full", server: "full" });
});

test("any change of a ticket makes a full handshake or is refused by its binder; never a session", () => {
  const two = new Acquaintance();
  two.meet();
  const configs = makeConfigs({ server: two.server, client: two.client });
  const hello = new Connector(configs.client.config, "localhost").start().output;
  const ticketAt = hello.length - 35 - 4 - 8; // before binder, its lengths and the age
  for (const at of [ticketAt, ticketAt - 20, hello.length - 1, hello.length - 20]) {
    const changed = hello.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    const accepted = new Acceptor().start().receive(changed);
    if (accepted.kind !== "accepted") throw new Error(accepted.kind);
    const stage = accepted.choose(configs.server.config);
    if (stage.kind === "failed")
      expect(stage).toMatchObject({ error: { kind: "bad-binder" }, alert: { description: "decrypt_error" } });
    else expect(stage.output.length).toBeGreaterThan(300); // a certificate is in it
  }
});

test("an asynchronous store shows as a stage: a look at the server, a take at the client", () => {
  const kept = new Map<string, StoredSession[]>();
  const states = new Map<string, Uint8Array>();
  const clientStore = { takeAsync: () => Promise.resolve(undefined), putAsync: () => Promise.resolve() };
  const store = { findAsync: () => Promise.resolve([]), putAsync: () => Promise.resolve() };
  const configs = makeConfigs({
    server: { sessions: store, versions: ["tls1.3"] },
    client: { sessions: clientStore, versions: ["tls1.3"] },
  });
  const key: ClientSessionKey[] = [];

  const meet = (): string => {
    let client = new Connector(configs.client.config, "localhost", { sessionPartition: "443" }).start();
    if (client.kind !== "needs-session") throw new Error(client.kind);
    expect(client.store).toBe(clientStore);
    key.push(client.key);
    const known = kept.get(JSON.stringify(client.key))?.pop();
    client = client.resume(known);
    let server = new Acceptor().start().receive(client.output);
    if (server.kind !== "accepted") throw new Error(server.kind);
    server = server.choose(configs.server.config);
    if (server.kind === "needs-session") {
      expect(server.store).toBe(store);
      expect(() =>
        server.kind === "needs-session" ? server.resume([{ index: 9, state: new Uint8Array(1) }]) : undefined,
      ).toThrow(expect.objectContaining({ code: "bad-argument" }));
      server = server.resume(
        server.candidates.flatMap(({ index, id }) => {
          const state = states.get(Buffer.from(id).toString("hex"));
          return state === undefined ? [] : [{ index, state }];
        }),
      );
    }
    if (client.kind !== "needs-input" || server.kind !== "needs-input") throw new Error(`${client.kind}, ${server.kind}`);
    client = client.receive(server.output);
    server = server.receive(client.output);
    if (client.kind !== "established" || server.kind !== "established") throw new Error(`${client.kind}, ${server.kind}`);
    for (const event of server.received.events) {
      if (event.kind === "new-session" && event.role === "server")
        states.set(Buffer.from(event.key).toString("hex"), event.session.state);
    }
    for (const event of client.connection.receive(server.output).events) {
      if (event.kind !== "new-session" || event.role !== "client") continue;
      const name = JSON.stringify(event.key);
      kept.set(name, [...(kept.get(name) ?? []), event.session]);
    }
    return `${client.connection.info.handshakeKind}, ${server.connection.info.handshakeKind}`;
  };

  expect(meet()).toBe("full, full");
  expect(meet()).toBe("resumed, resumed");
  expect(key[0]).toMatchObject({ serverName: "localhost", partition: "443" });
});

test("what a store gives that is no session is left aside", () => {
  const rubbish = { state: Uint8Array.of(1, 2, 3), lifetimeSeconds: 1, maxEarlyData: 0 };
  const two = new Acquaintance({ client: { sessions: { take: () => rubbish, put: () => {} } } });
  expect(two.meet().client).toBe("full");
  const blind = new Acquaintance({ server: { sessions: { find: () => Uint8Array.of(9), put: () => {} } } });
  blind.meet();
  expect(blind.meet()).toMatchObject({ client: "full", server: "full" });
});

test("server_name is answered in a full handshake, and not in a resumed one (RFC 6066 §3)", () => {
  const answers = (client: ScriptedClient): readonly number[] => {
    const message = client.to("WAIT_FINISHED").heard.find(({ bytes }) => bytes[0] === types.encryptedExtensions);
    return extensionTypes(message?.bytes.subarray(6) ?? new Uint8Array());
  };
  expect(answers(new ScriptedClient())).toEqual([extensions.serverName, extensions.alpn]);
  expect(answers(resumingClient())).toEqual([extensions.alpn]);
});

function extensionTypes(block: Uint8Array): readonly number[] {
  const [typeHigh = 0, typeLow = 0, high = 0, low = 0] = block;
  return block.length === 0 ? [] : [typeHigh * 256 + typeLow, ...extensionTypes(block.subarray(4 + high * 256 + low))];
}
