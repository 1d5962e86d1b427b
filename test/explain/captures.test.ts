// pcap and pcapng: what went over the wire, put together again.
import { fc, test } from "@fast-check/vitest";
import { readFileSync } from "node:fs";
import { describe, expect } from "vitest";
import { explain, ja4, toText } from "@sallyport/explain";
import { readClientHello } from "@sallyport/core";
import { ack, frameOf, pcap, pcapng, type Segment, syn } from "../support/pcap.ts";

const recorded: readonly { readonly id: string; readonly hex: string }[] = JSON.parse(
  readFileSync(new URL("../vectors/data/clienthellos.json", import.meta.url), "utf8"),
);
const helloOf = (id: string): Buffer => Buffer.from(recorded.find((each) => each.id === id)?.hex ?? "", "hex");
const alert = Buffer.from("15030300020228", "hex");

const hello = helloOf("stm32-secp224r1");
const failing = (base = 1000): Segment[] => [
  { from: "client", sequence: base, flags: syn },
  { from: "server", sequence: 9000, flags: syn | ack },
  { from: "client", sequence: base + 1, payload: hello },
  { from: "server", sequence: 9001, payload: alert },
];
const frames = (segments: readonly Segment[], port?: number): Buffer[] => segments.map((segment) => frameOf(segment, port));

describe("a failing connection is explained as its hex would be", () => {
  const told = explain([
    { from: "client", input: hello },
    { from: "server", input: alert },
  ]).causes;
  test.each<[string, Uint8Array]>([
    ["pcap", pcap(frames(failing()))],
    ["pcap, big endian", pcap(frames(failing()), false)],
    ["pcapng", pcapng(frames(failing()))],
    [
      "the hello in two segments, the second first, one of them twice",
      pcap(
        frames([
          ...failing().slice(0, 2),
          { from: "client", sequence: 1001 + 50, payload: hello.subarray(50) },
          { from: "client", sequence: 1001, payload: hello.subarray(0, 60) },
          { from: "client", sequence: 1001, payload: hello.subarray(0, 60) },
          { from: "server", sequence: 9001, payload: alert },
        ]),
      ),
    ],
    ["sequence numbers that wrap", pcap(frames(failing(0xffff_ffc0)))],
    ["without the connection's beginning", pcap(frames(failing().slice(2)))],
  ])("%s", (_, capture) => {
    const report = explain(capture);
    expect(report.causes).toEqual(told);
    expect(report.failed).toEqual({ by: "server", at: "client_hello" });
  });
});

test("of several connections the first that failed is explained, and the others are counted", () => {
  const fine = frames(
    [
      { from: "client", sequence: 1, payload: helloOf("openssl") },
      { from: "server", sequence: 1, payload: Buffer.from(serverHello, "hex") },
    ],
    50_001,
  );
  const report = explain(pcap([...fine, ...frames(failing())]));
  expect(report.causes[0]?.id).toBe("no-common-group");
  expect(report.findings.map(({ what }) => what).join()).toContain("2 connections");
});
/** A ServerHello of TLS 1.2 without extensions. */
const serverHello = `160303002a020000260303${"11".repeat(32)}00c02b00`;

test("a hello that nobody answered is silence, and a big one is suspected of its size", () => {
  expect(explain(pcap(frames([{ from: "client", sequence: 1, payload: helloOf("chromium") }]))).causes[0]?.id).toBe(
    "big-hello-dropped",
  );
});

test("bytes that are missing are said to be", () => {
  const report = explain(
    pcap(
      frames([
        { from: "client", sequence: 1, flags: syn },
        { from: "client", sequence: 40, payload: hello.subarray(38) },
        { from: "client", sequence: 2, payload: hello.subarray(0, 20) },
      ]),
    ),
  );
  expect(report.findings.map(({ what }) => what).join()).toContain("missing");
});

test.prop([fc.nat({ max: 600 }), fc.nat({ max: 255 }), fc.boolean()], { numRuns: 60 })(
  "a capture with a byte changed, or cut, is explained",
  (at, byte, cut) => {
    for (const capture of [pcap(frames(failing())), pcapng(frames(failing()))]) {
      const changed = Uint8Array.from(capture);
      if (at < changed.length) changed[at] = byte;
      expect(toText(explain(cut ? changed.subarray(0, at) : changed))).toMatch(/^[\n -~]*$/);
    }
  },
);

describe("JA4", () => {
  const of = (id: string): string => {
    const read = readClientHello(helloOf(id).subarray(5));
    if (read.kind !== "read") throw read.error;
    return ja4(read.clientHello);
  };

  test("Chromium's suites have the digest that is known for them, whatever their order", () => {
    expect(of("chromium")).toMatch(/^t13d15\d\dh2_8daaf6152771_[0-9a-f]{12}$/);
  });

  test("of an old client without a name, a version or a protocol", () => {
    expect(of("embedded-nogroups")).toMatch(/^t12i100100_[0-9a-f]{12}_[0-9a-f]{12}$/);
  });
});
