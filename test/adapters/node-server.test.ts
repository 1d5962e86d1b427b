// What whoever runs a server of ours has: plain HTTP on the TLS port, new certificates while it runs, channels for metrics.
import { channel } from "node:diagnostics_channel";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { connect as connectTcp, createServer as createTcp, type Server, type Socket } from "node:net";
import { connect as connectTls, createServer as createTls, type TLSSocket } from "node:tls";
import { memoryClientSessions, type ServerConfig, serverConfig, ticketKeys } from "@sallyport/core";
import { node, signer } from "@sallyport/crypto-node";
import {
  type ClosedMessage,
  connect,
  createServer,
  type EstablishedMessage,
  type FailedMessage,
  type PassthroughMessage,
  passthrough,
  refuse,
  type TlsClientError,
  type TlsServer,
  type TlsSocket,
} from "@sallyport/node";
import { credential, serverVerifier } from "@sallyport/x509";
import { afterEach, describe, expect, test } from "vitest";
import { client, collect, listen, server, suspiciousClient, tlsClient, tlsServer } from "../support/endpoints.ts";
import { makePki } from "../support/pki.ts";

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const thing of open.splice(0)) thing.close();
});
function closing<T extends { close(): unknown }>(thing: T): T {
  open.push(thing);
  return thing;
}
function clientError(ours: TlsServer): Promise<[TlsClientError, Socket]> {
  return once(ours, "tlsClientError") as Promise<[TlsClientError, Socket]>;
}

