import { fc, test } from "@fast-check/vitest";
import { TlsError } from "@sallyport/core";
import { describe, expect } from "vitest";
import { GrowingBytes, latin1, latin1Text } from "../../packages/core/src/wire/bytes.ts";
import { type Prefix, Reader } from "../../packages/core/src/wire/reader.ts";
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
