// Nobody is judged whose key is not proven: the client's certificate in both versions, and the server's in TLS 1.2.
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import type { Credential, PresentedIdentity, SyncSigner } from "@sallyport/core";
import { signedContent } from "../../packages/core/src/wire/certificate-message.ts";
import { converseThrough, expectSoundEnd, fatalAlertsOf, said, type Wire } from "../support/outcome.ts";
import { joined, makePair, type Pair, type PairOptions } from "../support/pair.ts";
import { Resealer } from "../support/resealer.ts";
import { asyncPicker, asyncSigner, asyncVerifier, seededCredential, trusting } from "../support/seeded.ts";
import { contentType, messagesIn, pairSuite, parseRecords, record } from "../support/wiretap.ts";

interface World {
  /** Who proves its key. */
  readonly prover: "client" | "server";
  readonly version: "tls1.3" | "tls1.2";
  readonly asynchronous: boolean;
}
const worlds: readonly World[] = [false, true].flatMap(
  (asynchronous) =>
    [
      { prover: "client", version: "tls1.3", asynchronous },
      { prover: "client", version: "tls1.2", asynchronous },
      { prover: "server", version: "tls1.2", asynchronous },
    ] as const,
);

interface Met {
  readonly pair: Pair;
  readonly judged: readonly PresentedIdentity[];
}

function meet({ prover, version, asynchronous }: World, sign: SyncSigner["sign"], wire?: (pair: Pair) => Wire): Met {
  const judged: PresentedIdentity[] = [];
  const watching = {
    ...trusting,
    verify: (presented: PresentedIdentity) => {
      judged.push(presented);
      return trusting.verify(presented);
    },
  };
  const verifier = asynchronous ? asyncVerifier(watching) : watching;
  const honest = seededCredential(prover);
  const signer = { ...honest.signer, sign };
  const credential: Credential = { ...honest, signer: asynchronous ? asyncSigner(signer) : signer };
  const credentials = asynchronous ? asyncPicker({ pick: () => credential }) : [credential];
  const options: PairOptions =
    prover === "client"
      ? {
          server: { clientAuthentication: { mode: "optional", verifier } },
          client: { credentials, ...(version === "tls1.3" ? { suites: [pairSuite] } : {}) },
        }
      : { server: { credentials: [credential] }, client: { verifier } };
  const pair = makePair({ asynchronous, version, ...options });
  converseThrough(pair, wire?.(pair) ?? ((_, chunk) => chunk));
  return { pair, judged };
}

function expectRefused({ pair, judged }: Met, { prover }: World, kind: string, description: number): void {
  const judge = pair[prover === "client" ? "server" : "client"];
  expect([judge.connection, judge.failure?.error.kind]).toEqual([undefined, kind]);
  expect(judged).toEqual([]);
  expect(fatalAlertsOf(judge)).toEqual([{ level: 2, description }]);
  expect(pair[prover].failure?.error.kind).toBe("alert-received");
  expect(judge.data).toEqual([]);
}
const decryptError = 51;
const unexpectedMessage = 10;

describe.each(worlds)(
  "whoever trusts everyone (the $prover proves its key in $version, asynchronous: $asynchronous)",
  (world) => {
    const { prover, version } = world;
    const honest = seededCredential(prover).signer;
    const stranger = seededCredential("stranger").signer;

    test("is asked about who has proven the key", () => {
      const { pair, judged } = meet(world, honest.sign);
      expect(judged.map(({ chain, role }) => [chain, role])).toEqual([[seededCredential(prover).chain, prover]]);
      expectSoundEnd(pair);
      expect([joined(pair.client.data), joined(pair.server.data)]).toEqual([said.server, said.client]);
    });

    test("is not asked where another key has signed, or the key something else", () => {
      expectRefused(meet(world, stranger.sign), world, "bad-signature", decryptError);
      const others: readonly ((message: Uint8Array) => Uint8Array)[] = [
        () => new Uint8Array(0),
        // All but the last byte, all but the first, and a byte more: other messages, another order, another share.
        (message) => message.subarray(0, -1),
        (message) => message.subarray(1),
        (message) => joined([message, Uint8Array.of(0)]),
        (message) => signedContent(prover === "client" ? "server" : "client", message.subarray(-32)),
        (message) =>
          signedContent(
            prover,
            message.subarray(-32).map((byte) => byte ^ 1),
          ),
      ];
      for (const other of others)
        expectRefused(
          meet(world, (scheme, message) => honest.sign(scheme, other(message))),
          world,
          "bad-signature",
          decryptError,
        );
    });

    test("is not asked where the signature is that of another connection", () => {
      let before: Uint8Array | undefined;
      // The first one completes; its pair has the same seed, and other randoms make other messages.
      meet(world, (scheme, message) => {
        before = honest.sign(scheme, joined([message, Uint8Array.of(1)]));
        return honest.sign(scheme, message);
      });
      expectRefused(
        meet(world, () => before ?? new Uint8Array(64)),
        world,
        "bad-signature",
        decryptError,
      );
    });

    test.prop([fc.nat({ max: 63 }), fc.integer({ min: 1, max: 255 })], { numRuns: 20 })(
      "is not asked where a byte of the signature is another",
      (at, bits) => {
        const sign: SyncSigner["sign"] = (scheme, message) =>
          honest.sign(scheme, message).map((byte, index) => (index === at ? byte ^ bits : byte));
        expectRefused(meet(world, sign), world, "bad-signature", decryptError);
      },
    );

    test.each([1, 63, 65, 1000])("is not asked where the signature has %d bytes", (length) => {
      expectRefused(
        meet(world, () => new Uint8Array(length).fill(7)),
        world,
        "bad-signature",
        decryptError,
      );
    });

    if (prover === "client") {
      test("is not asked where the proof is left out, and nobody is established", () => {
        const met = meet(world, honest.sign, version === "tls1.3" ? withoutProofTls13 : withoutProofTls12);
        expectRefused(met, world, "unexpected-message", unexpectedMessage);
      });
    }
  },
);

