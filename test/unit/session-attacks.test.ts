// Sessions, credentials and extracted connections as somebody meets them who wants to break in, or who makes mistakes.
import { inspect } from "node:util";
import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import {
  Acceptor,
  type AsyncCredentialPicker,
  type ClientOptions,
  Connection,
  Connector,
  type Credential,
  type CryptoProvider,
  dangerousAssertVerified,
  memoryClientSessions,
  type ServerOptions,
  type StoredSession,
  type SyncClientSessionStore,
  type SyncServerSessionStore,
  type SyncVerifier,
  type TicketKey,
  ticketKeys,
} from "@sallyport/core";
import { decodeSession, encodeSession } from "../../packages/core/src/session/state.ts";
import { openTicket, sealerOf, sealTicket } from "../../packages/core/src/session/tickets.ts";
import { pskBinder } from "../../packages/core/src/crypto/key-schedule.ts";
import { digestOf } from "../../packages/core/src/crypto/transcript.ts";
import {
  encodeCertificate,
  encodeCertificateRequest,
  encodeCertificateVerify,
} from "../../packages/core/src/wire/certificate-message.ts";
import { decodeClientHello, encodeClientHello } from "../../packages/core/src/wire/client-hello.ts";
import { type Extension, extension } from "../../packages/core/src/wire/extensions.ts";
import { decodeNewSessionTicket } from "../../packages/core/src/wire/post-handshake.ts";
import { decodeServerHello } from "../../packages/core/src/wire/server-hello.ts";
import { fakeCertificate, fakePublicKey } from "../support/fake-credential.ts";
import { converseThrough, fatalAlertsOf } from "../support/outcome.ts";
import {
  converse,
  establishedPair,
  joined,
  makeClient,
  makeConfigs,
  makePair,
  makeServer,
  type Pair,
  type PairOptions,
  type Side,
} from "../support/pair.ts";
import { type Edit, Resealer } from "../support/resealer.ts";
import { now, seededCredential, seededNode, seededRandom } from "../support/seeded.ts";
import { contentType, messagesIn, openAll, pairSuite, type Protection, record } from "../support/wiretap.ts";

const only13 = { versions: ["tls1.3"] } as const;
const kindOf = ({ client, server }: Pair): string[] =>
  [client, server].map(({ connection, failure, stage }) => failure?.error.kind ?? connection?.info.handshakeKind ?? stage.kind);

/** Two who have met once, and meet again with what each remembers. */
function acquainted(options: PairOptions = {}): {
  readonly first: Pair;
  readonly server: Partial<ServerOptions>;
  readonly client: Partial<ClientOptions>;
  again(change?: PairOptions): Pair;
} {
  const server: Partial<ServerOptions> = {
    ...only13,
    sessions: ticketKeys({ random: seededRandom("tickets"), now }),
    ...options.server,
  };
  const client: Partial<ClientOptions> = { ...only13, sessions: memoryClientSessions(), ...options.client };
  let meetings = 0;
  const meet = (change: PairOptions): Pair => {
    const configs = { server: { ...server, ...change.server }, client: { ...client, ...change.client } };
    const pair = makePair({ ...options, ...change, seed: `meeting ${meetings++}`, ...configs });
    converse(pair);
    return pair;
  };
  return { first: meet({}), server, client, again: (change = {}) => meet(change) };
}
/** A store that gives one session, always. */
function giving(session: Partial<StoredSession>): SyncClientSessionStore {
  return { take: () => ({ state: new Uint8Array(0), lifetimeSeconds: 3600, maxEarlyData: 0, ...session }), put: () => {} };
}
/** The newest session that a client got. */
function sessionOf({ client }: Pair): StoredSession {
  const event = client.events.findLast(({ kind }) => kind === "new-session");
  if (event?.kind !== "new-session") throw new Error("no session");
  return event.session;
}

const judge: SyncVerifier = { label: "all", schemes: ["ed25519"], verify: (presented) => dangerousAssertVerified(presented) };

