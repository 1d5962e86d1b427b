import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { importedPsk } from "@sallyport/core";
import { extendedPair } from "../support/extended.ts";
import { converseThrough, expectSoundEnd, expectSticky, fatalAlertsOf, said, type Wire } from "../support/outcome.ts";
import { converse, joined, makePair, type Pair, type PairOptions, type Side } from "../support/pair.ts";
import { seededRandom } from "../support/seeded.ts";
import { type Edit, Resealer, ResealerTls12 } from "../support/resealer.ts";
import { contentType, type Inner, parseRecords, type Protection, record } from "../support/wiretap.ts";

const roles = ["client", "server"] as const;
const psk = importedPsk({ identity: Uint8Array.of(1, 2, 3), key: seededRandom("a key from elsewhere")(32) });
const options: fc.Arbitrary<PairOptions> = fc.oneof(
  fc.record({ retry: fc.boolean(), asynchronous: fc.boolean(), clientAuth: fc.boolean() }),
  fc.record({ retry: fc.boolean(), asynchronous: fc.boolean(), resumed: fc.constantFrom("sealed", "stored") } as const),
  fc.record({ version: fc.constant("tls1.2"), asynchronous: fc.boolean(), clientAuth: fc.boolean() } as const),
  fc
    .tuple(fc.constantFrom("tls1.3", "tls1.2"), fc.boolean())
    .map(([version, asynchronous]) => ({ ...extendedPair(version), asynchronous })),
  fc.record({
    version: fc.constant("tls1.2"),
    asynchronous: fc.boolean(),
    resumed: fc.constantFrom("sealed", "stored"),
  } as const),
  fc.record({ retry: fc.boolean(), asynchronous: fc.boolean(), psks: fc.constant([psk]), pskOnly: fc.constant("both") } as const),
);
const optionsTls13: fc.Arbitrary<PairOptions> = fc.oneof(
  fc.record({ retry: fc.boolean(), asynchronous: fc.boolean(), clientAuth: fc.boolean() }),
  fc.record({ retry: fc.boolean(), asynchronous: fc.boolean(), resumed: fc.constantFrom("sealed", "stored") } as const),
  fc.record({ retry: fc.boolean(), asynchronous: fc.boolean(), psks: fc.constant([psk]), pskOnly: fc.constant("both") } as const),
);

describe("whole records", () => {
  /** What becomes of the record that is reached, and of the one behind it. */
  type Mutation = (these: readonly Uint8Array[], at: number) => readonly Uint8Array[];
  const bytes = (most: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength: most });
  const replaced =
    (by: (old: Uint8Array) => readonly Uint8Array[]): Mutation =>
    (these, at) =>
      these.flatMap((old, index) => (index === at ? by(old) : [old]));
  const mutations: fc.Arbitrary<Mutation> = fc.oneof(
    fc.constant(replaced((old) => [old, old])),
    fc.constant(replaced(() => [])),
    fc.constant<Mutation>((these, at) => these.toSpliced(at, 2, ...these.slice(at, at + 2).reverse())),
    fc.nat({ max: 300 }).map((cut) => replaced((old) => [old.subarray(0, Math.min(cut, old.length - 1))])),
    fc.tuple(fc.nat({ max: 255 }), bytes(60)).map(([type, fragment]) => replaced((old) => [record(type, fragment), old])),
    fc.tuple(fc.nat({ max: 255 }), bytes(60)).map(([type, fragment]) => replaced((old) => [old, record(type, fragment)])),
    fc.nat({ max: 255 }).map((type) => replaced((old) => [record(type, new Uint8Array(0)), old])),
    fc
      .tuple(fc.nat({ max: 255 }), fc.integer({ min: 0x3f00, max: 0xffff }))
      .map(([type, length]) => replaced((old) => [Uint8Array.of(type, 3, 3, length >> 8, length & 255), old])),
    bytes(200).map((garbage) => replaced((old) => [garbage, old])),
  );

  function mutating(role: "client" | "server", index: number, mutate: Mutation): Wire {
    let seen = 0;
    return (from, chunk) => {
      if (from !== role) return chunk;
      const { records, rest } = parseRecords(chunk);
      const at = index - seen;
      seen += records.length;
      const these = records.map(({ bytes }) => bytes);
      return new Uint8Array(Buffer.concat([...(at >= 0 && at < these.length ? mutate(these, at) : these), rest]));
    };
  }

  test.prop([options, fc.constantFrom(...roles), fc.nat({ max: 9 }), mutations], { numRuns: 800 })(
    "that are lost, doubled, swapped, cut or made up end in agreement or in one alert",
    (chosen, role, index, mutate) => {
      const pair = makePair(chosen);
      converseThrough(pair, mutating(role, index, mutate));
      expectSoundSides(pair);
      expectHandshakesAgree(pair);
      for (const [hearer, speaker] of [
        ["client", "server"],
        ["server", "client"],
      ] as const) {
        const heard = joined(pair[hearer].data);
        expect(heard).toEqual(said[speaker].subarray(0, heard.length));
      }
    },
  );

  test.prop([options, fc.constantFrom(...roles), fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 5 })], {
    numRuns: 60,
  })("in clear may be cut into any fragments", (chosen, role, sizes) => {
    const pair = makePair(chosen);
    let isSealed = false;
    converseThrough(pair, (from, chunk) => {
      if (from !== role) return chunk;
      const { records, rest } = parseRecords(chunk);
      const cut = records.flatMap(({ type, bytes, fragment }) => {
        // Behind it TLS 1.2 seals handshake messages too, by their own type.
        if (type === contentType.changeCipherSpec) isSealed = chosen.version === "tls1.2";
        return type === contentType.handshake && !isSealed ? fragments(fragment, sizes) : [bytes];
      });
      return new Uint8Array(Buffer.concat([...cut, rest]));
    });
    expectUndisturbed(pair);
  });
  function fragments(message: Uint8Array, sizes: readonly number[]): Uint8Array[] {
    const cut: Uint8Array[] = [];
    for (let at = 0, turn = 0; at < message.length; turn++) {
      const size = sizes[turn % sizes.length] ?? 1;
      cut.push(record(contentType.handshake, message.subarray(at, at + size)));
      at += size;
    }
    return cut;
  }
});

