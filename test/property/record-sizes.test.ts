// Dynamic record sizes: whatever is written, with whatever pauses, arrives whole; and the first bytes, and those behind a pause, are in
// records that are no larger than was asked for.
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { ApiMisuse, type Connection } from "@sallyport/core";
import { listenTls } from "@sallyport/deno";
import { drive, type DynamicRecordSizes, dynamicRecordSizes } from "@sallyport/drive";
import { createServer } from "@sallyport/node";
import { settled, VirtualClock } from "../support/clock.ts";
import { establishedPair, joined, type PairOptions } from "../support/pair.ts";
import { stage } from "../support/scripted-stages.ts";
import { SimulatedTransport } from "../support/simulated-transport.ts";
import { parseRecords } from "../support/wiretap.ts";

/** What one call sealed, and when. */
interface Sealed {
  readonly at: number;
  readonly bytes: number;
}

/** A server's stream over a real connection whose calls are noted, and the client at the other end. */
async function open(recordSizes: DynamicRecordSizes | undefined, options: PairOptions = {}) {
  const {
    both: [client, server],
  } = establishedPair(options);
  const clock = new VirtualClock();
  const sealed: Sealed[] = [];
  const noting = new Proxy(server, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown => {
        const result: unknown = Reflect.apply(value, target, args);
        const [data] = args;
        if (key === "send" && data instanceof Uint8Array) sealed.push({ at: clock.now(), bytes: data.length });
        if (key === "sendInto") sealed.push({ at: clock.now(), bytes: (result as { readonly taken: number }).taken });
        return result;
      };
    },
  });
  const transport = new SimulatedTransport();
  const start = stage("established", {
    connection: noting,
    received: { kind: "open", output: new Uint8Array(0), data: [], events: [] },
  });
  const driven = await drive(
    transport,
    start,
    {
      accept: () => {
        throw new Error("it is established");
      },
    },
    {
      clock,
      ...(recordSizes === undefined ? {} : { recordSizes }),
    },
  );
  if (driven.kind !== "established") throw new Error(driven.kind);
  return { client, stream: driven.stream, transport, clock, sealed };
}

function received(client: Connection, transport: SimulatedTransport): Uint8Array {
  const { kind, data } = client.receive(transport.written);
  expect(kind).toBe("open");
  return joined(data);
}
/** Plaintext bytes of each record on the wire. */
function sizesOf(transport: SimulatedTransport, version: "tls1.3" | "tls1.2" = "tls1.3"): number[] {
  const overhead = version === "tls1.3" ? 5 + 1 + 16 : 5 + 8 + 16;
  return parseRecords(transport.written).records.map(({ bytes }) => bytes.length - overhead);
}
const pattern = (length: number, seed: number): Uint8Array => Uint8Array.from({ length }, (_, at) => (at * 31 + seed) & 255);

const steps = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant("write" as const),
      lengths: fc.array(fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: 30_000 })), { minLength: 1, maxLength: 4 }),
    }),
    fc.record({ do: fc.constant("pause" as const), ms: fc.nat({ max: 250 }) }),
    fc.record({ do: fc.constant("take" as const) }),
  ),
  { maxLength: 12 },
);

