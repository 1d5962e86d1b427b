// What a server's user is told of a client that went: by `tlsClientError`, with real sockets on both sides.
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { createServer as createTls, type TLSSocket } from "node:tls";
import { Connector } from "@sallyport/core";
import { connect, createServer, type TlsClientError, undiciConnector } from "@sallyport/node";
import { Agent } from "undici";
import { afterEach, describe, expect, test } from "vitest";
import { client, listen, server, suspiciousClient, tlsServer } from "../support/endpoints.ts";

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const thing of open.splice(0)) thing.close();
});

/** How the server tells of the client that `meets` it. */
async function told(
  meets: (port: number) => unknown,
  accept: Parameters<typeof createServer>[0]["accept"] = server(),
): Promise<TlsClientError> {
  const ours = createServer({ accept });
  open.push(ours);
  const port = await listen(ours);
  const failed = once(ours, "tlsClientError") as Promise<[TlsClientError, Socket]>;
  meets(port);
  return (await failed)[0];
}
function openTcp(port: number): Socket {
  return connectTcp({ port, host: "127.0.0.1" })
    .on("error", () => {})
    .resume();
}
/** And nothing else. */
function saysHello(port: number): Socket {
  const socket = openTcp(port);
  socket.write(new Connector(client(), "localhost").start().output);
  return socket;
}

describe("peerEnd", () => {
  test("a client that distrusts the certificate says so under keys, and ends", async () => {
    const error = await told((port) => {
      connect({ config: suspiciousClient(), host: "127.0.0.1", servername: "localhost", port }).on("error", () => {});
    });
    expect(error).toMatchObject({
      peerEnd: "alert-then-end",
      kind: "alert-received",
      context: { description: { name: "unknown_ca" }, authenticated: true },
      finishedSent: true,
      phase: "client-flight",
      alert: undefined,
      delivery: "none-due",
    });
  });

  test("an alert in clear is told as such", async () => {
    const error = await told((port) => openTcp(port).end(Uint8Array.of(21, 3, 1, 0, 2, 2, 80)));
    expect(error).toMatchObject({ peerEnd: "alert-then-end", context: { authenticated: false }, finishedSent: false });
  });

  test("an end without an alert", async () => {
    expect(await told((port) => openTcp(port).end())).toMatchObject({ peerEnd: "end", kind: "truncated" });
  });

  test("a reset before our Finished, and one behind it", async () => {
    const never = (): Promise<never> => new Promise(() => {});
    const early = await told((port) => {
      const raw = saysHello(port);
      setTimeout(() => raw.resetAndDestroy(), 100);
    }, never);
    expect(early).toMatchObject({ peerEnd: "reset", context: { by: "reset" } });

    const late = await told((port) => {
      const raw = saysHello(port);
      raw.once("data", () => setTimeout(() => raw.resetAndDestroy(), 50));
    });
    expect(late).toMatchObject({ peerEnd: "reset-after-our-finished", context: { by: "reset" }, finishedSent: true });
  });

  test("a client that stays though our alert is there", async () => {
    const error = await told((port) => openTcp(port).write("GET / HTTP/1.1\r\n\r\n"));
    expect(error).toMatchObject({ peerEnd: "end", delivered: true });
    const stays = await told((port) =>
      connectTcp({ port, host: "127.0.0.1", allowHalfOpen: true }).resume().write("GET /\r\n\r\n"),
    );
    expect(stays).toMatchObject({ peerEnd: "still-there", delivered: false, delivery: "drain-timeout" });
  });
});

test("undici's own end of an idle connection is close_notify, and no fault of ours", async () => {
  const errors: unknown[] = [];
  const theirs = createTls({ ...tlsServer }, (socket: TLSSocket) => {
    socket.on("error", (error) => errors.push(error));
    socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
  });
  open.push(theirs);
  const port = await listen(theirs);
  const closed = once(theirs, "secureConnection").then(([socket]) => once(socket as TLSSocket, "close"));
  const agent = new Agent({ connect: undiciConnector(client()) });
  const { body } = await agent.request({ origin: `https://localhost:${port}`, path: "/", method: "GET" });
  expect(await body.text()).toBe("ok");
  await agent.destroy(new Error("the application ends"));
  expect(await closed).toEqual([false]);
  expect(errors).toEqual([]);
});
