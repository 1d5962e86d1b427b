import { fc, test } from "@fast-check/vitest";
import { TlsError } from "@sallyport/core";
import { describe, expect } from "vitest";
import {
  copyOf,
  equal,
  equalSecrets,
  GrowingBytes,
  hex,
  latin1,
  latin1Text,
  stow,
  wipe,
} from "../../packages/core/src/wire/bytes.ts";
import { type Prefix, Reader } from "../../packages/core/src/wire/reader.ts";
import { isGrease, registered, spelled } from "../../packages/core/src/wire/registry.ts";
import { isDowngradeSentinel } from "../../packages/core/src/wire/server-hello.ts";
import { write, type Writer } from "../../packages/core/src/wire/writer.ts";

/** What is written and read back: integers, vectors of bytes, vectors of more of these. */
type Field =
  | { readonly kind: "integer"; readonly size: 1 | 2 | 3 | 4; readonly value: number }
  | { readonly kind: "opaque"; readonly prefix: Prefix; readonly bytes: Uint8Array }
  | { readonly kind: "vector"; readonly prefix: Prefix; readonly inside: readonly Field[] };

const prefix = fc.constantFrom<Prefix>(1, 2, 3);
const fields = fc
  .letrec<{ list: readonly Field[] }>((tie) => ({
    list: fc.array(
      fc.oneof(
        { maxDepth: 3 },
        fc
          .constantFrom(1, 2, 3, 4)
          .chain((size) =>
            fc
              .integer({ min: 0, max: 256 ** size - 1 })
              .map((value): Field => ({ kind: "integer", size: size as 1 | 2 | 3 | 4, value })),
          ),
        fc
          .tuple(prefix, fc.uint8Array({ maxLength: 12 }))
          .map(([size, bytes]): Field => ({ kind: "opaque", prefix: size, bytes })),
        fc.tuple(prefix, tie("list")).map(([size, inside]): Field => ({ kind: "vector", prefix: size, inside })),
      ),
      { maxLength: 4, depthIdentifier: "fields" },
    ),
  }))
  .list.filter((list) => length(list) < 255);

function length(list: readonly Field[]): number {
  return list.reduce((sum, field) => {
    if (field.kind === "integer") return sum + field.size;
    return sum + field.prefix + (field.kind === "opaque" ? field.bytes.length : length(field.inside));
  }, 0);
}

function writeAll(writer: Writer, list: readonly Field[]): void {
  for (const field of list) {
    switch (field.kind) {
      case "integer": {
        const { size, value } = field;
        if (size === 1) writer.u8(value);
        else if (size === 2) writer.u16(value);
        else if (size === 3) writer.u24(value);
        else writer.u32(value);
        break;
      }
      case "opaque":
        writer.opaque(field.prefix, field.bytes);
        break;
      case "vector":
        writer.vector(field.prefix, (inside) => writeAll(inside, field.inside));
        break;
    }
  }
}

function readAll(reader: Reader, list: readonly Field[]): void {
  for (const field of list) {
    switch (field.kind) {
      case "integer": {
        const read = { 1: () => reader.u8("x"), 2: () => reader.u16("x"), 3: () => reader.u24("x"), 4: () => reader.u32("x") };
        expect(read[field.size]()).toBe(field.value);
        break;
      }
      case "opaque":
        expect(reader.opaque(field.prefix, "x")).toEqual(Uint8Array.from(field.bytes));
        break;
      case "vector": {
        const inside = reader.vector(field.prefix, "x");
        readAll(inside, field.inside);
        inside.end();
        break;
      }
    }
  }
}

describe("reader and writer", () => {
  test.prop([fields])("what is written in nested vectors is read back to the last byte", (list) => {
    const written = write((writer) => writeAll(writer, list));
    expect(written).toHaveLength(length(list));
    const reader = new Reader(written, "test");
    readAll(reader, list);
    reader.end();
  });

  test.prop([fields.filter((list) => length(list) > 0), fc.nat()])(
    "a reader never goes behind its end, and says where it would have",
    (list, cut) => {
      const written = write((writer) => writeAll(writer, list));
      const short = written.subarray(0, cut % written.length);
      const error = refusal(() => readAll(new Reader(short, "test"), list));
      expect(error).toMatchObject({ kind: "malformed-message", context: { message: "test", field: "x" } });
      if (error?.kind === "malformed-message") expect(error.context.offset).toBeLessThanOrEqual(short.length);
    },
  );

  test("a vector's inside is all that its reader sees", () => {
    const reader = new Reader(Uint8Array.of(2, 7, 8, 9), "test");
    const inside = reader.vector(1, "vector");
    inside.u16("both");
    expect(refusal(() => inside.u8("more"))).toMatchObject({ context: { field: "more", offset: 3 } });
    expect(reader.u8("behind")).toBe(9);
    expect(refusal(() => reader.view(1, "end"))).toMatchObject({ context: { field: "end", offset: 4 } });
  });

  test("a vector outside its limits is refused at its length", () => {
    const reader = (): Reader => new Reader(Uint8Array.of(9, 2, 7, 8), "test", 1);
    expect(refusal(() => reader().vector(1, "short", 3))).toMatchObject({ context: { field: "short", offset: 1 } });
    expect(refusal(() => reader().vector(1, "long", 0, 1))).toMatchObject({ context: { field: "long", offset: 1 } });
    expect(refusal(() => reader().vector(2, "beyond"))).toMatchObject({ context: { field: "beyond", offset: 1 } });
  });

  test("a vector that does not fit its prefix is our own fault, and is not written", () => {
    expect(() => write((writer) => writer.opaque(1, new Uint8Array(256)))).toThrow(RangeError);
    expect(() => write((writer) => writer.opaque(2, new Uint8Array(65_536)))).toThrow(RangeError);
    expect(write((writer) => writer.opaque(2, new Uint8Array(65_535)))).toHaveLength(65_537);
  });
});

