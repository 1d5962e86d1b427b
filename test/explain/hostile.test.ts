// What comes from anywhere must not throw, hang, grow without end, or reach a terminal raw.
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { explain, type Report, toJson, toMarkdown, toText } from "@sallyport/explain";

const hello = Buffer.from(
  "160303004f0100004b03032e2aec857f15dd095f22d1538260d7806728aa6748cef071ab63d0b23e553a05000014c027c023c00ac009c007c008c014c013c0" +
    "11c0120100000e000d000a00080403020304010201",
  "hex",
);

function expectHarmless(report: Report): void {
  for (const written of [toText(report), toMarkdown(report), toJson(report)]) {
    expect(written).toMatch(/^[\n -~]*$/);
    expect(written.length).toBeLessThan(1_000_000);
  }
  expect(() => structuredClone(report)).not.toThrow();
}

test.prop([fc.uint8Array({ maxLength: 2000 })], { numRuns: 60 })("any bytes are explained", (bytes) => {
  expectHarmless(explain(bytes));
});

test.prop([fc.string({ unit: "binary", maxLength: 2000 })], { numRuns: 60 })("any text is explained", (text) => {
  expectHarmless(explain(text));
});

test.prop([fc.nat({ max: hello.length - 1 }), fc.nat({ max: 255 })], { numRuns: 60 })(
  "a hello with a byte changed is explained",
  (at, byte) => {
    const changed = Uint8Array.from(hello);
    changed[at] = byte;
    expectHarmless(explain(changed));
    expectHarmless(explain(Buffer.from(changed).toString("hex")));
  },
);

const pieces = fc.constantFrom(
  "mbedtls",
  "-0x7780",
  "-313",
  "error:0A000410:SSL routines::",
  "alert number ",
  "40",
  "alert",
  "ERR_CERT_AUTHORITY_INVALID",
  "\u001b[31m",
  "\u0000",
  "0000: 16 03 01",
  "0010:",
  "160301",
  "\\x16\\x03",
  "{",
  "0x16,",
  "\n",
  " ",
  "\r",
  "remote error: tls: ",
  "handshake failure",
  "EPROTO",
  "ERR_SSL_",
  "GET / HTTP/1.1",
  "wolfSSL",
  "\u202e",
  "|",
  "`",
  "<script>",
);
test.prop([fc.array(pieces, { maxLength: 60 })], { numRuns: 60 })(
  "any mixture of what logs are made of is explained",
  (parts) => {
    expectHarmless(explain(parts.join("")));
  },
);

test("a control character of a log is written as its number", () => {
  const report = explain("mbedtls \u001b]0;owned\u0007 net::ERR_CONNECTION_REFUSED ECONNREFUSED \u001b[2J");
  expect(toText(report)).toContain("\\u{1b}");
});

describe("time grows with the input and not faster", () => {
  const long = 1 << 18;
  test.each([
    ["hex", "16".repeat(long / 2)],
    ["offsets", "0000: 16 03\n".repeat(long / 12)],
    [
      "rows of a dump",
      Array.from(
        { length: long / 60 },
        (_, at) => `${(at * 16).toString(16).padStart(8, "0")}: ${"1603 ".repeat(8)} ................`,
      ).join("\n"),
    ],
    ["C tokens", "0x16, ".repeat(long / 6)],
    ["escapes", "\\x16".repeat(long / 4)],
    ["one line of words", "alert ".repeat(long / 6)],
    ["numbers", "mbedtls -0x7780 ".repeat(long / 16)],
    ["names", "MBEDTLS_ERR_SSL_CONN_EOF_".repeat(long / 25)],
    ["underscores", `A${"_".repeat(long)}`],
    ["blanks", " ".repeat(long)],
    ["lines", "\n".repeat(long)],
    ["hex digits without an end", "f".repeat(long + 1)],
    ["words and hex", "160301 zz ".repeat(long / 10)],
  ])("%s: a quarter of a million characters", (_, text) => {
    const since = performance.now();
    expectHarmless(explain(text));
    expect(performance.now() - since).toBeLessThan(60_000);
  });

  test.each([
    [
      "records of one byte of a message that never ends",
      Buffer.concat(
        Array.from({ length: 50_000 }, (_, at) => Buffer.from(at === 0 ? "160303000401ffffff" : "160303000100", "hex")),
      ),
    ],
    [
      "many small messages",
      Buffer.concat(Array.from({ length: 100 }, () => Buffer.from(`1603033ffc${"00000000".repeat(4095)}`, "hex"))),
    ],
    ["many alerts", Buffer.concat(Array.from({ length: 50_000 }, () => Buffer.from("15030300020128", "hex")))],
  ])("%s", (_, bytes) => {
    const since = performance.now();
    expectHarmless(explain(bytes));
    expect(performance.now() - since).toBeLessThan(60_000);
  });
});
