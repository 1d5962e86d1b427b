import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { type ConnectionEvent, importedPsk, ticketKeys } from "@sallyport/core";
import { extendedPair } from "../support/extended.ts";
import { converse, joined, makeClient, makeConfigs, makePair, makeServer, type PairOptions, type Side } from "../support/pair.ts";
import { now, seededNoble, seededRandom } from "../support/seeded.ts";
import { parseRecords } from "../support/wiretap.ts";

const psk = importedPsk({ identity: Uint8Array.of(1, 2, 3), key: Uint8Array.from({ length: 32 }, (_, at) => at + 1) });
const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => at & 255);

/** What one side hears in a whole connection: handshake, data, KeyUpdates that ask for another, and close_notify. */
function heardBy(role: "client" | "server", options: PairOptions): Uint8Array {
  const pair = makePair(options);
  converse(pair);
  const speaker = role === "server" ? pair.client : pair.server;
  const { established } = speaker;
  const hasUpdates = established.info.version === "tls1.3";
  speaker.send(bytes(100));
  if (hasUpdates) speaker.sent(established.updateKeys({ requestPeer: true }));
  speaker.send(bytes(40_000));
  if (hasUpdates) speaker.sent(established.updateKeys());
  speaker.send(bytes(1));
  speaker.sent(established.close());
  converse(pair);
  return speaker.output;
}

function listener(role: "client" | "server", options: PairOptions): Side {
  const { client, server } = makeConfigs(options);
  return role === "server" ? makeServer(server) : makeClient(client, options);
}

/** All that may not depend on the cuts. */
function listen(
  role: "client" | "server",
  options: PairOptions,
  heard: Uint8Array,
  cuts: readonly number[],
  ends: boolean,
): object {
  const side = listener(role, options);
  let at = 0;
  for (const cut of [...new Set(cuts)].filter((where) => where < heard.length).sort((one, other) => one - other)) {
    side.hear(heard.subarray(at, cut));
    at = cut;
  }
  side.hear(heard.subarray(at));
  if (ends) side.hearEnd();
  const { failure, closed, connection } = side;
  return {
    output: Buffer.from(side.output).toString("hex"),
    records: parseRecords(side.output).records.map(({ bytes }) => bytes.length),
    data: Buffer.from(joined(side.data)).toString("hex"),
    early: side.early.map((bytes) => Buffer.from(bytes).toString("hex")),
    outcome: side.outcome,
    events: side.events.flatMap(withoutStore),
    stages: side.stages.map(({ kind }) => kind).filter((kind) => kind !== "needs-input" && kind !== "failed"),
    last: { closed, established: connection?.info, failure: failure && aboutFailure(failure) },
  };
}

/** A store that answers at once is filled by the machine: only one that doesn't is in an event, at a server even the event itself. */
function withoutStore(event: ConnectionEvent): object[] {
  if (event.kind !== "new-session") return [event];
  const { store: _, ...others } = event;
  return event.role === "server" ? [] : [others];
}

function aboutFailure({ error, alert }: NonNullable<Side["failure"]>): object {
  const { kind, message, context, phase, fault, section, serverName } = error;
  return { kind, message, context, phase, fault, section, serverName, alert };
}

