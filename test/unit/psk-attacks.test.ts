// Clients that offer keys they do not have, or take them back.
import { describe, expect, test } from "vitest";
import { dangerousRawPsk, type ExternalPsk, importedPsk } from "@sallyport/core";
import { external, externalClient } from "../alerts/sessions.ts";
import { text } from "../support/octets.ts";
import { converse, makePair, type PairOptions } from "../support/pair.ts";
import type { ScriptedSession } from "../support/scripted-peer.ts";
import { seededRandom } from "../support/seeded.ts";

const key = (seed: string): Uint8Array => seededRandom(seed)(32);
const raw = (name: string, hash: "sha256" | "sha384", of = name): ExternalPsk =>
  dangerousRawPsk({ identity: text(name), key: key(of), hash });
const imported = (name: string, of = name): ExternalPsk => importedPsk({ identity: text(name), key: key(of) });

describe("a server without certificates that asks for another share tells nobody whom it knows", () => {
  /** All that it says to a client with these keys. */
  const said = (client: readonly ExternalPsk[], options: PairOptions = {}): string => {
    const server = [raw("one", "sha256"), raw("two", "sha384"), imported("three")];
    const pair = makePair({ retry: true, pskOnly: "server", psks: { client, server }, ...options });
    converse(pair);
    return Buffer.from(pair.server.output).toString("hex");
  };
  test.each([
    ["the hash of its key", [raw("two", "sha384", "wrong")], [raw("owt", "sha384", "wrong")]],
    ["that it goes with the first suite", [raw("one", "sha256", "wrong")], [raw("eno", "sha256", "wrong")]],
    [
      "which of several",
      [raw("eno", "sha256"), raw("two", "sha384", "wrong")],
      [raw("eno", "sha256"), raw("owt", "sha384", "wrong")],
    ],
    ["an imported one", [imported("three", "wrong")], [imported("eerht", "wrong")]],
  ])("by %s", (_, known, unknown) => {
    expect(said(known)).toBe(said(unknown));
  });
  test("who has the key gets its suite", () => {
    const psks = { client: [raw("two", "sha384")], server: [raw("one", "sha256"), raw("two", "sha384")] };
    const pair = makePair({ retry: true, pskOnly: "server", psks });
    converse(pair);
    expect(pair.server.established.info).toMatchObject({ handshakeKind: "psk-after-retry", suite: "TLS_AES_256_GCM_SHA384" });
  });
});

describe("behind a HelloRetryRequest of a server without certificates", () => {
  const nobodys = { ...external, ticket: text("nobody's key") };
  const wrong = { ...external, secret: seededRandom("wrong")(32) };
  const end = (first: readonly ScriptedSession[], second: readonly ScriptedSession[]) => {
    const client = externalClient({ shares: [], sessions: first }).to("RETRIED");
    client.offer(...second).say(client.secondHello());
    return [client.machine.failure?.error.kind, client.machine.failure?.alert];
  };

  test.each([
    ["known", wrong],
    ["right", external],
    ["nobody's", nobodys],
  ])("a key that is taken back is missing_extension, %s or not", (_, offered) => {
    expect(end([offered], [])).toEqual([
      "missing-extension",
      { kind: "alert", level: "fatal", description: "missing_extension" },
    ]);
  });
  test.each([
    ["known", wrong],
    ["nobody's", { ...nobodys, ticket: text("somebody's key") }],
  ])("one that gives way to another is decrypt_error, %s or not", (_, first) => {
    expect(end([first, nobodys], [nobodys])).toEqual([
      "unknown-psk",
      { kind: "alert", level: "fatal", description: "decrypt_error" },
    ]);
  });
  test("one that gives way to another is illegal_parameter to who has it", () => {
    expect(end([external, nobodys], [nobodys])).toEqual([
      "illegal-parameter",
      { kind: "alert", level: "fatal", description: "illegal_parameter" },
    ]);
  });
  test("one that is wrong is decrypt_error", () => {
    expect(end([wrong], [wrong])).toEqual(["bad-binder", { kind: "alert", level: "fatal", description: "decrypt_error" }]);
  });
});
