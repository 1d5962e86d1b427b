// HTTP in early data (RFC 8470): a real http server, and a client of ours that says its request first.
import { once } from "node:events";
import { createServer as createHttp, type IncomingMessage, type Server as HttpServer, type ServerResponse } from "node:http";
import { connect as connectTcp, createServer as createTcp, type Server, type Socket } from "node:net";
import { ApiMisuse, type ClientConfig, memoryClientSessions, ticketKeys } from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import {
  connect,
  createServer,
  type EarlyRequestTreatment,
  type ServerOptions,
  type TlsServer,
  type TlsSocket,
} from "@sallyport/node";
import { afterEach, describe, expect, test } from "vitest";
import { client, listen, server } from "../support/endpoints.ts";
import { thrownDuring } from "../support/thrown.ts";

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const thing of open.splice(0)) thing.close();
});
function closing<T extends { close(): unknown }>(thing: T): T {
  open.push(thing);
  return thing;
}
const bytes = (text: string): Uint8Array => Buffer.from(text);
const get = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
const post = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbody";

interface World {
  readonly http: HttpServer;
  readonly ours: TlsServer;
  readonly config: ClientConfig;
  /** Between the two; it can go deaf for what the client says behind its first flight. */
  readonly port: number;
  /** What the handlers saw: method, header, and whether the handshake was complete. */
  readonly seen: string[];
  deafen(): void;
  hear(): void;
  /** The server loses its clients, once its flights are through. */
  cut(): Promise<void>;
}

async function world({
  treat,
  halfRtt = true,
  alpn,
  early = true,
  handshakeTimeoutMs = 5_000,
}: {
  readonly treat?: (request: IncomingMessage) => EarlyRequestTreatment;
  readonly halfRtt?: boolean;
  readonly alpn?: string;
  readonly early?: boolean;
  readonly handshakeTimeoutMs?: number;
} = {}): Promise<World> {
  const seen: string[] = [];
  const http = createHttp((request: IncomingMessage, response: ServerResponse) => {
    const complete = !(request.socket as unknown as TlsSocket).secureConnecting;
    seen.push(`${request.method} ${request.headers["early-data"] ?? "unmarked"} ${complete ? "complete" : "early"}`);
    request.on("end", () => response.end(seen.at(-1))).resume();
  });
  const accept = server({
    sessions: ticketKeys({ random: node.random, now: Date.now }),
    earlyData: { maxBytes: 10_000, singleUse: { use: () => "fresh" } },
    halfRtt,
    ...(alpn === undefined ? {} : { alpn: [alpn] }),
  });
  const options: ServerOptions = {
    accept,
    handshakeTimeoutMs,
    ...(early ? { earlyRequests: { server: http, ...(treat && { treat }) } } : {}),
  };
  const ours = closing(createServer(options, (socket) => void http.emit("connection", socket)));
  const to = await listen(ours);
  const relay = new Relay(to);
  const port = await listen(closing(relay.server));
  const config = client({ sessions: memoryClientSessions(), earlyData: true, ...(alpn === undefined ? {} : { alpn: [alpn] }) });
  // The session.
  const first = connect({ config, host: "127.0.0.1", servername: "localhost", port });
  first.write(get);
  await said(first, /complete$/);
  first.destroy();
  seen.length = 0;
  return { http, ours, config, port, seen, deafen: () => relay.deafen(), hear: () => relay.hear(), cut: () => relay.cut() };
}

/** Passes all on, but nothing of the client behind its first flight while it is deaf. */
class Relay {
  readonly server: Server;
  #deaf = false;
  #kept: (() => void)[] = [];
  readonly #onward: Socket[] = [];

  constructor(to: number) {
    this.server = createTcp((socket: Socket) => {
      const onward = connectTcp({ port: to, host: "127.0.0.1" });
      this.#onward.push(onward);
      let answered = false;
      socket
        .on("error", () => {})
        .on("close", () => onward.destroy())
        .on("data", (chunk) => {
          if (this.#deaf && answered) this.#kept.push(() => onward.write(chunk));
          else onward.write(chunk);
        });
      onward
        .on("error", () => {})
        .on("close", () => socket.destroy())
        .on("data", (chunk) => {
          answered = true;
          socket.write(chunk);
        });
    });
  }
  deafen(): void {
    this.#deaf = true;
  }
  hear(): void {
    this.#deaf = false;
    for (const pass of this.#kept.splice(0)) pass();
  }
  async cut(): Promise<void> {
    const last = this.#onward.at(-1);
    if (last?.bytesRead === 0) await once(last, "data");
    await soon();
    for (const onward of this.#onward) onward.destroy();
  }
}

/** Says `request` as early data. */
function begin({ config, port }: World, request: string): TlsSocket {
  const socket = connect({ config, host: "127.0.0.1", servername: "localhost", port, earlyData: () => bytes(request) });
  return socket.on("error", () => {}); // how the server goes at the end of a test
}
/** The same, once the server has its connection. */
async function begun(there: World, request: string): Promise<void> {
  const connected = once(there.ours, "connection");
  begin(there, request);
  await connected;
}
async function said(socket: TlsSocket, until: RegExp): Promise<string> {
  let text = "";
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += chunk;
    if (until.test(text)) return text;
  }
  return text;
}
const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 100));

