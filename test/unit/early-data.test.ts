// Early data, both ways: taken once, refused for a reason, skipped, and never mixed with what comes later.
import { describe, expect, test } from "vitest";
import { converse, makePair, type PairOptions } from "../support/pair.ts";

const text = (...words: string[]): Uint8Array[] => words.map((word) => new Uint8Array(Buffer.from(word)));
const early = text("GET / ", "HTTP/1.1");
const words = (parts: readonly Uint8Array[]): string[] => parts.map((part) => Buffer.from(part).toString());

function meet(options: PairOptions = {}) {
  const pair = makePair({ resumed: "sealed", early, ...options });
  converse(pair);
  return pair;
}

describe.each(["sealed", "stored"] as const)("with a session that is %s", (resumed) => {
  test.each([false, true])("early data is accepted, shown a record at a time, and told once (asynchronous: %s)", (asynchronous) => {
    const { client, server } = meet({ resumed, asynchronous });
    expect(client.failure?.error ?? server.failure?.error).toBeUndefined();
    expect([client.stage.kind, server.stage.kind]).toEqual(["established", "established"]);
    expect(words(server.early)).toEqual(["GET / ", "HTTP/1.1"]);
    expect([client.outcome, server.outcome]).toEqual(["accepted", "accepted"]);
  });
});
