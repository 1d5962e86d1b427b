// `sallyport record`: handshakes that pass by, told by their clear parts alone; and `bench`.
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect as connectTcp, createServer as createTcpServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConnectionOptions, connect, createServer, type TlsOptions } from "node:tls";
import { fc, test as check } from "@fast-check/vitest";
import { clientConfig } from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { connect as connectBySallyport } from "@sallyport/node";
import { serverVerifier } from "@sallyport/x509";
import { afterAll, describe, expect, test, vi } from "vitest";
import { Direction } from "../../packages/cli/src/record/direction.ts";
import { openProxy, type Passing, type OpenedProxy } from "../../packages/cli/src/record/proxy.ts";
import { Watch } from "../../packages/cli/src/record/watch.ts";
import { sallyport } from "../support/command-line.ts";
import { makePki } from "../support/pki.ts";

const pki = await makePki();
const [ecdsa, rsa] = await Promise.all([pki.leaf(), pki.leaf({ key: "rsa" })]);
const folder = mkdtempSync(join(tmpdir(), "sallyport-record-"));
const ca = join(folder, "ca.pem");
writeFileSync(ca, pki.ca.pem);
const closing: (Server | OpenedProxy)[] = [];
afterAll(() => {
  for (const each of closing) each.close();
  rmSync(folder, { recursive: true, force: true });
});

