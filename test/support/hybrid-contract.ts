// What core and the peers rely on in a provider's ML-KEM and in the groups made with it.
import assert from "node:assert/strict";
import { hybridGroup, type MlKem, mlKemGroup, type SyncGroup } from "@sallyport/core";
import {
  type Agreement,
  agreement,
  assertPlain,
  type Check,
  check,
  flipped,
  group,
  type KemSubject,
  pattern,
  type Subject,
  same,
} from "./provider-contract.ts";
import { asExpected, bytes, wycheproof } from "./wycheproof.ts";

export function hybridContract({ provider, kems, unlisted }: Subject): readonly Check[] {
  const all = { ...provider, groups: [...provider.groups, ...unlisted] };
  const names = listed.concat(unlisted.length === 0 ? [] : ["SecP384r1MLKEM1024"]);
  const hybrids = names.map((name) => agreement(all, name));
  return [
    ...kems.flatMap((subject) => mlKem(subject, group(provider, "x25519"))),
    ...hybrids.map(halves),
    ...hybrids.slice(0, 1).flatMap((hybrid) => [lowOrderPoints(hybrid), unreducedKeys(hybrid, agreement(provider, "x25519"))]),
    ...unlisted.filter(({ name }) => name === "MLKEM1024").map(alone),
  ];
}

const listed: readonly (keyof typeof curveLengths)[] = ["X25519MLKEM768", "SecP256r1MLKEM768"];
const curveLengths = { X25519MLKEM768: 32, SecP256r1MLKEM768: 65, SecP384r1MLKEM1024: 97 } as const;

/** Through a group, which looks at lengths: what is refused there no ML-KEM ever sees. */
function mlKem(subject: KemSubject, x25519: SyncGroup): Check[] {
  interface KeyCase {
    readonly seed: string;
    readonly ek: string;
  }
  interface EncapsulationCase {
    readonly ek: string;
    readonly m: string;
    readonly c: string;
    readonly K: string;
  }
  interface DecapsulationCase extends KeyCase {
    readonly c: string;
    readonly K: string;
  }
  const { kem, keyPair, encapsulate, parameters } = subject;
  const groupOf = (made: MlKem): SyncGroup =>
    parameters === 768 ? hybridGroup("X25519MLKEM768", made, x25519) : mlKemGroup("MLKEM1024", made);
  const whole = groupOf(kem);
  const curveShare = parameters === 768 ? x25519.start().share : new Uint8Array();
  const withCurve = (share: Uint8Array): Uint8Array => Uint8Array.from([...share, ...curveShare]);

  const checks = [
    wycheproof<object, KeyCase>(
      `${subject.name} makes each encapsulation key from its seed`,
      `mlkem_${parameters}_keygen_seed`,
      (test) => (same(keyPair(bytes(test.seed)).encapsulationKey, bytes(test.ek)) ? undefined : "another key"),
    ),

    wycheproof<object, EncapsulationCase>(
      `${subject.name} takes no encapsulation key of another length, or with a coefficient that is not reduced (FIPS 203 §7.2)`,
      `mlkem_${parameters}_encaps`,
      (test) => {
        const ek = bytes(test.ek);
        const answer = whole.respond(withCurve(ek));
        if (answer !== undefined && encapsulate !== undefined) {
          const told = encapsulate(ek, bytes(test.m));
          if (told === undefined || !same(told.ciphertext, bytes(test.c))) return "another ciphertext";
          if (!same(told.secret, bytes(test.K))) return "another secret";
        }
        return asExpected(test, answer !== undefined);
      },
    ),

    wycheproof<object, DecapsulationCase>(
      `${subject.name} opens each ciphertext of the right length to the one secret, a damaged one too (FIPS 203 §6.3)`,
      `mlkem_${parameters}`,
      (test) => {
        const seed = bytes(test.seed);
        if (seed.length !== 64) return undefined; // nobody but us gives one
        const { key } = groupOf({ ...kem, generate: () => keyPair(seed) }).start();
        const secret = whole.complete(key, withCurve(bytes(test.c)));
        if (secret !== undefined && !same(secret.subarray(0, 32), bytes(test.K))) return "another secret";
        return asExpected(test, secret !== undefined);
      },
    ),

    check(`${subject.name}: each key pair and ciphertext of ML-KEM-${parameters} is a fresh one, and plain bytes`, () => {
      const { encapsulationKey, decapsulationKey } = kem.generate();
      assert.ok(!same(kem.generate().encapsulationKey, encapsulationKey));
      const one = kem.encapsulate(encapsulationKey);
      const other = kem.encapsulate(encapsulationKey);
      assert.ok(one !== undefined && other !== undefined);
      assert.ok(!same(one.ciphertext, other.ciphertext) && !same(one.secret, other.secret));
      const secret = kem.decapsulate(decapsulationKey, one.ciphertext);
      assert.deepEqual(secret, one.secret);
      for (const given of [encapsulationKey, one.ciphertext, one.secret, secret]) assertPlain(given);
    }),

    check(`${subject.name}: another's private key for ML-KEM-${parameters} is the caller's mistake`, () => {
      assert.throws(() => kem.decapsulate({}, new Uint8Array(parameters === 768 ? 1088 : 1568)), /no decapsulation key/);
      assert.throws(() => whole.complete({}, new Uint8Array(whole.shareLength.server)), /no private key/);
    }),
  ];
  const { absent } = subject;
  return absent === undefined ? checks : checks.map(({ name }) => ({ name, run: async () => absent }));
}

