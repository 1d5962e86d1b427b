import { hybridGroup, type MlKem, type SyncGroup } from "@sallyport/core";
import { expect, test } from "vitest";
import { pattern } from "../support/provider-contract.ts";

// Both halves are told apart by what they are filled with.
const filled = (length: number, byte: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(byte);

function fakeKem(changes: Partial<MlKem> = {}): MlKem {
  return {
    generate: () => ({ encapsulationKey: filled(1184, 1), decapsulationKey: "dk" }),
    encapsulate: () => ({ ciphertext: filled(1088, 2), secret: filled(32, 3) }),
    decapsulate: () => filled(32, 3),
    ...changes,
  };
}

function fakeCurve(name: "x25519" | "secp256r1", changes: Partial<SyncGroup> = {}): SyncGroup {
  const length = name === "x25519" ? 32 : 65;
  return {
    name,
    shareLength: { client: length, server: length },
    start: () => ({ share: filled(length, 11), key: "scalar" }),
    complete: () => filled(32, 13),
    respond: () => ({ share: filled(length, 12), secret: filled(32, 13) }),
    ...changes,
  };
}

/** `1×1184 11×32`: which bytes in which order. */
function runs(bytes: Uint8Array | undefined): string {
  const found: { readonly byte: number; length: number }[] = [];
  for (const byte of bytes ?? []) {
    const last = found.at(-1);
    if (last?.byte === byte) last.length++;
    else found.push({ byte, length: 1 });
  }
  return found.map(({ byte, length }) => `${byte}×${length}`).join(" ");
}

const orders = [
  ["X25519MLKEM768", "x25519", "1×1184 11×32", "2×1088 12×32", "3×32 13×32"],
  ["SecP256r1MLKEM768", "secp256r1", "11×65 1×1184", "12×65 2×1088", "13×32 3×32"],
] as const;
test("SecP384r1MLKEM1024 takes ML-KEM-1024's lengths", () => {
  const kem = fakeKem({
    generate: () => ({ encapsulationKey: filled(1568, 1), decapsulationKey: "dk" }),
    encapsulate: () => ({ ciphertext: filled(1568, 2), secret: filled(32, 3) }),
  });
  const curve: SyncGroup = {
    ...fakeCurve("x25519"),
    name: "secp384r1",
    shareLength: { client: 97, server: 97 },
    start: () => ({ share: filled(97, 11), key: "scalar" }),
    complete: () => filled(48, 13),
    respond: () => ({ share: filled(97, 12), secret: filled(48, 13) }),
  };
  const hybrid = hybridGroup("SecP384r1MLKEM1024", kem, curve);
  const { share, key } = hybrid.start();
  const answer = hybrid.respond(share);
  expect([share, answer?.share, answer?.secret, hybrid.complete(key, answer?.share ?? share)].map(runs)).toEqual([
    "11×97 1×1568",
    "12×97 2×1568",
    "13×48 3×32",
    "13×48 3×32",
  ]);
  expect(() => hybridGroup("SecP384r1MLKEM1024", fakeKem(), curve).start()).toThrow(TypeError);
});

test.each(orders)("%s: shares and secret have its own order", (name, curve, client, server, secret) => {
  const hybrid = hybridGroup(name, fakeKem(), fakeCurve(curve));
  const { share, key } = hybrid.start();
  const answer = hybrid.respond(share);
  expect(runs(share)).toBe(client);
  expect(runs(answer?.share)).toBe(server);
  expect(runs(answer?.secret)).toBe(secret);
  expect(runs(hybrid.complete(key, answer?.share ?? share))).toBe(secret);
  expect(hybrid.shareLength).toEqual({ client: share.length, server: answer?.share.length });
});

test.each(orders)("%s: each half gets its own part of the share, and its own key", (name, curve) => {
  const seen: unknown[] = [];
  const record = (what: string, key: unknown, part: Uint8Array): void => void seen.push([what, key, runs(part)]);
  const kem = fakeKem({
    encapsulate: (ek) => (record("encapsulate", undefined, ek), { ciphertext: filled(1088, 2), secret: filled(32, 3) }),
    decapsulate: (dk, ciphertext) => (record("decapsulate", dk, ciphertext), filled(32, 3)),
  });
  const group = fakeCurve(curve, {
    complete: (key, share) => (record("complete", key, share), filled(32, 13)),
    respond: (share) => (record("respond", undefined, share), { share: filled(share.length, 12), secret: filled(32, 13) }),
  });
  const hybrid = hybridGroup(name, kem, group);
  const { share, key } = hybrid.start();
  hybrid.complete(key, hybrid.respond(share)?.share ?? share);
  const length = curve === "x25519" ? 32 : 65;
  expect(seen).toEqual([
    ["encapsulate", undefined, "1×1184"],
    ["respond", undefined, `11×${length}`],
    ["complete", "scalar", `12×${length}`],
    ["decapsulate", "dk", "2×1088"],
  ]);
});

test("a share is refused if one half is, or if its length is another's, and no half sees the latter", () => {
  const length = { client: 1216, server: 1120 };
  const never = (): never => expect.unreachable();
  const blind = hybridGroup(
    "X25519MLKEM768",
    fakeKem({ encapsulate: never, decapsulate: never }),
    fakeCurve("x25519", { complete: never, respond: never }),
  );
  const { key } = blind.start();
  for (const wrong of [0, 32, 1088, 1184, length.server - 1, length.server + 1, length.client]) {
    expect(blind.complete(key, new Uint8Array(wrong))).toBeUndefined();
  }
  for (const wrong of [0, 32, 1088, 1184, length.client - 1, length.client + 1, length.server]) {
    expect(blind.respond(new Uint8Array(wrong))).toBeUndefined();
  }

  const badKey = hybridGroup("X25519MLKEM768", fakeKem({ encapsulate: () => undefined }), fakeCurve("x25519"));
  expect(badKey.respond(pattern(length.client, 1))).toBeUndefined();
  const badPoint = hybridGroup(
    "X25519MLKEM768",
    fakeKem(),
    fakeCurve("x25519", { complete: () => undefined, respond: () => undefined }),
  );
  expect(badPoint.respond(pattern(length.client, 1))).toBeUndefined();
  expect(badPoint.complete(badPoint.start().key, pattern(length.server, 1))).toBeUndefined();
});

test("the halves' secrets are wiped, whether the other half is valid or not", () => {
  const secrets = { kem: filled(32, 3), curve: filled(32, 13) };
  const kem = fakeKem({ encapsulate: () => ({ ciphertext: filled(1088, 2), secret: secrets.kem }) });
  const respond = (): { share: Uint8Array<ArrayBuffer>; secret: Uint8Array<ArrayBuffer> } => ({
    share: filled(32, 12),
    secret: secrets.curve,
  });
  const share = pattern(1216, 1);
  expect(
    hybridGroup("X25519MLKEM768", kem, fakeCurve("x25519", { respond }))
      .respond(share)
      ?.secret.every((byte) => byte > 0),
  ).toBe(true);
  expect(secrets).toEqual({ kem: new Uint8Array(32), curve: new Uint8Array(32) });

  secrets.kem.fill(3);
  hybridGroup("X25519MLKEM768", kem, fakeCurve("x25519", { respond: () => undefined })).respond(share);
  expect(secrets.kem).toEqual(new Uint8Array(32));
});

test("another curve, or a private key of something else, is the caller's mistake", () => {
  expect(() => hybridGroup("X25519MLKEM768", fakeKem(), fakeCurve("secp256r1"))).toThrow("made with x25519, not with secp256r1");
  const hybrid = hybridGroup("SecP256r1MLKEM768", fakeKem(), fakeCurve("secp256r1"));
  expect(() => hybrid.complete("scalar", new Uint8Array(1153))).toThrow("no private key of SecP256r1MLKEM768");
});

test("an ML-KEM that gives other lengths than FIPS 203's is a fault of ours, not of the peer's", () => {
  const share = pattern(1216, 1);
  const hybrid = (changes: Partial<MlKem>): SyncGroup => hybridGroup("X25519MLKEM768", fakeKem(changes), fakeCurve("x25519"));
  expect(() => hybrid({ generate: () => ({ encapsulationKey: filled(800, 1), decapsulationKey: 1 }) }).start()).toThrow(
    TypeError,
  );
  expect(() => hybrid({ encapsulate: () => ({ ciphertext: filled(768, 2), secret: filled(32, 3) }) }).respond(share)).toThrow(
    TypeError,
  );
  expect(() => hybrid({ encapsulate: () => ({ ciphertext: filled(1088, 2), secret: filled(0, 3) }) }).respond(share)).toThrow(
    TypeError,
  );
});
