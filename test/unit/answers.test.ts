// What a synchronous object of a config gives is looked at before anything is built on it; one that is asynchronous is shown.
import { describe, expect, test } from "vitest";
import {
  dangerousAssertVerified,
  type PresentedIdentity,
  type SyncGroup,
  type SyncSigner,
  type SyncVerifier,
  type VerifiedFacts,
} from "@sallyport/core";
import { checkSignature, complete, judge, respond, sign, startShares } from "../../packages/core/src/handshake/answers.ts";
import { stillHolds } from "../../packages/core/src/handshake/identity.ts";
import {
  EarlyData,
  EarlyDataEnd,
  type EarlyWriter,
  type HalfRtt,
  NeedsSingleUse,
} from "../../packages/core/src/handshake/stages/early-data.ts";
import { ClientNeedsInput, NeedsInput } from "../../packages/core/src/handshake/stages/input.ts";
import { NeedsSession } from "../../packages/core/src/handshake/stages/sessions.ts";
import type { Turn } from "../../packages/core/src/handshake/stages/stage.ts";
import type { SessionState } from "../../packages/core/src/session/state.ts";
import { repeat } from "../support/octets.ts";
import {
  asyncGroup,
  asyncServerSessions,
  asyncSigner,
  asyncSingleUse,
  asyncVerification,
  asyncVerifier,
  keptSessions,
  seededCredential,
  seededNode,
  trusting,
} from "../support/seeded.ts";

const known = seededNode("answers").groups.find((each): each is SyncGroup => "start" in each);
if (known === undefined) throw new Error("a provider has groups");
const group = known;
const peer = group.start();
/** What a caller without types makes of it. */
const broken = <Kept extends object>(of: Kept, change: object): Kept => ({ ...of, ...change });
const presented: PresentedIdentity = {
  role: "server",
  type: "x509",
  chain: [repeat(1)],
  serverName: "localhost",
  ocspResponse: undefined,
  signedCertificateTimestamps: [],
  nowMs: 0,
};
const notBytes: readonly unknown[] = [undefined, null, 7, "text", [], {}];

describe("a group", () => {
  const { length } = peer.share;

  test("starts shares of its length, in the order that is wanted; one that waits is shown with all", () => {
    const started = startShares([group, group]);
    expect(started).toMatchObject({ input: "key_shares", value: [{ group: group.name }, { group: group.name }] });
    expect(startShares([])).toEqual({ input: "key_shares", value: [] });
    for (const mixed of [[group, asyncGroup(group)], [asyncGroup(group), group], [asyncGroup(group)]])
      expect(startShares(mixed)).toHaveProperty("stage");
    for (const share of [repeat(length - 1), repeat(length + 1), ...notBytes])
      expect(() => startShares([broken(group, { start: () => ({ share, key: 1 }) })])).toThrow(`${group.name} share`);
  });

  test("gives a secret that is one, or says that the peer's share is none", () => {
    const own = group.start();
    const started = { group: group.name, ...own };
    expect(complete(group, started, peer.share)).toMatchObject({ input: "secret", value: { secret: expect.any(Uint8Array) } });
    expect(complete(broken(group, { complete: () => undefined }), started, peer.share)).toEqual({
      input: "secret",
      value: undefined,
    });
    expect(complete(asyncGroup(group), started, peer.share)).toHaveProperty("stage");
    for (const secret of [repeat(0), ...notBytes.slice(1)])
      expect(() => complete(broken(group, { complete: () => secret }), started, peer.share)).toThrow("no secret");
  });

  test("answers with a share of its length and a secret, or says that the peer's share is none", () => {
    expect(respond(group, peer.share)).toMatchObject({ input: "secret", value: { share: expect.any(Uint8Array) } });
    expect(respond(broken(group, { respond: () => undefined }), peer.share)).toEqual({ input: "secret", value: undefined });
    expect(respond(asyncGroup(group), peer.share)).toHaveProperty("stage");
    const [share, secret] = [repeat(length, 1), repeat(32, 1)];
    for (const wrong of [repeat(length - 1), repeat(length + 1), ...notBytes])
      expect(() => respond(broken(group, { respond: () => ({ share: wrong, secret }) }), peer.share)).toThrow(
        `${group.name} share`,
      );
    for (const wrong of [repeat(0), ...notBytes])
      expect(() => respond(broken(group, { respond: () => ({ share, secret: wrong }) }), peer.share)).toThrow("no secret");
  });
});

