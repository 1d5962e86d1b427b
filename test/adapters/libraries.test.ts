// The libraries that people use, on our sockets: each is the real one.
import { once } from "node:events";
import { createServer as createHttp, get } from "node:http";
import { Agent as HttpsAgent, createServer as createHttps, get as getSecurely } from "node:https";
import { connect as connectTcp } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { connect, createServer, type TlsSocket, undiciConnector, upgrade } from "@sallyport/node";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { createTransport } from "nodemailer";
import pg from "pg";
import { Agent, fetch, type RequestInit } from "undici";
import { afterEach, describe, expect, test } from "vitest";
import WebSocket, { WebSocketServer } from "ws";
import { client, collect, listen, server, tlsClient, tlsServer } from "../support/endpoints.ts";
import { database, mailServer, speakMail } from "../support/line-protocols.ts";

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const thing of open.splice(0)) thing.close();
});
function closing<T extends { close(): unknown }>(thing: T): T {
  open.push(thing);
  return thing;
}

/** In front of any server that takes connections by its event. */
async function inFrontOf(http: { emit(event: "connection", socket: TlsSocket): unknown }): Promise<number> {
  return listen(closing(createServer({ accept: server({ alpn: ["http/1.1"] }) }, (socket) => http.emit("connection", socket))));
}
function dial(port: number): TlsSocket {
  return connect({ config: client(), host: "127.0.0.1", servername: "localhost", port });
}

