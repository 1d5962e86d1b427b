// What is put away of a session, where it is kept, and for how long.
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { type ClientSessionKey, memoryClientSessions, type StoredSession, ticketKeys } from "@sallyport/core";
import { expand } from "../../packages/core/src/crypto/hkdf.ts";
import {
  decodeSession,
  encodeSession,
  isFresh,
  longestLifetime,
  type SessionState,
} from "../../packages/core/src/session/state.ts";
import {
  forgetAfterMs,
  isTicketKey,
  openTicket,
  type Sealer,
  sealerOf,
  sealTicket,
  ticketLifetime,
} from "../../packages/core/src/session/tickets.ts";
import { concat, latin1 } from "../../packages/core/src/wire/bytes.ts";
import { seededNode, seededRandom } from "../support/seeded.ts";

const bytes = (minLength: number, maxLength: number) =>
  fc.uint8Array({ minLength, maxLength }).map((each) => Uint8Array.from(each));
const optional = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined });
/** Any string, half a surrogate pair too. */
const text = fc.string({ unit: "binary", maxLength: 20 });
const milliseconds = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const u32 = fc.nat({ max: 2 ** 32 - 1 });
const certificate = bytes(1, 40);

const peer: fc.Arbitrary<SessionState["peer"]> = optional(
  fc
    .record({
      presented: fc.record({
        role: fc.constantFrom("client", "server"),
        type: fc.constantFrom("x509", "raw-public-key"),
        chain: fc.tuple(certificate, fc.array(certificate, { maxLength: 3 })).map(([leaf, more]) => [leaf, ...more] as const),
        serverName: optional(text),
        ocspResponse: optional(bytes(1, 40)),
        signedCertificateTimestamps: fc.array(bytes(0, 20), { maxLength: 3 }),
        nowMs: milliseconds,
      }),
      /** Certificates that were shown, and others. */
      shown: fc.array(fc.nat({ max: 3 }), { maxLength: 3 }),
      others: fc.array(certificate, { maxLength: 2 }),
      names: fc.array(text, { maxLength: 3 }),
      validUntilMs: optional(milliseconds),
      basis: optional(text),
    })
    .map(({ shown, others, ...rest }) => ({
      ...rest,
      path: [...shown.flatMap((at) => rest.presented.chain[at] ?? []), ...others],
    })),
);
const states: fc.Arbitrary<SessionState> = fc.record({
  suite: fc.constantFrom("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
  secret: bytes(1, 48),
  alpn: optional(text),
  serverName: optional(text),
  configId: bytes(0, 32),
  fullHandshakeMs: milliseconds,
  issuedMs: milliseconds,
  lifetimeSeconds: u32,
  ageAdd: u32,
  peer,
  maxEarlyData: u32,
  psk: optional(fc.record({ identity: bytes(0, 20), fingerprint: bytes(1, 32) })),
  data: optional(bytes(1, 40)),
  ticket: optional(bytes(1, 40)),
  sessionId: optional(bytes(1, 32)),
});

describe("a session's state", () => {
  test.prop([states])("comes back as it was, whoever the peer was", (state) => {
    expect(decodeSession(encodeSession(state))).toEqual(state);
  });

  test.prop([states, fc.integer({ min: 0, max: 255 })])("of another format is nobody's", (state, format) => {
    const encoded = encodeSession(state);
    fc.pre(encoded[0] !== format);
    encoded[0] = format;
    expect(() => decodeSession(encoded)).toThrow(expect.objectContaining({ kind: "malformed-message" }));
  });
  test.prop([states, fc.nat()])("that is cut anywhere is nobody's, nor is one with more behind it", (state, cut) => {
    const encoded = encodeSession(state);
    for (const other of [encoded.slice(0, cut % encoded.length), concat([encoded, Uint8Array.of(0)])]) {
      expect(() => decodeSession(other)).toThrow(expect.objectContaining({ kind: "malformed-message" }));
    }
  });

  const issuedMs = 1e12;
  const longestMs = longestLifetime * 1000;
  test.prop([states, fc.integer({ min: 1, max: 200_000 }), fc.nat({ max: longestMs })])(
    "is fresh from when it was made to the end of its lifetime, and of seven days behind the full handshake",
    (state, lifetimeSeconds, beforeMs) => {
      const made = { ...state, issuedMs, fullHandshakeMs: issuedMs - beforeMs, lifetimeSeconds };
      const endMs = Math.min(issuedMs + lifetimeSeconds * 1000, made.fullHandshakeMs + longestMs);
      expect(isFresh(made, issuedMs - 1)).toBe(false);
      expect(isFresh(made, issuedMs)).toBe(endMs > issuedMs);
      expect(isFresh(made, endMs - 1)).toBe(endMs > issuedMs);
      expect(isFresh(made, endMs)).toBe(false);
      // Nor is one whose full handshake is still to come.
      expect(isFresh({ ...made, fullHandshakeMs: issuedMs + 1 }, issuedMs)).toBe(false);
    },
  );
});

describe("a client's sessions in memory", () => {
  const keyOf = (serverName: string): ClientSessionKey => ({ serverName, partition: "", config: "" });
  const session = (at: number): StoredSession => ({ state: Uint8Array.of(at), lifetimeSeconds: 9, maxEarlyData: at % 2 });
  const acts = fc.array(fc.tuple(fc.constantFrom("put", "put", "take"), fc.constantFrom(..."abcd")), { maxLength: 60 });

  test.prop([acts, fc.integer({ min: 1, max: 4 })], { numRuns: 500 })(
    "are given once each, the newest first, eight of a server, of as many servers as there is room for",
    (script, capacity) => {
      const store = memoryClientSessions({ capacity });
      /** Who was longest not used goes first. */
      let model: { readonly name: string; readonly sessions: readonly StoredSession[] }[] = [];
      for (const [at, [act, name]] of script.entries()) {
        const sessions = model.find((each) => each.name === name)?.sessions ?? [];
        const left = act === "put" ? [...sessions, session(at)].slice(-8) : sessions.slice(0, -1);
        model = model.filter((each) => each.name !== name);
        if (left.length > 0) model.push({ name, sessions: left });
        model = model.slice(-capacity);
        if (act === "put") store.put(keyOf(name), session(at));
        else expect(store.take(keyOf(name))).toEqual(sessions.at(-1));
      }
      for (const { name, sessions } of model) {
        for (const each of sessions.toReversed()) expect(store.take(keyOf(name))).toEqual(each);
        expect(store.take(keyOf(name))).toBeUndefined();
      }
    },
  );

  test("are the eight newest of a server that gives more", () => {
    const store = memoryClientSessions();
    for (let at = 1; at <= 20; at++) store.put(keyOf("a"), session(at));
    for (let at = 20; at > 12; at--) expect(store.take(keyOf("a"))).toEqual(session(at));
    expect(store.take(keyOf("a"))).toBeUndefined();
  });

  test("are one server's for one config and one partition alone", () => {
    const store = memoryClientSessions();
    const [one, ...others]: readonly [ClientSessionKey, ...ClientSessionKey[]] = [
      keyOf("a"),
      keyOf("b"),
      { ...keyOf("a"), partition: "p" },
      { ...keyOf("a"), config: "c" },
    ];
    store.put(one, session(1));
    for (const other of others) expect(store.take(other)).toBeUndefined();
    expect(store.take(one)).toEqual(session(1));
  });
});

describe("tickets", () => {
  const nowMs = 1e12;
  const provider = seededNode("tickets");
  const sealer = ((): Sealer => {
    const made = sealerOf(provider);
    if (made === undefined) throw new Error("node seals");
    return made;
  })();
  const current = { name: provider.random(16), secret: provider.random(32), createdMs: nowMs };
  const state = Uint8Array.of(1, 2, 3);
  const ticket = sealTicket(state, { current }, sealer, provider.random);

  test("open for twelve hours behind the making of their key, by either clock, and are given for as long", () => {
    for (const direction of [1, -1]) {
      const at = (ms: number): number => nowMs + direction * ms;
      for (const age of [0, forgetAfterMs - 1]) expect(openTicket(ticket, { current }, sealer, at(age))).toEqual(state);
      for (const age of [forgetAfterMs, forgetAfterMs + 1]) {
        expect(openTicket(ticket, { current }, sealer, at(age))).toBeUndefined();
        expect(ticketLifetime({ current }, at(age))).toBe(0);
      }
      expect(ticketLifetime({ current }, nowMs)).toBe(12 * 3600);
    }
  });

  test("that are too short for one, of another format, or of nobody's key meet no cryptography", () => {
    let calls = 0;
    const counting: Sealer = {
      hash: {
        ...sealer.hash,
        create: () => sealer.hash.create(),
        hmac: (...given) => {
          calls++;
          return sealer.hash.hmac(...given);
        },
      },
      suite: sealer.suite,
    };
    const opened = (bytes: Uint8Array): unknown => openTicket(bytes, { current }, counting, nowMs);
    // A byte of state is the least there is.
    for (let length = 0; length <= 1 + 16 + 32 + 16; length++) expect(opened(ticket.slice(0, length))).toBeUndefined();
    for (const at of [0, 1, 16]) {
      expect(opened(ticket.map((byte, index) => (index === at ? byte ^ 1 : byte)))).toBeUndefined();
    }
    expect(calls).toBe(0);
    expect(opened(ticket)).toEqual(state);
    expect(calls).toBeGreaterThan(0);
  });

  test("of another format do not open, though all else of them is right", () => {
    const salt = provider.random(32);
    const key = expand(sealer.hash, current.secret, concat([latin1("sallyport ticket"), salt]), 32);
    const sealed = (format: number): Uint8Array => {
      const head = concat([Uint8Array.of(format), current.name, salt]);
      const whole = concat([head, new Uint8Array(state.length + 16)]);
      sealer.suite.seal(Uint8Array.from(key)).seal(new Uint8Array(12), head, state, whole, head.length);
      return whole;
    };
    expect(openTicket(sealed(2), { current }, sealer, nowMs)).toEqual(state);
    for (const format of [0, 1, 3]) expect(openTicket(sealed(format), { current }, sealer, nowMs)).toBeUndefined();
  });

  test("are sealed by SHA-256 whatever the provider's order is, and by another hash where it has none", () => {
    const { hashes, suites } = provider;
    const others = hashes.filter(({ name }) => name !== "sha256");
    expect(sealerOf({ ...provider, hashes: hashes.toReversed() })?.hash.name).toBe("sha256");
    expect(sealerOf({ ...provider, hashes: hashes })?.hash.name).toBe("sha256");
    expect(sealerOf({ ...provider, hashes: others })?.hash.name).toBe(others[0]?.name);
    expect(sealerOf({ ...provider, hashes: [] })).toBeUndefined();
    expect(sealerOf({ ...provider, suites: suites.filter(({ keyLength }) => keyLength === 16) })).toBeUndefined();
    expect(sealer.suite.keyLength).toBe(32);
  });

  test.each<[string, unknown]>([
    ["undefined", undefined],
    ["null", null],
    ["a number", 1],
    ["an empty object", {}],
    ["one without a name", { ...current, name: undefined }],
    ["one whose name is text of 16 characters", { ...current, name: "x".repeat(16) }],
    ["one whose name has 15 bytes", { ...current, name: new Uint8Array(15) }],
    ["one whose name has 17 bytes", { ...current, name: new Uint8Array(17) }],
    ["one without a secret", { ...current, secret: undefined }],
    ["one whose secret is a list", { ...current, secret: Array.from({ length: 32 }, () => 1) }],
    ["one whose secret has 31 bytes", { ...current, secret: new Uint8Array(31).fill(1) }],
    ["one whose secret has 33 bytes", { ...current, secret: new Uint8Array(33).fill(1) }],
    ["one that was wiped", { ...current, secret: new Uint8Array(32) }],
    ["one of no time", { ...current, createdMs: Number.NaN }],
    ["one without a time", { ...current, createdMs: undefined }],
  ])("are opened by no key that is none, and it is no obstacle beside one: %s", (_, none) => {
    expect(isTicketKey(none)).toBe(false);
    expect(openTicket(ticket, { current: none as typeof current }, sealer, nowMs)).toBeUndefined();
    expect(openTicket(ticket, { current: none as typeof current, previous: current }, sealer, nowMs)).toEqual(state);
    expect(ticketLifetime({ current: none as typeof current }, nowMs)).toBe(0);
  });
});

describe("ticket keys", () => {
  const hour = 3_600_000;
  test("change after six hours; the one before opens until it is twelve hours old, and is wiped then", () => {
    let now = 1e12;
    const keys = ticketKeys({ random: seededRandom("keys"), now: () => now });
    const first = keys.current;
    expect(keys.previous).toBeUndefined();
    now += 6 * hour - 1;
    expect(keys.current).toBe(first);
    now += 1;
    const second = keys.current;
    expect(second).not.toBe(first);
    expect(keys.previous).toBe(first);
    now += 6 * hour - 1;
    expect([keys.current, keys.previous]).toEqual([second, first]);
    expect(first.secret.some((byte) => byte !== 0)).toBe(true);
    now += 1;
    expect(keys.previous).toBe(second);
    expect([...first.secret].every((byte) => byte === 0)).toBe(true);
  });

  test("that nobody asks for in between are both forgotten", () => {
    let now = 1e12;
    const keys = ticketKeys({ random: seededRandom("keys"), now: () => now });
    const first = keys.current;
    now += 12 * hour;
    expect(keys.previous).toBeUndefined();
    expect([...first.secret].every((byte) => byte === 0)).toBe(true);
    expect(keys.current).not.toBe(first);
  });
});
