// Early data as an attacker has it: copied, kept back, and sent wherever he likes.
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import type { SyncSingleUse } from "@sallyport/core";
import { makeClient, makeConfigs, makeServer, oldSingleUse, type PairOptions, type Side } from "../support/pair.ts";
import { parseRecords } from "../support/wiretap.ts";

const secret = [new Uint8Array(40).fill(7), new Uint8Array(3)];

/** All that a client says before it has heard anything: its hello, and its early data. */
function firstFlight(options: PairOptions): Uint8Array {
  return makeClient(makeConfigs(options).client, options).take();
}
const flights = (["sealed", "stored"] as const).map((resumed) => {
  const options: PairOptions = { resumed, early: secret };
  return { options, flight: firstFlight(options) };
});

/** Two servers, whose stores of single use and of sessions are the same. */
function twoServers({ options }: (typeof flights)[number], singleUse: SyncSingleUse): () => readonly [Side, Side] {
  const one = makeConfigs({ ...options, singleUse }).server;
  const other = makeConfigs({ ...options, singleUse, asynchronous: true }).server;
  return () => [makeServer(one), makeServer(other)];
}

describe.each(flights)("with a session that is $options.resumed", (flight) => {
  test.prop(
    [
      fc.array(fc.record({ server: fc.nat(1), cut: fc.nat(flight.flight.length) }), { minLength: 2, maxLength: 6 }),
      fc.array(fc.nat(5), { maxLength: 40 }),
    ],
    { numRuns: 60 },
  )(
    "of any copies of a first flight, in any order and interleaving, at two servers with one store, one at most is taken",
    (copies, order) => {
      const servers = twoServers(flight, oldSingleUse());
      const sides = copies.map(({ server }) => {
        const [one, other] = servers();
        return server === 0 ? one : other;
      });
      const sent = sides.map(() => 0);
      // Each gets the next piece of its copy when it is its turn; then all get what is left.
      for (const turn of [...order.map((at) => at % sides.length), ...sides.keys(), ...sides.keys()]) {
        const at = sent[turn] ?? 0;
        const cut = copies[turn]?.cut ?? 0;
        const end = at < cut ? cut : flight.flight.length;
        sides[turn]?.hear(flight.flight.subarray(at, end));
        sent[turn] = end;
      }
      expect(sides.map(({ failure }) => failure?.error)).toEqual(sides.map(() => undefined));
      const taken = sides.filter(({ early }) => early.length > 0);
      expect(taken).toHaveLength(1);
      expect(taken[0]?.early.map((bytes) => bytes.length)).toEqual(secret.map(({ length }) => length));
      expect(sides.filter(({ outcome }) => outcome !== undefined).map(({ outcome }) => outcome)).toEqual(
        sides.slice(1).map(() => ({ rejected: "seen" })),
      );
    },
  );

  test.prop([fc.nat(flight.flight.length - 1), fc.integer({ min: 1, max: 255 })], { numRuns: 150 })(
    "a flight with a fault in it gives no early data but what stands before the fault",
    (at, change) => {
      // legacy_record_version means nothing, where it is not sealed (RFC 9846 §5.1).
      const [hello, changeCipherSpec] = parseRecords(flight.flight).records.map(({ bytes }) => bytes.length);
      if (hello === undefined || changeCipherSpec !== 6) throw new Error("a hello, change_cipher_spec and early data");
      fc.pre(![1, 2, hello + 1, hello + 2].includes(at));
      const faulty = flight.flight.map((byte, position) => (position === at ? byte ^ change : byte));
      const [side] = twoServers(flight, oldSingleUse())();
      side.hear(faulty);
      side.hearEnd();
      expect(side.failure).toBeDefined();
      const whole = secret.slice(0, side.early.length);
      expect(side.early).toEqual(whole);
      expect(side.early.length).toBeLessThan(secret.length);
    },
  );
});