describe("a session does not grow beyond what the next hello can carry", () => {
  const above = (count: number): Uint8Array[] =>
    Array.from({ length: count }, (_, at) => fakeCertificate(fakePublicKey("RSA", at)));
  test.each([
    [1, 1, "resumed"],
    [9, 1, "resumed"],
    [9, 60, "full"],
  ])(
    "a client who shows %d certificates above its own, with %d more in the verifier's path, comes back: %s",
    (shown, more, kind) => {
      const own = seededCredential("a client", ["client"]);
      const credential: Credential = { ...own, chain: [own.chain[0], ...above(shown)] };
      const verify: SyncVerifier["verify"] = (presented) =>
        dangerousAssertVerified(presented, { path: [...presented.chain, ...above(more)] });
      const clientAuthentication = { mode: "required", verifier: { ...judge, verify } } as const;
      const two = acquainted({ server: { clientAuthentication }, client: { credentials: [credential] } });
      expect(kindOf(two.first)).toEqual(["full", "full"]);
      const again = two.again();
      expect(kindOf(again)).toEqual([kind, kind]);
      expect(again.server.established.info.peer?.path).toEqual([...credential.chain, ...above(more)]);
    },
  );
  test("a name of 40,000 characters in a certificate fails nobody", () => {
    const named: SyncVerifier = {
      ...judge,
      verify: (presented) => dangerousAssertVerified(presented, { names: ["x".repeat(40_000)] }),
    };
    const clientAuthentication = { mode: "required", verifier: named } as const;
    const two = acquainted({
      client: { verifier: named, credentials: [seededCredential("a client")] },
      server: { clientAuthentication },
    });
    expect(kindOf(two.first)).toEqual(["full", "full"]);
    expect(["full", "resumed"]).toContain(kindOf(two.again())[0]);
  });
  test.each([16_000, 40_000, 65_000])("a ticket of %d bytes is not offered if no hello could hold it", (length) => {
    const two = acquainted();
    const state = decodeSession(sessionOf(two.first).state);
    const session = { state: encodeSession({ ...state, ticket: new Uint8Array(length).fill(7) }) };
    expect(kindOf(two.again({ client: { sessions: giving(session) } }))[0]).toBe("full");
  });
});

describe("time", () => {
  const ticketsOf = (pair: Pair) =>
    messagesIn(openAll("server", pair.server.output, pair.server.keyLog))
      .filter(([type]) => type === 4)
      .map((raw) => decodeNewSessionTicket(raw));

  test.each([1, 30 * 24 * 3_600_000, 60 * 365 * 24 * 3_600_000 - 1])(
    "a clock that fell back by %d ms gives no ticket more than seven days (NST-003)",
    (back) => {
      const keys = { current: { name: new Uint8Array(16), secret: seededRandom("a key")(32), createdMs: now() } };
      const two = acquainted({ server: { sessions: keys, now: () => Math.max(0, now() - back) } });
      expect(kindOf(two.first)).toEqual(["full", "full"]);
      for (const { lifetime } of ticketsOf(two.first)) expect(lifetime).toBeLessThanOrEqual(12 * 3600);
    },
  );
  test("a key that is older than tickets may be seals none", () => {
    const keys = { current: { name: new Uint8Array(16), secret: seededRandom("a key")(32), createdMs: now() - 12 * 3_600_000 } };
    expect(ticketsOf(acquainted({ server: { sessions: keys } }).first)).toEqual([]);
  });
  test("a clock that leapt ahead for a moment leaves no key that is never replaced", () => {
    let time = 1e12;
    const keys = ticketKeys({ random: seededRandom("leap"), now: () => time });
    time += 10 * 365 * 24 * 3_600_000;
    const leapt = keys.current;
    time = 1e12 + 60_000;
    expect(keys.current).not.toBe(leapt);
    time += 12 * 3_600_000;
    expect([keys.current, keys.previous]).not.toContain(leapt);
    expect([...leapt.secret].every((byte) => byte === 0)).toBe(true);
  });
});

