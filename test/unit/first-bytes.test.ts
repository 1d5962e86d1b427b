// What a server makes of a first record that is none of TLS.
import { describe, expect, test } from "vitest";
import { Acceptor } from "@sallyport/core";
import { join, text } from "../support/octets.ts";
import { content, ScriptedServer } from "../support/scripted-peer.ts";

const failure = (bytes: Uint8Array) => {
  const stage = new Acceptor().start().receive(bytes);
  return stage.kind === "failed" ? stage : undefined;
};

describe("who is no TLS client is known by five bytes, and what it said is kept", () => {
  const speakers: readonly (readonly [looksLike: string, said: string])[] = [
    ...["GET / HTTP/1.1", "POST /", "HEAD /", "PUT /x", "DELETE /", "OPTIONS *", "PATCH /", "TRACE /", "CONNECT a:1"].map(
      (said) => ["http", said] as const,
    ),
    ["http", "PRI * HTTP/2.0"],
    ["http", "HTTP/1.1 200 OK"],
    ["ssh", "SSH-2.0-OpenSSH_9.6"],
    ["proxy-protocol", "PROXY TCP4 192.0.2.1"],
    ["proxy-protocol", "\r\n\r\n\0\r\nQUIT\n"],
    ["sslv2", "\x80\x2e\x01\x03\x01"],
    ["sslv2", "\xff\xff\x01\x00\x02"],
    ["unknown", "\x00\x2e\x01\x03\x01"],
    ["unknown", "\x80\x2e\x02\x03\x01"],
    ["unknown", "GETTY"],
    ["unknown", "SSHD-"],
    ["unknown", "a GET / HTTP/1.1"],
    ["unknown", "xGET /"],
    ["unknown", "EHLO mx.example"],
    ["unknown", "PROXIES"],
    ["unknown", "\r\n\r\nx"],
  ];
  test.each(speakers)("%s: %j", (looksLike, said) => {
    const bytes = text(said);
    expect(failure(bytes.subarray(0, 4))).toBeUndefined();
    for (const whole of [bytes, bytes.subarray(0, 5)]) {
      expect(failure(whole)).toMatchObject({
        error: { kind: "not-tls", context: { looksLike }, received: whole, fault: "peer" },
        alert: { level: "fatal", description: looksLike === "sslv2" ? "protocol_version" : "unexpected_message" },
      });
    }
  });

  test("a server that is none is told to its client as well", () => {
    const { machine } = new ScriptedServer().bytes(text("HTTP/1.1 400 Bad Request\r\n"));
    expect(machine.failure?.error).toMatchObject({ kind: "not-tls", context: { looksLike: "http" } });
  });
});

describe("a first record of content type 20 to 23", () => {
  test.each([0x0000, 0x0200, 0x0400, 0xff00])("and version 0x%x is another protocol's (RFC 9846 §5.1)", (version) => {
    for (const type of Object.values(content)) {
      expect(failure(join([type, version >> 8, version & 255, 0, 1, 1]))).toMatchObject({
        error: { kind: "unsupported-version", context: { theirs: { id: version } } },
        alert: { description: "protocol_version" },
      });
    }
  });

  test("and any version of SSL 3.0 and TLS is taken: legacy_record_version is not looked at (§5.1)", () => {
    for (const version of [0x0300, 0x0301, 0x0303, 0x0304, 0x03ff]) {
      expect(failure(join([content.handshake, version >> 8, version & 255, 0, 4, 1, 0, 0, 90]))).toBeUndefined();
    }
  });
});

test("the second record is no first one any more: another content type is an unexpected record", () => {
  const begun = Uint8Array.of(content.handshake, 3, 1, 0, 4, 1, 0, 0, 90);
  for (const type of [0, 19, 24, 0x47]) {
    expect(failure(join(begun, [type, 3, 1, 0, 1, 0]))?.error.kind).toBe("unexpected-record");
  }
  // Nor is its version looked at.
  expect(failure(join(begun, [content.handshake, 9, 9, 0, 1, 0]))).toBeUndefined();
});