describe("a handler that did not opt in", () => {
  test("gets a request that came as early data when the handshake is complete, unmarked", async () => {
    const there = await world({ early: false });
    there.deafen();
    const socket = begin(there, get);
    await soon();
    expect(there.seen).toEqual([]);
    there.hear();
    await said(socket, /complete$/);
    expect(there.seen).toEqual(["GET unmarked complete"]);
    expect(socket.earlyData).toBe("accepted");
  });

  test("never gets a replay, whose sender can't complete the handshake", async () => {
    const there = await world({ early: false, handshakeTimeoutMs: 2_000 });
    there.deafen();
    const failed = once(there.ours, "tlsClientError");
    begin(there, post);
    expect((await failed)[0]).toMatchObject({ alert: "internal_error", context: { by: "timeout" } });
    expect(there.seen).toEqual([]);
  });
});

describe("with earlyRequests", () => {
  test("a safe request is handled before the handshake is complete, marked, and answered by half-RTT data", async () => {
    const there = await world();
    there.deafen();
    const socket = begin(there, get);
    // Its own Finished has not come, and the answer is here.
    expect(await said(socket, /early$/)).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(there.seen).toEqual(["GET 1 early"]);
    there.hear();
    socket.write(get);
    await said(socket, /complete$/);
    expect(there.seen).toEqual(["GET 1 early", "GET unmarked complete"]);
  });

  test("without halfRtt the answer waits for the client's Finished", async () => {
    const there = await world({ halfRtt: false });
    there.deafen();
    const socket = begin(there, get);
    await expect.poll(() => there.seen).toEqual(["GET 1 early"]);
    let answered = false;
    const answer = said(socket, /early$/).then((text) => {
      answered = true;
      return text;
    });
    await soon();
    expect(answered).toBe(false);
    there.hear();
    expect(await answer).toMatch(/^HTTP\/1\.1 200 OK/);
  });

  test("an unsafe request waits for the handshake, and nothing overtakes it", async () => {
    const there = await world();
    there.deafen();
    const socket = begin(there, post + get);
    await soon();
    expect(there.seen).toEqual([]);
    there.hear();
    await said(socket, /GET unmarked complete$/);
    expect(there.seen).toEqual(["POST unmarked complete", "GET unmarked complete"]);
  });

  test("treat says otherwise: what is too early is answered 425, and the connection goes on", async () => {
    const there = await world({ treat: ({ method }) => (method === "POST" ? "too-early" : "now") });
    there.deafen();
    const socket = begin(there, post + get);
    expect(await said(socket, /early$/)).toMatch(/^HTTP\/1\.1 425 Too Early\r\n.*HTTP\/1\.1 200 OK/s);
    expect(there.seen).toEqual(["GET 1 early"]);
    there.hear();
    socket.write(post);
    await said(socket, /complete$/);
    expect(there.seen).toEqual(["GET 1 early", "POST unmarked complete"]);
  });

  test.each([
    [
      "upgrade",
      "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
      /^HTTP\/1\.1 425 .*Connection: close/s,
    ],
    ["connect", "CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n", /^HTTP\/1\.1 425 .*Connection: close/s],
    [
      "checkContinue",
      "POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n",
      /^HTTP\/1\.1 425 /,
    ],
    ["checkExpectation", "GET / HTTP/1.1\r\nHost: localhost\r\nExpect: wonders\r\n\r\n", /^HTTP\/1\.1 425 /],
  ])("%s is no way round it", async (event, request, answer) => {
    const there = await world({ treat: () => "too-early" });
    there.http.on(event, () => there.seen.push(event));
    there.deafen();
    expect(await said(begin(there, request), /\r\n\r\n/)).toMatch(answer);
    expect(there.seen).toEqual([]);
  });

  test("a request that the client marks itself keeps one mark", async () => {
    const there = await world();
    const headers: string[][] = [];
    there.http.prependListener("request", ({ rawHeaders }: IncomingMessage) =>
      headers.push(rawHeaders.filter((name) => /early-data/i.test(name))),
    );
    await said(begin(there, get.replace("\r\n\r\n", "\r\nearly-data: 1\r\n\r\n")), /early$|complete$/);
    expect(headers).toEqual([["early-data"]]);
  });

  test("a config that is changed while a connection waits for its ClientHello is the one that counts", async () => {
    const there = await world({ alpn: "http/1.1" });
    const socket = connectTcp({ port: there.port, host: "127.0.0.1" });
    await once(socket, "connect");
    await soon();
    there.ours.accept = server({ alpn: ["sally/1"] });
    const theirs = connect({ config: client({ alpn: ["sally/1"] }), socket, servername: "localhost" });
    await once(theirs, "secureConnect");
    expect(theirs.alpnProtocol).toBe("sally/1");
    theirs.destroy();
  });

  test("HTTP/2 is held until the handshake is complete: it comes by secureConnection", async () => {
    const there = await world({ alpn: "h2" });
    const accepted = once(there.ours, "secureConnection") as Promise<[TlsSocket]>;
    there.deafen();
    begin(there, get);
    await soon();
    there.hear();
    const [socket] = await accepted;
    expect([socket.alpnProtocol, socket.earlyData, socket.secureConnecting]).toEqual(["h2", "accepted", false]);
  });

  test("a handshake that fails behind its early data ends the request with the error, and tlsClientError tells", async () => {
    const there = await world({ halfRtt: false, handshakeTimeoutMs: 300 });
    const errors: unknown[] = [];
    there.http.prependListener("request", (request: IncomingMessage) =>
      request.socket.on("error", (error) => errors.push(error)),
    );
    const failed = once(there.ours, "tlsClientError");
    there.deafen();
    begin(there, get);
    expect((await failed)[0]).toMatchObject({ alert: "internal_error", context: { by: "timeout" }, delivered: true });
    expect(errors).toMatchObject([{ code: "ERR_SALLYPORT_ABORTED" }]);
  });

  test("a handler that destroys its socket in the handshake ends that with its alert", async () => {
    const there = await world();
    there.http.removeAllListeners("request").on("request", (request: IncomingMessage) => request.socket.destroy());
    const failed = once(there.ours, "tlsClientError");
    there.deafen();
    const socket = begin(there, get);
    const [error] = await once(socket.resume(), "error");
    expect(error).toMatchObject({ kind: "alert-received", context: { description: { name: "internal_error" } } });
    expect((await failed)[0]).toMatchObject({ context: { by: "cancelled" } });
  });

  test("beside earlyData, or without a server, it is the caller's mistake", () => {
    const accept = server();
    const http = createHttp();
    for (const wrong of [
      { earlyRequests: {} },
      { earlyRequests: { server: http, treat: 1 } },
      { earlyRequests: { server: http }, earlyData: () => {} },
    ]) {
      expect(() => createServer({ accept, ...wrong } as never)).toThrow(ApiMisuse);
    }
  });
});

