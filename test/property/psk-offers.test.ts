// Whoever stands between changes what a client offers of PSKs: identities, ages, binders, modes, one or many, in either hello.
import { fc, test } from "@fast-check/vitest";
import { afterAll, expect } from "vitest";
import { dangerousRawPsk, type ExternalPsk, importedPsk } from "@sallyport/core";
import { type DecodedClientHello, decodeClientHello, encodeClientHello } from "../../packages/core/src/wire/client-hello.ts";
import { type Extension, extension, type OfferedPsks } from "../../packages/core/src/wire/extensions.ts";
import { converseThrough, expectSoundEnd } from "../support/outcome.ts";
import { makePair, type PairOptions } from "../support/pair.ts";
import { seededRandom } from "../support/seeded.ts";
import { contentType, parseRecords, record } from "../support/wiretap.ts";

const text = (said: string): Uint8Array => new TextEncoder().encode(said);
const psks: readonly ExternalPsk[] = [
  importedPsk({ identity: text("imported"), key: seededRandom("one")(32) }),
  dangerousRawPsk({ identity: text("raw"), key: seededRandom("two")(32), hash: "sha384" }),
];
const options: fc.Arbitrary<PairOptions> = fc.oneof(
  fc.record({
    retry: fc.boolean(),
    asynchronous: fc.boolean(),
    psks: fc.constant(psks),
    pskOnly: fc.constantFrom("both", "client", "server"),
  } as const),
  fc.record({ retry: fc.boolean(), asynchronous: fc.boolean(), psks: fc.constant(psks) }),
  fc.record({
    retry: fc.boolean(),
    asynchronous: fc.boolean(),
    resumed: fc.constantFrom("sealed", "stored"),
    psks: fc.constant(psks),
  } as const),
  fc.record({ retry: fc.boolean(), asynchronous: fc.boolean(), resumed: fc.constantFrom("sealed", "stored") } as const),
);

type Change = (offered: OfferedPsks) => OfferedPsks;
const bytes = (most: number): fc.Arbitrary<Uint8Array<ArrayBuffer>> =>
  fc.uint8Array({ minLength: 1, maxLength: most }).map((some) => Uint8Array.from(some));
const place = fc.nat({ max: 5 });
const at = <Entry>(list: readonly Entry[], index: number, change: (entry: Entry) => readonly Entry[]): readonly Entry[] =>
  list.flatMap((entry, here) => (here === index % Math.max(1, list.length) ? change(entry) : [entry]));
const changes: fc.Arbitrary<Change> = fc.oneof(
  place.map(
    (index): Change =>
      ({ identities, binders }) => ({ identities: at(identities, index, () => []), binders: at(binders, index, () => []) }),
  ),
  place.map(
    (index): Change =>
      ({ identities, binders }) => ({ identities, binders: at(binders, index, () => []) }),
  ),
  place.map(
    (index): Change =>
      ({ identities, binders }) => ({ identities: at(identities, index, () => []), binders }),
  ),
  place.map(
    (index): Change =>
      ({ identities, binders }) => ({
        identities: at(identities, index, (one) => [one, one]),
        binders: at(binders, index, (one) => [one, one]),
      }),
  ),
  fc.constant<Change>(({ identities, binders }) => ({ identities: identities.toReversed(), binders: binders.toReversed() })),
  fc.constant<Change>(({ identities, binders }) => ({ identities: identities.toReversed(), binders })),
  fc.constant<Change>(({ identities, binders }) => ({ identities, binders: binders.toReversed() })),
  fc.tuple(place, bytes(60)).map(
    ([index, identity]): Change =>
      ({ identities, binders }) => ({ identities: at(identities, index, (one) => [{ ...one, identity }]), binders }),
  ),
  fc.tuple(place, fc.integer({ min: 0, max: 2 ** 32 - 1 })).map(
    ([index, obfuscatedTicketAge]): Change =>
      ({ identities, binders }) => ({
        identities: at(identities, index, (one) => [{ ...one, obfuscatedTicketAge }]),
        binders,
      }),
  ),
  fc.tuple(place, bytes(64)).map(
    ([index, binder]): Change =>
      ({ identities, binders }) => ({ identities, binders: at(binders, index, () => [binder]) }),
  ),
  fc.tuple(place, fc.nat({ max: 47 }), fc.integer({ min: 1, max: 255 })).map(
    ([index, byte, mask]): Change =>
      ({ identities, binders }) => ({
        identities,
        binders: at(binders, index, (one) => [one.map((old, here) => (here === byte % one.length ? old ^ mask : old))]),
      }),
  ),
  bytes(60).map(
    (identity): Change =>
      ({ identities, binders }) => ({ identities: identities.map((one) => ({ ...one, identity })), binders }),
  ),
  fc.constant<Change>(() => ({ identities: [], binders: [] })),
);

