import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { ApiMisuse, type Connection } from "@sallyport/core";
import { converse, establishedPair, joined, type Pair, type PairOptions, type Side } from "../support/pair.ts";
import { beforeSeals } from "../support/faulty.ts";
import { seededNode } from "../support/seeded.ts";
import { alertsIn, contentType, openAll, parseRecords } from "../support/wiretap.ts";

const roles = ["client", "server"] as const;
const peerOf = (pair: Pair, role: "client" | "server"): Side => (role === "client" ? pair.server : pair.client);
/** Vitest compares byte by byte, which takes seconds for what is long here. */
const areEqual = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0;
const pattern = (length: number, seed = 0): Uint8Array => Uint8Array.from({ length }, (_, at) => (at * 31 + seed) & 255);

/** What `side` seals into windows of these sizes, as it goes to the wire. */
function sendInWindows(side: Side, plaintext: Uint8Array, windows: readonly number[]): void {
  for (let at = 0, turn = 0; at < plaintext.length; turn++) {
    const target = new Uint8Array(windows[turn % windows.length] ?? 64);
    const result = side.established.sendInto(plaintext.subarray(at), target);
    if (result.kind !== "sent") throw new Error(result.kind);
    expect(result.written).toBeLessThanOrEqual(target.length);
    expect(target.subarray(result.written).every((byte) => byte === 0)).toBe(true);
    if (target.length >= 64) expect(result.taken).toBeGreaterThan(0);
    else expect(result).toMatchObject({ taken: 0, written: 0 });
    side.sent({ kind: "sent", output: target.slice(0, result.written) });
    at += result.taken;
  }
}

describe("data", () => {
  test.prop([fc.constantFrom(...roles), fc.array(fc.nat({ max: 70_000 }), { maxLength: 6 })], { numRuns: 40 })(
    "of any length arrives as it was sent, in records that are full but for the last",
    (role, lengths) => {
      const pair = establishedPair();
      const before = pair[role].output.length;
      for (const [at, length] of lengths.entries()) pair[role].send(pattern(length, at));
      converse(pair);
      expect(areEqual(joined(peerOf(pair, role).data), joined(lengths.map((length, at) => pattern(length, at))))).toBe(true);
      const records = lengths.reduce((sum, length) => sum + Math.ceil(length / 16384), 0);
      expect(parseRecords(pair[role].output.subarray(before)).records.length).toBe(records);
    },
  );

  test.each(roles)("of the %s is the same through every window from 0 to 300 bytes as through send", (role) => {
    const plaintext = pattern(700);
    for (let size = 0; size <= 300; size++) {
      const pair = establishedPair();
      sendInWindows(pair[role], plaintext, size < 64 ? [size, 100] : [size]);
      converse(pair);
      expect(areEqual(joined(peerOf(pair, role).data), plaintext)).toBe(true);
    }
  });

  test.prop(
    [
      fc.constantFrom(...roles),
      fc.array(fc.integer({ min: 64, max: 40_000 }), { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 4, max: 20 }),
    ],
    { numRuns: 60 },
  )("passes through any windows while keys wear out", (role, windows, recordsPerKey) => {
    const options = { [role]: { limits: { recordsPerKey } } };
    const pair = establishedPair(options);
    sendInWindows(pair[role], pattern(60_000), windows);
    converse(pair);
    expect(areEqual(joined(peerOf(pair, role).data), pattern(60_000))).toBe(true);
  });

  test("that was received stays while the caller leaves its chunk alone, and what came in pieces for ever", () => {
    const { client, server, both } = establishedPair();
    const [sender] = both;
    const sealed = [pattern(50, 1), pattern(60, 2)].map((plaintext) => sender.send(plaintext).output);
    expect(client.failure).toBeUndefined();
    const wire = joined(sealed);
    const first = server.established.receive(wire.slice(0, 100));
    const chunk = wire.slice(100);
    const second = server.established.receive(chunk);
    const kept = second.data.at(0);
    chunk.fill(0);
    expect(joined(first.data)).toEqual(pattern(50, 1));
    expect(kept).toEqual(pattern(60, 2));
  });
});