/** CertificateVerify shares its record with Finished. */
function withoutProofTls13({ client }: Pair): Wire {
  const resealer = new Resealer(client, ({ type, content }, _, keys) => {
    const messages = messagesIn([{ type, content, isProtected: true }]).filter(([kind]) => kind !== 15);
    return [keys.seal(type, type === contentType.handshake ? joined(messages) : content)];
  });
  return (from, chunk) => (from === "client" ? resealer.pass(chunk) : chunk);
}
/** It is in clear, and in a record with no other. */
function withoutProofTls12(): Wire {
  return (from, chunk) => {
    if (from === "server") return chunk;
    const { records, rest } = parseRecords(chunk);
    return joined([
      ...records.filter(({ type, fragment }) => type !== contentType.handshake || fragment[0] !== 15).map(({ bytes }) => bytes),
      rest,
    ]);
  };
}

describe.each([
  { version: "tls1.2" },
  { version: "tls1.2", clientAuth: true },
  { version: "tls1.2", clientAuth: true, asynchronous: true },
] as const)("in a handshake of %o", (options) => {
  const plain = converseThrough(makePair(options), (_, chunk) => chunk);
  const changeCipherSpec = record(contentType.changeCipherSpec, Uint8Array.of(1));

  test.each(["client", "server"] as const)(
    "a change_cipher_spec of the %s's is refused wherever it does not belong (CVE-2014-0224)",
    (role) => {
      const { records } = parseRecords(plain[role].output);
      const own = records.findIndex(({ type }) => type === contentType.changeCipherSpec);
      for (let at = 0; at <= records.length - 1; at++) {
        // Before ServerHello the client of TLS 1.3 in it drops one (RFC 9846, Appendix E.4).
        if (role === "server" && at === 0) continue;
        let seen = 0;
        const pair = converseThrough(makePair(options), (from, chunk) => {
          if (from !== role) return chunk;
          const these = parseRecords(chunk).records.flatMap(({ bytes }) => (seen++ === at ? [changeCipherSpec, bytes] : [bytes]));
          return joined(these);
        });
        const hearer = pair[role === "client" ? "server" : "client"];
        if (at <= own) expect(hearer.connection, `before record ${at}`).toBeUndefined();
        expect(hearer.failure, `before record ${at}`).toBeDefined();
        // Behind its own close_notify it says nothing.
        if (hearer.failure?.alert.kind === "none") expect(hearer.failure.alert.reason).toBe("own write side closed");
        const heard = joined(hearer.data);
        expect(heard).toEqual(said[role].subarray(0, heard.length));
      }
    },
  );

  test.each(["client", "server"] as const)(
    "every record of the %s's behind the first says TLS 1.2, and a protected one of another version is refused",
    (role) => {
      const { records } = parseRecords(plain[role].output);
      const own = records.findIndex(({ type }) => type === contentType.changeCipherSpec);
      expect(records.slice(1).map(({ version }) => version)).toEqual(records.slice(1).map(() => 0x0303));
      for (const version of [0x0301, 0x0302, 0x0304, 0x0403]) {
        let seen = 0;
        const pair = converseThrough(makePair(options), (from, chunk) => {
          if (from !== role) return chunk;
          return joined(
            parseRecords(chunk).records.map(({ bytes }) => {
              if (seen++ <= own) return bytes;
              return bytes.map((byte, at) => (at === 1 ? version >> 8 : at === 2 ? version & 255 : byte));
            }),
          );
        });
        expect(pair[role === "client" ? "server" : "client"].failure?.error.kind).toBe("unsupported-version");
      }
    },
  );
});