function halves(hybrid: Agreement): Check {
  return check(
    `${hybrid.name}: a share with one bad half is undefined, and a ciphertext of another key gives another secret`,
    async () => {
      const { share, key } = await hybrid.start();
      const answer = await hybrid.respond(share);
      assert.ok(answer !== undefined);
      const kemFirst = hybrid.name === "X25519MLKEM768";
      const curveLength = curveLengths[hybrid.name as keyof typeof curveLengths];
      const badCurve = (whole: Uint8Array): Uint8Array =>
        Uint8Array.from(whole, (byte, at) => ((kemFirst ? at >= whole.length - curveLength : at < curveLength) ? 0 : byte));
      assert.equal(await hybrid.respond(badCurve(share)), undefined);
      assert.equal(await hybrid.complete(key, badCurve(answer.share)), undefined);

      const badKey = Uint8Array.from(share);
      badKey.set([0xff, 0xff, 0xff], kemFirst ? 0 : curveLength); // two coefficients of 4095
      assert.equal(await hybrid.respond(badKey), undefined);

      const foreign = flipped(answer.share, 8 * (kemFirst ? 1000 : 1100));
      const secret = await hybrid.complete(key, foreign);
      assert.equal(secret?.length, answer.secret.length);
      const curveSecret = answer.secret.length - 32;
      const [shared, differing] = kemFirst
        ? [
            [32, 64],
            [0, 32],
          ]
        : [
            [0, curveSecret],
            [curveSecret, curveSecret + 32],
          ];
      assert.deepEqual(secret?.subarray(...shared), answer.secret.subarray(...shared));
      assert.notDeepEqual(secret?.subarray(...differing), answer.secret.subarray(...differing));
    },
  );
}

/** RFC 7748 §6.1: both give a secret of zeros with any scalar. */
function lowOrderPoints(hybrid: Agreement): Check {
  return check("X25519MLKEM768: a point of low order in its X25519 half is undefined, in both roles", async () => {
    const { share, key } = await hybrid.start();
    for (const first of [0, 1]) {
      const point = Uint8Array.of(first, ...new Uint8Array(31));
      assert.equal(await hybrid.respond(Uint8Array.from([...share.subarray(0, 1184), ...point])), undefined);
      assert.equal(await hybrid.complete(key, Uint8Array.from([...pattern(1088, 3), ...point])), undefined);
    }
  });
}

/** Whichever implementation is behind the group. */
function unreducedKeys(hybrid: Agreement, x25519: Agreement): Check {
  interface Case {
    readonly ek: string;
  }
  const name = "X25519MLKEM768 takes no encapsulation key of another length, or with a coefficient that is not reduced";
  return wycheproof<object, Case>(name, "mlkem_768_encaps", async (test) => {
    const { share } = await x25519.start();
    const answer = await hybrid.respond(Uint8Array.from([...bytes(test.ek), ...share]));
    return asExpected(test, answer !== undefined);
  });
}

function alone(group: SyncGroup): Check {
  return check("MLKEM1024: both sides have one secret; a share of another length, or not reduced, is undefined", () => {
    const { share, key } = group.start();
    assert.deepEqual(group.shareLength, { client: 1568, server: 1568 });
    const answer = group.respond(share);
    assert.ok(answer !== undefined);
    assert.deepEqual(group.complete(key, answer.share), answer.secret);
    assert.notDeepEqual(group.complete(key, flipped(answer.share, 8000)), answer.secret);
    for (const bad of [share.subarray(1), Uint8Array.of(...share, 0), new Uint8Array()]) {
      assert.equal(group.respond(bad), undefined);
      assert.equal(group.complete(key, bad), undefined);
    }
    const badKey = Uint8Array.from(share);
    badKey.set([0xff, 0xff, 0xff]); // two coefficients of 4095
    assert.equal(group.respond(badKey), undefined);
  });
}
