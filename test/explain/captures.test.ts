// pcap and pcapng: what went over the wire, put together again.
import { fc, test } from "@fast-check/vitest";
import { readFileSync } from "node:fs";
import { describe, expect } from "vitest";
import { explain, ja4, toText } from "@sallyport/explain";
import { readClientHello } from "@sallyport/core";

const recorded: readonly { readonly id: string; readonly hex: string }[] = JSON.parse(
  readFileSync(new URL("../vectors/data/clienthellos.json", import.meta.url), "utf8"),
);
const helloOf = (id: string): Buffer => Buffer.from(recorded.find((each) => each.id === id)?.hex ?? "", "hex");
const alert = Buffer.from("15030300020228", "hex");

interface Segment {
  readonly from: "client" | "server";
  readonly sequence: number;
  readonly flags?: number;
  readonly payload?: Uint8Array;
}
const syn = 2;
const ack = 16;

function frameOf({ from, sequence, flags = ack, payload = new Uint8Array(0) }: Segment, client = 50_000): Buffer {
  const tcp = Buffer.alloc(20 + payload.length);
  tcp.writeUInt16BE(from === "client" ? client : 443, 0);
  tcp.writeUInt16BE(from === "client" ? 443 : client, 2);
  tcp.writeUInt32BE(sequence >>> 0, 4);
  tcp[12] = 5 << 4;
  tcp[13] = flags;
  tcp.set(payload, 20);
  const ip = Buffer.alloc(20);
  ip[0] = 0x45;
  ip.writeUInt16BE(20 + tcp.length, 2);
  ip[9] = 6;
  ip.set(from === "client" ? [10, 0, 0, 1, 10, 0, 0, 2] : [10, 0, 0, 2, 10, 0, 0, 1], 12);
  return Buffer.concat([Buffer.alloc(12), Buffer.from([8, 0]), ip, tcp]);
}

function pcap(frames: readonly Buffer[], little = true): Buffer {
  const word = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    if (little) bytes.writeUInt32LE(value);
    else bytes.writeUInt32BE(value);
    return bytes;
  };
  const header = Buffer.concat([word(0xa1b2c3d4), word(0), word(0), word(0), word(65_535), word(1)]);
  return Buffer.concat([header, ...frames.flatMap((frame) => [word(1), word(2), word(frame.length), word(frame.length), frame])]);
}

function pcapng(frames: readonly Buffer[]): Buffer {
  const block = (type: number, body: Buffer): Buffer => {
    const padded = Buffer.concat([body, Buffer.alloc((4 - (body.length % 4)) % 4)]);
    const edge = Buffer.alloc(8);
    edge.writeUInt32LE(type, 0);
    edge.writeUInt32LE(padded.length + 12, 4);
    return Buffer.concat([edge, padded, edge.subarray(4)]);
  };
  const section = block(0x0a0d0d0a, Buffer.from("4d3c2b1a01000000ffffffffffffffff", "hex"));
  const link = block(1, Buffer.from("0100000000000000", "hex"));
  const packets = frames.map((frame) => {
    const head = Buffer.alloc(20);
    head.writeUInt32LE(frame.length, 12);
    head.writeUInt32LE(frame.length, 16);
    return block(6, Buffer.concat([head, frame]));
  });
  return Buffer.concat([section, link, ...packets]);
}

const hello = helloOf("stm32-secp224r1");
const failing = (base = 1000): Segment[] => [
  { from: "client", sequence: base, flags: syn },
  { from: "server", sequence: 9000, flags: syn | ack },
  { from: "client", sequence: base + 1, payload: hello },
  { from: "server", sequence: 9001, payload: alert },
];
const frames = (segments: readonly Segment[], port?: number): Buffer[] => segments.map((segment) => frameOf(segment, port));

describe("a failing connection is explained as its hex would be", () => {
  const told = explain([{ from: "client", input: hello }, { from: "server", input: alert }]).causes;
  test.each<[string, Uint8Array]>([
    ["pcap", pcap(frames(failing()))],
    ["pcap, big endian", pcap(frames(failing()), false)],
    ["pcapng", pcapng(frames(failing()))],
    ["the hello in two segments, the second first, one of them twice", pcap(frames([
      ...failing().slice(0, 2),
      { from: "client", sequence: 1001 + 50, payload: hello.subarray(50) },
      { from: "client", sequence: 1001, payload: hello.subarray(0, 60) },
      { from: "client", sequence: 1001, payload: hello.subarray(0, 60) },
      { from: "server", sequence: 9001, payload: alert },
    ]))],
    ["sequence numbers that wrap", pcap(frames(failing(0xffff_ffc0)))],
    ["without the connection's beginning", pcap(frames(failing().slice(2)))],
  ])("%s", (_, capture) => {
    const report = explain(capture);
    expect(report.causes).toEqual(told);
    expect(report.failed).toEqual({ by: "server", at: "client_hello" });
  });
});

test("of several connections the first that failed is explained, and the others are counted", () => {
  const fine = frames([{ from: "client", sequence: 1, payload: helloOf("openssl") }, { from: "server", sequence: 1, payload: Buffer.from(serverHello, "hex") }], 50_001);
  const report = explain(pcap([...fine, ...frames(failing())]));
  expect(report.causes[0]?.id).toBe("no-common-group");
  expect(report.findings.map(({ what }) => what).join()).toContain("2 connections");
});
/** A ServerHello of TLS 1.2 without extensions. */
const serverHello = `160303002a020000260303${"11".repeat(32)}00c02b00`;

test("a hello that nobody answered is silence, and a big one is suspected of its size", () => {
  expect(explain(pcap(frames([{ from: "client", sequence: 1, payload: helloOf("chromium") }]))).causes[0]?.id).toBe("big-hello-dropped");
});

test("bytes that are missing are said to be", () => {
  const report = explain(pcap(frames([{ from: "client", sequence: 1, flags: syn }, { from: "client", sequence: 40, payload: hello.subarray(38) }, { from: "client", sequence: 2, payload: hello.subarray(0, 20) }])));
  expect(report.findings.map(({ what }) => what).join()).toContain("missing");
});

test.prop([fc.nat({ max: 600 }), fc.nat({ max: 255 }), fc.boolean()], { numRuns: 60 })("a capture with a byte changed, or cut, is explained", (at, byte, cut) => {
  for (const capture of [pcap(frames(failing())), pcapng(frames(failing()))]) {
    const changed = Uint8Array.from(capture);
    if (at < changed.length) changed[at] = byte;
    expect(toText(explain(cut ? changed.subarray(0, at) : changed))).toMatch(/^[\n -~]*$/);
  }
});

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
