import { createHash } from "node:crypto";
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import type { Credential, PresentedIdentity, SyncSigner } from "@sallyport/core";
import { encodeCertificateVerify, signedContent } from "../../packages/core/src/wire/certificate-message.ts";
import { encodeFinished } from "../../packages/core/src/wire/post-handshake.ts";
import { converseThrough, fatalAlertsOf, said } from "../support/outcome.ts";
import { joined, makePair, type Pair, type PairOptions } from "../support/pair.ts";
import { Resealer } from "../support/resealer.ts";
import { asyncSigner, asyncVerifier, seededCredential, seededNoble, seededNode, trusting } from "../support/seeded.ts";
import { contentType, finishedOf, messagesIn, openAll, pairSuite } from "../support/wiretap.ts";

const honest = seededCredential("server");
const stranger = seededCredential("stranger");

interface Met {
  readonly pair: Pair;
  /** What the verifier was asked to judge. */
  readonly judged: readonly PresentedIdentity[];
}

type World = Pick<PairOptions, "asynchronous" | "provider" | "retry">;
const worlds: readonly (World & { readonly name: string })[] = [
  { name: "node, at once", provider: seededNode },
  { name: "node, of which everything waits", provider: seededNode, asynchronous: true },
  { name: "node, behind a retry", provider: seededNode, retry: true },
  { name: "noble, at once", provider: seededNoble },
  { name: "noble, of which everything waits", provider: seededNoble, asynchronous: true },
];

/** A client whose verifier trusts everyone meets a server that signs like this. */
function meet(world: World, sign: SyncSigner["sign"], edit?: (pair: Pair) => Resealer): Met {
  const judged: PresentedIdentity[] = [];
  const verifier = {
    ...trusting,
    verify: (presented: PresentedIdentity) => {
      judged.push(presented);
      return trusting.verify(presented);
    },
  };
  const signer = { ...honest.signer, sign };
  const credential: Credential = { ...honest, signer: world.asynchronous ? asyncSigner(signer) : signer };
  const pair = makePair({
    ...world,
    client: { suites: [pairSuite], verifier: world.asynchronous ? asyncVerifier(verifier) : verifier },
    server: { credentials: [credential] },
  });
  const resealer = edit?.(pair);
  converseThrough(pair, (from, chunk) => (from === "server" && resealer !== undefined ? resealer.pass(chunk) : chunk));
  return { pair, judged };
}

function expectRefused({ pair, judged }: Met, kind: string, description: number): void {
  const { client, server } = pair;
  expect([client.connection, client.failure?.error.kind]).toEqual([undefined, kind]);
  expect(judged).toEqual([]);
  expect(fatalAlertsOf(client)).toEqual([{ level: 2, description }]);
  expect([server.connection, server.failure?.error.kind]).toEqual([undefined, "alert-received"]);
}
const decryptError = 51;

describe.each(worlds)("a verifier that trusts everyone ($name)", (world) => {
  test("is asked about who has proven the key", () => {
    const { pair, judged } = meet(world, honest.signer.sign);
    expect(judged.map(({ chain }) => chain)).toEqual([honest.chain]);
    expect([joined(pair.client.data), joined(pair.server.data)]).toEqual([said.server, said.client]);
  });

  test("is not asked where another key has signed", () => {
    expectRefused(meet(world, stranger.signer.sign), "bad-signature", decryptError);
  });

  test("is not asked where the key has signed something else", () => {
    const others = [new Uint8Array(0), signedContent("client", new Uint8Array(32)), signedContent("server", new Uint8Array(32))];
    for (const message of others) {
      expectRefused(
        meet(world, (scheme) => honest.signer.sign(scheme, message)),
        "bad-signature",
        decryptError,
      );
    }
    // The same words, said as the other role.
    expectRefused(
      meet(world, (scheme, message) => honest.signer.sign(scheme, signedContent("client", message.subarray(-32)))),
      "bad-signature",
      decryptError,
    );
  });

  test.prop([fc.nat({ max: 63 }), fc.integer({ min: 1, max: 255 })], { numRuns: world.provider === seededNoble ? 3 : 20 })(
    "is not asked where a byte of the signature is another",
    (at, bits) => {
      const sign: SyncSigner["sign"] = (scheme, message) =>
        honest.signer.sign(scheme, message).map((byte, index) => (index === at ? byte ^ bits : byte));
      expectRefused(meet(world, sign), "bad-signature", decryptError);
    },
  );

  test.each([1, 63, 65, 1000])("is not asked where the signature has %d bytes", (length) => {
    expectRefused(
      meet(world, () => new Uint8Array(length).fill(7)),
      "bad-signature",
      decryptError,
    );
  });

  test("is not asked where CertificateVerify is missing, though Finished fits what was said", () => {
    const met = meet(world, honest.signer.sign, (pair) => withoutProof(pair, () => []));
    expectRefused(met, "unexpected-message", 10);
  });

  test("is not asked where CertificateVerify names a scheme of another key, or one that was not offered", () => {
    for (const scheme of [0x0403, 0x0804, 0x0401, 0x0201, 0xfefe]) {
      const met = meet(world, honest.signer.sign, (pair) =>
        withoutProof(pair, () => [encodeCertificateVerify(scheme, new Uint8Array(64))]),
      );
      expectRefused(met, "illegal-parameter", 47);
    }
  });

  test("is not asked where an empty signature is shown", () => {
    const met = meet(world, honest.signer.sign, (pair) =>
      withoutProof(pair, () => [encodeCertificateVerify(0x0807, new Uint8Array(0))]),
    );
    expectRefused(met, "bad-signature", decryptError);
  });
});

/** Replaces CertificateVerify, and makes a Finished that is right for what the client hears. */
function withoutProof({ client, server }: Pair, instead: () => readonly Uint8Array[]): Resealer {
  const flight: Uint8Array[] = [];
  return new Resealer(server, ({ type, content }, index, keys) => {
    if (index > 1) return [keys.seal(type, content)];
    if (index === 0) {
      flight.push(...messagesIn([{ type, content, isProtected: true }]));
      return [keys.seal(type, content)];
    }
    const hellos = hellosOf(client, server);
    const messages = instead();
    const verifyData = finishedOf(pairSuite, keys.secret, [...hellos, ...flight, ...messages]);
    return [keys.seal(contentType.handshake, joined([...messages, encodeFinished(verifyData)]))];
  });
}

/** As the transcript hashes them: a first hello that was answered by a retry is its own hash (§4.4.1). */
function hellosOf(client: Pair["client"], server: Pair["server"]): Uint8Array[] {
  const inClear = (side: Pair["client"]): Uint8Array[] =>
    messagesIn(openAll(side.role, side.output, side.keyLog).filter(({ isProtected }) => !isProtected));
  const [first, second] = inClear(client);
  const [one, other] = inClear(server);
  if (first === undefined || one === undefined) throw new Error("both have said hello");
  if (second === undefined || other === undefined) return [first, one];
  return [joined([Uint8Array.of(254, 0, 0, 32), createHash("sha256").update(first).digest()]), one, second, other];
}