describe("a ticket key", () => {
  const ended = { name: new Uint8Array(16).fill(1), secret: new Uint8Array(32), createdMs: now() };
  test("whose secret is zeros is refused by a config", () => {
    expect(() => makeConfigs({ server: { sessions: { current: ended } } })).toThrow(
      expect.objectContaining({ name: "ConfigError" }),
    );
  });
  test.each<[string, unknown]>([
    ["is wiped", ended],
    ["is gone", undefined],
    ["has lost its secret", { ...ended, secret: new Uint8Array(0) }],
    ["has no name", { ...ended, name: "text" }],
  ])("that %s behind the config's back seals nothing and opens nothing, and fails nobody", (_, later) => {
    const sound = { ...ended, secret: seededRandom("a key")(32) };
    let current: unknown = sound;
    const sessions = {
      get current() {
        return current as TicketKey;
      },
    };
    const configs = makeConfigs({ server: { ...only13, sessions }, client: { ...only13, sessions: memoryClientSessions() } });
    const meet = (): Pair => {
      for (const { keyLog } of [configs.client, configs.server]) keyLog.length = 0;
      const pair = { client: makeClient(configs.client), server: makeServer(configs.server) };
      converse(pair);
      return pair;
    };
    expect([kindOf(meet()), kindOf(meet())]).toEqual([
      ["full", "full"],
      ["resumed", "resumed"],
    ]);
    current = later;
    const again = meet();
    expect(kindOf(again)).toEqual(["full", "full"]);
    expect(messagesIn(openAll("server", again.server.output, again.server.keyLog)).filter(([type]) => type === 4)).toEqual([]);
  });
  test("that was wiped opens no ticket that somebody sealed under zeros", () => {
    const provider = seededNode("forger");
    const sealer = sealerOf(provider);
    if (sealer === undefined) throw new Error("node seals");
    const ticket = sealTicket(Uint8Array.of(1, 2, 3), { current: ended }, sealer, provider.random);
    expect(openTicket(ticket, { current: ended }, sealer, now())).toBeUndefined();
    const sound = { ...ended, secret: provider.random(32) };
    expect(
      openTicket(
        sealTicket(Uint8Array.of(1, 2, 3), { current: sound }, sealer, provider.random),
        { current: sound },
        sealer,
        now(),
      ),
    ).toEqual(Uint8Array.of(1, 2, 3));
  });
});

test("ticket_age_add is what random gave, and not what lies before it in its memory", () => {
  // Such as one that fills a pool at once and hands out parts of it.
  const pooled = (seed: string): CryptoProvider => {
    const plain = seededNode(seed);
    return {
      ...plain,
      random: (length) => {
        const pool = new Uint8Array(64 + length);
        pool.fill(0xaa);
        pool.set(plain.random(length), 64);
        return pool.subarray(64);
      },
    };
  };
  const { first } = acquainted({ provider: pooled });
  const tickets = messagesIn(openAll("server", first.server.output, first.server.keyLog)).filter(([type]) => type === 4);
  expect(tickets.length).toBe(2);
  for (const raw of tickets) expect(decodeNewSessionTicket(raw).ageAdd).not.toBe(0xaaaaaaaa);
});

describe("a session of another config", () => {
  const own = (name: string): Partial<ClientOptions> => ({ credentials: [seededCredential(name, ["client"])] });
  const asking: Partial<ServerOptions> = { clientAuthentication: { mode: "required", verifier: judge } };

  test("of one that shows another certificate is not taken: who comes is who the server is told", () => {
    const two = acquainted({ server: asking, client: own("alice") });
    const again = two.again({ client: own("bob") });
    expect(again.server.established.info.peer?.presented.chain).toEqual([...seededCredential("bob").chain]);
    expect(kindOf(again)).toEqual(["full", "full"]);
  });
  test("of one that takes more signature schemes as a proof is not taken", () => {
    const two = acquainted({ client: { schemes: ["ed25519", "rsa_pss_rsae_sha256"] } });
    expect(kindOf(two.again({ client: { schemes: ["ed25519"] } }))).toEqual(["full", "full"]);
  });
});

