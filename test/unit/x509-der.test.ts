import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import {
  DerError,
  DerReader,
  integer,
  namedBits,
  oid,
  only,
  smallInteger,
  tags,
  time,
  timeText,
} from "../../packages/x509/src/der.ts";

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, "hex"));

describe("a length", () => {
  test.for([
    ["0400", 0],
    [`047f${"00".repeat(127)}`, 127],
    [`048180${"00".repeat(128)}`, 128],
    [`04820100${"00".repeat(256)}`, 256],
  ] as const)("%# is read", ([hex, length]) => {
    expect(only(bytes(hex), tags.octetString, "value").content).toHaveLength(length);
  });

  test.for([
    ["0480", "indefinite"],
    ["048100", "more octets than it needs"],
    [`04817f${"00".repeat(127)}`, "more octets than it needs"],
    ["0482000100", "more octets than it needs"],
    ["0485000000000100", "length of 5 octets"],
    ["0401", "longer than what holds it"],
    ["0481", "cut off"],
    ["04", "cut off"],
    ["", "missing"],
    ["1f0100", "several octets"],
    ["040000", "left over"],
    ["0500", "another type (0x05)"],
  ] as const)("%s is refused: %s", ([hex, problem]) => {
    expect(() => only(bytes(hex), hex.startsWith("1f") ? 0x1f : tags.octetString, "value")).toThrow(problem);
  });
});

test("a refusal's offset counts from the first byte of the whole input", () => {
  const outer = new DerReader(bytes("30053003040005")).sequence("outer");
  const inner = outer.sequence("inner");
  inner.read(tags.octetString, "first");
  expect(() => inner.read(tags.octetString, "second")).toThrow(expect.objectContaining({ name: "DerError", offset: 6 }));
});

test("nesting has an end", () => {
  let reader = new DerReader(bytes(nested(40)));
  expect(() => {
    for (;;) reader = reader.sequence("level");
  }).toThrow("nested too deeply");
});

describe("an integer", () => {
  test("has no octet too many", () => {
    expect(integer(only(bytes("02020080"), tags.integer, "n"), "n")).toEqual(bytes("0080"));
    for (const hex of ["0200", "0202007f", "0202ff80"])
      expect(() => integer(only(bytes(hex), tags.integer, "n"), "n"), hex).toThrow(DerError);
  });
  test("that counts something is not negative and not huge", () => {
    expect(smallInteger(only(bytes("02047fffffff"), tags.integer, "n"), "n")).toBe(0x7fffffff);
    expect(() => smallInteger(only(bytes("020180"), tags.integer, "n"), "n")).toThrow("negative");
    expect(() => smallInteger(only(bytes("02050080000000"), tags.integer, "n"), "n")).toThrow("out of range");
  });
});

test("an object identifier is read with arcs of any size, and refused if it is not in the fewest octets", () => {
  const read = (hex: string): string => oid(only(bytes(hex), tags.oid, "id"), "id");
  expect(read("06082a8648ce3d030107")).toBe("1.2.840.10045.3.1.7");
  expect(read("0603550403")).toBe("2.5.4.3");
  expect(read("06028837")).toBe("2.999");
  expect(read("060c69ffffffffffffffffffff7f")).toMatch(/^2\.25\.\d+$/);
  for (const hex of ["0600", "060180", "0603558003", "06022a80"]) expect(() => read(hex), hex).toThrow(DerError);
});

test("named bits are told by their positions, zero bits behind the last are noticed", () => {
  const read = (hex: string) => namedBits(only(bytes(hex), tags.bitString, "bits"), "bits");
  expect(read("03020106")).toEqual({ positions: [5, 6], isMinimal: true });
  expect(read("03020006")).toEqual({ positions: [5, 6], isMinimal: false });
  expect(read("030100")).toEqual({ positions: [], isMinimal: true });
  for (const hex of ["0300", "030101", "03020880", "03020107"]) expect(() => read(hex), hex).toThrow(DerError);
});

describe("a time", () => {
  const read = (tag: number, text: string) => time(new DerReader(Uint8Array.of(tag, text.length, ...Buffer.from(text))), "time");

  property.prop([fc.date({ min: new Date("1950-01-01T00:00:00Z"), max: new Date("2049-12-31T23:59:59Z"), noInvalidDate: true })])(
    "from 1950 to 2049 is a UTCTime, and comes out as the calendar has it",
    (date) => {
      const iso = date.toISOString();
      const seconds = Math.floor(date.getTime() / 1000);
      expect(read(tags.utcTime, `${iso.slice(2, 19).replace(/[-:T]/g, "")}Z`)).toEqual({ seconds, isProper: true });
      expect(timeText(seconds)).toBe(`${iso.slice(0, 19)}Z`);
    },
  );
  property.prop([fc.date({ min: new Date("0001-01-01T00:00:00Z"), max: new Date("9999-12-31T23:59:59Z"), noInvalidDate: true })])(
    "of any year is a GeneralizedTime, in its proper place from 2050 on",
    (date) => {
      const iso = date.toISOString();
      const seconds = Math.floor(date.getTime() / 1000);
      expect(read(tags.generalizedTime, `${iso.slice(0, 19).replace(/[-:T]/g, "")}Z`)).toEqual({
        seconds,
        isProper: date.getUTCFullYear() >= 2050,
      });
      expect(timeText(seconds)).toBe(`${iso.slice(0, 19)}Z`);
    },
  );
  test.for([
    [tags.utcTime, "2601010000Z"],
    [tags.utcTime, "260101000000+0000"],
    [tags.utcTime, "260101000000"],
    [tags.utcTime, "261301000000Z"],
    [tags.utcTime, "260229000000Z"],
    [tags.utcTime, "260101240000Z"],
    [tags.utcTime, "260101006000Z"],
    [tags.utcTime, "260101000060Z"],
    [tags.utcTime, "260100000000Z"],
    [tags.generalizedTime, "20500101000000.5Z"],
    [tags.generalizedTime, "205001010000Z"],
    [tags.generalizedTime, "21000229000000Z"],
    [tags.ia5String, "260101000000Z"],
  ] as const)("%s %s is refused", ([tag, text]) => {
    expect(() => read(tag, text)).toThrow(DerError);
  });
});

function nested(depth: number): string {
  let hex = "";
  for (let level = 0; level < depth; level++) hex = `30${(hex.length / 2).toString(16).padStart(2, "0")}${hex}`;
  return hex;
}
