// What the bench calls a limit is what a handshake asks of its provider, and no less.
import type { AddressInfo, Server } from "node:net";
import { describe, expect, test } from "vitest";
import { bareHandshakes, record } from "../../bench/bare-handshakes.ts";
import { download, pingPong, serveRecords } from "../../bench/bare-records.ts";
import { partOf, Replay, type Role, type Step } from "../../bench/replay.ts";
import { handshakes } from "../../bench/work.ts";
import { makeAuthority } from "../../packages/cli/src/demo/authority.ts";

const authority = await makeAuthority();

describe.each(handshakes)("a handshake that is %s, without TLS", async (handshake) => {
  const recorded = await record(authority, handshake);

  test("makes a key exchange at both ends, and a signature where it is not resumed", () => {
    const isResumed = handshake === "resumed";
    expect(times(recorded.server, "respond")).toBe(1);
    expect(times(recorded.client, "start")).toBe(1);
    expect(times(recorded.client, "complete")).toBe(1);
    expect(times(recorded.server, "sign")).toBe(isResumed ? 0 : 1);
    expect(times(recorded.client, "verify")).toBe(isResumed ? 0 : 1);
    expect(times(recorded.server, "hmac")).toBeGreaterThan(15);
  });

  test.each<Role>(["client", "server"])("is the same again, with keys of its own: a %s", (role) => {
    const replay = new Replay(partOf(recorded[role], authority));
    const outputs = recorded[role].map(() => replay.step());
    expect(outputs).toEqual(recorded[role].map(({ output }) => output));
    expect(() => replay.step()).toThrow("all was said");
  });

  test("is said over sockets to its end", async () => {
    const bare = bareHandshakes(authority);
    const server = bare.serve(handshake);
    const port = await listening(server);
    await Promise.all([1, 2, 3].map(() => bare.connect(handshake, port)));
    server.close();
  });
});

test("records without TLS arrive whole, in bulk and back and forth", async () => {
  const server = serveRecords();
  const port = await listening(server);
  expect(await download(port, 5_000_000)).toBeGreaterThan(0);
  await pingPong(port, 20);
  server.close();
});

function times(steps: readonly Step[], method: string): number {
  return steps.flatMap(({ calls }) => calls).filter((call) => call.method === method).length;
}

function listening(server: Server): Promise<number> {
  // A TCP server that listens has this kind of address.
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)));
}
