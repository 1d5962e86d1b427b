// What a ClientHello costs that was made to be dear.
import { expect, test, vi } from "vitest";
import { Acceptor, serverConfig } from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { extension, join, record, repeat, u16, v16, v8 } from "../support/octets.ts";
import { encodeHello, extensions, ownCredential } from "../support/scripted-peer.ts";

test("thousands of groups and of shares are compared in one pass", () => {
  const groups = Array.from({ length: 3000 }, (_, at) => 0x3000 + at);
  const shares = groups.slice(1000).reverse();
  const hello = encodeHello({
    legacyVersion: 0x0303,
    random: repeat(32, 1),
    sessionId: repeat(0),
    suites: [0x1301],
    compression: [0],
    extensions: [
      extension(extensions.supportedVersions, v8(u16(0x0304))),
      extension(extensions.supportedGroups, v16(u16(...groups, 0x1d))),
      extension(extensions.signatureAlgorithms, v16(u16(0x0403))),
      extension(extensions.keyShare, v16(...shares.map((group) => join(u16(group), v16([1]))), u16(0x1d), v16(repeat(32, 9)))),
    ],
  });
  const stage = new Acceptor({ maxClientHello: 32_768 })
    .start()
    .receive(join(record(22, hello.subarray(0, 16_000)), record(22, hello.subarray(16_000))));
  if (stage.kind !== "accepted") throw new Error(stage.kind);
  const config = serverConfig({ provider: node, now: Date.now, credentials: [ownCredential], limits: { clientHello: 32_768 } });
  const passes = vi.spyOn(Array.prototype, "some");
  const next = stage.choose(config);
  const { length } = passes.mock.calls;
  passes.mockRestore();
  expect(next.kind).toBe("needs-input");
  expect(length).toBeLessThan(100);
});