test("a signer gives a signature, which has bytes", () => {
  const { signer } = seededCredential("answers");
  expect(sign(signer, "ed25519", repeat(3))).toMatchObject({ input: "signature", value: expect.any(Uint8Array) });
  expect(sign(asyncSigner(signer), "ed25519", repeat(3))).toHaveProperty("stage");
  for (const signature of [repeat(0), ...notBytes]) {
    const wrong: SyncSigner = broken(signer, { sign: () => signature });
    expect(() => sign(wrong, "ed25519", repeat(3))).toThrow("the signer gave no signature for ed25519");
  }
});

test("a verification says true or false, and nothing that is only like it", () => {
  const known = seededNode("answers").verifications.find(({ scheme }) => scheme === "ed25519");
  if (known === undefined || !("verify" in known)) throw new Error("node verifies Ed25519");
  const check = { scheme: "ed25519", publicKey: repeat(44), message: repeat(3), signature: repeat(64) } as const;
  for (const valid of [true, false]) {
    expect(checkSignature(check, broken(known, { verify: () => valid }))).toEqual({ input: "validity", value: valid });
  }
  expect(checkSignature(check, asyncVerification(known))).toHaveProperty("stage");
  for (const wrong of [1, 0, "true", ...notBytes])
    expect(() => checkSignature(check, broken(known, { verify: () => wrong }))).toThrow("neither true nor false");
});

describe("a verifier", () => {
  const judged = (verdict: unknown): unknown => judge(broken(trusting, { verify: () => verdict }), presented);

  test("gives an identity that was made of what it was shown, and of nothing else", () => {
    const identity = dangerousAssertVerified(presented);
    expect(judged(identity)).toEqual({ input: "verdict", value: identity });
    expect(judge(asyncVerifier(trusting), presented)).toHaveProperty("stage");
    for (const wrong of [dangerousAssertVerified({ ...presented }), { presented }, true, Promise.resolve(identity), ...notBytes])
      expect(() => judged(wrong)).toThrow("the verifier gave neither");
  });

  test("or a reason in words, with an alert that a certificate can be refused with, or none", () => {
    for (const reason of [{ reason: "no" }, { reason: "no", alert: undefined }, { reason: "", alert: "unknown_ca" }]) {
      expect(() => judged(reason)).toThrow(
        expect.objectContaining({ kind: "identity-distrusted", context: { reason, presented } }),
      );
    }
    for (const wrong of [
      { reason: 7 },
      { alert: "unknown_ca" },
      { reason: "no", alert: "close_notify" },
      { reason: "no", alert: null },
    ])
      expect(() => judged(wrong)).toThrow("the verifier gave neither");
  });
});

