import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { type Accepted, Acceptor, type ServerStage } from "@sallyport/core";
import { converse, joined, makeConfigs, makePair, type Pair, Side } from "../support/pair.ts";
import { contentType, record } from "../support/wiretap.ts";

/** The hello of a client, in records of this size. */
function helloIn(size: number): Uint8Array {
  const message = makePair().client.take().subarray(5);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < message.length; at += size) pieces.push(record(contentType.handshake, message.subarray(at, at + size)));
  return joined(pieces);
}

function accept(chunks: readonly Uint8Array[]): Accepted {
  let stage: ServerStage = new Acceptor().start();
  for (const chunk of chunks) {
    if (stage.kind !== "needs-input") break;
    stage = stage.receive(Uint8Array.from(chunk));
  }
  if (stage.kind !== "accepted") throw new Error(stage.kind);
  return stage;
}

function cutAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const sorted = [...new Set(cuts)].filter((at) => at > 0 && at < bytes.length).sort((one, other) => one - other);
  return [0, ...sorted].map((from, index) => bytes.subarray(from, sorted[index] ?? bytes.length));
}

describe("accepted.received", () => {
  test.prop([
    fc.integer({ min: 1, max: 300 }),
    fc.array(fc.nat({ max: 1500 }), { maxLength: 5 }),
    fc.uint8Array({ maxLength: 50 }),
  ])("is every byte taken so far, and gives another Acceptor an equal stage", (size, cuts, behind) => {
    const hello = helloIn(size);
    const wire = joined([hello, behind]);
    const accepted = accept(cutAt(wire, cuts));
    const { received, clientHello } = accepted;
    // All chunks up to the one that completes the hello, whole.
    expect(received).toEqual(wire.subarray(0, received.length));
    expect(received.length).toBeGreaterThanOrEqual(hello.length);
    const again = accept([received]);
    expect(again.clientHello).toEqual(clientHello);
    expect(again.received).toEqual(received);
  });

  test("goes on elsewhere as it would have here, the bytes behind the hello included", () => {
    const handOver = (elsewhere: boolean): Pair => {
      const { client, server } = makeConfigs();
      const pair = makePair({ seed: "hand-over" });
      const changeCipherSpec = record(contentType.changeCipherSpec, Uint8Array.of(1));
      const here = accept([joined([pair.client.take(), changeCipherSpec.subarray(0, 3)])]);
      const accepted = elsewhere ? accept([here.received]) : here;
      const next = new Side("server", server.keyLog, accepted.choose(server.config));
      next.hear(changeCipherSpec.subarray(3));
      pair.client.hear(next.take());
      expect(client.keyLog).toEqual([]);
      const moved = { client: pair.client, server: next };
      converse(moved);
      moved.client.send(Uint8Array.of(1, 2, 3));
      converse(moved);
      return moved;
    };
    const [here, there] = [handOver(false), handOver(true)];
    expect(there.server.output).toEqual(here.server.output);
    expect([joined(there.server.data), joined(here.server.data)]).toEqual([Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2, 3)]);
  });

  test("belongs to the caller: what is done to it, or to the chunk, changes nothing", () => {
    const wire = helloIn(100);
    const stage = new Acceptor().start().receive(wire);
    if (stage.kind !== "accepted") throw new Error(stage.kind);
    const raw = Uint8Array.from(stage.clientHello.raw);
    wire.fill(0);
    stage.received.fill(0);
    expect(stage.clientHello.raw).toEqual(raw);
    expect(stage.choose(makeConfigs().server.config).kind).toBe("needs-input");
  });

  test.prop([fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.array(fc.nat({ max: 300 }), { maxLength: 3 })])(
    "is with the error where there is no hello: plain HTTP can be answered in plain HTTP",
    (garbage, cuts) => {
      let stage: ServerStage = new Acceptor().start();
      let taken = 0;
      for (const chunk of cutAt(garbage, cuts)) {
        if (stage.kind !== "needs-input") break;
        stage = stage.receive(Uint8Array.from(chunk));
        taken += chunk.length;
      }
      if (stage.kind === "needs-input") stage = stage.receiveEnd();
      if (stage.kind !== "failed") throw new Error(`${stage.kind} of garbage`);
      expect(stage.error.received).toEqual(garbage.subarray(0, taken));
    },
  );
});
