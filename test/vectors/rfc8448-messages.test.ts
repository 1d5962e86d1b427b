import type { Bytes } from "@sallyport/core";
import { describe, expect, test } from "vitest";
import { decodeNewSessionTicket } from "../../packages/core/src/wire/post-handshake.ts";
import { decodeClientHello } from "../../packages/core/src/wire/client-hello.ts";
import { bytesOf, hexOf } from "../support/hex.ts";
import { messagesIn, nameOf, rewrite } from "../support/messages.ts";
import { type RecordedHandshake, recordedHandshake, recordedHandshakes } from "../support/rfc8448.ts";

describe.each(recordedHandshakes.map((trace) => [trace.id, trace] as const))("%s", (_, trace) => {
  const messages = sentMessages(trace);

  test.each(messages.map((message, at) => [`${at + 1}. ${nameOf(message)}`, message] as const))(
    "%s is what its decoding encodes to",
    (_, message) => {
      expect(hexOf(rewrite[nameOf(message)](message))).toBe(hexOf(message));
    },
  );
});

test("the traces have every message of TLS 1.3 but KeyUpdate and CompressedCertificate", () => {
  const seen = new Set(recordedHandshakes.flatMap((trace) => sentMessages(trace).map(nameOf)));
  expect(Object.keys(rewrite).filter((name) => !seen.has(name as ReturnType<typeof nameOf>))).toEqual([
    "key_update",
    "compressed_certificate",
  ]);
});

test("the ticket of the first trace is the identity of the second", () => {
  const [ticket] = recordedHandshake("simple-1rtt").all("newsessionticket").map(decodeNewSessionTicket);
  expect(ticket).toMatchObject({ lifetime: 30, maxEarlyData: 1024 });
  const hello = sentMessages(recordedHandshake("resumed-0rtt"))
    .filter((message) => nameOf(message) === "client_hello")
    .map(decodeClientHello)[0];
  expect(hello?.psks?.identities.map(({ identity }) => hexOf(identity))).toEqual([hexOf(ticket?.ticket ?? new Uint8Array(0))]);
  expect(hello).toMatchObject({ offersEarlyData: true, offersPsk: true, pskModes: [1], serverName: "server" });
});

function sentMessages(trace: RecordedHandshake): Bytes[] {
  const sent = trace.steps.filter(({ step }) => step === "send handshake record");
  return sent.flatMap(({ values }) => messagesIn(bytesOf(values.find(({ name }) => name === "payload")?.hex ?? "")));
}