describe("growing bytes", () => {
  test.prop([fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 })])(
    "hold what was appended, in order, and are empty when taken",
    (parts) => {
      const growing = new GrowingBytes();
      for (const part of parts) growing.append(part);
      const all = Uint8Array.from(parts.flatMap((part) => [...part]));
      expect(growing).toHaveLength(all.length);
      expect(Uint8Array.from(growing.view())).toEqual(all);
      expect(Uint8Array.from(growing.take())).toEqual(all);
      expect(growing).toHaveLength(0);
    },
  );
});

test.prop([fc.uint8Array()])("every byte is a character of Latin-1, and back", (bytes) => {
  expect(latin1(latin1Text(bytes))).toEqual(Uint8Array.from(bytes));
});

function refusal(run: () => unknown): TlsError | undefined {
  try {
    run();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof TlsError) return thrown;
    throw thrown;
  }
}

describe("bytes", () => {
  const few = fc.uint8Array({ maxLength: 4, max: 2 });
  test.prop([few, few])("are equal where they are the same, to both that compare", (one, other) => {
    const same = Buffer.compare(one, other) === 0;
    expect([equal(one, other), equalSecrets(one, other)]).toEqual([same, same]);
    expect([equal(one, one.slice()), equalSecrets(one, one.slice())]).toEqual([true, true]);
  });

  test.prop([fc.uint8Array({ minLength: 1, maxLength: 70 }), fc.nat(), fc.integer({ min: 0, max: 7 })])(
    "are others if one bit differs, wherever it is",
    (bytes, at, bit) => {
      const place = at % bytes.length;
      const other = bytes.with(place, (bytes[place] ?? 0) ^ (1 << bit));
      expect([equal(bytes, other), equalSecrets(bytes, other)]).toEqual([false, false]);
    },
  );

  test.prop([fc.uint8Array({ maxLength: 70 })])("are written in hexadecimal", (bytes) => {
    expect(hex(bytes)).toBe(Buffer.from(bytes).toString("hex"));
  });

  test.each([0, 1, 63, 64, 65, 200])("%i of them are copied, from anywhere among others", (length) => {
    const all = Uint8Array.from({ length: length + 5 }, (_, at) => at + 1);
    const copied = copyOf(all, 2, 2 + length);
    expect(copied).toEqual(all.slice(2, 2 + length));
    expect(copied.buffer).not.toBe(all.buffer);
  });

  test("that are secret are wiped, and stowed away in a copy", () => {
    const secret = Uint8Array.of(1, 2, 3);
    const stowed = stow(secret);
    expect([[...stowed], [...secret]]).toEqual([
      [1, 2, 3],
      [0, 0, 0],
    ]);
    wipe(stowed);
    expect([...stowed]).toEqual([0, 0, 0]);
  });

  test("that grow take room for what was announced, and not for more than twice of what came", () => {
    const roomOf = (announced: number | undefined, ...lengths: readonly number[]): number => {
      const growing = new GrowingBytes();
      for (const length of lengths) growing.append(new Uint8Array(length), announced);
      return growing.view().buffer.byteLength;
    };
    expect(roomOf(1_000_000, 10)).toBe(20);
    expect(roomOf(1_000_000, 10, 15)).toBe(50);
    expect(roomOf(30, 10, 15)).toBe(30);
    expect(roomOf(undefined, 10, 1)).toBe(20);
    expect(roomOf(undefined, 10, 90)).toBe(100);
  });
});

describe("a number of a registry", () => {
  test("is GREASE where both bytes are the same and end in ten (RFC 8701)", () => {
    const bytes = [0x00, 0x0a, 0x0b, 0x1a, 0x1b, 0x4a, 0xa0, 0xaa, 0xfa, 0xff];
    const grease = bytes.flatMap((high) => bytes.map((low) => high * 256 + low)).filter(isGrease);
    expect(grease).toEqual([0x0a0a, 0x1a1a, 0x4a4a, 0xaaaa, 0xfafa]);
  });

  test("is spelled by its name, or as a number of four digits", () => {
    expect([spelled("group", 0x001d), spelled("group", 0xfe), spelled("version", 0x0303)]).toEqual([
      "x25519",
      "0x00fe",
      "TLSv1.2",
    ]);
  });

  test("is kept where it has a name", () => {
    expect(registered("suite", 0x1301)).toBe(registered("suite", 0x1301));
  });

  let unknown = 0xfe00;
  test("is kept nowhere where it has none: a peer could name all there are", () => {
    unknown++;
    expect(registered("suite", unknown)).not.toBe(registered("suite", unknown));
    expect(registered("suite", unknown)).toEqual({ id: unknown, name: undefined });
  });
});

test("a server's random says that it fell by its last eight bytes, and by nothing less (RFC 9846 §4.2.3)", () => {
  const end = [...new TextEncoder().encode("DOWNGRD")];
  const random = (last: readonly number[]): Uint8Array => Uint8Array.from([...new Uint8Array(32 - last.length).fill(7), ...last]);
  expect([0, 1, 2, 0xff].map((version) => isDowngradeSentinel(random([...end, version])))).toEqual([true, true, false, false]);
  for (let at = 0; at < end.length; at++) {
    for (const other of [0, (end[at] ?? 0) ^ 1]) {
      for (const version of [0, 1]) expect(isDowngradeSentinel(random([...end.with(at, other), version]))).toBe(false);
    }
  }
  expect(isDowngradeSentinel(random([...end, 1, 7]))).toBe(false);
});