describe("on a server of ours", () => {
  /** By undici over ours. */
  async function ask(port: number, path: string, init: RequestInit = {}): Promise<string> {
    const dispatcher = new Agent({ connect: undiciConnector(client()) });
    const answer = await (await fetch(`https://localhost:${port}${path}`, { ...init, dispatcher })).text();
    await dispatcher.close();
    return answer;
  }

  test("Express: it knows that it is secure, and bodies come whole", async () => {
    const app = express();
    app.use(express.text({ limit: "2mb" }));
    app.post("/:name", (request, response) => {
      response.send(`${request.params.name} ${request.protocol} ${request.secure} ${request.body.length} ${request.ip}`);
    });
    const port = await inFrontOf(createHttp(app));
    const answer = await ask(port, "/who", {
      method: "POST",
      body: "x".repeat(1_000_000),
      headers: { "Content-Type": "text/plain" },
    });
    expect(answer).toBe("who https true 1000000 127.0.0.1");
  });

  test("Fastify: by serverFactory, with its own listen and close", async () => {
    const app = fastify({
      serverFactory: (handler) => {
        const http = createHttp(handler);
        const secure = createServer({ accept: server() }, (socket) => http.emit("connection", socket));
        secure.on("listening", () => http.emit("listening")).on("close", () => http.emit("close"));
        return Object.assign(http, {
          listen: (...where: Parameters<typeof secure.listen>) => {
            secure.listen(...where);
            return http;
          },
          address: () => secure.address(),
          close: (done?: (error?: Error) => void) => {
            http.closeIdleConnections();
            secure.close(done);
            return http;
          },
        });
      },
    });
    app.get("/:name", async (request) => ({ name: (request.params as { name: string }).name, protocol: request.protocol }));
    const address = await app.listen({ port: 0, host: "127.0.0.1" });
    expect(JSON.parse(await ask(Number(new URL(address).port), "/who"))).toEqual({ name: "who", protocol: "https" });
    await app.close();
  });

  test("Hono: by its node server, with a streamed answer", async () => {
    const app = new Hono();
    app.post("/echo", (context) => new Response(context.req.raw.body));
    const port = await inFrontOf(createAdaptorServer({ fetch: app.fetch, hostname: "localhost" }));
    expect(await ask(port, "/echo", { method: "POST", body: "y".repeat(300_000) })).toBe("y".repeat(300_000));
  });

  test.each([
    ["400", "GET / HTTP/1.1\r\nno header\r\n\r\n"],
    ["431", `GET / HTTP/1.1\r\nlong: ${"x".repeat(20_000)}\r\n\r\n`],
  ])("node:http's own %s arrives, and not the alert alone", async (status, request) => {
    const socket = dial(await inFrontOf(createHttp()));
    let answer = "";
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket
      .on("error", () => {})
      .on("data", (data: Uint8Array) => {
        answer += Buffer.from(data).toString("latin1");
      })
      .write(request);
    await closed;
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  test("ws: both ends, text and a megabyte of bytes, and its closing handshake", async () => {
    const http = createHttp();
    const sockets = closing(new WebSocketServer({ server: http }));
    sockets.on("connection", (socket) => {
      socket.on("message", (data, binary) => socket.send(data, { binary }));
    });
    const port = await inFrontOf(http);
    const socket = new WebSocket(`wss://localhost:${port}/`, { createConnection: () => dial(port) });
    await once(socket, "open");
    for (const data of [Buffer.from("text"), Buffer.alloc(1024 * 1024, 7)]) {
      socket.send(data);
      const [echoed] = (await once(socket, "message")) as [Buffer];
      expect(echoed.equals(data)).toBe(true);
    }
    socket.close(4000, "done");
    const [code, reason] = await once(socket, "close");
    expect([code, String(reason)]).toEqual([4000, "done"]);
  });

  test("pg's own client, with SSLRequest, is met by upgrade", async () => {
    const accept = server();
    const port = await listen(closing(database((socket, head) => upgrade(socket, { isServer: true, accept, head }))));
    const ssl = { ca: tlsClient.ca, servername: "localhost" };
    const theirs = new pg.Client({ host: "127.0.0.1", port, user: "who", database: "what", ssl });
    await theirs.connect();
    for (const text of ["select 1", "x".repeat(100_000)]) expect((await theirs.query(text)).rows).toEqual([{ echo: text }]);
    await theirs.end();
  });

  test("nodemailer's own client, with STARTTLS, is met by upgrade; the mail comes under TLS", async () => {
    const accept = server();
    const mails: [string, boolean][] = [];
    const port = await listen(
      closing(
        mailServer(
          (socket, head) => upgrade(socket, { isServer: true, accept, head }),
          (mail, secure) => mails.push([mail, secure]),
        ),
      ),
    );
    const transport = createTransport({
      host: "127.0.0.1",
      port,
      requireTLS: true,
      tls: { ca: tlsClient.ca, servername: "localhost" },
    });
    await transport.sendMail({ from: "a@test", to: "b@test", subject: "hello", text: "through STARTTLS" });
    transport.close();
    expect(mails).toEqual([[expect.stringContaining("through STARTTLS"), true]]);
  });
});

describe("on a client of ours", () => {
  test("https.Agent: connections are kept alive, and responses come whole", async () => {
    let connections = 0;
    const theirs = closing(createHttps({ ...tlsServer }, (_asked, response) => response.end("z".repeat(200_000))));
    theirs.on("secureConnection", () => {
      connections += 1;
    });
    const port = await listen(theirs);
    const agent = new HttpsAgent({ keepAlive: true, maxSockets: 1 });
    agent.createConnection = () => dial(port);
    for (let round = 0; round < 5; round++) {
      const [response] = await once(getSecurely({ host: "localhost", port, agent }), "response");
      expect((await collect(response)).length).toBe(200_000);
    }
    expect(connections).toBe(1);
    agent.destroy();
  });

  test("http.get by createConnection", async () => {
    const theirs = closing(createHttps({ ...tlsServer }, (_asked, response) => response.end("plain and simple")));
    const port = await listen(theirs);
    const [response] = await once(get({ host: "localhost", port, createConnection: () => dial(port) }), "response");
    expect((await collect(response)).toString()).toBe("plain and simple");
  });

  test("pg, over a socket that was upgraded behind SSLRequest", async () => {
    const accept = server();
    const port = await listen(closing(database((socket, head) => upgrade(socket, { isServer: true, accept, head }))));
    const raw = connectTcp({ host: "127.0.0.1", port });
    raw.write(Buffer.from("0000000804d2162f", "hex"));
    expect(String((await once(raw, "data"))[0])).toBe("S");
    const secure = upgrade(raw, { isServer: false, config: client(), servername: "localhost" });
    // pg wants to connect it, and then waits for the event that comes when it is secure.
    const ours = new pg.Client({ stream: () => Object.assign(secure, { connect: () => secure }), user: "who", database: "what" });
    secure.once("secureConnect", () => secure.emit("connect"));
    await ours.connect();
    expect((await ours.query("select 1")).rows).toEqual([{ echo: "select 1" }]);
    await ours.end();
  });

  test("nodemailer, over a connection of ours (port 465)", async () => {
    const mails: string[] = [];
    const theirs = closing(
      createServer({ accept: server() }, (socket) => {
        speakMail(socket, (mail) => mails.push(mail), "220 mail.test ESMTP");
      }),
    );
    const connection = dial(await listen(theirs));
    await once(connection, "secureConnect");
    const transport = createTransport({ connection, secured: true, host: "localhost" } as never);
    await transport.sendMail({ from: "a@test", to: "b@test", subject: "hello", text: "over port 465" });
    transport.close();
    expect(mails.join()).toContain("over port 465");
  });
});