/** The hello with another pre_shared_key extension; undefined: it has none. */
function offering(raw: Uint8Array, change: Change, modes: number | undefined): Uint8Array | undefined {
  const hello: DecodedClientHello = decodeClientHello(Uint8Array.from(raw));
  if (hello.psks === undefined) return undefined;
  const { identities, binders } = change(hello.psks);
  const changed = extension("pre_shared_key", (writer) => {
    writer.list(2, identities, (_, { identity, obfuscatedTicketAge }) => writer.opaque(2, identity).u32(obfuscatedTicketAge));
    writer.list(2, binders, (_, binder) => writer.opaque(1, binder));
  });
  const extensions = hello.extensions.map((before): Extension => {
    if (before.type.id === changed.type.id) return changed;
    return modes !== undefined && before.type.name === "psk_key_exchange_modes"
      ? extension("psk_key_exchange_modes", (writer) => writer.opaque(1, Uint8Array.of(modes)))
      : before;
  });
  const { legacyVersion, random, legacySessionId, cipherSuites, compressionMethods } = hello;
  return encodeClientHello({
    legacyVersion,
    random,
    legacySessionId,
    cipherSuites: cipherSuites.map(({ id }) => id),
    compressionMethods,
    extensions,
  });
}

/** Hellos that were changed on their way, of the runs below. */
let reached = 0;
afterAll(() => expect(reached).toBeGreaterThan(100));

test.prop([options, changes, fc.nat({ max: 1 }), fc.option(fc.constantFrom(0, 2), { nil: undefined, freq: 4 })], {
  numRuns: 300,
})("a changed offer ends in one alert, and never in two sides that believe each other", (chosen, change, which, modes) => {
  const pair = makePair(chosen);
  let hellos = 0;
  let changed = false;
  converseThrough(pair, (from, chunk) => {
    if (from !== "client" || changed) return chunk;
    const { records, rest } = parseRecords(chunk);
    const passed = records.map((each) => {
      if (each.type !== contentType.handshake || each.fragment[0] !== 1 || hellos++ !== which) return each.bytes;
      const other = offering(each.fragment, change, modes);
      if (other === undefined || Buffer.from(other).equals(each.fragment)) return each.bytes;
      changed = true;
      reached++;
      return record(contentType.handshake, other);
    });
    return new Uint8Array(Buffer.concat([...passed, rest]));
  });
  expectSoundEnd(pair);
  const [client, server] = [pair.client.connection, pair.server.connection];
  if (changed) expect(client !== undefined && server !== undefined && pair.client.failure === undefined).toBe(false);
  else expect(client?.info.handshakeKind ?? "not established").toBe(server?.info.handshakeKind);
});

test.prop([options, fc.nat({ max: 2000 }), fc.integer({ min: 1, max: 255 }), fc.nat({ max: 1 })], { numRuns: 300 })(
  "nor does any byte of a hello that is not what the client wrote",
  (chosen, offset, mask, which) => {
    const pair = makePair(chosen);
    let hellos = 0;
    let changed = false;
    converseThrough(pair, (from, chunk) => {
      if (from !== "client" || changed) return chunk;
      const { records, rest } = parseRecords(chunk);
      const passed = records.map((each) => {
        if (each.type !== contentType.handshake || each.fragment[0] !== 1 || hellos++ !== which) return each.bytes;
        changed = true;
        return record(
          contentType.handshake,
          each.fragment.map((old, here) => (here === offset % each.fragment.length ? old ^ mask : old)),
        );
      });
      return new Uint8Array(Buffer.concat([...passed, rest]));
    });
    expectSoundEnd(pair);
    if (changed)
      expect(
        pair.client.connection !== undefined && pair.server.connection !== undefined && pair.client.failure === undefined,
      ).toBe(false);
  },
);