describe("what was waited for is looked at as well:", () => {
  /** A stage's hold on its machine, which gives back what the machine would have been told. */
  const turn: Turn<never> = {
    output: repeat(0),
    answer: (_, check) => check() as never,
    receive: () => never(),
    receiveEnd: () => never(),
    abort: () => never(),
    refuse: () => never(),
    distrust: () => never(),
    look: (check, run) => {
      check();
      return run();
    },
  };
  const never = (): never => {
    throw new Error("nobody does that here");
  };
  const misuse = (message: string): unknown =>
    expect.objectContaining({ name: "ApiMisuse", code: "bad-argument", message: expect.stringContaining(message) });
  const other = seededNode("answers").groups.find((each): each is SyncGroup => "start" in each && each.name !== group.name);
  if (other === undefined) throw new Error("a provider has two groups");

  test("shares of the groups that wait, in their order, each of its own group and length", () => {
    const paused = startShares<never>([group, asyncGroup(other), asyncGroup(group)]);
    if (!("stage" in paused)) throw new Error("a group waits");
    const stage = paused.stage(turn);
    expect(stage.groups.map(({ name }) => name)).toEqual([other.name, group.name]);
    const [first, second] = [other, group].map((each) => ({ group: each.name, ...each.start() }));
    if (first === undefined || second === undefined) throw new Error("two groups");
    expect(stage.provide([first, second])).toMatchObject([{ group: group.name }, first, second]);
    for (const wrong of [[second, first], [first], [first, second, second], [first, undefined], [undefined, second]] as const) {
      expect(() => stage.provide(wrong as never)).toThrow(misuse("share"));
    }
    const renamed = { ...first, group: group.name };
    expect(() => stage.provide([renamed, second])).toThrow(misuse(`of group ${other.name}`));
  });

  test("a secret, with a share where we answer; or nothing, where the peer's share is none", () => {
    const started = { group: group.name, ...group.start() };
    const pauses = [complete<never>(asyncGroup(group), started, peer.share), respond<never>(asyncGroup(group), peer.share)];
    for (const [at, paused] of pauses.entries()) {
      if (!("stage" in paused)) throw new Error("a group waits");
      const stage = paused.stage(turn);
      expect(stage.provide(undefined)).toBeUndefined();
      const answer = { secret: repeat(32, 1), share: peer.share };
      expect(stage.provide(answer)).toBe(answer);
      const { secret } = answer;
      if (at === 0) expect(stage.provide({ secret })).toEqual({ secret });
      else expect(() => stage.provide({ secret })).toThrow(misuse("share"));
    }
  });

  test("a signature that fits its vector", () => {
    const paused = sign<never>(asyncSigner(seededCredential("answers").signer), "ed25519", repeat(3));
    if (!("stage" in paused)) throw new Error("a signer waits");
    const stage = paused.stage(turn);
    for (const length of [1, 0xffff]) expect(stage.provide(repeat(length))).toHaveLength(length);
    for (const length of [0, 0x10000]) expect(() => stage.provide(repeat(length))).toThrow(misuse("length"));
  });

  test("sessions of those that were asked for, any of them", () => {
    const candidates = [0, 2].map((index) => ({ index, id: repeat(1) }));
    const stage = new NeedsSession(turn, candidates, asyncServerSessions(keptSessions()));
    const state = repeat(3);
    for (const found of [
      [],
      [{ index: 0, state }],
      [{ index: 2, state }],
      [
        { index: 2, state },
        { index: 0, state },
      ],
    ]) {
      expect(stage.resume(found)).toBe(found);
    }
    for (const wrong of [[1], ["text"], [null], [undefined], {}, "text"]) {
      expect(() => stage.resume(wrong as never)).toThrow(misuse("resume takes a list of { index, state }"));
    }
    expect(() => stage.resume([{ index: 1, state }])).toThrow(misuse("there is no candidate 1"));
  });

  test("and what a stage has not it has no key for", () => {
    const half = { writer: {}, agreed: {} } as NonNullable<HalfRtt["halfRtt"]>;
    for (const [key, without, having] of [
      ["halfRtt", new NeedsInput(turn), new NeedsInput(turn, half)],
      ["halfRtt", new EarlyDataEnd(turn, "accepted", undefined), new EarlyDataEnd(turn, "accepted", half)],
      [
        "halfRtt",
        new EarlyData(turn, repeat(1), half.agreed, {} as never, undefined),
        new EarlyData(turn, repeat(1), half.agreed, {} as never, half),
      ],
      ["early", new ClientNeedsInput(turn), new ClientNeedsInput(turn, {} as EarlyWriter)],
    ] as const) {
      expect([key in without, key in having]).toEqual([false, true]);
    }
  });

  test("whether something was seen before, in one of three words", () => {
    const stage = new NeedsSingleUse(turn, repeat(32), 0, asyncSingleUse({ use: () => "fresh" }));
    for (const word of ["fresh", "seen", "unavailable"] as const) expect(stage.answer(word)).toBe(word);
    for (const wrong of ["Fresh", "", true, undefined, null]) {
      expect(() => stage.answer(wrong as never)).toThrow(misuse("single use is"));
    }
  });
});

describe("who was found once is still who he was", () => {
  const found = (facts: VerifiedFacts): Pick<SessionState, "peer"> => {
    const { path, names, validUntilMs, basis } = dangerousAssertVerified(presented, facts);
    return { peer: { presented, path, names, validUntilMs, basis } };
  };
  const holds = (facts: VerifiedFacts, verifier: SyncVerifier | undefined, nowMs: number): boolean =>
    stillHolds(found(facts) as SessionState, verifier, nowMs);

  test("until the time that the verifier said, and for ever where it said none", () => {
    expect([999, 1000, 1001].map((nowMs) => holds({ validUntilMs: 1000 }, trusting, nowMs))).toEqual([true, true, false]);
    expect(holds({}, trusting, 2 ** 50)).toBe(true);
  });
  test("for a verifier that goes by the same", () => {
    const other = { ...trusting, basis: "other roots" };
    expect(holds({ basis: "roots" }, { ...trusting, basis: "roots" }, 0)).toBe(true);
    for (const verifier of [other, trusting, undefined]) expect(holds({ basis: "roots" }, verifier, 0)).toBe(false);
    expect(holds({}, other, 0)).toBe(false);
    expect(holds({}, undefined, 0)).toBe(true);
  });
  test("and who showed nothing is nobody still", () => {
    expect(stillHolds({ peer: undefined } as SessionState, { ...trusting, basis: "other roots" }, 2 ** 50)).toBe(true);
  });
});
