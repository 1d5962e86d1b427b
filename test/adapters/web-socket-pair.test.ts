// In Node.js, by the `ws` package: it has the events and properties of a browser's WebSocket that are used.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { acceptTls, connectTls, type WebSocketPairOptions, webSocketPair } from "@sallyport/webstreams";
import { afterEach, expect, test } from "vitest";
import { WebSocket as WsSocket, WebSocketServer } from "ws";
import { client, server, suspiciousClient } from "../support/endpoints.ts";

const servers: WebSocketServer[] = [];
afterEach(() => {
  for (const one of servers.splice(0)) {
    for (const socket of one.clients) socket.terminate();
    one.close();
  }
});

interface Ends {
  readonly near: ReturnType<typeof webSocketPair>;
  readonly nearSocket: WsSocket;
  readonly farSocket: WsSocket;
}
async function connected(options?: WebSocketPairOptions): Promise<Ends> {
  const listening = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  servers.push(listening);
  await once(listening, "listening");
  const nearSocket = new WsSocket(`ws://127.0.0.1:${(listening.address() as AddressInfo).port}/`);
  nearSocket.on("error", () => {}); // as a browser's: `close` tells
  const near = webSocketPair(asBrowsers(nearSocket), options);
  const [farSocket] = (await once(listening, "connection")) as [WsSocket];
  return { near, nearSocket, farSocket };
}
function asBrowsers(socket: WsSocket): WebSocket {
  return socket as unknown as WebSocket;
}
const bytes = (length: number): Uint8Array<ArrayBuffer> => Uint8Array.from({ length }, (_, at) => at * 7);

test("it says that it has no half-close, and a TLS pair over it says so too", async () => {
  const { near, farSocket } = await connected();
  expect(near.halfCloses).toBe(false);
  const accepting = acceptTls(webSocketPair(asBrowsers(farSocket)), () => server());
  const tls = connectTls(near, { config: client(), serverName: "localhost" });
  await tls.opened;
  expect(tls.halfCloses).toBe(false);
  expect(await accepting).toMatchObject({ kind: "tls", halfCloses: false });
});

test("data goes both ways, and each side ends by close_notify alone", async () => {
  const { near, farSocket } = await connected();
  const accepting = acceptTls(webSocketPair(asBrowsers(farSocket)), () => server());
  const tls = connectTls(near, { config: client(), serverName: "localhost" });
  const theirs = await accepting;
  if (theirs.kind !== "tls") throw new Error(theirs.kind);
  void theirs.readable.pipeTo(theirs.writable);
  const sent = bytes(3_000_000);
  const writing = new Blob([sent]).stream().pipeTo(tls.writable);
  const back = new Uint8Array(await new Response(tls.readable).arrayBuffer());
  expect(Buffer.compare(back, sent)).toBe(0);
  await writing;
  const bothSaidAll = performance.now();
  await Promise.all([tls.closed, theirs.closed]);
  expect(performance.now() - bothSaidAll).toBeLessThan(1_500); // nobody waits for the other's end of the transport
});

test("a refused certificate's alert arrives before the WebSocket closes", async () => {
  const { near, farSocket } = await connected();
  const accepting = acceptTls(webSocketPair(asBrowsers(farSocket)), () => server());
  const tls = connectTls(near, { config: suspiciousClient(), serverName: "localhost" });
  await expect(tls.opened).rejects.toMatchObject({ kind: "identity-distrusted" });
  await expect(accepting).rejects.toMatchObject({ kind: "alert-received", context: { description: { name: "unknown_ca" } } });
});

test("a peer that said close_notify and closed the whole leaves nothing to fail: close() and closed fulfil", async () => {
  const { near, nearSocket, farSocket } = await connected();
  const accepting = acceptTls(webSocketPair(asBrowsers(farSocket)), () => server());
  const tls = connectTls(near, { config: client(), serverName: "localhost" });
  const theirs = await accepting;
  if (theirs.kind !== "tls") throw new Error(theirs.kind);
  await theirs.writable.close();
  farSocket.close();
  await once(nearSocket, "close");
  expect(await new Response(tls.readable).text()).toBe("");
  await tls.writable.close();
  await tls.closed;
});

test("a peer that closes the whole without close_notify makes close() and closed reject", async () => {
  const { near, nearSocket, farSocket } = await connected();
  void acceptTls(webSocketPair(asBrowsers(farSocket)), () => server());
  const tls = connectTls(near, { config: client(), serverName: "localhost" });
  await tls.opened;
  farSocket.close();
  await once(nearSocket, "close");
  await expect(tls.closed).rejects.toMatchObject({ kind: "truncated" });
  await expect(tls.writable.close()).rejects.toBeDefined();
});

test("what came before an orderly end or a break is read first", async () => {
  for (const [how, expected] of [
    ["close", "ended"],
    ["terminate", /broke \(1006\)/],
  ] as const) {
    const { near, nearSocket, farSocket } = await connected();
    farSocket.send(bytes(10), () => farSocket[how]());
    await once(nearSocket, "close");
    const reader = near.readable.getReader();
    expect((await reader.read()).value).toEqual(bytes(10));
    const end = await reader.read().then(({ done }) => (done ? "ended" : "data"), String);
    expect(end).toMatch(expected);
  }
});

test("a text message is an error: where there are bytes alone it is none of the bridge's", async () => {
  const { near, farSocket } = await connected();
  farSocket.send("hello");
  await expect(near.readable.getReader().read()).rejects.toThrow("text message");
  await once(farSocket, "close");
});

test("more than the limit unread is an error, behind what came until then, and a flood of empty messages too, and the WebSocket is closed", async () => {
  for (const [length, fitting] of [
    [100, 2],
    [0, 3],
  ] as const) {
    const { near, farSocket } = await connected({ maxUnreadBytes: 1000 });
    for (let sent = 0; sent < 11; sent++) farSocket.send(bytes(length));
    await once(farSocket, "close");
    const reader = near.readable.getReader();
    for (let read = 0; read < fitting + 1; read++) expect((await reader.read()).value).toHaveLength(length);
    await expect(reader.read()).rejects.toThrow("more than 1000 bytes");
  }
});

test("a write to a WebSocket that did not open, or is closed, rejects", async () => {
  const refused = new WsSocket("ws://127.0.0.1:1/");
  refused.on("error", () => {});
  await expect(webSocketPair(asBrowsers(refused)).writable.getWriter().write(bytes(1))).rejects.toThrow("not open");
  const { near, nearSocket, farSocket } = await connected();
  farSocket.close();
  await once(nearSocket, "close");
  await expect(near.writable.getWriter().write(bytes(1))).rejects.toThrow("not open");
});

test("a writer that outruns the wire is held up", async () => {
  const { near, nearSocket, farSocket } = await connected();
  farSocket.pause();
  const writer = near.writable.getWriter();
  let written = 0;
  const writing = (async () => {
    for (let chunk = 0; chunk < 300; chunk++) {
      await writer.write(new Uint8Array(64 * 1024));
      written += 1;
    }
  })();
  await expect.poll(() => nearSocket.bufferedAmount, { timeout: 10_000 }).toBeGreaterThan(256 * 1024);
  const before = written;
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(written).toBe(before);
  expect(nearSocket.bufferedAmount).toBeLessThan(1024 * 1024);
  farSocket.resume();
  await writing;
});

test("cancelling the reader, or aborting the writer, closes the WebSocket", async () => {
  for (const end of [({ near }: Ends) => near.readable.cancel(), ({ near }: Ends) => near.writable.abort()]) {
    const ends = await connected();
    await end(ends);
    await once(ends.farSocket, "close");
  }
});