describe("plain HTTP on the TLS port", () => {
  test("is answered in plain HTTP, and the server is told that no alert went out", async () => {
    const ours = closing(createServer({ accept: server(), plainHttp: true }));
    const port = await listen(ours);
    const failed = clientError(ours);
    const [response] = (await once(get({ port, host: "127.0.0.1", path: "/" }), "response")) as [IncomingMessage];
    expect(response.statusCode).toBe(400);
    expect((await collect(response)).toString()).toMatch(/https:\/\//);
    expect((await failed)[0]).toMatchObject({ kind: "not-tls", alert: undefined, delivered: true });
  });

  test("is answered by a function of yours, which sees the request, also where a body is still coming", async () => {
    const seen: string[] = [];
    const ours = closing(
      createServer({
        accept: server(),
        plainHttp: (received) => {
          seen.push(Buffer.from(received).toString());
          return Buffer.from(
            "HTTP/1.1 308 Permanent Redirect\r\nLocation: https://localhost/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
          );
        },
      }),
    );
    const port = await listen(ours);
    for (let round = 0; round < 10; round++) {
      const socket = connectTcp({ port, host: "127.0.0.1", allowHalfOpen: true });
      socket.write("POST /path HTTP/1.1\r\nHost: localhost\r\nContent-Length: 600000\r\n\r\n");
      const answer = collect(socket);
      for (let sent = 0; sent < 600_000; sent += 20_000) {
        socket.write(Buffer.alloc(20_000));
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect((await answer).toString()).toMatch(/^HTTP\/1.1 308 /);
      socket.end();
    }
    expect(seen.every((request) => request.startsWith("POST /path HTTP/1.1\r\n"))).toBe(true);
    expect(seen).toHaveLength(10);
  });

  test("gets the alert where nobody wants to answer it, or the answer throws; what is no HTTP gets it always", async () => {
    const bad = (): never => {
      throw new Error("no answer");
    };
    for (const [options, words] of [
      [{}, "GET / HTTP/1.1\r\n\r\n"],
      [{ plainHttp: bad }, "GET / HTTP/1.1\r\n\r\n"],
      [{ plainHttp: true }, "SSH-2.0-OpenSSH_9.9\r\n"],
    ] as const) {
      const ours = closing(createServer({ accept: server(), ...options }));
      const socket = connectTcp({ port: await listen(ours), host: "127.0.0.1" });
      const failed = clientError(ours);
      socket.write(words);
      expect((await collect(socket))[0]).toBe(21);
      expect((await failed)[0]).toMatchObject({ kind: "not-tls", delivered: true, alert: expect.any(String) });
    }
  });
});

describe("server.accept", () => {
  /** Configs with certificates of their own, which share ticket keys. */
  async function generations(): Promise<{ readonly configs: readonly ServerConfig[]; readonly ca: string }> {
    const pki = await makePki();
    const sessions = ticketKeys({ random: (length) => node.random(length), now: Date.now });
    const configs = await Promise.all(
      ["one", "two"].map(async (generation) => {
        const { chainPem, keyPem } = await pki.leaf({ dns: ["localhost", generation] });
        const credentials = [credential({ chain: chainPem, signer: signer(keyPem) })] as const;
        return serverConfig({ provider: node, now: Date.now, credentials, sessions });
      }),
    );
    return { configs, ca: pki.ca.pem };
  }

  test("is a new certificate for new connections; those that are there go on, and sessions are resumed across it", async () => {
    const {
      configs: [before, after],
      ca,
    } = await generations();
    if (before === undefined || after === undefined) throw new Error("two configs");
    const ours = closing(createServer({ accept: before }, (socket) => socket.on("error", () => {}).pipe(socket)));
    const port = await listen(ours);
    const config = client({ verifier: serverVerifier({ provider: node, roots: ca }), sessions: memoryClientSessions() });
    const dial = async (): Promise<TlsSocket> => {
      const socket = connect({ config, host: "127.0.0.1", servername: "localhost", port });
      await once(socket, "secureConnect");
      return socket;
    };
    const says = async (socket: TlsSocket, words: string): Promise<string> => {
      socket.write(words);
      return String((await once(socket, "data"))[0]);
    };
    const old = await dial();
    const before256 = old.getPeerCertificate().fingerprint256;
    await says(old, "and a ticket comes");
    ours.accept = after;
    expect(ours.accept).toBe(after);
    expect(await says(old, "still here")).toBe("still here");
    const resumed = await dial();
    expect(resumed.isSessionReused()).toBe(true);
    const fresh = connectTls({ ...tlsClient, ca, port });
    await once(fresh, "secureConnect");
    expect(fresh.getPeerCertificate().fingerprint256).not.toBe(before256);
    expect(await says(old, "and here")).toBe("and here");
    for (const socket of [old, resumed, fresh]) socket.destroy();
  });

  test("takes nothing that could not be one, and keeps what it has", () => {
    const accept = server();
    const ours = createServer({ accept });
    for (const wrong of [undefined, {}, "config", null]) {
      expect(() => Reflect.set(ours, "accept", wrong)).toThrow(TypeError);
    }
    expect(ours.accept).toBe(accept);
  });
});

describe("a TlsSocket looks like a TLSSocket", () => {
  test("the peer's certificate is the same in all its forms", async () => {
    const theirs = closing(createTls({ ...tlsServer }));
    const port = await listen(theirs);
    const ours = connect({ config: client(), host: "127.0.0.1", servername: "localhost", port });
    const reference = connectTls({ ...tlsClient, port });
    await Promise.all([once(ours, "secureConnect"), once(reference, "secureConnect")]);
    const mine = ours.getPeerCertificate(true);
    const its = reference.getPeerCertificate(true);
    expect(ours.getPeerCertificate()).toEqual(reference.getPeerCertificate());
    expect(ours.getPeerX509Certificate()?.fingerprint256).toBe(reference.getPeerX509Certificate()?.fingerprint256);
    expect(mine.fingerprint256).toBe(its.fingerprint256);
    expect("issuerCertificate" in mine && mine.issuerCertificate?.fingerprint256).toBe(its.issuerCertificate.fingerprint256);
    expect(ours.getSession()).toBeUndefined();
    await expect(new Promise((_resolve, reject) => ours.renegotiate({}, reject))).rejects.toThrow("renegotiation");
    for (const socket of [ours, reference]) socket.destroy();
  });

  test("timeouts, addresses and states are the transport's", async () => {
    const ours = closing(createServer({ accept: server() }));
    const port = await listen(ours);
    const accepted = once(ours, "secureConnection") as Promise<[TlsSocket]>;
    const theirs = connectTls({ ...tlsClient, port });
    const [socket] = await accepted;
    await new Promise<void>((resolve) => socket.setTimeout(50, resolve));
    expect(socket.timeout).toBe(50);
    expect(socket.address()).toMatchObject({ address: "127.0.0.1", port, family: "IPv4" });
    expect([socket.remoteAddress, socket.remoteFamily, socket.localAddress]).toEqual(["127.0.0.1", "IPv4", "127.0.0.1"]);
    expect([socket.readyState, socket.connecting, socket.pending]).toEqual(["open", false, false]);
    expect(socket.setNoDelay().setKeepAlive(true).unref().ref().setTimeout(0)).toBe(socket);
    expect([socket.bytesRead > 300, socket.bytesWritten > 300]).toEqual([true, true]);
    socket.on("error", () => {}).destroy();
    theirs.destroy();
  });
});

describe("diagnostics_channel", () => {
  function hear<Message>(kind: string): { readonly heard: Message[]; close(): void } {
    const heard: Message[] = [];
    const listener = (message: unknown): void => void heard.push(message as Message);
    const about = channel(`sallyport:${kind}`);
    about.subscribe(listener);
    return closing({ heard, close: () => about.unsubscribe(listener) });
  }

  test("tells of each connection once, on both sides: established and closed", async () => {
    const established = hear<EstablishedMessage>("established");
    const closed = hear<ClosedMessage>("closed");
    const ours = closing(createServer({ accept: server({ alpn: ["one"] }) }, (socket) => socket.pipe(socket)));
    const config = client({ alpn: ["one"] });
    const socket = connect({ config, host: "127.0.0.1", servername: "localhost", port: await listen(ours) });
    socket.end("x");
    await collect(socket);
    await expect.poll(() => closed.heard.length).toBe(2);
    expect(established.heard.map(({ role }) => role).sort()).toEqual(["client", "server"]);
    for (const { info, milliseconds, earlyData } of established.heard) {
      expect(info).toMatchObject({ version: "tls1.3", alpn: "one", serverName: "localhost" });
      expect(milliseconds).toBeGreaterThan(0);
      expect(earlyData).toBeUndefined();
    }
    for (const message of closed.heard) expect(message).toMatchObject({ cause: "close_notify", error: undefined });
  });

  test.each([
    ["refused", () => refuse("access_denied"), () => client(), "access_denied", undefined],
    [
      "refused",
      () => {
        throw new Error("no database");
      },
      () => client(),
      "internal_error",
      undefined,
    ],
    ["timeout", () => new Promise<never>(() => {}), () => client(), "user_canceled", undefined],
    ["alert-received", () => server(), suspiciousClient, undefined, "unknown_ca"],
    ["no-agreement", () => server({ alpn: ["one"] }), () => client({ alpn: ["two"] }), "no_application_protocol", undefined],
  ] as const)("a failed handshake has the cause %s as its label", async (cause, accept, config, alert, alertReceived) => {
    const failed = hear<FailedMessage>("failed");
    const ours = closing(createServer({ accept, handshakeTimeoutMs: 300 }));
    const theirs = connect({ config: config(), host: "127.0.0.1", servername: "localhost", port: await listen(ours) });
    theirs.on("error", () => {});
    const fromServer = (): FailedMessage | undefined => failed.heard.find(({ role }) => role === "server");
    await expect.poll(fromServer, { timeout: 5_000 }).toMatchObject({ cause, alert, alertReceived });
    expect(fromServer()).toMatchObject({ delivery: alert === undefined ? "none-due" : "peer-ended" });
  });

  test("a passthrough is told, and what a subscriber throws ends no connection", async () => {
    const passed = hear<PassthroughMessage>("passthrough");
    const thrown: unknown[] = [];
    const listeners = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.on("uncaughtException", (error) => thrown.push(error));
    const about = channel("sallyport:established");
    const rude = (): never => {
      throw new Error("a subscriber's own");
    };
    about.subscribe(rude);
    const backend = closing(createTls({ ...tlsServer }, (socket: TLSSocket) => void socket.pipe(socket)));
    const to = await listen(backend);
    const config = server();
    const ours = closing(
      createServer({ accept: ({ alpn }) => (alpn.includes("through") ? passthrough : config) }, (socket) => {
        socket.pipe(socket);
      }),
    );
    ours.on("passthrough", (socket) => {
      socket.pipe(connectTcp({ port: to, host: "127.0.0.1" })).pipe(socket);
    });
    const port = await listen(ours);
    for (const ALPNProtocols of [["through"], ["other"]]) {
      const theirs = connectTls({ ...tlsClient, port, ALPNProtocols });
      theirs.end("there and back");
      expect((await collect(theirs)).toString()).toBe("there and back");
    }
    about.unsubscribe(rude);
    process.removeAllListeners("uncaughtException");
    for (const listener of listeners) process.on("uncaughtException", listener);
    expect(passed.heard).toMatchObject([{ role: "server", clientHello: { serverName: "localhost" } }]);
    expect(thrown).toMatchObject([{ message: "a subscriber's own" }]);
  });
});

describe("a client that is established by our Finished, while its own never comes", () => {
  test.each(["TLSv1.3", "TLSv1.2"] as const)(
    "is told internal_error by the timeout, and never sees an orderly end (%s)",
    async (version) => {
      const accept = server({ sessions: ticketKeys({ random: node.random, now: Date.now }) });
      const ours = closing(createServer({ accept, handshakeTimeoutMs: 300 }, (socket) => socket.end()));
      const direct = await listen(ours);
      // A client of TLS 1.2 waits for our Finished first only where it resumes.
      const session = version === "TLSv1.2" ? await sessionOf(direct, version) : undefined;
      const port = await listen(closing(deafRelay(direct)));
      const failed = clientError(ours);
      const theirs = connectTls({ ...tlsClient, port, minVersion: version, maxVersion: version, ...(session && { session }) });
      const ends: string[] = [];
      theirs
        .on("secureConnect", () => ends.push("secureConnect"))
        .on("end", () => ends.push("end"))
        .resume();
      const [error] = (await once(theirs, "error")) as [NodeJS.ErrnoException];
      expect(error.code).toBe("ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR");
      expect(ends).toEqual(["secureConnect"]);
      expect((await failed)[0]).toMatchObject({
        kind: "aborted",
        context: { by: "timeout" },
        finishedSent: true,
        alert: "internal_error",
      });
    },
  );

  async function sessionOf(port: number, version: "TLSv1.2"): Promise<Buffer> {
    const socket = connectTls({ ...tlsClient, port, minVersion: version, maxVersion: version });
    const [session] = (await once(socket, "session")) as [Buffer];
    socket.destroy();
    return session;
  }
  /** Passes on the ClientHello, and nothing that the client says behind it. */
  function deafRelay(to: number): Server {
    return createTcp({ allowHalfOpen: true }, (socket) => {
      const onward = connectTcp({ port: to, host: "127.0.0.1", allowHalfOpen: true });
      socket
        .on("error", () => {})
        .once("data", (hello) => onward.write(hello))
        .resume();
      socket.once("close", () => onward.destroy());
      onward.on("error", () => {}).pipe(socket);
    });
  }
});