describe("dynamic record sizes", () => {
  test.prop(
    [
      fc.record({
        size: fc.integer({ min: 64, max: 3_000 }),
        bytes: fc.integer({ min: 1, max: 20_000 }),
        idleMs: fc.constant(100),
      }),
      fc.constantFrom(200, 1_000, 16_384),
      fc.constantFrom("tls1.3" as const, "tls1.2" as const),
      fc.boolean(),
      steps,
    ],
    { numRuns: 40 },
  )("any writes, pauses and stalls of the transport", async (sizes, maxRecordSize, version, stalls, todo) => {
    const { client, stream, transport, clock, sealed } = await open(dynamicRecordSizes(sizes), {
      version,
      client: { maxRecordSize },
    });
    const unit = stream.info.maxRecordSize.send;
    if (stalls) transport.stallWrites();
    const written: Uint8Array[] = [];
    const writes: Promise<void>[] = [];
    for (const step of todo) {
      if (step.do === "pause") await clock.advance(step.ms);
      else if (step.do === "take") transport.takeOneWrite();
      else {
        const pieces = step.lengths.map((length) => pattern(length, written.length));
        written.push(...pieces);
        writes.push(stream.write(...pieces));
      }
      await settled();
    }
    await drain(transport, Promise.all(writes));
    expect(Buffer.compare(received(client, transport), joined(written))).toBe(0);

    const { size, bytes, idleMs } = sizes;
    let [left, last] = [0, Number.NEGATIVE_INFINITY];
    for (const { at, bytes: taken } of sealed) {
      if (at - last >= idleMs) left = bytes;
      // Where no more was agreed than was asked for, core cuts.
      if (left > 0 && size < unit) expect(taken).toBeLessThanOrEqual(size);
      left = Math.max(0, left - taken);
      last = at;
    }
    for (const length of sizesOf(transport, version)) expect(length).toBeLessThanOrEqual(unit);
  });

  test("the first 64 KiB in records of one segment, then full ones; behind a second's pause again", async () => {
    const { client, stream, transport, clock } = await open(dynamicRecordSizes());
    const page = pattern(200_000, 1);
    await stream.write(page);
    await clock.advance(999);
    await stream.write(page.subarray(0, 16_384));
    await clock.advance(1_000);
    await stream.write(page.subarray(0, 3_000));
    const small = Math.ceil(65_536 / 1_369);
    const rest = 200_000 - small * 1_369;
    expect(sizesOf(transport)).toEqual([
      ...Array.from({ length: small }, () => 1_369),
      ...Array.from({ length: Math.floor(rest / 16_384) }, () => 16_384),
      rest % 16_384,
      16_384,
      1_369,
      1_369,
      262,
    ]);
    expect(received(client, transport).length).toBe(219_384);
  });

  test("small writes that wait together share small records", async () => {
    const { stream, transport } = await open(dynamicRecordSizes({ size: 100, bytes: 1000 }));
    for (let count = 0; count < 30; count++) void stream.write(pattern(20, count));
    await settled();
    expect(sizesOf(transport)).toEqual([100, 100, 100, 100, 100, 100]);
    expect(transport.log.length).toBe(1);
  });

  test("without the option every record is as large as was agreed", async () => {
    const { stream, transport } = await open(undefined);
    await stream.write(pattern(40_000, 0));
    expect(sizesOf(transport)).toEqual([16_384, 16_384, 40_000 - 2 * 16_384]);
  });

  test("numbers that can be none, sizes that nobody made, and a clock without now() are the caller's mistakes", () => {
    const wrong = [{ size: 63 }, { size: 16_385 }, { size: 100.5 }, { bytes: 0 }, { bytes: Number.NaN }, { idleMs: -1 }];
    for (const options of wrong) expect(() => dynamicRecordSizes(options)).toThrow(ApiMisuse);
    const { size, bytes, idleMs } = dynamicRecordSizes();
    expect({ size, bytes, idleMs }).toEqual({ size: 1_369, bytes: 65_536, idleMs: 1_000 });
    const start = stage("needs-input", {});
    const accept = (): never => {
      throw new Error("nobody asks");
    };
    const made = { size, bytes, idleMs } as DynamicRecordSizes;
    expect(() => drive(new SimulatedTransport(), start, { accept }, { clock: new VirtualClock(), recordSizes: made })).toThrow(
      ApiMisuse,
    );
    // A server says so when it is made: at its first connection a client would end the process.
    expect(() => createServer({ accept, recordSizes: made })).toThrow(ApiMisuse);
    const listener = { accept, close: () => {}, async *[Symbol.asyncIterator]() {} };
    expect(() => listenTls(listener, accept, { recordSizes: made })).toThrow(ApiMisuse);
    const timeless = { after: () => () => {} };
    expect(() =>
      drive(new SimulatedTransport(), start, { accept }, { clock: timeless, recordSizes: dynamicRecordSizes() }),
    ).toThrow(ApiMisuse);
  });
});

async function drain(transport: SimulatedTransport, written: Promise<unknown>): Promise<void> {
  let done = false;
  void written.then(() => {
    done = true;
  });
  while (!done) {
    await settled();
    transport.takeOneWrite();
  }
}
