// Conversations with peers that break the rules at a place of their choice, everything around it made right again: whatever comes,
// each role and version gives progress or one alert, and completes only what the reference model allows.
import { readdirSync, readFileSync } from "node:fs";
import { fc, test } from "@fast-check/vitest";
import { describeAccount, mustNotComplete, plainPeer, testOf } from "@sallyport/arbitraries";
import { describe, expect } from "vitest";
import { type Case, cases, play } from "../fuzz/cases.ts";
import { type Features, plainFeatures, type ProviderName } from "../fuzz/features.ts";
import { meet } from "../fuzz/world.ts";

// Always the same ones: new ones are the fuzzer's, `npm run fuzz`.
const runs: Readonly<Record<ProviderName, number>> = { fuzz: 800, node: 150, noble: 4 };

describe.each(Object.keys(runs) as ProviderName[])("on the provider %s", (provider) => {
  test.prop([cases], { numRuns: runs[provider], seed: 9846 })("a conversation with any faults violates nothing", (one) => {
    const { account, violations } = play(provider, one);
    if (violations.length > 0) throw new Error(explain(one, describeAccount({ ...account, violations })));
  });
});

describe("what failed once", () => {
  const corpus = new URL("../fuzz/corpus/", import.meta.url);
  test.each(readdirSync(corpus).filter((file) => file.endsWith(".json")))("%s violates nothing any more", (file) => {
    // Written by the fuzzer, on one line each.
    const { provider, ...one } = JSON.parse(readFileSync(new URL(file, corpus), "utf8")) as Case & {
      readonly provider: ProviderName;
    };
    const { account, violations } = play(provider, one);
    expect(violations, describeAccount(account)).toEqual([]);
  });
});

describe("peers that break no rule", () => {
  const features = fc.record({
    role: fc.constantFrom("client" as const, "server" as const),
    versions: fc.constant("both" as const),
    authentication: fc.constantFrom("none" as const, "required" as const),
    sessions: fc.constantFrom("none" as const, "sealed" as const, "stored" as const),
    early: fc.boolean(),
    retry: fc.boolean(),
    manners: fc.boolean(),
    smallRecords: fc.boolean(),
    narrow: fc.boolean(),
    extras: fc.boolean(),
  });
  test.prop([features, fc.constantFrom("tls1.3" as const, "tls1.2" as const)], { numRuns: 60 })(
    "are understood in every kind of handshake, with data both ways of a KeyUpdate, to the end",
    (chosen: Features, version) => {
      const script = plainPeer(chosen.role === "server" ? "client" : "server", {
        version,
        asks: chosen.authentication !== "none",
        staples: chosen.extras,
        compresses: chosen.extras,
        resumes: chosen.sessions !== "none",
        early: chosen.early ? [5, 40] : [],
        talk: [
          { kind: "data", length: 50 },
          ...(version === "tls1.3" ? [{ kind: "update", asks: true } as const] : []),
          { kind: "data", length: 20 },
          { kind: "close" },
        ],
      });
      const { account, machine } = meet("node", chosen, script, { chunks: [], endsAfter: undefined });
      expect(account.violations).toEqual([]);
      expect([account.reach, machine.state, account.peer.isLost]).toEqual(["established", "closed", false]);
      expect(machine.connection?.info.handshakeKind.startsWith("resumed")).toBe(chosen.sessions !== "none");
      expect(machine.data.reduce((sum, { length }) => sum + length, 0)).toBe(70);
    },
  );
});

describe("the reference model", () => {
  const plain: Features = { ...plainFeatures, authentication: "required" };
  /** What a server would have completed, if it let that message be dropped. */
  const dropped = (at: number, version: "tls1.3" | "tls1.2"): string | undefined => {
    const script = plainPeer("client", { version, faults: [{ layer: "message", act: "drop", at, where: 0, value: 0 }] });
    const { account } = meet("node", { ...plain, versions: version }, script, { chunks: [], endsAfter: undefined });
    return mustNotComplete(account.peer.spoken, { subject: "server", mayResume: false, epochsMatter: true });
  };
  test("does without no message of a client", () => {
    for (const at of [1, 2, 3]) expect(dropped(at, "tls1.3"), `message ${at}`).toBeDefined();
    for (const at of [1, 2, 3, 5]) expect(dropped(at, "tls1.2"), `message ${at}`).toBeDefined();
  });
});

function explain({ features, script, transport }: Case, account: string): string {
  return `${account}\nat a ${features.role} with ${JSON.stringify(features)}\n\n${testOf(script, transport)}`;
}