describe("a seal that fails", () => {
  /** The n-th seal of this side from now on throws. */
  function failing(role: "client" | "server"): { pair: ReturnType<typeof establishedPair>; failAt: (call: number) => void } {
    let left = Number.POSITIVE_INFINITY;
    const provider = beforeSeals(seededNode(role), () => {
      if (--left === 0) throw new Error("the sealer broke");
    });
    const options: PairOptions = { [role]: { provider, limits: { recordsPerKey: 5 } } };
    return {
      pair: establishedPair(options),
      failAt: (call) => {
        left = call;
      },
    };
  }

  test.prop(
    [
      fc.constantFrom(...roles),
      fc.integer({ min: 1, max: 12 }),
      fc.option(fc.array(fc.integer({ min: 64, max: 60_000 }), { minLength: 1, maxLength: 3 })),
    ],
    { numRuns: 100 },
  )(
    "inside send or sendInto loses nothing: the peer reads all that was sealed before it, then internal_error",
    (role, call, windows) => {
      const { pair, failAt } = failing(role);
      const side = pair[role];
      const peer = peerOf(pair, role);
      const plaintext = pattern(150_000);
      failAt(call);
      let counted = 0;
      for (let at = 0, turn = 0; at < plaintext.length && side.failure === undefined; turn++) {
        if (windows === null) {
          const result = side.established.send(plaintext);
          side.sent(result);
          at = plaintext.length;
          continue;
        }
        const target = new Uint8Array(windows[turn % windows.length] ?? 64);
        const result = side.established.sendInto(plaintext.subarray(at), target);
        if (result.kind === "sent") {
          side.sent({ kind: "sent", output: target.slice(0, result.written) });
          at += result.taken;
          counted = at;
        } else {
          side.sent(result);
        }
      }
      expect(side.failure?.error).toMatchObject({ kind: "local-fault", context: { step: "send" } });
      peer.hear(side.take());
      const heard = joined(peer.data);
      expect(areEqual(heard, plaintext.subarray(0, heard.length))).toBe(true);
      expect(heard.length).toBeGreaterThanOrEqual(counted);
      expect(peer.failure?.error).toMatchObject({
        kind: "alert-received",
        context: { authenticated: true, description: { name: "internal_error" } },
      });
    },
  );
});

