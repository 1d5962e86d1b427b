// What a client of TLS 1.2 takes of a server beyond the rows of the alert table.
import { expect, test } from "vitest";
import { extension, u16, v16 } from "../support/octets.ts";
import { extensions, groups } from "../support/scripted-peer.ts";
import { ScriptedServerTls12 } from "../support/scripted-tls12.ts";

test.each([
  ["x25519 and secp256r1", ["x25519", "secp256r1"], undefined],
  ["x25519 and secp384r1", ["x25519", "secp384r1"], "unsupported-certificate"],
] as const)(
  "a client whose groups are %s judges a certificate with a key on secp256r1 by them (RFC 8422 §5.1)",
  (_, names, kind) => {
    const server = new ScriptedServerTls12({ config: { groups: names } }).to("WAIT_CERT");
    server.say(server.certificate());
    expect(server.machine.failure?.error.kind).toBe(kind);
  },
);

test("an answer to supported_groups, which some servers give, means nothing", () => {
  const server = new ScriptedServerTls12().to("WAIT_SH");
  const answered = [...server.answers(), extension(extensions.supportedGroups, v16(u16(groups.x25519)))];
  server
    .say(server.serverHello({ extensions: answered }))
    .skipTo("WAIT_CERT")
    .proceed();
  expect(server.machine.failure).toBe(undefined);
});