describe("what a caller answers wrongly is ApiMisuse, and spends nothing", () => {
  const clientStore = { takeAsync: () => Promise.resolve(undefined), putAsync: () => Promise.resolve() };
  const serverStore = { findAsync: () => Promise.resolve([]), putAsync: () => Promise.resolve() };
  const wrong = [
    null,
    1,
    "text",
    {},
    [null],
    [1],
    [{}],
    [{ index: 0 }],
    [{ index: 0, state: "text" }],
    [{ index: -1, state: new Uint8Array(1) }],
  ] as never[];
  const misuse = expect.objectContaining({ name: "ApiMisuse", code: "bad-argument" });

  test("needs-session at both", () => {
    const two = acquainted();
    const session = sessionOf(two.first);
    const { client, server } = makeConfigs({
      client: { ...only13, sessions: clientStore },
      server: { ...only13, sessions: serverStore },
    });
    const first = new Connector(client.config, "localhost").start();
    if (first.kind !== "needs-session") throw new Error(first.kind);
    for (const value of wrong) expect(() => first.resume(value), String(value)).toThrow(misuse);
    const hello = first.resume(session).output;
    const accepted = new Acceptor().start().receive(hello);
    if (accepted.kind !== "accepted") throw new Error(accepted.kind);
    const asks = accepted.choose(server.config);
    if (asks.kind !== "needs-session") throw new Error(asks.kind);
    for (const value of wrong) expect(() => asks.resume(value), String(value)).toThrow(misuse);
    expect(asks.resume([]).kind).toBe("needs-input");
  });

  const own = seededCredential("a client", ["client"]);
  const unusable: readonly unknown[] = [
    null,
    1,
    "text",
    {},
    { ...own, chain: [] },
    { ...own, chain: ["text"] },
    { ...own, chain: [new Uint8Array(0)] },
    { ...own, chain: undefined },
    { ...own, signer: undefined },
    { ...own, signer: seededCredential("another").signer },
    { ...own, type: "raw-public-key" },
    { ...own, chain: seededCredential("another").chain },
  ];
  test("needs-credential: a credential that no config would take", () => {
    const picker: AsyncCredentialPicker = { pickAsync: () => Promise.resolve(own) };
    const configs = makeConfigs({
      server: { clientAuthentication: { mode: "required", verifier: judge } },
      client: { credentials: picker },
    });
    const first = new Connector(configs.client.config, "localhost").start();
    const accepted = new Acceptor().start().receive(first.output);
    if (first.kind !== "needs-input" || accepted.kind !== "accepted") throw new Error(`${first.kind}, ${accepted.kind}`);
    const stage = first.receive(accepted.choose(configs.server.config).output);
    if (stage.kind !== "needs-credential") throw new Error(stage.kind);
    for (const credential of unusable) expect(() => stage.present(credential as never), inspect(credential)).toThrow(misuse);
    expect(stage.present(own).kind).toBe("established");
  });
  test.each(unusable.map((credential) => [credential]))(
    "a picker that gives such a credential is a local fault: %#",
    (credential) => {
      const pair = makePair({
        server: { clientAuthentication: { mode: "required", verifier: judge } },
        client: { credentials: { pick: () => credential as never } },
      });
      converse(pair);
      expect(pair.client.failure?.error.kind).toBe("local-fault");
      expect(fatalAlertsOf(pair.client)).toEqual([{ level: 2, description: 80 }]);
    },
  );
});

test("a stage that waits prints nothing of the store or the picker that it asks", () => {
  const secret = "5ec2e7";
  const store = {
    takeAsync: () => Promise.resolve(undefined),
    putAsync: () => Promise.resolve(),
    findAsync: () => Promise.resolve([]),
    kept: secret,
  };
  const picker = { pickAsync: () => Promise.resolve(undefined), kept: secret };
  const two = acquainted();
  const { client, server } = makeConfigs({
    client: { ...only13, sessions: store, credentials: picker },
    server: { ...only13, sessions: store, clientAuthentication: { mode: "optional", verifier: judge } },
  });
  const first = new Connector(client.config, "localhost").start();
  if (first.kind !== "needs-session") throw new Error(first.kind);
  const hello = first.resume(sessionOf(two.first));
  const accepted = new Acceptor().start().receive(hello.output);
  if (accepted.kind !== "accepted" || hello.kind !== "needs-input") throw new Error(accepted.kind);
  const asks = accepted.choose(server.config);
  if (asks.kind !== "needs-session") throw new Error(asks.kind);
  const request = hello.receive(asks.resume([]).output);
  expect(request.kind).toBe("needs-credential");
  for (const stage of [first, asks, request]) expect(inspect(stage, { depth: 9 }) + JSON.stringify(stage)).not.toContain(secret);
});

describe("states that are none", () => {
  const { first } = acquainted();
  const { state } = sessionOf(first);
  const small = makeConfigs({ client: only13 });

  const offer = (bytes: Uint8Array): unknown => {
    const { client } = makeConfigs({ client: { ...only13, sessions: giving({ state: Uint8Array.from(bytes) }) } });
    const stage = new Connector(client.config, "localhost").start();
    return stage.kind;
  };
  test("every prefix of one, and one with a byte more, is left aside", () => {
    const without = new Connector(small.client.config, "localhost").start().output.length;
    for (let length = 0; length <= state.length + 1; length++) {
      if (length === state.length) continue;
      const bytes = new Uint8Array(length);
      bytes.set(state.subarray(0, length));
      const { client } = makeConfigs({ client: { ...only13, sessions: giving({ state: bytes }) } });
      // 6 bytes are psk_key_exchange_modes.
      expect(new Connector(client.config, "localhost").start().output.length, `${length}`).toBe(without + 6);
    }
  });
  property.prop([fc.nat({ max: state.length - 1 }), fc.integer({ min: 1, max: 255 })], { numRuns: 300 })(
    "any changed byte fails nothing before it is offered",
    (at, bits) => {
      expect(offer(state.map((byte, index) => (index === at ? byte ^ bits : byte)))).toBe("needs-input");
    },
  );
  property.prop([fc.uint8Array({ maxLength: 2000 })])("any bytes fail nothing", (bytes) => {
    expect(offer(bytes)).toBe("needs-input");
    const server = acquainted().again({ server: { sessions: { find: () => bytes, put: () => {} } } });
    expect(kindOf(server)).toEqual(["full", "full"]);
  });
});

