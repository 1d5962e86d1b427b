// Where something ends: keys at a message's end, the bytes anywhere, what is written at our own last word.
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { converseThrough, fatalAlertsOf } from "../support/outcome.ts";
import { establishedPair, joined, makePair, type Pair, type PairOptions, type Side } from "../support/pair.ts";
import { type Edit, Resealer } from "../support/resealer.ts";
import { contentType, parseRecords, type Protection, record } from "../support/wiretap.ts";

const roles = ["client", "server"] as const;
type Role = (typeof roles)[number];
const hearerOf = (pair: Pair, speaker: Role): Side => (speaker === "client" ? pair.server : pair.client);

const optionsTls13: fc.Arbitrary<PairOptions> = fc.oneof(
  fc.record({ retry: fc.boolean(), asynchronous: fc.boolean(), clientAuth: fc.boolean() }),
  fc.record({ retry: fc.boolean(), asynchronous: fc.boolean(), resumed: fc.constantFrom("sealed", "stored") } as const),
);
const optionsTls12: fc.Arbitrary<PairOptions> = fc.oneof(
  fc.record({ version: fc.constant("tls1.2"), asynchronous: fc.boolean(), clientAuth: fc.boolean() } as const),
  fc.record({
    version: fc.constant("tls1.2"),
    asynchronous: fc.boolean(),
    resumed: fc.constantFrom("sealed", "stored"),
  } as const),
);
const leftovers = fc.uint8Array({ minLength: 1, maxLength: 60 });

// RFC 9846 §5.1: "Handshake messages MUST NOT span key changes"; RUSTSEC-2026-0285.
describe("handshake bytes that are left over where keys change are an unexpected_message", () => {
  const finished = 20;
  const keyUpdate = 24;

  /** Appends to the first record that ends with such a message. */
  function behind(message: number, more: Uint8Array): { readonly edit: Edit<Protection>; done(): boolean } {
    let done = false;
    return {
      done: () => done,
      edit: ({ type, content }, _, keys) => {
        const here = !done && type === contentType.handshake && lastMessageIn(content) === message;
        if (here) done = true;
        return [keys.seal(type, here ? joined([content, more]) : content)];
      },
    };
  }

  test.prop([optionsTls13, fc.constantFrom(...roles), fc.constantFrom(finished, keyUpdate), leftovers], { numRuns: 60 })(
    "TLS 1.3: behind either Finished, and behind a KeyUpdate",
    (options, speaker, message, more) => {
      const pair = makePair(options);
      const { edit, done } = behind(message, more);
      const resealer = new Resealer(pair[speaker], edit);
      converseThrough(pair, (from, chunk) => (from === speaker ? resealer.pass(chunk) : chunk));
      expect(done()).toBe(true);
      expectRefused(hearerOf(pair, speaker));
    },
  );

  test.prop([optionsTls13, fc.constantFrom(...roles), leftovers], { numRuns: 60 })(
    "TLS 1.3: behind the ClientHello and the ServerHello that agree",
    (options, speaker, more) => {
      const pair = makePair(options);
      const last = options.retry === true ? 2 : 1;
      let hellos = 0;
      converseThrough(pair, (from, chunk) => {
        if (from !== speaker) return chunk;
        const { records, rest } = parseRecords(chunk);
        const longer = records.map(({ type, bytes, fragment }) =>
          type === contentType.handshake && ++hellos === last ? record(type, joined([fragment, more])) : bytes,
        );
        return joined([...longer, rest]);
      });
      expect(hellos).toBeGreaterThanOrEqual(last);
      expectRefused(hearerOf(pair, speaker));
    },
  );

  test.prop([optionsTls12, fc.constantFrom(...roles), fc.integer({ min: 1, max: 30 })], { numRuns: 60 })(
    "TLS 1.2: before change_cipher_spec, a part of the Finished that should follow it",
    (options, speaker, length) => {
      const pair = makePair(options);
      const part = Uint8Array.from({ length }, (_, at) => [finished, 0, 0, 60][at] ?? 7);
      let changes = 0;
      converseThrough(pair, (from, chunk) => {
        if (from !== speaker) return chunk;
        const { records, rest } = parseRecords(chunk);
        const more = records.flatMap(({ type, bytes }) =>
          type === contentType.changeCipherSpec && ++changes === 1 ? [record(contentType.handshake, part), bytes] : [bytes],
        );
        return joined([...more, rest]);
      });
      expect(changes).toBe(1);
      expectRefused(hearerOf(pair, speaker));
    },
  );

  function lastMessageIn(content: Uint8Array): number | undefined {
    let last: number | undefined;
    for (let at = 0; at < content.length; ) {
      last = content[at];
      at += 4 + (content[at + 1] ?? 0) * 65536 + (content[at + 2] ?? 0) * 256 + (content[at + 3] ?? 0);
    }
    return last;
  }
  function expectRefused(hearer: Side): void {
    expect(hearer.failure?.alert).toMatchObject({ kind: "alert", description: "unexpected_message" });
    expect(fatalAlertsOf(hearer)).toHaveLength(1);
    expect(hearer.data.length === 0 || hearer.connection !== undefined).toBe(true);
  }
});

