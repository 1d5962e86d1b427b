// The generators. What they make is plain data that shrinks towards a peer that keeps every rule: no faults, a plain hello, one piece.
import fc from "fast-check";
import type { TransportScript } from "./conversation.ts";
import { acts, type Fault, type Layer } from "./faults.ts";
import { type HelloScript, plainHello } from "./hello.ts";
import { extensionTypes } from "./numbers.ts";
import type { PeerScript, Role, Talk } from "./script.ts";

/** Each list is what a client might say: known and unknown values, GREASE, none at all. */
function some(values: readonly number[], most: number): fc.Arbitrary<number[]> {
  return fc.array(fc.constantFrom(...values), { maxLength: most });
}
const suites = [
  0x1301, 0x1302, 0x1303, 0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca9, 0xcca8, 0x00ff, 0x5600, 0x0a0a, 0x002f, 0x1304, 0x0000,
];
const versions = [0x0304, 0x0303, 0x0302, 0x0301, 0x0300, 0x0305, 0x7f1c, 0x0a0a, 0xfefd];
const groups = [0x001d, 0x0017, 0x0018, 0x0019, 0x11ec, 0x11eb, 0x001e, 0x0a0a, 0x0100];
const schemes = [0x0403, 0x0807, 0x0804, 0x0401, 0x0503, 0x0603, 0x0805, 0x0809, 0x0201, 0x0904, 0x0a0a];

/** ClientHellos that a server may like. */
export function validHellos(): fc.Arbitrary<HelloScript> {
  const changes = fc.record(
    {
      suites: fc
        .shuffledSubarray([0x1301, 0x1302, 0x1303], { minLength: 1 })
        .map((tls13) => [...tls13, 0xc02b, 0xc02f, 0xcca9, 0x0a0a]),
      schemes: fc.shuffledSubarray([0x0403, 0x0804, 0x0401, 0x0503], { minLength: 1 }).map((some) => [...some, 0x0403, 0x0807]),
      alpn: fc.constantFrom(undefined, ["h2"], ["http/1.1", "h2"], ["http/1.1"]),
      pskModes: fc.constantFrom([1], [0, 1], [0]),
      sessionIdLength: fc.constantFrom(0, 32),
      more: fc.uniqueArray(
        fc.constantFrom<number>(
          0x0a0a,
          extensionTypes.status_request,
          extensionTypes.compress_certificate,
          extensionTypes.record_size_limit,
          extensionTypes.ticket_request,
          extensionTypes.signed_certificate_timestamp,
          extensionTypes.padding,
          extensionTypes.encrypt_then_mac,
          0xfe0d,
          0x1234,
        ),
        { maxLength: 3 },
      ),
      turn: fc.nat({ max: 9 }),
      sessionTicket: fc.boolean(),
      pointFormats: fc.boolean(),
      extendedMasterSecret: fc.boolean(),
    },
    { requiredKeys: [] },
  );
  return changes.map((changed) => ({ ...plainHello, ...changed }));
}

/** What of an earlier handshake's Finished is said: none, a client's, both sides', more than there can be. */
const earlierLengths = [0, 12, 24, 25, 48, 254];

/** With lists of anything, and what belongs there left out. */
export function anyHellos(): fc.Arbitrary<HelloScript> {
  const list = (values: readonly number[], most: number): fc.Arbitrary<number[] | undefined> =>
    fc.option(some(values, most), { nil: undefined });
  const changes = fc.record(
    {
      legacyVersion: fc.constantFrom(0x0303, 0x0301, 0x0300, 0x0304, 0x0002),
      sessionIdLength: fc.constantFrom(0, 1, 31, 32, 33, 255),
      compression: fc.constantFrom([0], [], [1, 0], [1]),
      suites: some(suites, 8),
      versions: list(versions, 5),
      groups: list(groups, 6),
      shares: list(groups, 3),
      schemes: list(schemes, 6),
      serverName: fc.constantFrom(
        undefined,
        "localhost",
        "elsewhere.example",
        "",
        "LOCALHOST",
        "a".repeat(255),
        "1.2.3.4",
        "local\0host",
      ),
      alpn: fc.constantFrom(undefined, [], [""], ["h2"], ["spdy/9"], ["h2", "h2"]),
      pskModes: fc.constantFrom(undefined, [], [0], [0, 1], [1], [7]),
      extendedMasterSecret: fc.boolean(),
      renegotiationInfo: fc.boolean(),
      renegotiated: fc.constantFrom(...earlierLengths),
      more: some(Object.values(extensionTypes), 3),
      turn: fc.nat({ max: 9 }),
    },
    { requiredKeys: [] },
  );
  return changes.map((changed) => ({ ...plainHello, ...changed }));
}