describe("a handshake that is never completed", () => {
  const connectRequest = "CONNECT db.example:5432 HTTP/1.1\r\nHost: db.example\r\n\r\n";

  test.each<[string, EarlyRequestTreatment]>([
    ["waits", "later"],
    ["is answered 425", "too-early"],
  ])("costs the process nothing while a CONNECT %s, which HTTP has let go of", async (_, treatment) => {
    const there = await world({ treat: () => treatment });
    const tunnels: unknown[] = [];
    there.http.on("connect", (request) => tunnels.push(request));
    const thrown = await thrownDuring(async () => {
      there.deafen();
      const failed = once(there.ours, "tlsClientError");
      await begun(there, connectRequest);
      await there.cut();
      await failed;
    });
    expect(thrown).toEqual([]);
    expect(tunnels).toEqual([]);
  });

  test("costs the process nothing where HTTP/2 waits for it", async () => {
    const there = await world({ alpn: "h2" });
    const thrown = await thrownDuring(async () => {
      there.deafen();
      const failed = once(there.ours, "tlsClientError");
      await begun(there, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
      await there.cut();
      await failed;
    });
    expect(thrown).toEqual([]);
  });

  test("lets nothing through unmarked that was pipelined behind a request whose handler destroyed the socket", async () => {
    const there = await world();
    there.deafen();
    there.http.prependListener("request", (request) => request.socket.destroy());
    const failed = once(there.ours, "tlsClientError");
    begin(there, get + post + get);
    await failed;
    expect(there.seen.filter((line) => !line.startsWith("GET 1"))).toEqual([]);
  });
});