const roles = ["client", "server"] as const;
const judgedAgain = { client: { reverifyOnResume: true } } as const;
const remembering = {
  server: { sessions: ticketKeys({ random: seededRandom("split law"), now }) },
  client: { sessions: { take: () => undefined, put: () => {} } },
};
const mannered: PairOptions = {
  retry: true,
  client: { grease: true, padding: true, clientHelloRecordSize: 64 },
  server: { groups: ["secp256r1"], retryCookie: true },
};
const earlyRecords = [bytes(5), bytes(300), bytes(1)];
/** `runs`: what has most of its bytes in common with another has fewer. */
const variants: readonly { readonly name: string; readonly options: PairOptions; readonly runs?: number }[] = [
  { name: "a plain handshake", options: {} },
  { name: "a handshake with a retry", options: { retry: true } },
  { name: "a handshake with a retry, a cookie and all of a client's manners", options: mannered, runs: 0.4 },
  { name: "a handshake of TLS 1.2", options: { version: "tls1.2" } },
  {
    name: "a handshake by a key from elsewhere, with a retry",
    options: { psks: [psk], pskOnly: "both", retry: true },
    runs: 0.4,
  },
  { name: "a resumption", options: { resumed: "stored" }, runs: 0.4 },
  { name: "a resumption with a retry, by a sealed ticket", options: { resumed: "sealed", retry: true }, runs: 0.4 },
  { name: "a resumption of TLS 1.2", options: { resumed: "stored", version: "tls1.2" }, runs: 0.4 },
  { name: "a resumption of TLS 1.2, by a ticket", options: { resumed: "sealed", version: "tls1.2" }, runs: 0.4 },
  { name: "a resumption in which the server is judged again", options: { resumed: "sealed", ...judgedAgain }, runs: 0.2 },
  {
    name: "a resumption of TLS 1.2 in which the server is judged again",
    options: { resumed: "stored", version: "tls1.2", ...judgedAgain },
    runs: 0.2,
  },
  { name: "a handshake of TLS 1.2 that gives a ticket", options: { version: "tls1.2", ...remembering }, runs: 0.4 },
  { name: "a resumption with early data", options: { resumed: "sealed", early: earlyRecords }, runs: 0.6 },
  {
    name: "a resumption with early data, to a server that is judged again",
    options: { resumed: "sealed", early: earlyRecords, ...judgedAgain },
    runs: 0.2,
  },
  {
    name: "a resumption whose early data is rejected",
    options: { resumed: "stored", early: earlyRecords, singleUse: { use: () => "seen" } },
    runs: 0.6,
  },
  { name: "early data that meets a retry", options: { resumed: "sealed", early: earlyRecords, retry: true }, runs: 0.4 },
  { name: "a handshake in which both show certificates", options: { clientAuth: true }, runs: 0.4 },
  { name: "a handshake of TLS 1.2 in which both show certificates", options: { clientAuth: true, version: "tls1.2" }, runs: 0.4 },
  { name: "a handshake of raw keys, compressed, in small records", options: extendedPair("tls1.3"), runs: 0.4 },
  { name: "a handshake of TLS 1.2 of raw keys, in small records", options: extendedPair("tls1.2"), runs: 0.4 },
];
const streams = new Map<string, Uint8Array>();
function stream(role: "client" | "server", options: PairOptions): Uint8Array {
  const key = `${role}/${JSON.stringify(options)}`;
  const known = streams.get(key) ?? heardBy(role, options);
  streams.set(key, known);
  return known;
}
const cutsOf = (length: number): fc.Arbitrary<number[]> => fc.array(fc.nat({ max: length - 1 }), { maxLength: 30 });
/** Long records make every position beyond the handshake alike: half of the choices lie in front. */
const positionIn = (length: number): fc.Arbitrary<number> =>
  fc.oneof(fc.nat({ max: Math.min(length, 1200) - 1 }), fc.nat({ max: length - 1 }));

describe.each(roles)("at the %s", (role) => {
  describe.each(variants)("in $name", ({ options, runs = 1 }) => {
    const whole = stream(role, options);
    const asynchronous = { ...options, asynchronous: true };

    test.prop([cutsOf(whole.length), fc.boolean()], { numRuns: 60 * runs })(
      "the same bytes give the same, wherever they are cut and whoever waits for an answer",
      (cuts, ends) => {
        const once = listen(role, options, whole, [], ends);
        expect(listen(role, options, whole, cuts, ends)).toEqual(once);
        const waited = listen(role, asynchronous, whole, [], ends);
        expect(listen(role, asynchronous, whole, cuts, ends)).toEqual(waited);
        expect({ ...waited, stages: undefined }).toEqual({ ...once, stages: undefined });
      },
    );

    test.prop([positionIn(whole.length), cutsOf(1200)], { numRuns: 100 * runs })(
      "the transport's end at any byte gives the same, wherever the bytes before it are cut",
      (end, cuts) => {
        const heard = whole.subarray(0, end);
        const once = listen(role, options, heard, [], true);
        expect(listen(role, options, heard, cuts, true)).toEqual(once);
        expect({ ...listen(role, asynchronous, heard, cuts, true), stages: undefined }).toEqual({ ...once, stages: undefined });
      },
    );

    test.prop([positionIn(whole.length), fc.integer({ min: 1, max: 255 }), cutsOf(1200)], { numRuns: 150 * runs })(
      "bytes with a fault in them fail the same way, with the same alert, wherever they are cut",
      (at, change, cuts) => {
        const faulty = whole.map((byte, position) => (position === at ? byte ^ change : byte));
        const once = listen(role, options, faulty, [], true);
        expect(listen(role, options, faulty, cuts, true)).toEqual(once);
        expect({ ...listen(role, asynchronous, faulty, cuts, true), stages: undefined }).toEqual({ ...once, stages: undefined });
      },
    );
  });

  test.each(variants)("the bytes of $name that come one by one give what they give at once", ({ options }) => {
    const whole = stream(role, options).subarray(0, 1000);
    const everywhere = Array.from({ length: whole.length }, (_, at) => at);
    expect(listen(role, options, whole, everywhere, true)).toEqual(listen(role, options, whole, [], true));
  });
});

test("with a seed the default provider gives the same bytes in every run", () => {
  const run = (): object => {
    const pair = makePair({ provider: seededNoble });
    converse(pair);
    pair.client.send(bytes(10));
    converse(pair);
    return { client: pair.client.output, server: pair.server.output, data: joined(pair.server.data) };
  };
  expect(run()).toEqual(run());
});
