// Checks of hellos whose row of the alert table allows more than one outcome, or does not try what only one of our configs can meet.
import { describe, expect, test } from "vitest";
import { extension, u16, v16 } from "../support/octets.ts";
import { extensions, groups, ScriptedClient, ScriptedServer } from "../support/scripted-peer.ts";

describe("the hello behind a HelloRetryRequest", () => {
  /** Says it with this change. */
  const again = (change: (client: ScriptedClient) => unknown): ScriptedClient => {
    const client = new ScriptedClient({ shares: [] }).to("RETRIED");
    client.extend(client.keyShare(client.asked.group ?? groups.x25519));
    change(client);
    return client.say(client.encodedHello());
  };
  const said = ({ machine }: ScriptedClient): unknown => machine.failure?.error.context;

  test("is taken as it was, with the share that was asked for", () => {
    expect(again(() => {}).machine.failure).toBeUndefined();
  });

  test("has no extension more than the first, known or not (RFC 9846 §4.2.2)", () => {
    for (const added of [extension(0xfa5a), extension(58, [1, 1]), extension(extensions.postHandshakeAuth)]) {
      const client = again((client) => client.extend(added));
      expect(said(client)).toMatchObject({ field: "extensions" });
      expect(client.machine.failure?.alert).toMatchObject({ description: "illegal_parameter" });
    }
  });

  test("has its share under the name of the group that was asked for, whatever its length", () => {
    const client = again((client) => {
      const { group = groups.x25519 } = client.asked;
      const { body } = client.keyShare(group);
      const other = group === groups.x25519 ? groups.secp256r1 : groups.x25519;
      client.extend(extension(extensions.keyShare, v16(u16(other), body.subarray(4))));
    });
    expect(said(client)).toMatchObject({ field: "key_share", expected: expect.stringMatching(/^one share of /) });
    expect(client.machine.failure?.alert).toMatchObject({ description: "illegal_parameter" });
  });
});

describe("a ServerHello of TLS 1.3, to a client that speaks TLS 1.2 too", () => {
  const hello = (suite: number): ScriptedServer => {
    const config = {
      versions: ["tls1.3", "tls1.2"],
      suites: ["TLS_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"],
    } as const;
    const server = new ScriptedServer({ config }).to("WAIT_SH");
    return server.say(server.serverHello({ suite }));
  };

  test("takes no suite of TLS 1.2, though it was offered (RFC 9846 §4.2.3)", () => {
    expect(hello(0xc02b).machine.failure).toMatchObject({
      error: { kind: "illegal-parameter", context: { field: "cipher_suite" } },
      alert: { description: "illegal_parameter" },
    });
    expect(hello(0x1301).machine.failure).toBeUndefined();
  });
});
