import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { extendedPair } from "../support/extended.ts";
import { converseThrough, expectSoundEnd, said, type Wire } from "../support/outcome.ts";
import { joined, makePair, type Pair, type PairOptions } from "../support/pair.ts";

interface Change {
  readonly from: "client" | "server";
  /** Offset in all that this side says. */
  readonly at: number;
  /** XORed to the byte. */
  readonly bits: number;
}

function tampered(options: PairOptions, change?: Change): Pair {
  return converseThrough(makePair(options), tampering(change));
}

function tampering(change: Change | undefined): Wire {
  const spoken = { client: 0, server: 0 };
  return (from, bytes) => {
    const within = change?.from === from ? change.at - spoken[from] : -1;
    spoken[from] += bytes.length;
    return bytes.map((byte, at) => (change !== undefined && at === within ? byte ^ change.bits : byte));
  };
}

const plain = { name: "a handshake", options: {} };
const retried = { name: "a handshake with a retry", options: { retry: true } };
const waiting = { name: "a handshake of which every answer waits", options: { asynchronous: true } };

const lengthsOf = (options: PairOptions): { client: number; server: number } => {
  const { client, server } = tampered(options);
  return { client: client.output.length, server: server.output.length };
};

const older = { name: "a handshake of TLS 1.2", options: { version: "tls1.2" } as const };
const olderWaiting = {
  name: "a handshake of TLS 1.2 of which every answer waits",
  options: { version: "tls1.2", asynchronous: true } as const,
};

const resumed = { name: "a resumption", options: { resumed: "sealed" } } as const;
const early = {
  name: "a resumption with early data",
  options: { resumed: "sealed", early: [new Uint8Array(20), new Uint8Array(3)] },
} as const;
const resumedWaiting = {
  name: "a resumption with a retry of which every answer waits",
  options: { resumed: "stored", retry: true, asynchronous: true },
} as const;
const mutual = { name: "a handshake in which both show certificates", options: { clientAuth: true } };
const mutualOlder = {
  name: "a handshake of TLS 1.2 in which both show certificates",
  options: { clientAuth: true, version: "tls1.2" } as const,
};
const resumedOlder = { name: "a resumption of TLS 1.2", options: { version: "tls1.2", resumed: "sealed" } } as const;
const resumedOlderWaiting = {
  name: "a resumption of TLS 1.2 of which every answer waits",
  options: { version: "tls1.2", resumed: "stored", asynchronous: true },
} as const;
const extended = { name: "a handshake of raw keys, compressed, in small records", options: extendedPair("tls1.3") };
const extendedOlder = { name: "a handshake of TLS 1.2 of raw keys, in small records", options: extendedPair("tls1.2") };
const all = [
  plain,
  retried,
  waiting,
  older,
  olderWaiting,
  resumed,
  early,
  resumedWaiting,
  resumedOlder,
  resumedOlderWaiting,
  mutual,
  mutualOlder,
  extended,
  extendedOlder,
];

describe.each(all)("one byte changed in $name", ({ options }) => {
  const lengths = lengthsOf(options);

  test("has nothing to find where nothing is changed", () => {
    const untouched = tampered(options);
    expectSoundEnd(untouched);
    expect([untouched.client, untouched.server].map(({ closed, failure, data }) => [closed, failure, joined(data)])).toEqual([
      [true, undefined, said.server],
      [true, undefined, said.client],
    ]);
  });

  test.prop(
    [
      fc
        .constantFrom("client" as const, "server" as const)
        .chain((from) =>
          fc.record({ from: fc.constant(from), at: fc.nat({ max: lengths[from] - 1 }), bits: fc.integer({ min: 1, max: 255 }) }),
        ),
    ],
    // The first suite of a hello with early data, renamed: the server chooses another than the session's.
    { numRuns: 200, examples: [[{ from: "client", at: 78, bits: 1 }]] },
  )("leaves two that agree, or a failure that both know of", (change) => expectSoundEnd(tampered(options, change)));
});

describe.each([plain, retried, older, resumed, resumedOlder])("one bit changed in $name", ({ options }) => {
  const lengths = lengthsOf(options);

  test.each(["client", "server"] as const)("is found wherever it lies in what the %s says", { timeout: 300_000 }, (from) => {
    for (let at = 0; at < lengths[from]; at++) expectSoundEnd(tampered(options, { from, at, bits: 1 << (at % 8) }));
  });
});
