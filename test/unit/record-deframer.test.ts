// From bytes to records, and from records to messages: whose memory they lie in, and how much of it is held.
import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { Deframer } from "../../packages/core/src/record/deframer.ts";
import { Joiner } from "../../packages/core/src/record/joiner.ts";
import { join, message, record, repeat } from "../support/octets.ts";

const content = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 200, maxLength: 400 }));
const records = fc.array(fc.tuple(fc.constantFrom(20, 21, 22, 23), content), { maxLength: 8 });
const cuts = fc.array(fc.nat({ max: 600 }), { maxLength: 12 });

interface Header {
  readonly type: number;
  readonly version: number;
  readonly length: number;
  readonly bytes: readonly number[];
}
function deframer(judged: Header[] = []): Deframer {
  return new Deframer({
    checkHeader: (type, version, length, bytes, at) => {
      judged.push({ type, version, length, bytes: [...bytes.subarray(at, at + 5)] });
    },
  });
}
function* piecesOf(bytes: Uint8Array, cuts: readonly number[]): Generator<Uint8Array> {
  const ends = [...new Set(cuts.map((cut) => Math.min(cut, bytes.length)))].sort((one, other) => one - other);
  for (const [at, end] of [...ends, bytes.length].entries()) yield bytes.slice(ends[at - 1] ?? 0, end);
}

describe("records", () => {
  property.prop([records, cuts, fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 12 }), fc.boolean()])(
    "are the same however the bytes are cut, read at once or later, and whatever becomes of a chunk behind its loan",
    (said, cuts, reads, recycles) => {
      const wire = join(...said.map(([type, content]) => record(type, content)));
      const judged: Header[] = [];
      const cutter = deframer(judged);
      const found: Uint8Array[] = [];
      let fed = 0;
      const read = (most: number): void => {
        for (let more = 0; more < most; more++) {
          const one = cutter.next();
          if (one === undefined) return;
          found.push(Uint8Array.from(one));
          if (recycles) cutter.recycle(one);
        }
      };
      for (const [at, chunk] of [...piecesOf(wire, cuts)].entries()) {
        cutter.feed(chunk);
        fed += chunk.length;
        read(reads[at % reads.length] ?? 0);
        // Once more, as a stage may show twice within a chunk.
        for (let times = 0; times < 2; times++) cutter.release();
        chunk.fill(0xee);
        const cut = join(...found).length;
        expect(cutter.consumed).toBe(cut);
        expect(cutter.unread).toEqual(wire.slice(cut, fed));
      }
      read(Number.POSITIVE_INFINITY);
      expect(found).toEqual(said.map(([type, content]) => record(type, content)));
      expect([cutter.insideRecord, cutter.unread.length]).toEqual([false, 0]);
      const headers = said.map(([type, content]) => ({
        type,
        version: 0x0303,
        length: content.length,
        bytes: [type, 3, 3, content.length >> 8, content.length & 255],
      }));
      // One that came in pieces may be looked at more than once, and nothing else is.
      expect(judged.filter((header, at) => JSON.stringify(header) !== JSON.stringify(judged[at - 1]))).toEqual(
        headers.filter((header, at) => JSON.stringify(header) !== JSON.stringify(headers[at - 1])),
      );
    },
  );

  test("that begin in a chunk and do not end in it are inside of a record, and nothing is once all is forgotten", () => {
    const cutter = deframer();
    cutter.feed(record(23, repeat(9, 1)).subarray(0, 8));
    expect([cutter.next(), cutter.insideRecord, cutter.unread.length]).toEqual([undefined, true, 8]);
    cutter.clear();
    expect([cutter.next(), cutter.insideRecord, cutter.unread.length]).toEqual([undefined, false, 0]);
    cutter.feed(record(23, [1]));
    cutter.clear();
    expect([cutter.next(), cutter.unread.length]).toEqual([undefined, 0]);
  });

  test("that lie whole in a chunk are views into it; no other memory is taken for them", () => {
    const chunk = join(record(23, [1]), record(23, [2, 3]));
    const cutter = deframer();
    cutter.feed(chunk);
    for (const length of [6, 7]) expect(cutter.next()).toMatchObject({ buffer: chunk.buffer, length });
  });

  describe("that were put together", () => {
    const [first, second] = [record(23, repeat(100, 1)), record(23, repeat(90, 2))];
    /** The first one, of two pieces, where the second begins behind it. */
    const cut = (): { readonly cutter: Deframer; readonly one: Uint8Array } => {
      const cutter = deframer();
      cutter.feed(first.slice(0, 50));
      expect(cutter.next()).toBeUndefined();
      cutter.release();
      cutter.feed(join(first.subarray(50), second.subarray(0, 70)));
      const one = cutter.next();
      if (one === undefined) throw new Error("a record has come");
      return { cutter, one };
    };
    const rest = (cutter: Deframer): Uint8Array | undefined => {
      expect(cutter.next()).toBeUndefined();
      cutter.release();
      cutter.feed(second.slice(70));
      return cutter.next();
    };

    test("and that nobody reads any more leave their memory to the next one", () => {
      const { cutter, one } = cut();
      cutter.recycle(one);
      const two = rest(cutter);
      expect(two).toEqual(second);
      expect(two?.buffer).toBe(one.buffer);
    });

    test("stay as they are for whoever still reads them, whatever else is read no more", () => {
      for (const other of [undefined, new Uint8Array(100)]) {
        const { cutter, one } = cut();
        if (other !== undefined) cutter.recycle(other);
        expect(rest(cutter)).toEqual(second);
        expect(one).toEqual(first);
      }
    });
  });
});

