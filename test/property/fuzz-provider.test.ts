// What the provider for fuzzing lets through: everything that is proven by cryptography alone, and nothing else.
import { fc, test } from "@fast-check/vitest";
import { dangerousFuzzCredential, dangerousFuzzProvider } from "@sallyport/arbitraries";
import { dangerousAssertVerified, memoryClientSessions, ticketKeys } from "@sallyport/core";
import { describe, expect } from "vitest";
import { converse, joined, makePair, type Pair, type PairOptions } from "../support/pair.ts";
import { now } from "../support/seeded.ts";
import { contentType, parseRecords } from "../support/wiretap.ts";

const provider = dangerousFuzzProvider();
const own = dangerousFuzzCredential();
const verifier = { schemes: ["ecdsa_secp256r1_sha256"], label: "trusts", verify: dangerousAssertVerified } as const;

function fuzzPair({ client, server, ...options }: PairOptions): Pair {
  const asked = options.clientAuth ? ({ clientAuthentication: { mode: "required", verifier } } as const) : {};
  return makePair({
    provider: () => provider,
    ...options,
    clientAuth: false,
    server: { credentials: [own], ...asked, ...server },
    client: { verifier, ...(options.clientAuth && { credentials: [own] }), ...client },
  });
}
const fullHandshakes = fc.record({
  version: fc.constantFrom("tls1.3" as const, "tls1.2" as const),
  retry: fc.boolean(),
  clientAuth: fc.boolean(),
});

describe("the provider that accepts everything", () => {
  test.prop([fullHandshakes, fc.nat()], { numRuns: 40 })(
    "completes every kind of full handshake, with the same bytes from the same seed",
    (options, seed) => {
      const talk = (): Uint8Array => {
        provider.restart(seed);
        const pair = fuzzPair(options);
        converse(pair);
        pair.client.send(Uint8Array.of(1, 2, 3));
        converse(pair);
        expect(joined(pair.server.data)).toEqual(Uint8Array.of(1, 2, 3));
        expect(pair.client.established.info.version).toBe(options.version);
        return pair.server.heard;
      };
      expect(talk()).toEqual(talk());
    },
  );

  test("gives a session by a sealed ticket, and takes it up", () => {
    const sessions = ticketKeys({ random: provider.random, now });
    const client = { sessions: memoryClientSessions() };
    for (const kind of ["full", "resumed"]) {
      const pair = fuzzPair({ client, server: { sessions } });
      converse(pair);
      expect(pair.server.established.info.handshakeKind).toBe(kind);
    }
  });

  test.prop([fullHandshakes, fc.constantFrom("client" as const, "server" as const), fc.integer({ min: 1, max: 255 })], {
    numRuns: 40,
  })("takes a tag with any fault in it for the right one", (options, from, bits) => {
    const pair = fuzzPair(options);
    for (let turn = 0; turn < 10; turn++) {
      for (const [speaker, hearer] of [
        [pair.client, pair.server],
        [pair.server, pair.client],
      ] as const) {
        const { records } = parseRecords(speaker.take());
        for (const { type, bytes } of records) {
          const hasTag = speaker.role === from && type === contentType.applicationData;
          hearer.hear(bytes.map((byte, at) => (hasTag && at === bytes.length - 1 ? byte ^ bits : byte)));
        }
      }
    }
    expect(pair.client.established.info.version).toBe(options.version);
    expect(pair.server.established.info.version).toBe(options.version);
  });
});