describe("protected messages", () => {
  function edited(chosen: PairOptions, role: "client" | "server", edit: Edit): Pair {
    if (chosen.version !== "tls1.2") return editedTls13(chosen, role, edit);
    const pair = makePair(chosen);
    const resealer = new ResealerTls12(pair[role], edit);
    return converseThrough(pair, (from, chunk) => (from === role ? resealer.pass(chunk) : chunk));
  }
  function editedTls13(chosen: PairOptions, role: "client" | "server", edit: Edit<Protection>): Pair {
    const pair = makePair(chosen);
    const resealer = new Resealer(pair[role], edit);
    return converseThrough(pair, (from, chunk) => (from === role ? resealer.pass(chunk) : chunk));
  }
  const sealAgain: Edit = ({ type, content }, _, keys) => [keys.seal(type, content)];

  test.each(roles)("that the %s's very bytes are sealed in again are heard as they were said", (role) => {
    expectUndisturbed(edited({}, role, sealAgain));
    expectUndisturbed(edited({ version: "tls1.2" }, role, sealAgain));
  });

  test.prop(
    [
      optionsTls13,
      fc.constantFrom(...roles),
      fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 4 }),
      fc.nat({ max: 300 }),
    ],
    { numRuns: 60 },
  )("may lie in any fragments, and records may be padded", (chosen, role, sizes, zeros) => {
    expectUndisturbed(
      editedTls13(chosen, role, ({ type, content }, _, keys) => {
        if (type === contentType.alert) return [keys.seal(type, content, zeros)];
        const records: Uint8Array[] = [];
        for (let at = 0, turn = 0; at < content.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1;
          records.push(keys.seal(type, content.subarray(at, at + size), turn % 2 === 0 ? zeros : 0));
          at += size;
        }
        return records;
      }),
    );
  });

  type Change = (inner: Inner) => readonly Inner[];
  const insideOf =
    (change: (content: Uint8Array) => Uint8Array): Change =>
    ({ type, content }) => [{ type, content: change(content) }];
  const anyMessage = fc
    .tuple(fc.nat({ max: 255 }), fc.uint8Array({ maxLength: 80 }))
    .map(([type, body]) => new Uint8Array(Buffer.concat([Uint8Array.of(type, 0, 0, body.length), body])));
  const changes: fc.Arbitrary<Change> = fc.oneof(
    fc
      .tuple(fc.nat({ max: 400 }), fc.integer({ min: 1, max: 255 }))
      .map(([at, bits]) =>
        insideOf((content) => content.map((byte, index) => (index === at % content.length ? byte ^ bits : byte))),
      ),
    fc.constant<Change>((inner) => [inner, inner]),
    fc.constant<Change>(() => []),
    fc.nat({ max: 255 }).map(
      (type): Change =>
        ({ content }) => [{ type, content }],
    ),
    fc.nat({ max: 400 }).map((cut) => insideOf((content) => content.subarray(0, cut % content.length))),
    fc.uint8Array({ minLength: 1, maxLength: 40 }).map((more) => insideOf((content) => joined([content, more]))),
    anyMessage.map(
      (message): Change =>
        (inner) => [{ type: contentType.handshake, content: message }, inner],
    ),
    anyMessage.map(
      (message): Change =>
        (inner) => [inner, { type: contentType.handshake, content: message }],
    ),
    fc.constantFrom(21, 22, 23).map(
      (type): Change =>
        (inner) => [{ type, content: new Uint8Array(0) }, inner],
    ),
    fc.tuple(fc.nat({ max: 255 }), fc.nat({ max: 255 })).map(
      ([level, description]): Change =>
        (inner) => [{ type: contentType.alert, content: Uint8Array.of(level, description) }, inner],
    ),
  );

  test.prop([options, fc.constantFrom(...roles), fc.nat({ max: 7 }), changes], { numRuns: 800 })(
    "that are lost, doubled, changed or made up end in agreement or in one alert",
    (chosen, role, index, change) => {
      const pair = edited(chosen, role, (inner, at, keys) => {
        if (at !== index) return sealAgain(inner, at, keys);
        return change(inner).map(({ type, content }) => keys.seal(type, content));
      });
      expectSoundSides(pair);
      expectHandshakesAgree(pair);
    },
  );

  test.each(roles)("that are a Finished with any other byte are refused by the hearer of the %s", (role) => {
    for (let at = 0; at < 32; at++) {
      const pair = edited({}, role, ({ type, content }, index, keys) => {
        const isFinished = index === (role === "server" ? 1 : 0);
        return [
          keys.seal(
            type,
            content.map((byte, position) => (isFinished && position === content.length - 32 + at ? byte ^ 1 : byte)),
          ),
        ];
      });
      expect(hearerOf(pair, role).connection).toBeUndefined();
      expect(hearerOf(pair, role).failure).toMatchObject({
        error: { kind: "bad-finished" },
        alert: { description: "decrypt_error" },
      });
    }
  });

  test.each(roles)("that are a Finished of TLS 1.2 with any other byte are refused by the hearer of the %s", (role) => {
    for (let at = 0; at < 12; at++) {
      const pair = edited({ version: "tls1.2" }, role, ({ type, content }, index, keys) => [
        keys.seal(
          type,
          content.map((byte, position) => (index === 0 && position === 4 + at ? byte ^ 1 : byte)),
        ),
      ]);
      expect(hearerOf(pair, role).connection).toBeUndefined();
      expect(hearerOf(pair, role).failure).toMatchObject({
        error: { kind: "bad-finished" },
        alert: { description: "decrypt_error" },
      });
    }
  });

  test.each(roles)("may not go on behind what changes the %s's keys: its Finished, a KeyUpdate", (role) => {
    for (const changing of role === "server" ? [1, 3] : [0, 2]) {
      for (const more of [Uint8Array.of(8), Uint8Array.of(24, 0, 0, 1, 0)]) {
        const pair = edited({}, role, ({ type, content }, index, keys) => [
          keys.seal(type, index === changing ? joined([content, more]) : content),
        ]);
        const { failure } = hearerOf(pair, role);
        expect(failure).toMatchObject({ error: { kind: "unexpected-message" }, alert: { description: "unexpected_message" } });
      }
    }
  });

  test.each([false, true])("may not begin in the record of a hello that changes keys (behind a retry: %s)", (retry) => {
    for (const role of roles) {
      for (const more of [Uint8Array.of(8), Uint8Array.of(8, 0, 0, 2, 0, 0)]) {
        const pair = makePair({ retry });
        let hellos = 0;
        converseThrough(pair, (from, chunk) => {
          if (from !== role) return chunk;
          const { records, rest } = parseRecords(chunk);
          const last = retry ? 2 : 1;
          const longer = records.map(({ type, bytes, fragment }) =>
            type === contentType.handshake && ++hellos === last ? record(type, joined([fragment, more])) : bytes,
          );
          return new Uint8Array(Buffer.concat([...longer, rest]));
        });
        const { failure } = hearerOf(pair, role);
        expect(failure).toMatchObject({ error: { kind: "unexpected-message" }, alert: { description: "unexpected_message" } });
      }
    }
  });

  test.each(roles)("without any type are refused by the hearer of the %s", (role) => {
    for (const length of [1, 2, 100]) {
      const pair = editedTls13({}, role, (inner, at, keys) => [
        keys.sealInner(new Uint8Array(length)),
        ...sealAgain(inner, at, keys),
      ]);
      expect(hearerOf(pair, role).failure).toMatchObject({
        error: { kind: "unexpected-record" },
        alert: { description: "unexpected_message" },
      });
    }
  });

  test.each(roles)("that are empty application data are refused before the %s's Finished", (role) => {
    const pair = edited({}, role, (inner, at, keys) => [
      ...(at === 0 ? [keys.seal(23, new Uint8Array(0))] : []),
      ...sealAgain(inner, at, keys),
    ]);
    expect(hearerOf(pair, role).failure).toMatchObject({
      error: { kind: "unexpected-message" },
      alert: { description: "unexpected_message" },
    });
  });
});