/** @param layers where something may go wrong */
export function faults(layers: readonly Layer[] = ["message", "extension", "record", "wire"]): fc.Arbitrary<Fault> {
  // The first message is the one without which nothing comes: most faults lie behind it. Extensions are in few others.
  const anywhere = fc.oneof({ weight: 1, arbitrary: fc.constant(0) }, { weight: 9, arbitrary: fc.integer({ min: 1, max: 10 }) });
  const early = fc.oneof(
    { weight: 1, arbitrary: fc.constant(0) },
    { weight: 4, arbitrary: fc.integer({ min: 1, max: 3 }) },
    { weight: 2, arbitrary: fc.integer({ min: 4, max: 10 }) },
  );
  return fc.oneof(
    ...layers.map((layer) => ({
      weight: layer === "extension" ? 1 : 2,
      arbitrary: fc.record({
        layer: fc.constant(layer),
        // What another is chosen by says more than a byte that is another.
        act: fc.constantFrom(...acts[layer], ...(layer === "message" ? (["choose", "choose"] as const) : [])),
        at: layer === "extension" ? early : anywhere,
        where: fc.oneof(fc.nat({ max: 12 }), fc.nat({ max: 600 })),
        value: fc.nat({ max: 255 }),
      }),
    })),
  );
}

/** Any chunks, and now and then an early end. */
export function transports(): fc.Arbitrary<TransportScript> {
  return fc.record({
    chunks: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      {
        weight: 1,
        arbitrary: fc.array(fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 2000 })), {
          minLength: 1,
          maxLength: 4,
        }),
      },
    ),
    endsAfter: fc.oneof({ weight: 15, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat({ max: 3000 }) }),
  });
}

const talks: fc.Arbitrary<readonly Talk[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.nat({ max: 60 }).map((length): Talk => ({ kind: "data", length })) },
    { weight: 1, arbitrary: fc.nat({ max: 2000 }).map((length): Talk => ({ kind: "data", length })) },
    { weight: 4, arbitrary: fc.boolean().map((asks): Talk => ({ kind: "update", asks })) },
    { weight: 3, arbitrary: fc.constant<Talk>({ kind: "ticket" }) },
    // Each costs as much as a handshake.
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("flood" as const),
        count: fc.constantFrom(31, 34, 60),
        of: fc.constantFrom("update" as const, "data" as const, "ticket" as const, "warning" as const),
      }),
    },
    { weight: 4, arbitrary: fc.constant<Talk>({ kind: "close" }) },
  ),
  { maxLength: 4 },
);

const seldom = fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) });

/** A whole peer: what it says, and what is wrong with it. */
export function peerScripts(
  role: Role,
  { faultsOf = faults(), most = 2 }: { readonly faultsOf?: fc.Arbitrary<Fault>; readonly most?: number } = {},
): fc.Arbitrary<PeerScript> {
  return fc.record({
    role: fc.constant(role),
    version: fc.constantFrom("tls1.3", "tls1.2"),
    hello:
      role === "server"
        ? fc.oneof(
            { weight: 20, arbitrary: fc.constant(plainHello) },
            { weight: 1, arbitrary: fc.constantFrom(...earlierLengths).map((renegotiated) => ({ ...plainHello, renegotiated })) },
          )
        : fc.oneof(
            { weight: 3, arbitrary: fc.constant(plainHello) },
            { weight: 5, arbitrary: validHellos() },
            { weight: 1, arbitrary: anyHellos() },
          ),
    retry:
      role === "server"
        ? fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) })
        : fc.constant(false),
    suite: fc.nat({ max: 3 }),
    group: fc.nat({ max: 2 }),
    alpn: fc.nat({ max: 2 }),
    asks: fc.boolean(),
    shows: fc.boolean(),
    staples: fc.boolean(),
    compresses: fc.boolean(),
    resumes: fc.boolean(),
    psks: fc.oneof(
      { weight: 9, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 3 }) },
    ),
    rawKey: fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat({ max: 1 }) }),
    early: fc.oneof(
      { weight: 9, arbitrary: fc.constant([]) },
      { weight: 2, arbitrary: fc.array(fc.nat({ max: 100 }), { minLength: 1, maxLength: 3 }) },
      { weight: 1, arbitrary: fc.array(fc.nat({ max: 1200 }), { minLength: 1, maxLength: 3 }) },
    ),
    stubborn:
      role === "server"
        ? fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) })
        : fc.constant(false),
    changeCipherSpec: fc.boolean(),
    ticket: fc.boolean(),
    downgrades: role === "server" ? seldom : fc.constant(false),
    fragment: fc.oneof(
      { weight: 5, arbitrary: fc.constant(2 ** 14) },
      { weight: 1, arbitrary: fc.integer({ min: 10, max: 200 }) },
    ),
    talk: talks,
    faults: fc.array(faultsOf, { minLength: 0, maxLength: most }),
  });
}

/** A peer that keeps every rule, and says what is asked of it. */
export function plainPeer(role: Role, changes: Partial<PeerScript> = {}): PeerScript {
  return {
    role,
    version: "tls1.3",
    hello: plainHello,
    retry: false,
    suite: 0,
    group: 0,
    alpn: 0,
    asks: false,
    shows: true,
    staples: false,
    compresses: false,
    resumes: false,
    psks: [],
    rawKey: undefined,
    early: [],
    stubborn: false,
    changeCipherSpec: false,
    ticket: true,
    downgrades: false,
    fragment: 2 ** 14,
    talk: [{ kind: "data", length: 50 }, { kind: "close" }],
    faults: [],
    ...changes,
  };
}
