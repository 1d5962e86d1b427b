// What is wrong with a wish for early data, told when the config is made.
import { describe, expect, test } from "vitest";
import { clientConfig, ConfigError, memoryClientSessions, memorySingleUse, serverConfig, ticketKeys } from "@sallyport/core";
import { now, seededCredential, seededNode, seededRandom, trusting } from "../support/seeded.ts";
import { serverSettings } from "../support/settings.ts";

const provider = seededNode("configs");
const sessions = ticketKeys({ random: seededRandom("keys"), now });
const singleUse = memorySingleUse({ now });
const common = { provider, now };
type Loose = Readonly<Record<string, unknown>>;

function problemsOf(make: () => unknown): string[] {
  try {
    make();
    return [];
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown.problems.map(({ kind, path }) => `${kind} ${path}`);
    throw thrown;
  }
}
const server = (options: Loose) =>
  serverConfig({ ...common, credentials: [seededCredential("server")], sessions, ...options } as never);
const client = (options: Loose) =>
  clientConfig({ ...common, verifier: trusting, sessions: memoryClientSessions(), ...options } as never);

describe("a server", () => {
  test.each<[string, Loose, string[]]>([
    ["a number and a store", { earlyData: { maxBytes: 1, singleUse } }, []],
    ["as much as a ticket can say", { earlyData: { maxBytes: 2 ** 32 - 2, singleUse: { useAsync: async () => "fresh" } } }, []],
    ["no object", { earlyData: true }, ["wrong-type earlyData"]],
    ["other names", { earlyData: { maxBytes: 1, singleUse, bytes: 2 } }, ["unknown-option earlyData.bytes"]],
    ["no bytes", { earlyData: { maxBytes: 0, singleUse } }, ["not-a-positive-integer earlyData.maxBytes"]],
    ["half a byte", { earlyData: { maxBytes: 1.5, singleUse } }, ["not-a-positive-integer earlyData.maxBytes"]],
    ["what is QUIC's", { earlyData: { maxBytes: 2 ** 32 - 1, singleUse } }, ["limit-too-large earlyData.maxBytes"]],
    ["nobody who tells replays", { earlyData: { maxBytes: 1 } }, ["wrong-type earlyData.singleUse"]],
    [
      "a store without its method",
      { earlyData: { maxBytes: 1, singleUse: { find: () => {} } } },
      ["wrong-type earlyData.singleUse"],
    ],
    ["no sessions", { earlyData: { maxBytes: 1, singleUse }, sessions: undefined }, ["missing-option earlyData"]],
    ["TLS 1.2 alone", { earlyData: { maxBytes: 1, singleUse }, versions: ["tls1.2"] }, ["other-version earlyData"]],
    [
      "a limit that cuts honest clients off",
      { earlyData: { maxBytes: 500, singleUse }, limits: { skippedEarlyData: 499 } },
      ["limit-too-small limits.skippedEarlyData"],
    ],
  ])("with %s", (_, options, expected) => {
    expect(problemsOf(() => server(options))).toEqual(expected);
  });

  test("skips what its tickets allow and what the records add, unless it says how much", () => {
    const skipped = (options: Loose): number => serverSettings(server(options)).limits.skippedEarlyData;
    expect(skipped({})).toBe(16 * 1024);
    expect(skipped({ earlyData: { maxBytes: 1000, singleUse } })).toBe(16 * 1024);
    expect(skipped({ earlyData: { maxBytes: 80_000, singleUse } })).toBe(91_024);
    expect(skipped({ earlyData: { maxBytes: 80_000, singleUse }, limits: { skippedEarlyData: 80_000 } })).toBe(80_000);
  });

  test("has the same id with and without it: sessions are taken up, and early data is refused", () => {
    expect(server({ earlyData: { maxBytes: 1, singleUse }, halfRtt: true }).id).toEqual(server({}).id);
  });
});

describe("a client", () => {
  test.each<[string, Loose, string[]]>([
    ["sessions", { earlyData: true }, []],
    ["neither sessions nor the wish", { earlyData: false, sessions: undefined }, []],
    ["no sessions", { earlyData: true, sessions: undefined }, ["missing-option earlyData"]],
    ["TLS 1.2 alone", { earlyData: true, versions: ["tls1.2"] }, ["other-version earlyData"]],
    ["a number", { earlyData: 1 }, ["wrong-type earlyData"]],
  ])("with %s", (_, options, expected) => {
    expect(problemsOf(() => client(options))).toEqual(expected);
  });
});