describe("records in clear", () => {
  const versions = fc.constantFrom("tls1.3" as const, "tls1.2" as const);
  const types = fc.oneof(fc.constant<number>(contentType.alert), fc.nat({ max: 255 }));
  const descriptions = fc.oneof(fc.constantFrom(0, 90), fc.nat({ max: 255 }));
  test.prop([versions, fc.constantFrom(...roles), fc.constantFrom(0, 1, 3), types, fc.constantFrom(0, 1, 2, 3), descriptions], {
    numRuns: 300,
  })(
    "end nothing in silence on an established connection: whoever is on the path could make them",
    (version, role, updates, type, one, two) => {
      const pair = makePair({ version });
      converse(pair);
      const hearer = pair[role];
      const peer = role === "client" ? pair.server : pair.client;
      for (let count = 0; version === "tls1.3" && count < updates; count++) peer.sent(peer.established.updateKeys());
      converse(pair);
      hearer.hear(record(type, Uint8Array.of(one, two)));
      const { closed, failure } = hearer;
      expect({ closed, kind: failure?.error.kind, alert: failure?.alert.kind }).toMatchObject({ closed: false, alert: "alert" });
      expect(["bad-record-mac", "unexpected-record"]).toContain(failure?.error.kind);
    },
  );

  test("a client's alert in clear is taken while it has protected nothing", () => {
    const pair = makePair();
    pair.server.hear(pair.client.take());
    pair.server.hear(record(contentType.alert, Uint8Array.of(2, 47)));
    expect(pair.server.failure?.error).toMatchObject({
      kind: "alert-received",
      context: { authenticated: false, description: { name: "illegal_parameter" } },
    });
  });
});

