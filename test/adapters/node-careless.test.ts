// Callers who listen for less than they should, and clients who leave as they like.
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { createServer, type TlsServer, type TlsSocket } from "@sallyport/node";
import { afterEach, describe, expect, test, vi } from "vitest";
import { listen, server, tlsClient } from "../support/endpoints.ts";
import { thrownDuring } from "../support/thrown.ts";

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const thing of open.splice(0)) thing.close();
});

interface Met {
  readonly ours: TlsSocket;
  readonly theirs: TLSSocket;
  readonly raw: Socket;
}
async function meet(onSecure: (socket: TlsSocket) => void): Promise<Met> {
  const tls: TlsServer = createServer({ accept: server() }, onSecure);
  open.push(tls);
  const raw = connectTcp({ port: await listen(tls), host: "127.0.0.1" });
  const secured = once(tls, "secureConnection") as Promise<[TlsSocket]>;
  const theirs = connectTls({ ...tlsClient, socket: raw });
  theirs.on("error", () => {});
  await once(theirs, "secureConnect");
  const [ours] = await secured;
  return { ours, theirs, raw };
}

describe("a server that listens for no error", () => {
  test.each<[string, (socket: TlsSocket) => void]>([
    ["reads", (socket) => void socket.resume()],
    ["reads nothing", () => {}],
  ])("and %s sees a client's reset as the socket's close, and lives on", async (_, onSecure) => {
    const thrown = await thrownDuring(async () => {
      const { ours, raw } = await meet(onSecure);
      const closed = new Promise((resolve) => ours.once("close", resolve));
      raw.resetAndDestroy();
      await closed;
      expect(ours.errored).toMatchObject({ code: "ECONNRESET" });
    });
    expect(thrown).toEqual([]);
  });
});

test("what a data listener throws is the process's, and the connection goes on", async () => {
  const got: string[] = [];
  const thrown = await thrownDuring(async () => {
    const { ours, theirs } = await meet((socket) => {
      socket.on("data", (data: Buffer) => {
        got.push(data.toString());
        if (got.length === 1) throw new Error("a listener's mistake");
      });
    });
    const ended = once(ours, "end");
    await new Promise((resolve) => setImmediate(resolve)); // the socket waits for what comes
    theirs.write("first");
    await vi.waitFor(() => expect(got).toEqual(["first"]), 10_000);
    theirs.end("second");
    await ended;
    expect(ours.errored).toBeNull();
  });
  expect(got).toEqual(["first", "second"]);
  expect(thrown).toEqual(["Error: a listener's mistake"]);
});

test("a socket that is destroyed tells of no timeout, while its last words are delivered", async () => {
  const { ours, theirs } = await meet(() => {});
  const timeouts: unknown[] = [];
  theirs.pause(); // it does not see our end, so that ours waits for it
  ours.setTimeout(50, () => timeouts.push("timeout"));
  ours.destroy();
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(timeouts).toEqual([]);
  theirs.destroy();
});
