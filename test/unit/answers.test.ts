// What a synchronous object of a config gives is looked at before anything is built on it; one that is asynchronous is shown.
import { describe, expect, test } from "vitest";
import { dangerousAssertVerified, type PresentedIdentity, type SyncGroup, type SyncSigner } from "@sallyport/core";
import { checkSignature, complete, judge, respond, sign, startShares } from "../../packages/core/src/handshake/answers.ts";
import { repeat } from "../support/octets.ts";
import {
  asyncGroup,
  asyncSigner,
  asyncVerification,
  asyncVerifier,
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
  const presented: PresentedIdentity = {
    role: "server",
    type: "x509",
    chain: [repeat(1)],
    serverName: "localhost",
    ocspResponse: undefined,
    signedCertificateTimestamps: [],
    nowMs: 0,
  };
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