describe("keys", () => {
  const acts = fc.record({
    role: fc.constantFrom(...roles),
    kind: fc.constantFrom("send", "update", "request"),
    length: fc.nat({ max: 300 }),
    delivers: fc.boolean(),
  });

  test.prop([fc.array(acts, { maxLength: 40 })], { numRuns: 150 })(
    "may be updated and asked for at any moment on both sides: all data arrives, and every request is answered once",
    (script) => {
      // Messages in a row are counted; here nobody storms on purpose.
      const limits = { postHandshakeInARow: 1000 };
      const pair = establishedPair({ client: { limits }, server: { limits } });
      for (const { role, kind, length, delivers } of script) {
        const side = pair[role];
        if (kind === "send") side.send(pattern(length, length));
        else side.sent(side.established.updateKeys({ requestPeer: kind === "request" }));
        if (delivers) peerOf(pair, role).hear(side.take());
      }
      converse(pair);
      for (const role of roles) {
        const own = script.filter((act) => act.role === role);
        const plaintext = own.filter(({ kind }) => kind === "send").map(({ length }) => pattern(length, length));
        expect(joined(peerOf(pair, role).data)).toEqual(joined(plaintext));
        const updates = updatesOf(pair[role]);
        const asked = updatesOf(peerOf(pair, role)).filter((requested) => requested).length;
        expect(updates.length).toBe(own.filter(({ kind }) => kind !== "send").length + asked);
        expect(
          peerOf(pair, role).events.filter((event) => event.kind === "keys-updated" && event.direction === "read").length,
        ).toBe(updates.length);
      }
    },
  );

  test("are asked for once, until the peer has updated its own", () => {
    const pair = establishedPair();
    const { client } = pair;
    for (let count = 0; count < 5; count++) client.sent(client.established.updateKeys({ requestPeer: true }));
    expect(updatesOf(client)).toEqual([true, false, false, false, false]);
    converse(pair);
    client.sent(client.established.updateKeys({ requestPeer: true }));
    expect(updatesOf(client).at(-1)).toBe(true);
    converse(pair);
    expect(updatesOf(pair.server)).toEqual([false, false]);
  });

  test("that both ask for at once are updated twice on each side", () => {
    const pair = establishedPair();
    for (const side of [pair.client, pair.server]) side.sent(side.established.updateKeys({ requestPeer: true }));
    converse(pair);
    for (const side of [pair.client, pair.server]) expect(updatesOf(side)).toEqual([true, false]);
    pair.client.send(Uint8Array.of(1));
    pair.server.send(Uint8Array.of(2));
    converse(pair);
    expect([joined(pair.client.data), joined(pair.server.data)]).toEqual([Uint8Array.of(2), Uint8Array.of(1)]);
  });

  test.each(roles)("are updated for an idle caller: the %s's answer is in the output of receive", (role) => {
    const pair = establishedPair();
    const peer = peerOf(pair, role);
    peer.sent(peer.established.updateKeys({ requestPeer: true }));
    const before = pair[role].output.length;
    pair[role].hear(peer.take());
    expect(pair[role].output.length).toBeGreaterThan(before);
    expect(pair[role].events).toEqual([
      { kind: "keys-updated", direction: "read", requested: true },
      { kind: "keys-updated", direction: "write", requested: false },
    ]);
  });

  /** request_update of each KeyUpdate that this side has sent. */
  function updatesOf(side: Side): boolean[] {
    return openAll(side.role, side.output, side.keyLog)
      .filter(({ type, content }) => type === contentType.handshake && content[0] === 24)
      .map(({ content }) => content[4] === 1);
  }
});

describe("an end", () => {
  test.each(roles)("that the %s says is heard, and leaves the other direction open", (role) => {
    const pair = establishedPair();
    const side = pair[role];
    const peer = peerOf(pair, role);
    side.send(Uint8Array.of(1));
    side.sent(side.established.close());
    converse(pair);
    expect([peer.closed, joined(peer.data)]).toEqual([true, Uint8Array.of(1)]);
    peer.send(Uint8Array.of(2));
    peer.sent(peer.established.updateKeys());
    peer.send(Uint8Array.of(3));
    converse(pair);
    expect(joined(side.data)).toEqual(Uint8Array.of(2, 3));
    // Nothing is read any more, and nothing is wrong with it.
    expect(peer.established.receive(pattern(100))).toEqual({
      kind: "closed",
      output: new Uint8Array(0),
      data: [],
      events: [],
      writable: true,
    });
    expect(peer.established.receiveEnd().kind).toBe("closed");
    expect(peer.established.close().kind).toBe("sent");
    expect(peer.established.close().output.length).toBe(0);
  });

  test.each(roles)("that was said by the %s is the last thing it says", (role) => {
    const pair = establishedPair();
    const side = pair[role];
    const peer = peerOf(pair, role);
    side.sent(side.established.close());
    const { length } = side.output;
    for (const call of callsThatWrite(side.established)) expect(call).toThrow(ApiMisuse);
    peer.sent(peer.established.updateKeys({ requestPeer: true }));
    peer.send(Uint8Array.of(9));
    side.hear(peer.take());
    expect([side.output.length, joined(side.data)]).toEqual([length, Uint8Array.of(9)]);
    side.hear(Uint8Array.of(23, 3, 3, 0, 17, ...new Uint8Array(17)));
    expect(side.failure).toMatchObject({
      error: { kind: "bad-record-mac" },
      alert: { kind: "none", due: "bad_record_mac", reason: "own write side closed" },
    });
    expect(side.output.length).toBe(length);
    expect(alertsIn(openAll(role, side.output, side.keyLog))).toEqual([{ level: 1, description: 0 }]);
  });
  const callsThatWrite = (connection: Connection): (() => unknown)[] => [
    () => connection.send(Uint8Array.of(1)),
    () => connection.sendInto(Uint8Array.of(1), new Uint8Array(100)),
    () => connection.updateKeys(),
  ];

  test.prop([fc.constantFrom(...roles), fc.constantFrom("strict" as const, "lenient" as const), fc.nat({ max: 200 })], {
    numRuns: 60,
  })(
    "of the transport alone is a truncation; only a lenient config takes it for an end, and only between records",
    (role, truncation, cut) => {
      const pair = establishedPair({ [role]: { truncation } });
      const peer = peerOf(pair, role);
      peer.send(pattern(50));
      peer.send(pattern(50));
      const wire = peer.take();
      const at = Math.min(cut, wire.length);
      pair[role].hear(wire.subarray(0, at));
      pair[role].hearEnd();
      const insideRecord = at % 72 !== 0;
      expect(joined(pair[role].data).length).toBe(Math.floor(at / 72) * 50);
      if (truncation === "lenient" && !insideRecord) {
        expect([pair[role].closed, pair[role].failure]).toEqual([true, undefined]);
      } else {
        expect(pair[role].failure).toMatchObject({
          error: { kind: "truncated", context: { insideRecord } },
          alert: { kind: "none", reason: "the peer has ended" },
        });
      }
    },
  );
});

