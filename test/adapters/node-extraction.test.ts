// Secrets taken out of a connection over a real socket: what goes on with them finds every byte, and the socket open.
import { once } from "node:events";
import { connect as connectTcp, createServer as createTcp, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { Acceptor, Connection } from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { drive, type Transport } from "@sallyport/drive";
import { afterEach, describe, expect, test } from "vitest";
import { clock } from "../../packages/node/src/clock.ts";
import { SocketTransport } from "../../packages/node/src/socket-transport.ts";
import { collect, listen, server, tlsClient } from "../support/endpoints.ts";

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const thing of open.splice(0)) thing.close();
});

describe.each(["TLSv1.3", "TLSv1.2"] as const)("%s", (version) => {
  test("a client of node:tls notices nothing when its server goes on by hand, and ends in order", async () => {
    const config = server({ dangerousExtractSecrets: true });
    const listening = createTcp(
      { allowHalfOpen: true },
      (socket) => void serve(socket).catch((error: unknown) => socket.destroy(error as Error)),
    );
    open.push(listening);
    const asked: string[] = [];
    async function serve(socket: Socket): Promise<void> {
      const driven = await drive(new SocketTransport(socket), new Acceptor().start(), { accept: config }, { clock });
      if (driven.kind !== "established") throw new Error(driven.kind);
      await driven.stream.write(Buffer.from("by the stream;"));
      const { secrets, data, transport } = await driven.stream.extractSecrets();
      asked.push(Buffer.concat([...data]).toString());
      await byHand(Connection.resume(structuredClone(secrets), node), transport);
    }
    /** Answers what comes until the client closes. */
    async function byHand(connection: Connection, transport: Transport): Promise<void> {
      for (;;) {
        const chunk = await transport.read();
        const received = chunk === undefined ? connection.receiveEnd() : connection.receive(chunk);
        await transport.write(received.output);
        asked.push(...received.data.map((data) => Buffer.from(data).toString()));
        for (const data of received.data)
          await transport.write(connection.send(Buffer.from(`by hand: ${Buffer.from(data)};`)).output);
        if (received.kind === "open") continue;
        if (received.kind === "closed" && received.writable) await transport.write(connection.close().output);
        return transport.closeWrite();
      }
    }

    const theirs: TLSSocket = connectTls({
      ...tlsClient,
      port: await listen(listening),
      minVersion: version,
      maxVersion: version,
    });
    await once(theirs, "secureConnect");
    const answer = collect(theirs);
    const said = Array.from({ length: 20 }, (_, at) => `${at}:${"x".repeat(at * 500)}`);
    for (const text of said) {
      theirs.write(text);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await expect.poll(() => asked.join("")).toBe(said.join(""));
    theirs.end();
    const heard = (await answer).toString();
    expect(heard.startsWith("by the stream;")).toBe(true);
    expect(heard).toContain("by hand: ");
  });

  test("a connection that is reset while its secrets are taken out rejects, and leaves no socket", async () => {
    const listening = createTcp({ allowHalfOpen: true });
    open.push(listening);
    const accepted = once(listening, "connection") as Promise<[Socket]>;
    const raw = connectTcp({ port: await listen(listening), host: "127.0.0.1" });
    const theirs = connectTls({ ...tlsClient, socket: raw, minVersion: version, maxVersion: version }).on("error", () => {});
    const secure = once(theirs, "secureConnect");
    const [socket] = await accepted;
    const driven = await drive(
      new SocketTransport(socket),
      new Acceptor().start(),
      { accept: server({ dangerousExtractSecrets: true }) },
      { clock },
    );
    if (driven.kind !== "established") throw new Error(driven.kind);
    await secure;
    const closed = new Promise((resolve) => socket.once("close", resolve));
    raw.resetAndDestroy();
    await closed;
    await expect(driven.stream.extractSecrets()).rejects.toBeInstanceOf(Error);
    expect((await driven.stream.closed).error).toMatchObject({ kind: "aborted", context: { by: "reset" } });
    expect(socket.destroyed).toBe(true);
  });
});
