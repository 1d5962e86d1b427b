import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer as createHttp, type IncomingMessage, request } from "node:http";
import { connect as connectHttp2, createServer as createHttp2 } from "node:http2";
import { connect as connectTcp, createServer as createTcp, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { type ConnectionOptions, connect as connectTls, createServer as createTls, type TLSSocket } from "node:tls";
import { type ClientHello, clientConfig, importedPsk, serverConfig } from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import {
  connect,
  createServer,
  passthrough,
  refuse,
  type ServerOptions,
  type TlsClientError,
  type TlsServer,
  type TlsSocket,
  undiciConnector,
  upgrade,
} from "@sallyport/node";
import { Agent, fetch } from "undici";
import { afterEach, describe, expect, test } from "vitest";
import { client, collect, listen, server, suspiciousClient, tlsClient, tlsServer } from "../support/endpoints.ts";

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const thing of open.splice(0)) thing.close();
});
function closing<T extends { close(): unknown }>(thing: T): T {
  open.push(thing);
  return thing;
}

/** A server of ours that echoes. */
async function echo(options: Partial<ServerOptions> = {}): Promise<{ readonly port: number; readonly server: TlsServer }> {
  const ours = closing(createServer({ accept: server(), ...options }, (socket) => socket.pipe(socket)));
  return { port: await listen(ours), server: ours };
}
async function nodeEcho(): Promise<number> {
  return listen(closing(createTls({ ...tlsServer }, (socket) => void socket.pipe(socket))));
}
function clientError(ours: TlsServer): Promise<[TlsClientError, Socket]> {
  return once(ours, "tlsClientError") as Promise<[TlsClientError, Socket]>;
}

