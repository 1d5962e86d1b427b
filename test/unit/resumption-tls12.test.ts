// TLS 1.2's sessions: by ticket where the server seals them, by id where it keeps them; with extended_master_secret or not at all.
import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import {
  Connector,
  dangerousAssertVerified,
  memoryClientSessions,
  type ProtocolVersion,
  type ServerOptions,
  type StoredSession,
  type SyncClientSessionStore,
  type SyncVerifier,
  ticketKeys,
} from "@sallyport/core";
import { decodeSession, encodeSession } from "../../packages/core/src/session/state.ts";
import { decodeClientHello } from "../../packages/core/src/wire/client-hello.ts";
import { decodeServerHello } from "../../packages/core/src/wire/server-hello.ts";
import { decodeTicketTls12 } from "../../packages/core/src/wire/tls12-messages.ts";
import { Acquaintance } from "../support/acquaintance.ts";
import { extension, repeat, text } from "../support/octets.ts";
import { recordsOf } from "../support/outcome.ts";
import { converse, joined, makeConfigs, makePair, type Pair, type PairOptions, type Side } from "../support/pair.ts";
import { keptSessions, seededCredential, seededNoble, seededNode, seededRandom } from "../support/seeded.ts";
import { extensionsTls12, ScriptedClientTls12, ScriptedServerTls12 } from "../support/scripted-tls12.ts";
import { messagesIn, openAll, secretOf } from "../support/wiretap.ts";

const hourMs = 3_600_000;
const both: readonly ProtocolVersion[] = ["tls1.3", "tls1.2"];
const resumed = { client: "resumed", server: "resumed" };
const full = { client: "full", server: "full" };

const messagesOf = (side: Side): Uint8Array<ArrayBuffer>[] => messagesIn(recordsOf(side)).map((raw) => Uint8Array.from(raw));
const named = (side: Side): number[] => messagesOf(side).map(([type = 0]) => type);
const helloOf = ({ client }: Pair) => decodeClientHello(messagesOf(client)[0] ?? new Uint8Array(0));
const answerOf = ({ server }: Pair) => decodeServerHello(messagesOf(server)[0] ?? new Uint8Array(0));
const typesOf = (extensions: readonly { readonly type: { readonly id: number } }[] | undefined): number[] =>
  (extensions ?? []).map(({ type }) => type.id);
const ticketsOf = ({ server }: Pair) =>
  messagesOf(server)
    .filter(([type]) => type === 4)
    .map(decodeTicketTls12);
const exported = (side: Side) => side.established.exportKeyingMaterial("EXPORTER-x", Uint8Array.of(1), 32);