/** By type and length. */
const recordsOf = (side: Side | undefined): readonly string[] =>
  parseRecords(side?.output ?? new Uint8Array(0)).records.map(({ type, fragment }) => `${type} ${fragment.length}`);

test.prop([fc.oneof(optionsTls13, optionsTls12)], { numRuns: 60 })(
  "records are the same whether a pause shows or not: a flight begins a new one wherever it could",
  (options) => {
    const [shown, hidden] = [true, false].map((asynchronous) => establishedPair({ ...options, asynchronous }));
    for (const role of roles) expect(recordsOf(shown?.[role])).toEqual(recordsOf(hidden?.[role]));
  },
);

describe("a cut", () => {
  /** Both say something and close; the hearer gets so many bytes, and then the transport's end. */
  function cutAt(options: PairOptions, hearer: Role, bytes: number): { readonly side: Side; readonly all: number } {
    const pair = makePair(options);
    const side = pair[hearer];
    const peer = hearer === "client" ? pair.server : pair.client;
    let left = bytes;
    let all = 0;
    let spoken = false;
    for (let quiet = false; !quiet; ) {
      quiet = true;
      const toPeer = side.take();
      peer.hear(toPeer);
      if (!spoken && peer.connection !== undefined) {
        spoken = true;
        peer.send(new Uint8Array(300).fill(7));
        peer.sent(peer.established.close());
      }
      const toSide = peer.take();
      all += toSide.length;
      side.hear(toSide.subarray(0, left));
      left = Math.max(0, left - toSide.length);
      if (toPeer.length + toSide.length > 0) quiet = false;
    }
    side.hearEnd();
    return { side, all };
  }

  test.prop([fc.oneof(optionsTls13, optionsTls12), fc.constantFrom(...roles), fc.nat()], { numRuns: 150 })(
    "at any byte is a truncation, and never a clean close",
    (options, hearer, where) => {
      const { all, side: whole } = cutAt(options, hearer, Number.POSITIVE_INFINITY);
      expect([whole.closed, whole.failure]).toEqual([true, undefined]);
      const { side } = cutAt(options, hearer, where % all);
      expect([side.closed, side.failure?.error.kind]).toEqual([false, "truncated"]);
      expect(side.failure?.alert.kind).toBe("none");
    },
  );
});

describe("behind our own fatal alert", () => {
  test.each(roles.flatMap((role) => (["tls1.3", "tls1.2"] as const).map((version) => ({ role, version }))))(
    "nothing is written, whatever is called ($role, $version)",
    ({ role, version }) => {
      const side = establishedPair({ version })[role];
      const connection = side.established;
      side.hear(Uint8Array.of(23, 3, 3, 0, 40, ...new Uint8Array(40)));
      expect(side.failure?.alert).toMatchObject({ level: "fatal", description: "bad_record_mac" });
      const window = new Uint8Array(200);
      const calls = [
        () => connection.send(Uint8Array.of(1)),
        () => connection.sendInto(Uint8Array.of(1), window),
        () => connection.close(),
        ...(version === "tls1.3" ? [() => connection.updateKeys({ requestPeer: true })] : []),
        () => connection.receive(Uint8Array.of(23, 3, 3, 0, 40, ...new Uint8Array(40))),
        () => connection.receiveEnd(),
        () => connection.abort("cancelled"),
        () => connection.abort({ alert: "internal_error", reason: "once more" }),
      ];
      for (const call of calls) {
        const result = call();
        expect(result).toMatchObject({ kind: "failed", error: side.failure?.error, alert: side.failure?.alert });
        expect("output" in result && result.output.length).toBe(0);
      }
      expect(window.every((byte) => byte === 0)).toBe(true);
      expect(fatalAlertsOf(side)).toHaveLength(1);
    },
  );
});

test.prop([fc.oneof(optionsTls13, optionsTls12), fc.uint8Array({ maxLength: 40 })], { numRuns: 40 })(
  "full and resumed, both sides export the same, and two connections never do",
  (options, context) => {
    const exported = (seed: string): string[] => {
      const { both } = establishedPair({ ...options, seed });
      return both.map((connection) => {
        const result = connection.exportKeyingMaterial("EXPORTER-test", context, 32);
        if (result.kind !== "exported") throw new Error(result.kind);
        return Buffer.from(result.keyingMaterial).toString("hex");
      });
    };
    const [one, other] = [exported("one"), exported("another")];
    expect(one[0]).toBe(one[1]);
    expect(other[0]).toBe(other[1]);
    expect(one[0]).not.toBe(other[0]);
  },
);