describe("createServer", () => {
  test("a client of node:tls is served, and both tell the same", async () => {
    const ours = closing(createServer({ accept: server({ alpn: ["one", "two"] }) }));
    const port = await listen(ours);
    const theirs = connectTls({ ...tlsClient, port, ALPNProtocols: ["two"] });
    const accepted = once(ours, "secureConnection") as Promise<[TlsSocket]>;
    await once(theirs, "secureConnect");
    const [socket] = await accepted;
    expect(theirs.authorized).toBe(true);
    expect(socket).toMatchObject({ encrypted: true, authorized: false, alpnProtocol: "two", servername: "localhost" });
    expect(socket.getProtocol()).toBe(theirs.getProtocol());
    expect(socket.getCipher().standardName).toBe(theirs.getCipher().standardName);
    expect([socket.remotePort, socket.localPort]).toEqual([theirs.localPort, port]);
    expect(socket.exportKeyingMaterial(32, "EXPORTER-test", Buffer.from("context"))).toEqual(
      theirs.exportKeyingMaterial(32, "EXPORTER-test", Buffer.from("context")),
    );
    socket.end("hello");
    expect((await collect(theirs)).toString()).toBe("hello");
  });

  test("a key that both have from elsewhere authorizes both, without a certificate", async () => {
    const psks = [importedPsk({ identity: Buffer.from("a device"), key: randomBytes(32) })] as const;
    const common = { provider: node, now: Date.now, psks };
    const ours = closing(createServer({ accept: serverConfig(common) }, (socket) => socket.end("hello")));
    const accepted = once(ours, "secureConnection") as Promise<[TlsSocket]>;
    const socket = connect({
      host: "127.0.0.1",
      port: await listen(ours),
      config: clientConfig(common),
      servername: "localhost",
    });
    for (const each of [socket, (await accepted)[0]]) {
      expect(each.authorized).toBe(true);
      expect(each.getPeerCertificate()).toEqual({});
      expect(Buffer.from(each.info?.psk?.identity ?? []).toString()).toBe("a device");
    }
    expect((await collect(socket)).toString()).toBe("hello");
  });

  test.each(["synchronous", "asynchronous"])("a %s accept chooses by the hello", async (kind) => {
    const seen: ClientHello[] = [];
    const config = server();
    const { port } = await echo({
      accept: (hello) => {
        seen.push(hello);
        return kind === "synchronous" ? config : new Promise((resolve) => setTimeout(resolve, 20, config));
      },
    });
    const theirs = connectTls({ ...tlsClient, port });
    theirs.end("over");
    expect((await collect(theirs)).toString()).toBe("over");
    expect(seen.map(({ serverName }) => serverName)).toEqual(["localhost"]);
  });

  test("a secured socket has the ClientHello that accept was given, behind STARTTLS too; a client's has none", async () => {
    const config = server();
    const seen: ClientHello[] = [];
    const accept = (hello: ClientHello): typeof config => {
      seen.push(hello);
      return config;
    };
    const ours = closing(createServer({ accept }));
    const upgrading = closing(createTcp((socket) => upgrading.emit("upgraded", upgrade(socket, { isServer: true, accept }))));
    for (const [listening, event] of [
      [ours, "secureConnection"],
      [upgrading, "upgraded"],
    ] as const) {
      const accepted = once(listening, event) as Promise<[TlsSocket]>;
      const port = await listen(listening);
      const theirs = connect({ config: client(), host: "127.0.0.1", servername: "localhost", port });
      await once(theirs, "secureConnect");
      const [socket] = await accepted;
      if (socket.secureConnecting) await once(socket, "secure");
      expect(socket.clientHello?.serverName).toBe("localhost");
      expect(socket.clientHello).toEqual(seen.at(-1));
      expect(theirs.clientHello).toBeUndefined();
      theirs.destroy();
    }
    expect(seen).toHaveLength(2);
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("no database");
      },
      "internal_error",
    ],
    ["rejects", () => Promise.reject(new Error("no database")), "internal_error"],
    ["refuses", () => refuse("unrecognized_name", "not here"), "unrecognized_name"],
    ["never settles", () => new Promise<never>(() => {}), "user_canceled"],
  ] as const)("an accept that %s ends with its alert, and tlsClientError tells", async (_how, accept, alert) => {
    const ours = closing(createServer({ accept, handshakeTimeoutMs: 200 }));
    const port = await listen(ours);
    const failed = clientError(ours);
    const theirs = connectTls({ ...tlsClient, port });
    const [theirError] = (await once(theirs, "error")) as [NodeJS.ErrnoException];
    const [error, socket] = await failed;
    expect(error).toMatchObject({ name: "TlsError", code: "ERR_SALLYPORT_ABORTED", alert });
    expect(error).toMatchObject({ delivered: true, delivery: "peer-ended" });
    expect(error.clientHello?.serverName).toBe("localhost");
    expect(socket.destroyed).toBe(true);
    if (alert !== "user_canceled") expect(theirError.code?.toLowerCase()).toContain(alert);
  });

  test("an accept that failed keeps its cause", async () => {
    const ours = closing(createServer({ accept: () => Promise.reject(new Error("no database")) }));
    const port = await listen(ours);
    const failed = clientError(ours);
    connectTls({ ...tlsClient, port }).on("error", () => {});
    expect((await failed)[0]).toMatchObject({ cause: { message: "no database" }, fault: "us" });
  });

  test("what is no TLS gets its alert, and the error has the bytes", async () => {
    const { port, server: ours } = await echo();
    const failed = clientError(ours);
    const plain = connectTcp({ port, host: "127.0.0.1" });
    plain.write("GET / HTTP/1.1\r\n\r\n");
    const answer = await collect(plain);
    expect(answer[0]).toBe(21);
    const [error, socket] = await failed;
    expect(socket.remoteAddress).toBe("127.0.0.1");
    expect(error).toMatchObject({ kind: "not-tls", context: { looksLike: "http" }, delivered: true });
    expect(Buffer.from(error.received ?? []).toString()).toContain("GET /");
  });

  test("a client that resets in the handshake is told as such", async () => {
    // Before its ClientHello is read, Node.js makes an orderly end of a reset.
    const ours = closing(createServer({ accept: () => new Promise(() => ours.emit("asked")) }));
    const asked = once(ours, "asked");
    const port = await listen(ours);
    const failed = clientError(ours);
    const raw = connectTcp({ port, host: "127.0.0.1" });
    connectTls({ ...tlsClient, socket: raw }).on("error", () => {});
    await asked;
    raw.resetAndDestroy();
    const [error] = await failed;
    expect(error).toMatchObject({ kind: "aborted", context: { by: "reset" }, alert: undefined, delivery: "none-due" });
  });

  test("a client that ends in the handshake is told as such", async () => {
    const { port, server: ours } = await echo();
    const failed = clientError(ours);
    connectTcp({ port, host: "127.0.0.1" }).end();
    expect((await failed)[0]).toMatchObject({ kind: "truncated", alert: undefined });
  });

  test("passthrough gives the untouched socket, from its first byte", async () => {
    const config = server();
    const backend = await nodeEcho();
    const { port, server: ours } = await echo({
      accept: ({ serverName }) => (serverName === "localhost" ? passthrough : config),
    });
    ours.on("passthrough", (socket, hello) => {
      expect(hello.serverName).toBe("localhost");
      const to = connectTcp({ port: backend, host: "127.0.0.1" });
      socket.pipe(to).pipe(socket);
    });
    const theirs = connectTls({ ...tlsClient, port });
    theirs.end("through");
    expect((await collect(theirs)).toString()).toBe("through");
  });

  test("what is let pass and nobody takes is closed", async () => {
    const ours = closing(createServer({ accept: () => passthrough }));
    const theirs = connectTls({ ...tlsClient, port: await listen(ours) });
    await expect(once(theirs, "secureConnect")).rejects.toThrow();
  });

  test("a socket that is let pass can be given a data listener, later too", async () => {
    const ours = closing(createServer({ accept: async () => passthrough }));
    const port = await listen(ours);
    const passed = once(ours, "passthrough") as Promise<[Socket]>;
    connectTls({ ...tlsClient, port }).on("error", () => {});
    const [socket] = await passed;
    await new Promise((resolve) => setTimeout(resolve, 20));
    const [data] = (await once(socket, "data")) as [Buffer];
    expect([...data.subarray(0, 3)]).toEqual([22, 3, 1]);
    socket.destroy();
  });
});