describe("exporters", () => {
  const labels = fc.string({ unit: fc.constantFrom(..."abcXYZ -_"), minLength: 1, maxLength: 249 });
  test.prop([labels, fc.option(fc.uint8Array({ maxLength: 500 })), fc.integer({ min: 1, max: 500 }), fc.boolean()], {
    numRuns: 60,
  })("are equal on both sides, at any time, and differ by label, context and length", (label, context, length, updated) => {
    const pair = establishedPair();
    const given = context ?? undefined;
    const before = exported(pair.client, label, given, length);
    if (updated) {
      pair.client.sent(pair.client.established.updateKeys({ requestPeer: true }));
      converse(pair);
    }
    expect(exported(pair.client, label, given, length)).toEqual(before);
    expect(exported(pair.server, label, given, length)).toEqual(before);
    expect(before.length).toBe(length);
    if (length < 16) return;
    expect(exported(pair.server, `${label.slice(1)}!`, given, length)).not.toEqual(before);
    expect(exported(pair.server, label, joined([given ?? new Uint8Array(0), Uint8Array.of(1)]), length)).not.toEqual(before);
  });

  test("refuse a label, a context and a length that can't be, and the connection lives on", () => {
    const { client, both } = establishedPair();
    const [connection] = both;
    const calls = [
      () => connection.exportKeyingMaterial("", undefined, 16),
      () => connection.exportKeyingMaterial("a".repeat(250), undefined, 16),
      () => connection.exportKeyingMaterial("é", undefined, 16),
      () => connection.exportKeyingMaterial("label", undefined, 0),
      () => connection.exportKeyingMaterial("label", undefined, 1.5),
      () => connection.exportKeyingMaterial("label", undefined, 255 * 32 + 1),
    ];
    for (const call of calls) expect(call).toThrow(ApiMisuse);
    expect(exported(client, "label", undefined, 255 * 32).length).toBe(255 * 32);
  });

  function exported(side: Side, label: string, context: Uint8Array | undefined, length: number): Uint8Array {
    const result = side.established.exportKeyingMaterial(label, context, length);
    if (result.kind !== "exported") throw new Error(result.kind);
    return result.keyingMaterial;
  }
});
