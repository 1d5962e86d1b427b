// The change_cipher_spec that means nothing, for middleboxes that look for one (RFC 9846, Appendix E.4).
import { describe, expect, test } from "vitest";
import { content, type Heard, ScriptedClient, type ScriptedPeer, ScriptedServer } from "../support/scripted-peer.ts";
import { record } from "../support/octets.ts";
import { earlyServer } from "../alerts/sessions.ts";

const kinds = ({ heard }: ScriptedPeer): readonly Heard["kind"][] => heard.map(({ kind }) => kind);

describe("a client's", () => {
  test("goes before the first record under its keys, and not a byte earlier", () => {
    const server = new ScriptedServer().to("WAIT_EE");
    expect(kinds(server)).toEqual(["handshake"]);
    server.to("WAIT_FINISHED");
    expect(kinds(server)).toEqual(["handshake"]);
    expect(kinds(server.to("CONNECTED"))).toEqual(["handshake", "change_cipher_spec", "handshake"]);
  });
  test("goes before an alert as well", () => {
    const server = new ScriptedServer().to("WAIT_EE").bytes(record(content.data, [1]));
    expect(kinds(server)).toEqual(["handshake", "change_cipher_spec", "alert"]);
  });
  test("goes before the second hello, and then no more", () => {
    const server = new ScriptedServer().to("WAIT_SH_AGAIN");
    expect(kinds(server)).toEqual(["handshake", "change_cipher_spec", "handshake"]);
    expect(kinds(server.to("CONNECTED")).filter((kind) => kind === "change_cipher_spec")).toHaveLength(1);
  });
  test("goes with the hello whose early data follow it, and then no more", () => {
    const server = earlyServer();
    expect(kinds(server)).toEqual(["handshake", "change_cipher_spec"]);
    expect(kinds(server.to("CONNECTED")).filter((kind) => kind === "change_cipher_spec")).toHaveLength(1);
  });
});

describe("a server's", () => {
  test.each([
    ["its ServerHello", {}],
    ["its HelloRetryRequest", { shares: [] }],
  ] as const)("goes behind %s, once, to a client with a session id, and to no other", (_, options) => {
    const client = new ScriptedClient(options).to("CONNECTED");
    expect(kinds(client).slice(0, 2)).toEqual(["handshake", "change_cipher_spec"]);
    expect(kinds(client).filter((kind) => kind === "change_cipher_spec")).toHaveLength(1);
    const without = new ScriptedClient(options).with({ sessionId: new Uint8Array(0) }).to("CONNECTED");
    expect(kinds(without)).not.toContain("change_cipher_spec");
  });
});