describe("an extracted connection", () => {
  const extractable = (version: "tls1.2" | "tls1.3") =>
    establishedPair({
      version,
      server: { dangerousExtractSecrets: true },
      client: { versions: [version], dangerousExtractSecrets: true },
    });
  const extracted = (connection: Connection) => {
    const result = connection.extractSecrets();
    if (result.kind !== "extracted") throw new Error(result.kind);
    return result.secrets;
  };

  describe.each(["tls1.3", "tls1.2"] as const)("%s", (version) => {
    test("says nothing any more, whoever still holds a part of it: no stage, no half writes a byte behind it", () => {
      const { client } = extractable(version);
      const connection = client.established;
      const { reader, writer } = connection;
      extracted(connection);
      const closed = expect.objectContaining({ name: "ApiMisuse" });
      for (const stage of client.stages) expect(() => stage.abort("timeout")).toThrow(closed);
      for (const call of [
        () => reader.receive(new Uint8Array(1)),
        () => reader.receiveEnd(),
        () => writer.send(new Uint8Array(1)),
        () => writer.close(),
        () => writer.updateKeys(),
        () => writer.sendInto(new Uint8Array(1), new Uint8Array(99)),
        () => connection.abort("reset"),
        () => connection.exportKeyingMaterial("EXPORTER-x", undefined, 32),
      ])
        expect(call).toThrow(closed);
    });

    test("does not go on with secrets that lost their bytes on the way", () => {
      const { client } = extractable(version);
      const secrets = extracted(client.established);
      const provider = seededNode("elsewhere");
      const misuse = expect.objectContaining({ name: "ApiMisuse", code: "bad-argument" });
      const without = (direction: "read" | "write", change: object) => ({
        ...secrets,
        [direction]: { ...secrets[direction], ...change },
      });
      const wrong: readonly unknown[] = [
        undefined,
        null,
        {},
        "text",
        JSON.parse(JSON.stringify(secrets)),
        { ...secrets, role: "proxy" },
        { ...secrets, version: "tls1.1" },
        { ...secrets, info: undefined },
        { ...secrets, unread: "" },
        { ...secrets, exporter: new Uint8Array(3) },
        { ...secrets, suite: version === "tls1.3" ? "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" : "TLS_AES_128_GCM_SHA256" },
        ...(["read", "write"] as const).flatMap((direction) => [
          without(direction, { secret: new Uint8Array(0) }),
          without(direction, { secret: {}, key: {} }),
          without(direction, { sequence: 1.5 }),
          without(direction, { secret: undefined, key: new Uint8Array(3) }),
          without(direction, { secret: undefined, iv: new Uint8Array(3) }),
          without(direction, { closed: "no" }),
          { ...secrets, [direction]: undefined },
        ]),
      ];
      for (const each of wrong) expect(() => Connection.resume(each as never, provider), inspect(each)).toThrow(misuse);
      for (const options of [
        { truncation: "Strict" },
        { limits: { recordsPerKey: 2 ** 30 } },
        { limits: { recordsPerKey: 0 } },
        { limits: 1 },
      ]) {
        expect(() => Connection.resume(secrets, provider, options as never), inspect(options)).toThrow(misuse);
      }
      const resumed = Connection.resume(secrets, provider, { limits: { recordsPerKey: undefined as never } });
      expect(resumed.send(new Uint8Array(1)).kind).toBe("sent");
    });

    test("whose peer has closed can be extracted, an unanswered KeyUpdate or not", () => {
      const { client, server } = extractable(version);
      if (version === "tls1.3") client.established.updateKeys({ requestPeer: true });
      expect(client.established.receive(server.established.close().output).kind).toBe("closed");
      const resumed = Connection.resume(extracted(client.established), seededNode("elsewhere"));
      expect(resumed.receive(new Uint8Array(1)).kind).toBe("closed");
      // TLS 1.2 closes both at once; the writer could not know.
      expect(resumed.send(new Uint8Array(1)).kind).toBe(version === "tls1.3" ? "sent" : "ended");
    });

    test("reads on like one that has read before: its first record is no hello", () => {
      const { client } = extractable(version);
      const resumed = Connection.resume(extracted(client.established), seededNode("elsewhere"));
      const received = resumed.receive(new Uint8Array(Buffer.from("GET / HTTP/1.1")));
      expect(received).toMatchObject({ kind: "failed", error: { kind: "unexpected-record" } });
    });
  });
});