async function listen(server: Server): Promise<number> {
  closing.push(server.listen(0, "127.0.0.1"));
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** A server that gives back what it hears. */
function echo(options: TlsOptions = {}): Promise<number> {
  const server = createServer({ cert: ecdsa.chainPem, key: ecdsa.keyPem, ...options }, (socket) => {
    socket.on("error", () => {});
    socket.pipe(socket);
  });
  return listen(server.on("tlsClientError", () => {}));
}

async function watch(target: number): Promise<{ readonly port: number; readonly seen: Passing[]; first(): Promise<Passing> }> {
  const seen: Passing[] = [];
  const proxy = await openProxy({
    listen: { host: "127.0.0.1", port: 0 },
    target: { host: "127.0.0.1", port: target },
    saw: (passing) => void seen.push(passing),
  });
  closing.push(proxy);
  const first = (): Promise<Passing> =>
    vi.waitFor(() => {
      const [passing] = seen;
      if (passing === undefined) throw new Error("nothing was seen yet");
      return passing;
    }, 8_000);
  return { port: proxy.port, seen, first };
}

/** What comes back; the error's message where it fails. */
function talk(port: number, words: Buffer, more: ConnectionOptions = {}): Promise<Buffer | string> {
  return new Promise((resolve) => {
    const heard: Buffer[] = [];
    const socket = connect({ host: "127.0.0.1", port, servername: "localhost", ca: pki.ca.pem, ...more }, () =>
      socket.end(words),
    );
    socket.on("data", (chunk: Buffer) => void heard.push(chunk));
    socket.once("end", () => resolve(Buffer.concat(heard))).once("error", ({ message }) => resolve(message));
  });
}

describe("a connection that passes", () => {
  test.each(["TLSv1.3", "TLSv1.2"] as const)("in %s comes through byte by byte, and is seen to work", async (version) => {
    const { port, first, seen } = await watch(await echo());
    const words = Buffer.alloc(1 << 20, "all of it ");
    expect(words.equals((await talk(port, words, { maxVersion: version, minVersion: version })) as Buffer)).toBe(true);
    expect(await first()).toMatchObject({
      result: "works",
      serverName: "localhost",
      hint: undefined,
      agreed: expect.stringContaining(version.slice(4)),
    });
    expect((await first()).ja4).toMatch(/^t1[23]d/);
    expect(seen).toHaveLength(1);
  });

  test("and fails for its certificate in TLS 1.3 hides the alert, which its length tells all the same", async () => {
    const { port, first } = await watch(await echo());
    const verifier = serverVerifier({ provider: node, roots: pki.strangerCa.pem });
    const config = clientConfig({ provider: node, now: Date.now, verifier });
    const tls = connectBySallyport({ config, host: "127.0.0.1", port, servername: "localhost" });
    await once(tls, "error");
    expect(await first()).toMatchObject({ result: "fails", hint: expect.stringContaining("most often the certificate") });
  });

  test("and fails with an alert in clear is explained: TLS 1.2, and no suite for an RSA certificate", async () => {
    const { port, first } = await watch(await echo({ cert: rsa.chainPem, key: rsa.keyPem }));
    await talk(port, Buffer.alloc(0), { maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256" });
    const { result, report } = await first();
    expect(result).toBe("fails");
    expect(report).toMatchObject({
      alert: { name: "handshake_failure", from: "server" },
      causes: expect.arrayContaining([expect.objectContaining({ id: "suite-needs-other-key" })]),
    });
  });

  test("and is plain HTTP is told as that", async () => {
    const { port, first } = await watch(await echo());
    const socket = connectTcp(port, "127.0.0.1").on("error", () => {});
    socket.end("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect((await first()).report?.causes[0]?.id).toBe("plain-http");
  });

  test("and meets nobody is told as that", async () => {
    const nobody = createTcpServer();
    const port = await listen(nobody);
    nobody.close();
    const watched = await watch(port);
    await talk(watched.port, Buffer.alloc(0));
    const { result, report } = await watched.first();
    expect(result).toBe("fails");
    expect(report?.causes.map(({ id }) => id)).toContain("nothing-listens");
  });

  test("and whose server says nothing and goes is explained by that", async () => {
    const { port, first } = await watch(
      await listen(createTcpServer((socket) => void socket.on("error", () => {}).once("data", () => socket.end()))),
    );
    await talk(port, Buffer.alloc(0));
    expect((await first()).report?.causes.map(({ id }) => id)).toContain("closed-without-alert");
  });

  test("and says no word is no handshake that failed", async () => {
    const { port, first } = await watch(await echo());
    connectTcp(port, "127.0.0.1")
      .on("error", () => {})
      .end();
    expect((await first()).result).toBe("nothing");
  });
});

describe("what is kept", () => {
  const record = (type: number, body: readonly number[]): number[] => [type, 3, 3, body.length >> 8, body.length & 0xff, ...body];
  const secret = Array.from({ length: 40 }, () => 0xa5);

  check.prop([
    fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 30 }),
    fc.array(fc.constantFrom(20, 21, 22, 23), { maxLength: 12 }),
  ])("is the same for any cut of the bytes", (cuts, types) => {
    const bytes = Uint8Array.from(
      types.flatMap((type, at) =>
        record(
          type,
          Array.from({ length: (at * 37) % 60 }, () => at),
        ),
      ),
    );
    const [whole, cut] = [new Direction(), new Direction()];
    whole.hear(bytes);
    let at = 0;
    for (const length of cuts) {
      cut.hear(bytes.subarray(at, at + length));
      at += length;
    }
    cut.hear(bytes.subarray(at));
    expect([cut.clear(), cut.records, cut.isForeign]).toEqual([whole.clear(), whole.records, whole.isForeign]);
  });

  check.prop([fc.uint8Array({ maxLength: 400 }), fc.uint8Array({ maxLength: 400 })], { numRuns: 100 })(
    "never throws, whatever passes",
    (client, server) => {
      const watched = new Watch();
      watched.hear("client", client);
      watched.hear("server", server);
      expect(JSON.stringify(watched.outcome("closed"))).toMatch(/^[ -~]*$/);
    },
  );

  test("is nothing that was protected: of a record of data only its length, in both versions", () => {
    const direction = new Direction();
    direction.hear(
      Uint8Array.from([
        ...record(22, [1, 0, 0, 0]),
        ...record(20, [1]),
        ...record(22, secret),
        ...record(23, secret),
        ...record(21, secret),
      ]),
    );
    expect(direction.records.map(({ length }) => length)).toEqual([4, 1, 40, 40, 40]);
    expect(direction.clear()).toEqual(Uint8Array.from([...record(22, [1, 0, 0, 0]), ...record(20, [1])]));
  });

  test("is bounded, and so is the work, where a peer sends handshake bytes one by one without end", () => {
    const watched = new Watch();
    const since = performance.now();
    const piece = record(22, [11, 0xff, 0xff, 0xff, ...Array.from({ length: 12_000 }, () => 0)]);
    let settled = 0;
    for (let round = 0; round < 20; round++) {
      for (const byte of piece) {
        watched.hear("server", Uint8Array.of(byte));
        if (watched.isSettled) settled++;
      }
    }
    watched.hear("client", Uint8Array.of(22));
    expect(watched.outcome("closed").result).toBe("fails");
    expect(settled).toBe(0);
    expect(performance.now() - since).toBeLessThan(10_000);
  });

  test("and where the first protected record of a client of TLS 1.3 is as long as an alert, that is said", () => {
    const watched = new Watch();
    const serverHello = [2, 0, 0, 46, 3, 3, ...Array.from({ length: 32 }, () => 7), 0, 0x13, 1, 0, 0, 6, 0, 43, 0, 2, 3, 4];
    watched.hear("client", Uint8Array.from(record(22, [1, 0, 0, 0])));
    watched.hear("server", Uint8Array.from([...record(22, serverHello), ...record(23, secret)]));
    watched.hear("client", Uint8Array.from([...record(20, [1]), ...record(23, secret.slice(0, 19))]));
    expect(watched.outcome("closed")).toMatchObject({ result: "fails", hint: expect.stringContaining("as long as an alert") });
  });
});

describe("the commands", () => {
  test("record ends after --count, with 1 where one failed", async () => {
    const target = await echo();
    const free = createTcpServer();
    const port = await listen(free);
    free.close();
    await once(free, "close");
    const running = sallyport("record", String(port), `127.0.0.1:${target}`, "--count", "2");
    await vi.waitFor(async () => expect((await talk(port, Buffer.from("hello"))).toString()).toBe("hello"), 8_000);
    connectTcp(port, "127.0.0.1")
      .on("error", () => {})
      .end("SSH-2.0-x\r\n");
    const { code, output } = await running;
    expect(output).toMatch(/ {2}works {2}TLS 1\.3, [\s\S]* {2}fails {2}/);
    expect(code).toBe(1);
  });

  test("bench tells of full and resumed handshakes, and of node:tls beside", async () => {
    const target = await echo();
    const { code, output } = await sallyport(
      "bench",
      `127.0.0.1:${target}`,
      "--servername",
      "localhost",
      "--cafile",
      ca,
      "--seconds",
      "1",
      "--json",
    );
    const { rows, agreed } = JSON.parse(output);
    expect(rows.map(({ what }: { what: string }) => what)).toEqual(["full", "resumed", "node:tls"]);
    for (const { handshakes, medianMs, slowestMs } of rows) expect(handshakes > 0 && medianMs <= slowestMs).toBe(true);
    expect(agreed).toMatch(/^tls1\.3, /);
    expect(code).toBe(0);
  }, 30_000);

  test.each([
    [["bench", "127.0.0.1:1"], 1, /Nobody listens/],
    [["bench", "127.0.0.1:1", "--parallel", "1000"], 2, /--parallel takes a number from 1 to 64/],
    [["record", "1"], 2, /say where to listen/],
    [["record", "99999", "localhost:1"], 2, /where to listen: \[HOST:\]PORT/],
  ] as const)("%j ends with %i", async (args, code, words) => {
    const ended = await sallyport(...args);
    expect(ended.output).toMatch(words);
    expect(ended.code).toBe(code);
  });

  test("bench of a server that nobody vouches for stops after a few, and says why", async () => {
    const { code, output } = await sallyport(
      "bench",
      `127.0.0.1:${await echo()}`,
      "--servername",
      "localhost",
      "--seconds",
      "30",
    );
    expect(output).toMatch(/nobody vouches for/i);
    expect(code).toBe(1);
  }, 20_000);
});
