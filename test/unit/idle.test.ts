import { describe, expect, test } from "vitest";
import { makeAuthority } from "../../packages/cli/src/demo/authority.ts";
import { idle } from "../../bench/idle.ts";
import { run } from "../support/processes.ts";
import { root } from "../support/sources.ts";
import type { Survivors } from "../support/survivors.ts";

const fromSources = ["--expose-gc", "--import", "./bench/register.mjs", "--conditions=sallyport-source"];

test("of a handshake nothing is reachable once its connections are established: no stage, hello, transcript or secret", {
  timeout: 180_000,
}, async () => {
  const printed = await run(process.execPath, [...fromSources, "test/support/survivors.ts"], "", {
    cwd: root,
    timeoutMs: 170_000,
  });
  const { left, kept }: Survivors = JSON.parse(printed);
  expect(Object.keys(left).length).toBeGreaterThan(15);
  expect(Object.entries(left).filter(([, each]) => each.length > 0)).toEqual([]);
  expect(kept).toEqual(expect.arrayContaining(["the ClientHello", "a private key share"])); // or nothing was looked for
});

describe("an idle connection of core, which was used, takes less than 3.5 KiB of heap, and at a server next to none outside of it", () => {
  test.each(["tls1.3", "tls1.2"] as const)(
    "%s, in both roles",
    async (version) => {
      const { client, server } = idle({ provider: "crypto-node", version, count: 3_000, authority: await makeAuthority() });
      expect(Math.max(client.heap, server.heap)).toBeLessThan(3584);
      expect(server.external).toBeLessThan(128); // TLS 1.2 exports from 112 bytes in one piece
      expect(Math.min(client.heap, server.heap)).toBeGreaterThan(1024); // or nothing was weighed
    },
    180_000,
  );
});