describe("garbage", () => {
  const atStage = { "the beginning": 0, "the flight's end": 1, established: 2 } as const;
  const chunks = fc.array(
    fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc
        .tuple(fc.constantFrom(20, 21, 22, 23), fc.uint8Array({ maxLength: 60 }))
        .map(([type, fragment]) => record(type, fragment)),
      fc
        .tuple(fc.constantFrom(1, 2, 8, 11, 13, 15, 20, 24), fc.nat({ max: 255 }), fc.uint8Array({ maxLength: 60 }))
        .map(([type, length, body]) => record(contentType.handshake, joined([Uint8Array.of(type, 0, 0, length), body]))),
    ),
    { maxLength: 8 },
  );

  test.prop([options, fc.constantFrom(...roles), fc.constantFrom(...Object.values(atStage)), chunks, fc.boolean()], {
    numRuns: 800,
  })(
    "of any kind at any moment is progress, or one alert behind the flight's rest; then the connection stays as it ended",
    (chosen, role, turns, garbage, ends) => {
      const pair = makePair(chosen);
      for (let turn = 0; turn < turns * 2; turn++) {
        pair.server.hear(pair.client.take());
        pair.client.hear(pair.server.take());
      }
      const side = pair[role];
      const before = side.output.length;
      for (const chunk of garbage) side.hear(chunk);
      if (ends) side.hearEnd();
      // A retry, a flight with a certificate of 200 bytes, an alert.
      expect(side.output.length - before).toBeLessThan(1000);
      expect(fatalAlertsOf(side).length).toBeLessThanOrEqual(1);
      if (ends) expect(side.failure !== undefined || side.closed).toBe(true);
      if (side.failure !== undefined) expectSticky(side);
    },
  );
});

function hearerOf(pair: Pair, speaker: "client" | "server"): Side {
  return speaker === "client" ? pair.server : pair.client;
}

/** Alone and together: what a scripted peer can do to protected data and alerts is more than what a stranger can. */
function expectSoundSides(pair: Pair): void {
  for (const side of [pair.client, pair.server]) {
    expect(side.failure !== undefined || side.closed).toBe(true);
    const fatal = fatalAlertsOf(side);
    expect(fatal.length).toBe(side.failure?.alert.kind === "alert" && side.failure.alert.level === "fatal" ? 1 : 0);
    if (side.failure !== undefined) expectSticky(side);
  }
}

function expectHandshakesAgree({ client, server }: Pair): void {
  if (client.connection === undefined || server.connection === undefined) return;
  const material = [client, server].map((side) => side.keyLog.find((line) => /^(EXPORTER_SECRET|CLIENT_RANDOM) /.test(line)));
  expect(material[0]).toBe(material[1]);
}

function expectUndisturbed(pair: Pair): void {
  expectSoundEnd(pair);
  const { client, server } = pair;
  expect([client.failure, server.failure]).toEqual([undefined, undefined]);
  expect([joined(client.data), joined(server.data)]).toEqual([said.server, said.client]);
}
