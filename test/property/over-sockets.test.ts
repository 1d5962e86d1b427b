// The same peers over TCP, against whoever listens: an adapter of ours, and a server that says nothing.
import { once } from "node:events";
import { type AddressInfo, connect, createServer as createTcp, type Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Account,
  anotherOf,
  ClientPeer,
  converseOver,
  describeAccount,
  type Fault,
  type PeerScript,
  plainPeer,
  type Spoken,
} from "@sallyport/arbitraries";
import { node } from "@sallyport/crypto-node";
import { createServer } from "@sallyport/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { server as config } from "../support/endpoints.ts";

async function talk(port: number, faults: readonly Fault[], version: "tls1.3" | "tls1.2" = "tls1.3"): Promise<Account> {
  const script = plainPeer("client", {
    faults,
    hello: { ...plainPeer("client").hello, versions: [version === "tls1.3" ? 0x0304 : 0x0303] },
  });
  const other = anotherOf(script);
  return await follow(port, script, other && (await follow(port, other)).peer.spoken);
}
async function follow(port: number, script: PeerScript, another?: readonly Spoken[]): Promise<Account> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true }).on("error", () => {});
  await once(socket, "connect");
  const account = await converseOver(new ClientPeer(script, { provider: node, another }), socket, {
    write: (bytes) => void socket.write(bytes),
    end: () => void socket.end(),
    patience: () => sleep(1500),
  });
  socket.destroy();
  return account;
}

describe("a server of @sallyport/node, fuzzed over TCP", () => {
  const tls = createServer({ accept: () => config() });
  let port = 0;
  beforeAll(async () => {
    tls
      .on(
        "secureConnection",
        (socket) =>
          void socket
            .on("error", () => {})
            .on("end", () => socket.end())
            .resume(),
      )
      .on("tlsClientError", () => {});
    tls.listen(0, "127.0.0.1");
    await once(tls, "listening");
    ({ port } = tls.address() as AddressInfo);
  });
  afterAll(() => void tls.close());

  test.each(["tls1.3", "tls1.2"] as const)("completes what nothing is wrong with, in %s", async (version) => {
    const account = await talk(port, [], version);
    expect(account.violations, describeAccount(account)).toEqual([]);
    expect([account.peer.finishedHeard, account.peer.closed, account.peer.alerts]).toEqual([true, true, []]);
  });

  test.each([
    ["Finished dropped, so that other keys are used too early", { layer: "message", act: "drop", at: 1, where: 0, value: 0 }, 20],
    ["a Finished cut, its length made right", { layer: "message", act: "truncate", at: 1, where: 3, value: 0 }, 51],
    ["an extension twice", { layer: "extension", act: "duplicate", at: 0, where: 2, value: 0 }, 50],
    ["a record of no type, sealed", { layer: "record", act: "retype", at: 1, where: 0, value: 99 }, 10],
    ["a Finished of another connection", { layer: "message", act: "splice", at: 1, where: 0, value: 0 }, 51],
    ["a sealed record of another connection", { layer: "wire", act: "splice", at: 1, where: 0, value: 0 }, 20],
    ["a bit of a sealed record", { layer: "wire", act: "flip", at: 1, where: 9, value: 1 }, 20],
  ] satisfies [string, Fault, number][])("answers %s by one alert, which arrives", async (_, fault, alert) => {
    const account = await talk(port, [fault]);
    expect(account.violations, describeAccount(account)).toEqual([]);
    expect(account.peer.alerts).toEqual([alert]);
  });
});

test("a server that goes without a word is told on", async () => {
  const mute: Server = createTcp({ allowHalfOpen: true }, (socket) =>
    socket.on("error", () => {}).once("data", () => socket.end()),
  );
  mute.listen(0, "127.0.0.1");
  await once(mute, "listening");
  const { violations } = await talk((mute.address() as AddressInfo).port, [
    { layer: "message", act: "flip", at: 0, where: 3, value: 1 },
  ]);
  expect(violations).toEqual(["the connection was closed without an alert"]);
  mute.close();
});
