// The same bytes, as people copy them.
import { describe, expect, test } from "vitest";
import { explain } from "@sallyport/explain";

const bytes = Buffer.from(
  "160303006f0100006b0303e213bf6d61b6fba682a459f00befe90344bede3c493d395651603bb649c41750000004c02b00ff0100003e00000012001000000d" +
    "7777772e676f6f676c652e6465000d000a00080403040103030301000a000400020015000b00020100001600000017000000230000",
  "hex",
);
const plain = bytes.toString("hex");
const octets = [...bytes].map((byte) => byte.toString(16).padStart(2, "0"));
const text = (row: readonly string[]): string =>
  row.map((octet) => String.fromCharCode(Number.parseInt(octet, 16)).replace(/[^ -~]/, ".")).join("");
const rows = Array.from({ length: Math.ceil(octets.length / 16) }, (_, at) => octets.slice(at * 16, at * 16 + 16));
const offset = (at: number, digits: number): string => (at * 16).toString(16).padStart(digits, "0");

const copies: Readonly<Record<string, string>> = {
  plain,
  "upper case": plain.toUpperCase(),
  spaced: octets.join(" "),
  "with colons": octets.join(":"),
  "over lines": plain.replaceAll(/.{40}/g, "$&\n"),
  xxd: rows.map((row, at) => `${offset(at, 8)}: ${row.join("").replaceAll(/.{4}/g, "$& ").padEnd(40)} ${text(row)}`).join("\n"),
  "hexdump -C": rows
    .map((row, at) => `${offset(at, 8)}  ${row.slice(0, 8).join(" ")}  ${row.slice(8).join(" ").padEnd(23)}  |${text(row)}|`)
    .join("\n"),
  Wireshark: rows.map((row, at) => `${offset(at, 4)}  ${row.join(" ").padEnd(47)}   ${text(row)}`).join("\n"),
  "Mbed TLS's log": [
    "ssl_tls.c:2755: dumping 'output record sent to network' (116 bytes)",
    ...rows.map((row, at) => `ssl_tls.c:2755: ${offset(at, 4)}:  ${row.join(" ").padEnd(47)}  ${text(row)}`),
  ].join("\r\n"),
  "OpenSSL's -msg and -debug": [
    `write to 0x5581 [0x5590] (${bytes.length} bytes => ${bytes.length} (0x74))`,
    ...rows.map((row, at) => `${offset(at, 4)} - ${row.slice(0, 8).join(" ")}-${row.slice(8).join(" ")}   ${text(row)}`),
  ].join("\n"),
  "a C array": `static const uint8_t hello[] = {\n${rows.map((row) => `  ${row.map((octet) => `0x${octet}`).join(", ")},`).join("\n")}\n};`,
  "a C string": `"${octets.map((octet) => `\\x${octet}`).join("")}"`,
  "in a sentence": `my device sends ${plain} and gets 15030300020228 back`,
  "a handshake message alone": plain.slice(10),
};

describe("the hello is found in every copy", () => {
  test.each(Object.entries(copies))("%s", (_, copy) => {
    const { offers } = explain(copy);
    expect(offers).toHaveLength(1);
    expect(offers[0]).toMatchObject({ serverName: "www.google.de", groups: ["secp224r1"] });
  });
});

test("bytes say the same as their hex", () => {
  expect(explain(bytes)).toEqual(explain(plain));
});

test("both directions in one paste: the alert is the server's answer", () => {
  const report = explain(`${plain}15030300020228`);
  expect(report.alert).toMatchObject({ number: 40, from: "server" });
});

test("a hello that is cut short is told so, with the place where it ends", () => {
  const report = explain(plain.slice(0, 120));
  expect(report.findings.map(({ id }) => id)).toContain("incomplete-input");
  expect(report.causes[0]?.id).toBe("malformed-message");
});

test("a hash, a serial number and a certificate's fingerprint are no TLS", () => {
  const digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
  expect(explain(`sha256 ${digest} ok`).seen).toEqual([]);
});