describe("connect", () => {
  test("a server of node:tls is verified and spoken to; what is written early waits", async () => {
    const port = await nodeEcho();
    const ours = connect({ config: client(), host: "127.0.0.1", servername: "localhost", port });
    ours.end("early");
    expect(ours.connecting).toBe(true);
    await once(ours, "secureConnect");
    expect(ours).toMatchObject({ authorized: true, alpnProtocol: false, readyState: "readOnly" });
    expect(ours.getPeerCertificate().subjectaltname).toContain("DNS:localhost");
    expect((await collect(ours)).toString()).toBe("early");
  });

  test("a certificate that is not trusted is refused with unknown_ca, and the server reads it", async () => {
    const theirs = closing(createTls({ ...tlsServer }));
    const port = await listen(theirs);
    const told = once(theirs, "tlsClientError") as Promise<[NodeJS.ErrnoException]>;
    const ours = connect({ config: suspiciousClient(), host: "127.0.0.1", servername: "localhost", port });
    await expect(once(ours, "secureConnect")).rejects.toMatchObject({ code: "ERR_SALLYPORT_IDENTITY_DISTRUSTED" });
    expect((await told)[0].code).toContain("UNKNOWN_CA");
  });

  test("a server's alert is the error", async () => {
    const theirs = closing(createTls({ ...tlsServer, ALPNProtocols: ["h2"] }));
    const port = await listen(theirs);
    const config = client({ alpn: ["no-such"] });
    const ours = connect({ config, host: "127.0.0.1", servername: "localhost", port });
    await expect(once(ours, "secureConnect")).rejects.toMatchObject({
      code: "ERR_SALLYPORT_ALERT_RECEIVED",
      context: { description: { name: "no_application_protocol" } },
    });
  });

  test("the transport's own errors come as they are", async () => {
    const unused = createTcp();
    const port = await listen(unused);
    unused.close();
    await once(unused, "close");
    const ours = connect({ config: client(), host: "127.0.0.1", servername: "localhost", port });
    await expect(once(ours, "secureConnect")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("a server that stays silent is left with the timeout, and the process is told why", async () => {
    const port = await listen(closing(createTcp()));
    const ours = connect({ config: client(), host: "127.0.0.1", servername: "localhost", port, handshakeTimeoutMs: 100 });
    await expect(once(ours, "secureConnect")).rejects.toMatchObject({
      kind: "no-answer-to-client-hello",
      code: "ERR_SALLYPORT_NO_ANSWER_TO_CLIENT_HELLO",
      context: { records: 1 },
    });
  });

  test("an AbortSignal destroys it at any time", async () => {
    const port = await nodeEcho();
    for (const wait of ["handshake", "secureConnect"]) {
      const controller = new AbortController();
      const ours = connect({ config: client(), host: "127.0.0.1", servername: "localhost", port, signal: controller.signal });
      if (wait === "secureConnect") await once(ours, wait);
      const failed = once(ours, "error");
      controller.abort();
      expect(await failed).toMatchObject([{ name: "AbortError" }]);
    }
  });

  test("destroy in the handshake calls back at once, and the server is told", async () => {
    const config = server();
    const { port, server: ours } = await echo({ accept: () => new Promise((resolve) => setTimeout(resolve, 200, config)) });
    const failed = clientError(ours);
    const accepted = once(ours, "connection");
    const socket = connect({ config: client(), host: "127.0.0.1", servername: "localhost", port });
    await accepted;
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    await once(socket, "close");
    expect((await failed)[0]).toMatchObject({ kind: "closed-early" });
  });

  test("a name that can be none is refused at the call", () => {
    expect(() => connect({ config: client(), servername: "not a name", port: 1 })).toThrow(/DNS name/);
  });
});

describe("data", () => {
  const size = 48 * 1024 * 1024 + 12_345;
  const payload = randomBytes(size);
  const sum = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
  const expected = sum(payload);

  test.each(["our client to node:tls", "node:tls to our server"])("%s: 48 MiB there and back are the same", async (direction) => {
    const socket: Duplex =
      direction === "our client to node:tls"
        ? connect({ config: client(), host: "127.0.0.1", servername: "localhost", port: await nodeEcho() })
        : connectTls({ ...tlsClient, port: (await echo()).port });
    const back = collect(socket);
    for (let at = 0; at < size; ) {
      const length = Math.min(size - at, 1 + ((at * 7919) % 200_000));
      if (!socket.write(payload.subarray(at, at + length))) await once(socket, "drain");
      at += length;
    }
    socket.end();
    expect(sum(await back)).toBe(expected);
  });

  test("clients read into one window, and none sees another's bytes, where records are opened in their place too", async () => {
    const inPlace = node.suites.map((suite) => ({
      ...suite,
      open: (key: Uint8Array) => {
        const opener = suite.open(key);
        return {
          open: (nonce: Uint8Array, header: Uint8Array, sealed: Uint8Array) => {
            const opened = opener.open(nonce, header, sealed);
            if (opened === undefined) return undefined;
            sealed.set(opened);
            return sealed.subarray(0, opened.length);
          },
          destroy: () => opener.destroy(),
        };
      },
    }));
    const size = 300_000;
    const ours = closing(
      createServer({ accept: server() }, (socket) => {
        socket.once("data", ([byte]) => void socket.end(Buffer.alloc(size, byte)));
      }),
    );
    const port = await listen(ours);
    const received = await Promise.all(
      Array.from({ length: 8 }, async (_, each) => {
        const socket = connect({ config: client({ provider: { ...node, suites: inPlace } }), servername: "localhost", port });
        socket.write(Uint8Array.of(each));
        await once(socket, "secureConnect");
        // What comes meanwhile is read ahead, and waits.
        if (each % 2 === 0) await new Promise((resolve) => setTimeout(resolve, 50));
        return collect(socket);
      }),
    );
    expect(received.map((bytes, each) => bytes.equals(Buffer.alloc(size, each)))).toEqual(Array.from({ length: 8 }, () => true));
  });

  test("half-close: the answer comes after our end, on both sides", async () => {
    const ours = closing(
      createServer({ accept: server(), allowHalfOpen: true }, async (socket) => {
        const asked = await collect(socket);
        socket.end(`you said ${asked}`);
      }),
    );
    const port = await listen(ours);
    for (const socket of [
      connectTls({ ...tlsClient, port, allowHalfOpen: true } as ConnectionOptions),
      connect({ config: client(), host: "127.0.0.1", servername: "localhost", port, allowHalfOpen: true }),
    ]) {
      socket.end("this");
      expect((await collect(socket)).toString()).toBe("you said this");
    }
  });

  test("an end without close_notify is a truncation, behind the data that came before it", async () => {
    const ours = closing(createServer({ accept: server() }));
    const port = await listen(ours);
    const raw = connectTcp({ port, host: "127.0.0.1" });
    const theirs = connectTls({ ...tlsClient, socket: raw });
    theirs.write("half of it");
    const [socket] = (await once(ours, "secureConnection")) as [TlsSocket];
    const got: Buffer[] = [];
    socket.on("data", (data: Buffer) => got.push(data));
    await once(socket, "data");
    raw.end();
    const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
    expect(error).toMatchObject({ kind: "truncated", code: "ERR_SALLYPORT_TRUNCATED" });
    expect(Buffer.concat(got).toString()).toBe("half of it");
    theirs.on("error", () => {}).destroy();
  });

  test("a reader that does not read holds up the writer, and memory is bounded", async () => {
    const ours = closing(createServer({ accept: server() }));
    const port = await listen(ours);
    const theirs = connectTls({ ...tlsClient, port });
    const [socket] = (await once(ours, "secureConnection")) as [TlsSocket];
    let sent = 0;
    const chunk = Buffer.alloc(64 * 1024);
    const writing = setInterval(() => {
      while (sent < 256 * 1024 * 1024 && theirs.writableLength < 1024 * 1024) {
        theirs.write(chunk);
        sent += chunk.length;
      }
    }, 5);
    await new Promise((resolve) => setTimeout(resolve, 500));
    clearInterval(writing);
    expect(sent).toBeLessThan(32 * 1024 * 1024);
    expect(socket.bytesRead).toBeLessThan(sent);
    theirs.on("error", () => {}).destroy();
    socket.on("error", () => {}).destroy();
  });

  test("a peer that does not read holds up a writer that looks at what write says", async () => {
    const theirs = closing(createTls({ ...tlsServer }, (socket) => socket.pause()));
    const port = await listen(theirs);
    const ours = connect({ config: client(), host: "127.0.0.1", servername: "localhost", port });
    await once(ours, "secureConnect");
    const chunk = Buffer.alloc(16 * 1024);
    let sent = 0;
    let most = 0;
    for (let held = false; !held; ) {
      while (ours.write(chunk)) sent += chunk.length;
      most = Math.max(most, ours.writableLength);
      held = await Promise.race([
        once(ours, "drain").then(() => false),
        new Promise<boolean>((resolve) => setTimeout(resolve, 300, true)),
      ]);
    }
    expect(most).toBe(256 * 1024);
    expect(sent).toBeLessThan(32 * 1024 * 1024);
    ours.on("error", () => {}).destroy();
  });

  test("destroy after all was sent is close_notify; with data unsent it is internal_error", async () => {
    const theirs = closing(createTls({ ...tlsServer }));
    const port = await listen(theirs);
    const config = client();
    const open = async (): Promise<readonly [TlsSocket, TLSSocket]> => {
      const accepted = once(theirs, "secureConnection") as Promise<[TLSSocket]>;
      const ours = connect({ config, host: "127.0.0.1", servername: "localhost", port });
      await once(ours, "secureConnect");
      return [ours, (await accepted)[0]];
    };
    const [whole, heard] = await open();
    await new Promise((resolve) => whole.write("all of it", resolve));
    whole.destroy();
    expect((await collect(heard)).toString()).toBe("all of it");

    const [half, cut] = await open();
    cut.pause();
    half.write(Buffer.alloc(16 * 1024 * 1024));
    await new Promise((resolve) => setTimeout(resolve, 50));
    half.destroy();
    await expect(collect(cut)).rejects.toMatchObject({ code: "ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR" });
  });

  test("exported keys, KeyUpdate and data go together", async () => {
    const { port } = await echo();
    const ours = connect({ config: client(), host: "127.0.0.1", servername: "localhost", port });
    await once(ours, "secureConnect");
    for (let round = 0; round < 3; round++) {
      await ours.updateKeys({ requestPeer: true });
      ours.write(`round ${round}`);
      expect(String((await once(ours, "data"))[0])).toBe(`round ${round}`);
    }
    ours.end();
    await once(ours.resume(), "close");
  });
});

describe("the alert reaches a client that is still sending", () => {
  test("100 of 100 times: 300 KiB behind a hello that is refused", async () => {
    const ours = closing(createServer({ accept: () => refuse("access_denied") }));
    const port = await listen(ours);
    const outcomes: Record<string, number> = {};
    let delivered = 0;
    ours.on("tlsClientError", (error) => {
      if (error.delivered) delivered += 1;
    });
    const hello = await recordHello();
    for (let round = 0; round < 10; round++) {
      await Promise.all(
        Array.from({ length: 10 }, async () => {
          const outcome = await sendAndRead(port, hello);
          outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
        }),
      );
    }
    await expect.poll(() => delivered).toBe(100);
    // 15 03 03 00 02, fatal, access_denied; then an orderly end.
    expect(outcomes).toEqual({ "15030300020231 end": 100 });
  });

  /** What node:tls says first. */
  async function recordHello(): Promise<Buffer> {
    const tcp = closing(createTcp());
    const port = await listen(tcp);
    const arrived = once(tcp, "connection") as Promise<[Socket]>;
    const theirs = connectTls({ ...tlsClient, port });
    theirs.on("error", () => {});
    const [socket] = await arrived;
    const [hello] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    return hello;
  }

  async function sendAndRead(port: number, hello: Buffer): Promise<string> {
    // It goes on sending whatever it reads, and never closes first.
    const socket = connectTcp({ port, host: "127.0.0.1", allowHalfOpen: true });
    const got: Buffer[] = [];
    let outcome = "";
    socket.on("data", (data) => got.push(data));
    const over = new Promise<void>((resolve) => {
      socket.once("end", () => {
        outcome ||= "end";
        resolve();
      });
      socket.once("error", ({ message }) => {
        outcome ||= message;
        resolve();
      });
    });
    socket.write(hello);
    for (let sent = 0; sent < 300; sent += 10) {
      socket.write(Buffer.alloc(10 * 1024, 23));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await over;
    socket.end();
    return `${Buffer.concat(got).toString("hex")} ${outcome}`;
  }
});

describe("works with", () => {
  test("http: createServer().emit('connection', …) and request({ createConnection })", async () => {
    const http = createHttp((asked, response) => {
      void collect(asked).then((body) => response.end(`${asked.method} ${body.length} ${"encrypted" in asked.socket}`));
    });
    const ours = closing(createServer({ accept: server({ alpn: ["http/1.1"] }) }, (socket) => http.emit("connection", socket)));
    const port = await listen(ours);
    const config = client({ alpn: ["http/1.1"] });
    const createConnection = (): TlsSocket => connect({ config, host: "127.0.0.1", servername: "localhost", port });
    for (const body of [Buffer.alloc(0), Buffer.alloc(1_000_000)]) {
      const asking = request({ host: "localhost", port, method: "POST", createConnection });
      asking.end(body);
      const [response] = (await once(asking, "response")) as [IncomingMessage];
      expect((await collect(response)).toString()).toBe(`POST ${body.length} true`);
    }
  });

  test("http: a server that is told that it listens ends a request whose header never does", async () => {
    const http = createHttp(
      { headersTimeout: 300, requestTimeout: 600, connectionsCheckingInterval: 100 },
      (_asked, response) => {
        response.end("whole");
      },
    );
    const ours = closing(createServer({ accept: server() }, (socket) => http.emit("connection", socket)));
    ours.on("listening", () => http.emit("listening")).on("close", () => http.close());
    const port = await listen(ours);
    const slow = connect({ config: client(), host: "127.0.0.1", servername: "localhost", port });
    const drip = setInterval(() => slow.write("X-More: 1\r\n"), 50);
    slow.write("GET / HTTP/1.1\r\nHost: localhost\r\n");
    const since = performance.now();
    await new Promise((resolve) =>
      slow
        .on("error", () => {})
        .resume()
        .once("close", resolve),
    );
    clearInterval(drip);
    expect(performance.now() - since).toBeLessThan(3_000);
  });

  test("http: an early answer with `Connection: close` reaches a client that is still uploading", async () => {
    const http = createHttp((_asked, response) => {
      response.writeHead(413, { Connection: "close" }).end("too large");
    });
    const ours = closing(createServer({ accept: server() }, (socket) => http.emit("connection", socket)));
    const port = await listen(ours);
    for (let round = 0; round < 20; round++) {
      const theirs = connectTls({ ...tlsClient, port });
      theirs.write("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 600000\r\n\r\n");
      const answer = collect(theirs);
      for (let sent = 0; sent < 300_000 && theirs.writable; sent += 10_000) {
        theirs.write(Buffer.alloc(10_000));
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect((await answer).toString()).toMatch(/^HTTP\/1.1 413 .*too large\r\n0\r\n\r\n$/s);
    }
  });

  test("http2 both ways", async () => {
    const http2 = createHttp2();
    http2.on("stream", (stream) => {
      stream.respond({ ":status": 200 });
      stream.pipe(stream);
    });
    const ours = closing(createServer({ accept: server({ alpn: ["h2"] }) }, (socket) => http2.emit("connection", socket)));
    const port = await listen(ours);
    const config = client({ alpn: ["h2"] });
    const session = connectHttp2(`https://localhost:${port}`, {
      createConnection: () => connect({ config, host: "127.0.0.1", servername: "localhost", port }),
    });
    const bodies = await Promise.all(
      [1, 1_000, 1_000_000].map(async (length) => {
        const stream = session.request({ ":path": "/", ":method": "POST" });
        stream.end(Buffer.alloc(length, 7));
        return (await collect(stream)).length;
      }),
    );
    expect(bodies).toEqual([1, 1_000, 1_000_000]);
    session.close();
    await once(session, "close");
  });

  test("undici's Agent, with a connection that is kept alive", async () => {
    let connections = 0;
    const http = createHttp((_asked, response) => response.end("answer"));
    const ours = closing(
      createServer({ accept: server() }, (socket) => {
        connections += 1;
        http.emit("connection", socket);
      }),
    );
    const port = await listen(ours);
    const dispatcher = new Agent({ connect: undiciConnector(client()) });
    for (let round = 0; round < 10; round++) {
      expect(await (await fetch(`https://localhost:${port}/`, { dispatcher })).text()).toBe("answer");
    }
    expect(connections).toBeLessThan(5);
    await dispatcher.close();
    const suspicious = new Agent({ connect: undiciConnector(suspiciousClient()) });
    await expect(fetch(`https://localhost:${port}/`, { dispatcher: suspicious })).rejects.toMatchObject({
      cause: { code: "ERR_SALLYPORT_IDENTITY_DISTRUSTED" },
    });
    await suspicious.close();
  });

  test("STARTTLS on both sides, with TLS bytes already read", async () => {
    const accept = server();
    const tcp = closing(
      createTcp((socket) => {
        socket.once("data", () => {
          // Whatever comes next is read here before TLS begins: it is the head.
          socket.write("220 go\r\n");
          socket.once("data", (head: Buffer) => {
            const secure = upgrade(socket, { isServer: true, accept, head });
            secure.pipe(secure);
          });
        });
      }),
    );
    const port = await listen(tcp);
    const raw = connectTcp({ port, host: "127.0.0.1" });
    raw.write("STARTTLS\r\n");
    await once(raw, "data");
    const secure = upgrade(raw, { isServer: false, config: client(), servername: "localhost" });
    await once(secure, "secureConnect");
    secure.end("secret");
    expect((await collect(secure)).toString()).toBe("secret");
  });

  test("a Duplex that is no socket", async () => {
    const [left, right] = pair();
    const theirs = upgrade(right, { isServer: true, accept: server() });
    theirs.pipe(theirs);
    const ours = connect({ config: client(), socket: left, servername: "localhost" });
    ours.end(Buffer.alloc(500_000, 1));
    expect((await collect(ours)).length).toBe(500_000);
  });
});

describe("what is left behind", () => {
  test("nothing: 200 connections, some destroyed at every moment, and no socket stays open", async () => {
    const seen: unknown[] = [];
    const listener = (reason: unknown): void => void seen.push(reason);
    process.on("unhandledRejection", listener);
    const ours = createServer({ accept: server() }, (socket) => {
      socket.on("error", () => {});
      socket.pipe(socket);
    });
    const port = await listen(ours);
    const config = client();
    for (let round = 0; round < 20; round++) {
      await Promise.all(
        Array.from({ length: 10 }, async (_, index) => {
          const socket = connect({ config, host: "127.0.0.1", servername: "localhost", port });
          socket.on("error", () => {}).resume();
          socket.write("x".repeat(round * 1_000));
          if (index < 5) setTimeout(() => socket.destroy(), index * round);
          else if (index < 8) setTimeout(() => socket.end(), round);
          else setTimeout(() => socket.resetAndDestroy(), round * 2);
          await once(socket, "close");
        }),
      );
    }
    const connections = (): Promise<number> => new Promise((resolve) => ours.getConnections((_error, count) => resolve(count)));
    await expect.poll(connections, { timeout: 5_000 }).toBe(0);
    await new Promise((resolve) => ours.close(resolve));
    process.off("unhandledRejection", listener);
    expect(seen).toEqual([]);
  });
});

/** node:stream's duplexPair, which Node 20's types lack. */
function pair(): [Duplex, Duplex] {
  const make = (): Duplex & { other?: Duplex; wake?: () => void } =>
    new Duplex({
      read(this: Duplex & { wake?: () => void }) {
        this.wake?.();
        delete this.wake;
      },
      write(this: Duplex & { other?: Duplex & { wake?: () => void } }, chunk: Buffer, _encoding, done) {
        if (this.other === undefined || this.other.push(chunk)) done();
        else this.other.wake = done;
      },
      final(this: Duplex & { other?: Duplex }, done) {
        this.other?.push(null);
        done();
      },
    });
  const left = make();
  const right = make();
  left.other = right;
  right.other = left;
  return [left, right];
}