describe("secrets of a session", () => {
  /** What went into HMAC as the PSK, and the state: the very memory. */
  function watching(seed: string, seen: Uint8Array[]): CryptoProvider {
    const plain = seededNode(seed);
    return {
      ...plain,
      hashes: plain.hashes.map((hash) => ({
        ...hash,
        hmac: (key, data) => {
          if (data.length === hash.length && key.length === hash.length && key.every((byte) => byte === 0)) seen.push(data);
          return hash.hmac(key, data);
        },
      })),
    };
  }
  const isWiped = (secret: Uint8Array): boolean => secret.every((byte) => byte === 0);

  test.each(["client", "server"] as const)(
    "are wiped at the %s, whether it is resumed, refused, or ends at any stage",
    (role) => {
      const endings = [undefined, 0, 1, 2, 3, 4, 5, 6, 7, 8];
      let found = 0;
      for (const ending of endings) {
        const two = acquainted({ asynchronous: true, retry: true });
        const seen: Uint8Array[] = [];
        let at = 0;
        two.again({
          provider: (seed) => (seed.endsWith(role) ? watching(seed, seen) : seededNode(seed)),
          watch: (stage, of) => {
            if (of === role && at++ === ending) stage.abort("cancelled");
          },
        });
        found += seen.length;
        expect(seen.filter((secret) => !isWiped(secret)).length, `ended at ${ending}`).toBe(0);
      }
      expect(found).toBeGreaterThan(3);
    },
  );
  test("are wiped at a client whose server makes a full handshake, or speaks TLS 1.2", () => {
    for (const change of [{ server: { label: "another" } }, { server: { versions: ["tls1.2"] } }] as const) {
      const two = acquainted({ client: { versions: ["tls1.3", "tls1.2"] } });
      const seen: Uint8Array[] = [];
      const pair = two.again({
        ...change,
        provider: (seed) => (seed.endsWith("client") ? watching(seed, seen) : seededNode(seed)),
      });
      expect(kindOf(pair)).toEqual(["full", "full"]);
      expect(seen.length).toBeGreaterThan(0);
      expect(seen.filter((secret) => !isWiped(secret)).length).toBe(0);
    }
  });
});