describe("messages", () => {
  const limits = { clientHello: 100, certificateMessage: 66_000, handshakeMessage: 70 };

  test("are joined up to the limit of their type, and refused at the header of a longer one", () => {
    const kinds = [
      [1, "clientHello"],
      [11, "certificateMessage"],
      [25, "certificateMessage"],
      [2, "handshakeMessage"],
      [24, "handshakeMessage"],
    ] as const;
    for (const [type, limit] of kinds) {
      const allowed = limits[limit];
      const whole = message(type, repeat(allowed - 4, 7));
      const joiner = new Joiner(limits);
      joiner.append(whole.subarray(0, 3));
      expect(joiner.next()).toBeUndefined();
      joiner.append(whole.subarray(3));
      const read = joiner.next();
      // Vitest's own comparison takes its time for what is long.
      expect([read?.type, Buffer.compare(read?.raw ?? repeat(0), whole)]).toEqual([type, 0]);
      for (const received of [allowed + 1, 4 + 65_536 + allowed, 4 + 0xffffff]) {
        const announced = received - 4;
        const header = [type, announced >> 16, (announced >> 8) & 255, announced & 255];
        const error = { kind: "limit-exceeded", context: { limit, allowed, received } };
        const longer = new Joiner(limits);
        longer.append(Uint8Array.from(header));
        expect(() => longer.next()).toThrow(expect.objectContaining(error));
      }
    }
  });

  test("leave nothing of theirs behind: however many there were, no memory is larger than one of them needs", () => {
    const typedArrays: Uint8Array = Object.getPrototypeOf(Uint8Array.prototype);
    const copies = vi.spyOn(typedArrays, "set");
    onTestFinished(() => copies.mockRestore());
    const joiner = new Joiner(limits);
    const one = message(24, repeat(60));
    const rest = one.subarray(0, 2);
    const turn = join(one.subarray(2), rest);
    joiner.append(rest);
    for (let count = 0; count < 1000; count++) {
      joiner.append(turn);
      expect(joiner.next()?.raw.length).toBe(one.length);
      expect(joiner.next()).toBeUndefined();
    }
    // Whose method it is.
    const sizes = (copies.mock.contexts as Uint8Array[]).map(({ length }) => length);
    expect(sizes.length).toBeGreaterThan(1000);
    expect(Math.max(...sizes)).toBeLessThan(4 * one.length);
    expect(joiner.isEmpty).toBe(false);
    joiner.clear();
    expect([joiner.isEmpty, joiner.next()]).toEqual([true, undefined]);
  });
});