describe.each(["tickets", "ids"] as const)("by %s", (way) => {
  const begin = (options: PairOptions = {}, versions: readonly ProtocolVersion[] = ["tls1.2"]): Acquaintance => {
    const server: Partial<ServerOptions> = way === "tickets" ? {} : { sessions: keptSessions() };
    return new Acquaintance({ ...options, server: { ...server, ...options.server } }, versions);
  };

  test.each([seededNode, seededNoble])(
    "the second meeting is a resumption, and both know the same peer, export the same and read each other",
    (provider) => {
      const two = begin({ provider });
      const first = two.meet();
      expect(first).toMatchObject(full);
      const { pair, ...kinds } = two.meet();
      expect(kinds).toEqual(resumed);
      const { info } = pair.client.established;
      expect(info.peer?.presented.chain).toEqual([...seededCredential("server").chain]);
      expect(info).toMatchObject({
        version: "tls1.2",
        handshakeKind: "resumed",
        group: undefined,
        peerSignatureScheme: undefined,
        ownSignatureScheme: undefined,
        extendedMasterSecret: true,
        alpn: "sally/1",
        serverName: "localhost",
      });
      expect(pair.server.established.info).toEqual({ ...info, peer: undefined, asksPeer: false });
      expect(exported(pair.client)).toEqual(exported(pair.server));
      expect(exported(pair.client)).not.toEqual(exported(first.pair.client));
      for (const side of [pair.client, pair.server]) side.send(Uint8Array.of(1, 2, 3));
      pair.server.hear(pair.client.take());
      pair.client.hear(pair.server.take());
      expect([joined(pair.client.data), joined(pair.server.data)]).toEqual([Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2, 3)]);
    },
  );

  test.each(["server", "client"] as const)(
    "a %s that does not resume TLS 1.2 neither makes a session nor takes one that was made before",
    (role) => {
      const two = begin({}, both);
      const tls12 = { versions: ["tls1.2"] } as const;
      const never = { [role]: { ...tls12, versions: both, resumesTls12: false } };
      // Whoever speaks TLS 1.3 too may have sessions all the same.
      const meet = (options: PairOptions = {}) => two.meet({ ...options, [role === "server" ? "client" : "server"]: tls12 });
      expect([meet(), meet(), meet(never), meet(never)].map(({ client }) => client)).toEqual(["full", "resumed", "full", "full"]);
      const { pair } = meet(never);
      expect(typesOf(helloOf(pair).extensions).includes(extensionsTls12.sessionTicket)).toBe(role === "server");
      expect(typesOf(answerOf(pair).extensions)).not.toContain(extensionsTls12.sessionTicket);
      if (role === "server") expect(answerOf(pair).legacySessionIdEcho).toHaveLength(0);
      expect([pair.client, pair.server].flatMap(({ events }) => events)).toEqual([]);
      // And what is left to TLS 1.3 stays.
      const tls13 = { server: { resumesTls12: false }, client: { resumesTls12: false } };
      expect([two.meet(tls13), two.meet(tls13)].map(({ client }) => client)).toEqual(["full", "resumed"]);
    },
  );

  test("no certificate, no key exchange: two hellos, and two Finished, the server's first", () => {
    const two = begin();
    two.meet();
    const { pair } = two.meet();
    expect(openAll("client", pair.client.output, pair.client.keyLog, pair.client.heard).map(({ type }) => type)).toEqual([
      22, 20, 22,
    ]);
    expect(openAll("server", pair.server.output, pair.server.keyLog, pair.server.heard).map(({ type }) => type)).toEqual([
      22, 20, 22,
    ]);
    expect([named(pair.client), named(pair.server)]).toEqual([
      [1, 20],
      [2, 20],
    ]);
  });

  test("the key log has the session's master secret under the new random, at both", () => {
    const two = begin();
    const { pair: first } = two.meet();
    const { pair } = two.meet();
    const lines = [pair.client.keyLog, pair.server.keyLog].map((log) => log.join("\n"));
    expect(lines[0]).toBe(lines[1]);
    expect(secretOf(pair.client.keyLog, "CLIENT_RANDOM")).toEqual(secretOf(first.client.keyLog, "CLIENT_RANDOM"));
    expect(lines[0]).toContain(Buffer.from(helloOf(pair).random).toString("hex"));
  });

  test("a resumption says nothing of name and certificate, and all that belongs to both", () => {
    const verifier: SyncVerifier = {
      label: "asks",
      schemes: ["ed25519"],
      asksFor: ["ocsp", "sct"],
      verify: (presented) => dangerousAssertVerified(presented),
    };
    const own = {
      ...seededCredential("server"),
      ocspResponse: Uint8Array.of(0x30, 0),
      signedCertificateTimestamps: [Uint8Array.of(1)],
    };
    const two = begin({ server: { credentials: [own] }, client: { verifier } });
    const inFull = typesOf(answerOf(two.meet().pair).extensions).filter((type) => type !== 35);
    const inResumed = typesOf(answerOf(two.meet().pair).extensions);
    expect(inFull.sort()).toEqual([0, 5, 11, 16, 18, 23, 28, 0xff01].sort());
    expect(inResumed.sort()).toEqual([11, 16, 23, 28, 0xff01].sort());
  });

  test("a full handshake has an id that is fresh, or none; a resumption the client's", () => {
    const two = begin();
    const ids = new Set<string>();
    for (let meeting = 0; meeting < 6; meeting++) {
      const { pair, client } = two.meet();
      const { legacySessionId } = helloOf(pair);
      const echo = answerOf(pair).legacySessionIdEcho;
      if (client === "resumed") {
        expect(echo).toEqual(legacySessionId);
        expect(echo.length).toBe(32);
        continue;
      }
      expect(echo.length).toBe(way === "ids" ? 32 : 0);
      if (way === "ids") expect(ids.has(echo.join())).toBe(false);
      ids.add(echo.join());
    }
  });

  test("each session is used once: one after a full handshake, none after a resumed one", () => {
    const two = begin();
    const kinds = Array.from({ length: 5 }, () => {
      const { pair, client } = two.meet();
      expect(ticketsOf(pair).length).toBe(way === "tickets" && client === "full" ? 1 : 0);
      expect(pair.client.events.filter(({ kind }) => kind === "new-session").length).toBe(client === "full" ? 1 : 0);
      return client;
    });
    expect(kinds).toEqual(["full", "resumed", "full", "resumed", "full"]);
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

  test.each<[string, Partial<ServerOptions>]>([
    [
      "asks for client certificates",
      {
        clientAuthentication: { mode: "optional", verifier: { label: "", schemes: ["ed25519"], verify: () => ({ reason: "" }) } },
      },
    ],
    ["speaks another protocol", { alpn: ["sally/1", "other"] }],
    ["has another label", { label: "stricter" }],
    ["has the session's suite no longer", { suites: ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"] }],
  ])("a config that %s makes a full handshake, without a word", (_, server) => {
    const two = begin({
      server: { suites: ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"] },
    });
    two.meet();
    expect(two.meet({ server })).toMatchObject(full);
  });

  test("the session's suite is taken, and not the one that a full handshake would have", () => {
    const [one, other] = ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"] as const;
    const two = begin({ server: { suites: [one, other] } });
    two.meet();
    const { pair, ...kinds } = two.meet({ server: { suites: [other, one] } });
    expect(kinds).toEqual(resumed);
    expect([pair.client.established.info.suite, pair.server.established.info.suite]).toEqual([one, one]);
  });

  test("a client that has not the session's suite any more offers no session", () => {
    const two = begin({
      server: { suites: ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"] },
    });
    two.meet();
    const { pair, client } = two.meet({ client: { suites: ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"] } });
    expect(client).toBe("full");
    expect([helloOf(pair).legacySessionId.length, helloOf(pair).sessionTicket?.length]).toEqual([0, 0]);
  });

  test("a session is for one server name", () => {
    const two = begin({ server: { servesAnyName: true } });
    two.meet();
    expect(two.meet({ serverName: "elsewhere.example" }).client).toBe("full");
    expect(two.meet().client).toBe("resumed");
  });

  test("an old session makes a full handshake at both", () => {
    const two = begin();
    two.meet();
    two.time += 25 * hourMs;
    expect(two.meet()).toMatchObject(full);
    // The server finds out by itself, whatever the client thinks of the time.
    const { pair, ...kinds } = two.meet({ server: { now: () => two.time + 13 * hourMs } });
    expect(kinds).toEqual(full);
    expect(helloOf(pair).legacySessionId.length).toBe(32);
  });

  test("two who speak both versions resume in the version of the session, and in no other", () => {
    const two = begin({}, both);
    expect(two.meet({ server: { versions: ["tls1.2"] } })).toMatchObject(full);
    const again = two.meet({ server: { versions: ["tls1.2"] } });
    expect(again).toMatchObject(resumed);
    expect(again.pair.client.established.info.version).toBe("tls1.2");
    expect(helloOf(again.pair).psks).toBeUndefined();

    // Learned by 1.2, shown to a server that prefers 1.3 now.
    two.meet({ server: { versions: ["tls1.2"] } });
    const upgraded = two.meet();
    expect(upgraded).toMatchObject(full);
    expect(upgraded.pair.client.established.info.version).toBe("tls1.3");
    expect(helloOf(upgraded.pair).sessionTicket?.length ?? 0).toBeGreaterThanOrEqual(way === "tickets" ? 1 : 0);

    // Learned by 1.3, shown to a server that has 1.2 alone.
    const fallen = two.meet({ server: { versions: ["tls1.2"] } });
    expect(helloOf(fallen.pair).psks?.identities.length).toBe(1);
    expect(fallen).toMatchObject(full);
  });

  test("behind HelloRetryRequest a session of TLS 1.2 is forgotten, and the hello stays what it was", () => {
    const two = begin({}, both);
    two.meet({ server: { versions: ["tls1.2"] } });
    expect(two.meet({ retry: true, server: { groups: ["secp256r1"] } })).toMatchObject({
      client: "full-after-retry",
      server: "full-after-retry",
    });
  });

  test("a state of the other version is not taken up, whoever shows it where", () => {
    const store = keptSessions();
    const two = begin(way === "ids" ? { server: { sessions: store } } : {}, both);
    const given: StoredSession[] = [];
    const client: SyncClientSessionStore = { take: () => undefined, put: (_, session) => void given.push(session) };
    two.meet({ client: { sessions: client } });
    two.meet({ client: { sessions: client }, server: { versions: ["tls1.2"] } });
    const [of13, of12] = [given[0], given.at(-1)].map((session) => decodeSession(session?.state ?? new Uint8Array(0)));
    if (of13 === undefined || of12 === undefined) throw new Error("two sessions");
    const giving = (state: Uint8Array<ArrayBuffer>): SyncClientSessionStore => ({
      take: () => ({ state, lifetimeSeconds: 60, maxEarlyData: 0 }),
      put: () => {},
    });
    const id = of13.ticket?.subarray(0, 32);
    // The ticket of 1.3 where 1.2's stands, under a suite of 1.2.
    const as12 = way === "ids" ? { ticket: undefined, sessionId: id } : {};
    const shown12 = giving(encodeSession({ ...of13, suite: of12.suite, ...as12 }));
    expect(two.meet({ client: { sessions: shown12 }, server: { versions: ["tls1.2"] } })).toMatchObject(full);
    // And the other way round: what is found is none of 1.3, so that no binder is looked at.
    const shown13 = giving(
      encodeSession({ ...of12, suite: of13.suite, ticket: of12.ticket ?? of12.sessionId, sessionId: undefined }),
    );
    expect(two.meet({ client: { sessions: shown13 } })).toMatchObject(full);
  });

  test("the wrong secret is found out by Finished, at the client first", () => {
    const two = begin();
    two.meet();
    const store = two.client.sessions as SyncClientSessionStore;
    const forged: SyncClientSessionStore = {
      ...store,
      take: (key) => {
        const session = store.take(key);
        if (session === undefined) return undefined;
        const state = decodeSession(session.state);
        return { ...session, state: encodeSession({ ...state, secret: state.secret.map((byte) => byte ^ 1) }) };
      },
    };
    const { pair } = two.meet({ client: { sessions: forged } });
    expect([pair.client.failure?.alert, pair.server.connection]).toMatchObject([{ description: "bad_record_mac" }, undefined]);
  });

  property.prop(
    [
      fc.constantFrom(
        ...([
          "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
          "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        ] as const),
      ),
      fc.string({ minLength: 1, maxLength: 20, unit: "grapheme-ascii" }),
      fc.boolean(),
    ],
    { numRuns: 20 },
  )("full and resumed handshakes agree on exporters, by any suite", (suite, label, asynchronous) => {
    const two = begin({ server: { suites: [suite] }, asynchronous: false });
    for (const kind of ["full", "resumed"]) {
      const { pair, client } = two.meet({ asynchronous });
      expect(client).toBe(kind);
      const [ours, theirs] = [pair.client, pair.server].map((side) =>
        side.established.exportKeyingMaterial(label, undefined, 40),
      );
      expect(ours).toEqual(theirs);
      expect(ours?.kind).toBe("exported");
    }
  });
});

describe("a ticket", () => {
  const learned = () => {
    const two = new Acquaintance({}, ["tls1.2"]);
    const { pair } = two.meet();
    const session = pair.client.events.find(({ kind }) => kind === "new-session");
    if (session?.kind !== "new-session") throw new Error("no session");
    return { two, session: session.session };
  };
  const { two, session } = learned();
  const state = decodeSession(session.state);
  const showing = (ticket: Uint8Array<ArrayBuffer>): PairOptions => ({
    client: { sessions: { take: () => ({ ...session, state: encodeSession({ ...state, ticket }) }), put: () => {} } },
  });
  const ticket = state.ticket ?? new Uint8Array(0);

  test("as it is resumes", () => expect(two.meet(showing(ticket))).toMatchObject(resumed));
  property.prop([fc.nat({ max: ticket.length - 1 }), fc.integer({ min: 1, max: 255 })], { numRuns: 30 })(
    "with any byte changed is a full handshake, and never an alert",
    (at, bits) => {
      expect(two.meet(showing(ticket.map((byte, index) => (index === at ? byte ^ bits : byte))))).toMatchObject(full);
    },
  );
  property.prop([fc.uint8Array({ minLength: 1, maxLength: 600 })], { numRuns: 15 })(
    "of anybody's is a full handshake, and never an alert",
    (bytes) => {
      expect(two.meet(showing(Uint8Array.from(bytes)))).toMatchObject(full);
    },
  );
  property.prop([fc.nat({ max: ticket.length - 1 })], { numRuns: 15 })("that is cut is a full handshake", (length) => {
    expect(two.meet(showing(ticket.slice(0, length)))).toMatchObject(full);
  });

  test("of a key that is gone is a full handshake; none outlives its key", () => {
    const other = ticketKeys({ random: seededRandom("strangers"), now: two.now });
    expect(two.meet({ ...showing(ticket), server: { sessions: other } })).toMatchObject(full);
    const keys = { current: { name: new Uint8Array(16), secret: seededRandom("a key")(32), createdMs: two.time } };
    const made = new Acquaintance({ server: { sessions: keys } }, ["tls1.2"]);
    for (const ageMs of [0, 6 * hourMs, 11.9 * hourMs]) {
      const later = new Acquaintance({ server: { sessions: keys } }, ["tls1.2"]);
      later.time = made.time + ageMs;
      const { pair } = later.meet();
      for (const { lifetimeHint } of ticketsOf(pair)) expect(ageMs + lifetimeHint * 1000).toBeLessThanOrEqual(12 * hourMs);
      expect(ticketsOf(pair).length).toBe(1);
      later.time = made.time + 12 * hourMs;
      expect(later.meet()).toMatchObject(full);
    }
    const tooLate = new Acquaintance({ server: { sessions: keys } }, ["tls1.2"]);
    tooLate.time = made.time + 12 * hourMs;
    const { pair } = tooLate.meet();
    expect([typesOf(answerOf(pair).extensions).includes(35), ticketsOf(pair)]).toEqual([false, []]);
  });

  test("that was announced and can't be made any more is an empty one", () => {
    let current: unknown = { name: new Uint8Array(16), secret: seededRandom("a key")(32), createdMs: 0 };
    const provider = seededNode("vanishing");
    const sessions = {
      get current() {
        return current as never;
      },
    };
    const vanishing = new Acquaintance(
      {
        server: { sessions, now: () => 0 },
        // The key goes between ServerHello and the end of the handshake.
        watch: (stage, role) => {
          if (role === "client" && stage.kind === "needs-input" && stage.output.length > 0 && stage.output[5] !== 1)
            current = undefined;
        },
        provider: () => provider,
      },
      ["tls1.2"],
    );
    const { pair, ...kinds } = vanishing.meet();
    expect(kinds).toEqual(full);
    expect(ticketsOf(pair)).toEqual([{ lifetimeHint: 0, ticket: new Uint8Array(0) }]);
    expect(pair.client.events).toEqual([]);
  });

  test("that would not fit into the next hello is an empty one", () => {
    const verifier: SyncVerifier = {
      label: "wordy",
      schemes: ["ed25519"],
      verify: (presented) => dangerousAssertVerified(presented, { names: ["x".repeat(9000)] }),
    };
    const wordy = new Acquaintance(
      {
        server: { clientAuthentication: { mode: "required", verifier } },
        client: { credentials: [seededCredential("a client")] },
      },
      ["tls1.2"],
    );
    const { pair } = wordy.meet();
    expect(ticketsOf(pair).map(({ ticket }) => ticket.length)).toEqual([0]);
    expect(wordy.meet()).toMatchObject(full);
  });

  test("is not given to a client that asks for none", () => {
    const none = new Acquaintance({ client: { sessions: undefined as never } }, ["tls1.2"]);
    expect(ticketsOf(none.meet().pair)).toEqual([]);
  });
});

test("a session that a store gives for nobody's reason is left aside: no ticket and no id, a client's own, an unknown name", () => {
  const two = new Acquaintance({}, ["tls1.2"]);
  const { pair } = two.meet();
  const event = pair.client.events.find(({ kind }) => kind === "new-session");
  if (event?.kind !== "new-session") throw new Error("no session");
  const state = decodeSession(event.session.state);
  const { peer } = state;
  if (peer === undefined) throw new Error("no peer");
  const changes: readonly Partial<typeof state>[] = [
    { ticket: undefined },
    { ticket: new Uint8Array(40_000) },
    { peer: undefined },
    { peer: { ...peer, presented: { ...peer.presented, role: "client" } } },
    { serverName: "elsewhere" },
    { configId: new Uint8Array(32) },
    { issuedMs: two.time + 1 },
    { fullHandshakeMs: two.time - 8 * 24 * hourMs },
    { lifetimeSeconds: 0 },
  ];
  for (const change of changes) {
    const take = () => ({ ...event.session, state: encodeSession({ ...state, ...change }) });
    const { client } = makeConfigs({ client: { ...two.client, sessions: { take, put: () => {} } } });
    const hello = new Connector(client.config, "localhost").start().output;
    expect(hello[43], JSON.stringify(Object.keys(change))).toBe(0);
  }
});

test("an asynchronous store shows as in TLS 1.3: a take at the client, a look at the server", () => {
  const pair = makePair({ asynchronous: true, version: "tls1.2", resumed: "stored" });
  converse(pair);
  expect([pair.client.established.info.handshakeKind, pair.server.established.info.handshakeKind]).toEqual([
    "resumed",
    "resumed",
  ]);
  expect(pair.client.stages.map(({ kind }) => kind)).toEqual(["needs-session", "needs-key-shares", "needs-input", "established"]);
  expect(pair.server.stages.map(({ kind }) => kind)).toEqual([
    "needs-input",
    "accepted",
    "needs-session",
    "needs-input",
    "established",
  ]);
  const looks = pair.server.stages.find(({ kind }) => kind === "needs-session");
  if (looks?.kind !== "needs-session" || "key" in looks) throw new Error("a look");
  expect(looks.candidates).toEqual([{ index: 0, id: helloOf(pair).legacySessionId }]);
});

test("the id of TLS 1.3's compatibility mode is looked for, and is nobody's", () => {
  const looked: Uint8Array[] = [];
  const sessions = { ...keptSessions(), find: (id: Uint8Array) => void looked.push(id) };
  const two = new Acquaintance({ server: { sessions, versions: ["tls1.2"] } }, both);
  const { pair, ...kinds } = two.meet({ client: { sessions: memoryClientSessions() } });
  expect(kinds).toEqual(full);
  expect(looked).toEqual([helloOf(pair).legacySessionId]);
});

describe("without extended_master_secret", () => {
  test("a server gives neither id nor ticket, and keeps nothing", () => {
    const puts: Uint8Array[] = [];
    const store = { find: () => undefined, put: (id: Uint8Array) => void puts.push(id) };
    for (const sessions of [store, ticketKeys({ random: seededRandom("tickets"), now: Date.now })]) {
      const client = new ScriptedClientTls12({ sessions })
        .extend(extension(extensionsTls12.sessionTicket))
        .leaveOut(extensionsTls12.extendedMasterSecret);
      const { id, ticket } = client.proceed().session;
      expect([id.length, ticket.length]).toEqual([0, 0]);
    }
    expect(puts).toEqual([]);
  });
  test.each([{ id: repeat(32, 5) }, { ticket: text("a ticket") }])("a client keeps nothing of what it is given", (given) => {
    const puts: unknown[] = [];
    const sessions: SyncClientSessionStore = { take: () => undefined, put: (...put) => void puts.push(put) };
    const server = new ScriptedServerTls12({ config: { sessions }, ...given });
    const answers = server.answers().filter(({ type }) => type !== extensionsTls12.extendedMasterSecret);
    server
      .say(server.serverHello({ extensions: answers }))
      .skipTo("WAIT_CERT")
      .proceed();
    expect(puts).toEqual([]);
  });
});

describe("what a server of others' makes", () => {
  const met = (given: ConstructorParameters<typeof ScriptedServerTls12>[0], lifetimeHint?: number) => {
    const puts: StoredSession[] = [];
    const sessions: SyncClientSessionStore = { take: () => undefined, put: (_, session) => void puts.push(session) };
    const server = new ScriptedServerTls12({ ...given, config: { sessions } });
    if (lifetimeHint !== undefined) server.to("WAIT_TICKET").say(server.newSessionTicket(lifetimeHint)).skipTo("WAIT_CCS");
    server.proceed();
    return puts.map((session) => ({ ...session, state: decodeSession(session.state) }));
  };
  test("a ticket beside an id counts alone (RFC 5077 \u00a73.4); an empty one leaves the id", () => {
    expect(met({ id: repeat(16, 4), ticket: text("a ticket") })).toMatchObject([
      { state: { ticket: text("a ticket"), sessionId: undefined } },
    ]);
    expect(met({ id: repeat(16, 4), ticket: repeat(0) })).toMatchObject([
      { state: { ticket: undefined, sessionId: repeat(16, 4) } },
    ]);
    expect(met({ ticket: repeat(0) })).toEqual([]);
  });
  test.each([
    [0, 86_400],
    [60, 60],
    [0xffffffff, 604_800],
  ])("a lifetime hint of %d s is kept for %d s", (hint, kept) => {
    expect(met({ ticket: text("a ticket") }, hint)).toMatchObject([{ lifetimeSeconds: kept, state: { lifetimeSeconds: kept } }]);
  });
  test("an id is kept for a day", () => expect(met({ id: repeat(32, 4) })).toMatchObject([{ lifetimeSeconds: 86_400 }]));
  test("a ticket that comes with a resumption replaces the one that was used, and renews nothing", () => {
    const first: StoredSession[] = [];
    let time = Date.now();
    const store: SyncClientSessionStore = { take: () => first.shift(), put: (_, session) => void first.push(session) };
    const config = { sessions: store, now: () => time };
    const { session } = new ScriptedServerTls12({ ticket: text("the first"), config }).proceed();
    const before = decodeSession(first[0]?.state ?? new Uint8Array(0));
    time += hourMs / 2;
    const again = new ScriptedServerTls12({ ticket: text("the next"), session, config });
    expect(again.resumes).toBe(session);
    again.proceed();
    expect(again.machine.connection?.info.handshakeKind).toBe("resumed");
    const after = decodeSession(first[0]?.state ?? new Uint8Array(0));
    expect(after).toMatchObject({
      ticket: text("the next"),
      fullHandshakeMs: before.fullHandshakeMs,
      issuedMs: time,
      secret: before.secret,
      peer: before.peer,
    });
  });
});