describe("a binder", () => {
  interface Offered {
    readonly identity: Uint8Array;
    /** undefined: no binder for it. */
    readonly secret: Uint8Array | undefined;
  }
  const { first } = acquainted();
  const stored = decodeSession(sessionOf(first).state);
  const [hash] = seededNode("binder").hashes.filter(({ name }) => name === "sha256");
  if (hash === undefined) throw new Error("node has SHA-256");
  const sha256 = hash;
  const known = (name: number): Uint8Array => new Uint8Array(32).fill(name);
  const secretOf = (name: number): Uint8Array => new Uint8Array(32).fill(0x50 + name);
  /** Knows every identity of 32 like bytes below 10. */
  const store = (configId: Uint8Array): SyncServerSessionStore => ({
    find: (id) => {
      const [name = 255] = id;
      if (name >= 10 || id.length !== 32) return undefined;
      return encodeSession({
        ...stored,
        secret: Uint8Array.from(secretOf(name)),
        configId: Uint8Array.from(configId),
        ticket: undefined,
        peer: undefined,
      });
    },
    put: () => {},
  });
  /** The hello of a client without a session, with these identities; `before` is what the transcript holds already. */
  function offering(
    raw: Uint8Array,
    offered: readonly Offered[],
    {
      early = false,
      modes = [1],
      before = new Uint8Array(0),
      last = true,
    }: { early?: boolean; modes?: number[]; before?: Uint8Array; last?: boolean } = {},
  ): Uint8Array {
    const hello = decodeClientHello(Uint8Array.from(raw));
    const psk = extension("pre_shared_key", (writer) => {
      writer.list(2, offered, (_, { identity }) => writer.opaque(2, identity).u32(1));
      writer.list(
        2,
        offered.filter(({ secret }) => secret !== undefined),
        () => writer.opaque(1, new Uint8Array(32)),
      );
    });
    const pskModes = extension("psk_key_exchange_modes", (writer) => writer.opaque(1, Uint8Array.from(modes)));
    const others = (hello.extensions as Extension[]).filter(
      ({ type }) => type.name !== "psk_key_exchange_modes" && type.name !== "pre_shared_key",
    );
    const front = [...others, pskModes, ...(early ? [extension("early_data")] : [])];
    const { legacyVersion, random, legacySessionId, compressionMethods } = hello;
    const cipherSuites = hello.cipherSuites.map(({ id }) => id);
    const encoded = encodeClientHello({
      legacyVersion,
      random,
      legacySessionId,
      cipherSuites,
      compressionMethods,
      extensions: last ? [...front, psk] : [psk, ...front],
    });
    const binders = offered.filter(({ secret }) => secret !== undefined);
    const truncated = encoded.subarray(0, encoded.length - 2 - 33 * binders.length);
    const digest = digestOf(sha256, joined([before, truncated]));
    for (const [at, { secret }] of last ? binders.entries() : []) {
      encoded.set(pskBinder(sha256, "res binder", secret ?? new Uint8Array(0), digest), truncated.length + 2 + 33 * at + 1);
    }
    return encoded;
  }
  /** What a server that knows these sessions says to them. */
  function greet(offered: readonly Offered[], options: Parameters<typeof offering>[2] = {}, limits = {}): Side {
    const id = makeConfigs({ server: only13 }).server.config.id;
    const { server, client } = makeConfigs({ client: only13, server: { ...only13, sessions: store(id), limits } });
    const raw = new Connector(client.config, "localhost").start().output.subarray(5);
    const side = makeServer(server);
    side.hear(record(contentType.handshake, offering(raw, offered, options)));
    return side;
  }
  /** The index that ServerHello names; undefined: a full handshake. */
  const selected = (side: Side): number | undefined => {
    expect(side.failure).toBeUndefined();
    const [hello] = messagesIn(openAll("server", side.output, side.keyLog));
    return decodeServerHello(hello ?? new Uint8Array(0)).selectedIdentity;
  };
  const right = (name: number): Offered => ({ identity: known(name), secret: secretOf(name) });
  const forged = (name: number): Offered => ({ identity: known(name), secret: known(77) });
  const unknown: Offered = { identity: known(99), secret: known(77) };

  test("is checked for the identity that is taken: the first that is known, of the first four", () => {
    expect(selected(greet([right(1)]))).toBe(0);
    expect(selected(greet([unknown, unknown, right(1), forged(2)]))).toBe(2);
    expect(selected(greet([unknown, unknown, unknown, unknown, right(1)]))).toBeUndefined();
    expect(selected(greet([unknown]))).toBeUndefined();
  });
  test.each([[[forged(1)]], [[forged(1), right(2)]], [[unknown, forged(1)]], [[{ identity: known(1), secret: secretOf(2) }]]])(
    "that is forged is decrypt_error, whatever else is offered: %#",
    (offered) => {
      const side = greet(offered);
      expect(side.failure?.error).toMatchObject({ kind: "bad-binder" });
      expect(fatalAlertsOf(side)).toEqual([{ level: 2, description: 51 }]);
      expect(side.output.length).toBe(7);
    },
  );
  test("of another place, or one too few, is illegal_parameter", () => {
    for (const offered of [
      [right(1), { identity: known(2), secret: undefined }],
      [{ identity: known(2), secret: undefined }, right(1)],
    ]) {
      expect(greet(offered).failure?.error).toMatchObject({ kind: "illegal-parameter", context: { field: "binders" } });
    }
    expect(greet([right(1)], { last: false }).failure?.error).toMatchObject({
      kind: "illegal-parameter",
      context: { field: "pre_shared_key" },
    });
  });
  test("is not looked at where the client takes no (EC)DHE beside it: a full handshake, and no ticket", () => {
    expect(selected(greet([forged(1)], { modes: [0] }))).toBeUndefined();
    expect(selected(greet([right(1)], { modes: [0, 1] }))).toBe(0);
  });
  test("that is right does not bring early data in: it is skipped up to its limit, and one byte more is refused", () => {
    const early = record(contentType.applicationData, new Uint8Array(500).fill(7));
    for (const [limit, kind] of [
      [505, undefined],
      [504, "limit-exceeded"],
    ] as const) {
      const side = greet([right(1)], { early: true }, { skippedEarlyData: limit });
      expect(selected(side)).toBe(0);
      side.hear(early);
      expect(side.failure?.error.kind).toBe(kind);
    }
  });

  /** A retry, then a second hello as the test wants it. */
  function second(one: readonly Offered[], other: (raw: Uint8Array, before: Uint8Array) => Uint8Array): Side {
    const id = makeConfigs({ retry: true, server: only13 }).server.config.id;
    const { server, client } = makeConfigs({ retry: true, client: only13, server: { ...only13, sessions: store(id) } });
    const connector = new Connector(client.config, "localhost").start();
    if (connector.kind !== "needs-input") throw new Error(connector.kind);
    const raw = connector.output.subarray(5);
    const plain = offering(raw, one);
    const side = makeServer(server);
    side.hear(record(contentType.handshake, plain));
    const retry = side.take();
    const [request] = messagesIn(openAll("server", retry, []));
    const again = connector.receive(Uint8Array.from(retry));
    const [, secondHello] = messagesIn(openAll("client", joined([connector.output, again.output]), []));
    const messageHash = joined([Uint8Array.of(254, 0, 0, 32), digestOf(sha256, plain)]);
    side.hear(
      record(contentType.handshake, other(secondHello ?? new Uint8Array(0), joined([messageHash, request ?? new Uint8Array(0)]))),
    );
    return side;
  }
  test("of the second hello covers the first and the retry", () => {
    const ends = (side: Side) =>
      side.failure?.error.kind ??
      decodeServerHello(messagesIn(openAll("server", side.output, side.keyLog))[1] ?? new Uint8Array(0)).selectedIdentity;
    expect(ends(second([right(1)], (raw, before) => offering(raw, [right(1)], { before })))).toBe(0);
    // One that is right for the second hello alone is not.
    expect(ends(second([right(1)], (raw) => offering(raw, [right(1)])))).toBe("bad-binder");
    expect(ends(second([right(1)], (raw, before) => offering(raw, [forged(1)], { before })))).toBe("bad-binder");
    // Some may be left out, with binders that are theirs; none may come, or change places (RFC 9846 §4.2.2).
    expect(ends(second([forged(1), right(2)], (raw, before) => offering(raw, [right(2)], { before })))).toBe(0);
    expect(ends(second([unknown], (raw, before) => offering(raw, [unknown, right(3)], { before })))).toBe("illegal-parameter");
    expect(ends(second([unknown], (raw, before) => offering(raw, [right(3)], { before })))).toBe("illegal-parameter");
    expect(ends(second([right(1), right(2)], (raw, before) => offering(raw, [right(2), right(1)], { before })))).toBe(
      "illegal-parameter",
    );
    expect(ends(second([right(1)], (raw, before) => offering(raw, [right(1), right(1)], { before })))).toBe("illegal-parameter");
    expect(
      ends(second([right(1)], (raw, before) => offering(raw, [right(1), { identity: known(2), secret: undefined }], { before }))),
    ).toBe("illegal-parameter");
    expect(ends(second([right(1)], (raw, before) => offering(raw, [right(1)], { before, last: false })))).toBe(
      "illegal-parameter",
    );
  });
});

describe("a server that takes a session up", () => {
  /** One that was resumed by right, until its flight is changed on the way. */
  function resumedThrough(edit: Edit<Protection>): Side {
    const two = acquainted({ client: { suites: [pairSuite] } });
    const configs = makeConfigs({
      seed: "again",
      server: { ...only13, ...two.server },
      client: { ...only13, suites: [pairSuite], ...two.client },
    });
    const pair = { client: makeClient(configs.client), server: makeServer(configs.server) };
    const resealer = new Resealer(pair.server, edit);
    converseThrough(pair, (from, chunk) => (from === "server" ? resealer.pass(chunk) : chunk));
    return pair.client;
  }
  const foreign = {
    certificate: encodeCertificate(new Uint8Array(0), []),
    certificate_request: encodeCertificateRequest(new Uint8Array(0), []),
    certificate_verify: encodeCertificateVerify(0x0807, new Uint8Array(64)),
  };
  test.each(Object.entries(foreign))(
    "and sends %s all the same is refused with unexpected_message (PSK-012)",
    (name, message) => {
      const client = resumedThrough(({ type, content }, index, keys) => {
        if (index > 0) return [keys.seal(type, content)];
        const [encryptedExtensions = new Uint8Array(0)] = messagesIn([{ type, content, isProtected: true }]);
        return [keys.seal(type, joined([encryptedExtensions, message]))];
      });
      expect(client.failure?.error).toMatchObject({ kind: "unexpected-message", context: { received: name } });
      expect(fatalAlertsOf(client)).toEqual([{ level: 2, description: 10 }]);
    },
  );
});
