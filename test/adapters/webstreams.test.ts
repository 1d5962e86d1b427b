import { once } from "node:events";
import { connect as connectTcp, createServer as createTcp, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { connect as connectTls, createServer as createTls } from "node:tls";
import type { Bytes } from "@sallyport/core";
import {
  type AcceptedPair,
  acceptTls,
  type BytePair,
  connectTls as connectPair,
  passthrough,
  refuse,
} from "@sallyport/webstreams";
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

/** Two ends in memory. What a TransformStream takes it hands on as it is: nothing may be written into it again. */
function memoryPair(): [BytePair, BytePair] {
  const there = new TransformStream<Bytes, Bytes>();
  const back = new TransformStream<Bytes, Bytes>();
  return [
    { readable: back.readable, writable: there.writable },
    { readable: there.readable, writable: back.writable },
  ];
}
function socketPair(socket: Socket): BytePair {
  // Node's own types of the very same streams.
  return Duplex.toWeb(socket) as unknown as BytePair;
}
async function bothEnds(): Promise<readonly [ReturnType<typeof connectPair>, AcceptedPair & { kind: "tls" }]> {
  const [left, right] = memoryPair();
  const ours = connectPair(left, { config: client(), serverName: "localhost" });
  const theirs = await acceptTls(right, () => server());
  if (theirs.kind !== "tls") throw new Error(theirs.kind);
  return [ours, theirs];
}
async function text(readable: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  return new Response(readable).text();
}
async function send(writable: WritableStream<Uint8Array>, what: Uint8Array | string): Promise<void> {
  const writer = writable.getWriter();
  await writer.write(typeof what === "string" ? new TextEncoder().encode(what) : what);
  await writer.close();
}

describe("connectTls", () => {
  test("opens, carries data both ways, and closes when both sides have", async () => {
    const theirs = closing(createTls({ ...tlsServer, allowHalfOpen: true }, (socket) => socket.pipe(socket)));
    const port = await listen(theirs);
    const socket = connectTcp({ port, host: "127.0.0.1" });
    await once(socket, "connect");
    const tls = connectPair(socketPair(socket), { config: client(), serverName: "localhost" });
    expect(await tls.opened).toMatchObject({ version: "tls1.3", serverName: "localhost" });
    await send(tls.writable, "there and back");
    expect(await text(tls.readable)).toBe("there and back");
    await tls.closed;
  });

  test("a certificate that is not trusted rejects everything with its TlsError", async () => {
    const [left, right] = memoryPair();
    const theirs = acceptTls(right, () => server());
    theirs.catch(() => {}); // looked at last
    const tls = connectPair(left, { config: suspiciousClient(), serverName: "localhost" });
    const refused = { kind: "identity-distrusted" };
    await expect(tls.opened).rejects.toMatchObject(refused);
    await expect(tls.closed).rejects.toMatchObject(refused);
    await expect(tls.readable.getReader().read()).rejects.toMatchObject(refused);
    await expect(tls.writable.getWriter().write(new Uint8Array(1))).rejects.toMatchObject(refused);
    await expect(theirs).rejects.toMatchObject({ kind: "alert-received", context: { description: { name: "unknown_ca" } } });
  });

  test("the signal cancels the handshake, and means nothing to an open pair", async () => {
    const [left] = memoryPair();
    const controller = new AbortController();
    const tls = connectPair(left, { config: client(), serverName: "localhost", signal: controller.signal });
    controller.abort();
    await expect(tls.opened).rejects.toMatchObject({ kind: "aborted", context: { by: "cancelled" } });
    const [late, right] = memoryPair();
    const opening = new AbortController();
    const opened = connectPair(late, { config: client(), serverName: "localhost", signal: opening.signal });
    const theirs = await acceptTls(right, () => server());
    await opened.opened;
    opening.abort();
    if (theirs.kind === "tls") void send(theirs.writable, "alive");
    expect(await text(opened.readable)).toBe("alive");
  });

  test("a silent peer is left with the timeout", async () => {
    const [left] = memoryPair();
    const tls = connectPair(left, { config: client(), serverName: "localhost", handshakeTimeoutMs: 50 });
    await expect(tls.opened).rejects.toMatchObject({ kind: "no-answer-to-client-hello" });
  });
});

describe("acceptTls", () => {
  test("serves a client of node:tls", async () => {
    const tcp = closing(createTcp({ allowHalfOpen: true }));
    const port = await listen(tcp);
    const accepted = once(tcp, "connection") as Promise<[Socket]>;
    const theirs = connectTls({ ...tlsClient, port });
    const tls = await acceptTls(socketPair((await accepted)[0]), async () => server());
    if (tls.kind !== "tls") throw new Error(tls.kind);
    void send(tls.writable, "hello");
    expect((await collect(theirs)).toString()).toBe("hello");
    theirs.end();
    expect(await text(tls.readable)).toBe("");
    await tls.closed;
  });

  test("a refusal rejects, once its alert is delivered", async () => {
    const tcp = closing(createTcp({ allowHalfOpen: true }));
    const port = await listen(tcp);
    const accepted = once(tcp, "connection") as Promise<[Socket]>;
    const theirs = connectTls({ ...tlsClient, port });
    const failed = once(theirs, "error") as Promise<[NodeJS.ErrnoException]>;
    const refusing = acceptTls(socketPair((await accepted)[0]), () => refuse("access_denied"));
    await expect(refusing).rejects.toMatchObject({ kind: "aborted" });
    expect(String((await failed)[0])).toMatch(/access.?denied/i); // each runtime says it in its own way
  });

  test("passthrough gives the stream from its first byte", async () => {
    const [left, right] = memoryPair();
    const ours = connectPair(left, { config: client(), serverName: "localhost" });
    const passed = await acceptTls(right, async () => passthrough);
    if (passed.kind !== "passthrough") throw new Error(passed.kind);
    const behind = await acceptTls(passed.pair, ({ serverName }) =>
      serverName === "localhost" ? server() : refuse("unrecognized_name"),
    );
    if (behind.kind !== "tls") throw new Error(behind.kind);
    void send(behind.writable, "behind");
    expect(await text(ours.readable)).toBe("behind");
  });
});

describe("an open pair", () => {
  test("megabytes arrive as they were, through pipes", async () => {
    const [ours, theirs] = await bothEnds();
    const payload = Uint8Array.from({ length: 5_000_000 }, (_, index) => (index * 31) % 256);
    void new Blob([payload]).stream().pipeTo(ours.writable);
    void theirs.readable.pipeTo(theirs.writable);
    const back = new Uint8Array(await new Response(ours.readable).arrayBuffer());
    expect(Buffer.compare(back, payload)).toBe(0);
    await Promise.all([ours.closed, theirs.closed]);
  });

  test("abort() of the writer is a fatal alert: the peer can't take the half for the whole", async () => {
    const [ours, theirs] = await bothEnds();
    const writer = ours.writable.getWriter();
    await writer.write(new TextEncoder().encode("half"));
    const reader = theirs.readable.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("half");
    void writer.abort("no more");
    const alert = { kind: "alert-received", context: { description: { name: "internal_error" } } };
    await expect(reader.read()).rejects.toMatchObject(alert);
    await expect(theirs.closed).rejects.toMatchObject(alert);
    await expect(ours.closed).rejects.toMatchObject({ kind: "aborted" });
  });

  test("a bare end of the transport is a truncation, behind the data", async () => {
    const [left, right] = memoryPair();
    const wire = new TransformStream<Bytes, Bytes>();
    const cut = new AbortController();
    void right.readable.pipeTo(wire.writable, { signal: cut.signal, preventAbort: true }).catch(() => wire.writable.close());
    const ours = connectPair(left, { config: client(), serverName: "localhost" });
    const theirs = await acceptTls({ readable: wire.readable, writable: right.writable }, () => server());
    if (theirs.kind !== "tls") throw new Error(theirs.kind);
    await ours.writable.getWriter().write(new TextEncoder().encode("some"));
    const reader = theirs.readable.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("some");
    cut.abort();
    await expect(reader.read()).rejects.toMatchObject({ kind: "truncated" });
    await expect(theirs.closed).rejects.toMatchObject({ kind: "truncated" });
  });

  test("cancel() of the reader discards what still comes; the pair closes when the writer has", async () => {
    const [ours, theirs] = await bothEnds();
    await ours.readable.cancel();
    await send(theirs.writable, new Uint8Array(3_000_000));
    await send(ours.writable, "enough");
    expect(await text(theirs.readable)).toBe("enough");
    await theirs.closed;
  });

  test("a writer that outruns its reader is held up", async () => {
    const [ours, theirs] = await bothEnds();
    const writer = ours.writable.getWriter();
    let written = 0;
    const writing = (async () => {
      for (let chunk = 0; chunk < 200; chunk++) {
        await writer.write(new Uint8Array(64 * 1024));
        written += 64 * 1024;
      }
      await writer.close();
    })();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(written).toBeLessThan(2_000_000);
    expect((await new Response(theirs.readable).arrayBuffer()).byteLength).toBe(200 * 64 * 1024);
    await writing;
  });

  test("short chunks that are written in one go share records, and writes of the transport", async () => {
    const [left, right] = memoryPair();
    const writes: Bytes[] = [];
    const wire = new TransformStream<Bytes, Bytes>({
      transform(chunk, controller) {
        writes.push(chunk);
        controller.enqueue(chunk);
      },
    });
    void wire.readable.pipeTo(left.writable);
    const ours = connectPair({ readable: left.readable, writable: wire.writable }, { config: client(), serverName: "localhost" });
    const theirs = await acceptTls(right, () => server());
    if (theirs.kind !== "tls") throw new Error(theirs.kind);
    await ours.opened;
    await new Promise((resolve) => setTimeout(resolve, 10));
    writes.length = 0;
    const writer = ours.writable.getWriter();
    const chunk = new TextEncoder().encode("a line of some forty bytes, more or less\n");
    for (let count = 0; count < 500; count++) void writer.write(chunk);
    void writer.close();
    expect(await text(theirs.readable)).toBe(new TextDecoder().decode(chunk).repeat(500));
    // The first one, which nothing waits behind yet; the others; close_notify.
    expect(writes.map(({ length }) => length)).toEqual([41 + 22, 499 * 41 + 2 * 22, 24]);
  });

  test("a short chunk is its writer's again when the write has settled", async () => {
    const [ours, theirs] = await bothEnds();
    const writer = ours.writable.getWriter();
    const chunk = new Uint8Array(1);
    for (let letter = 97; letter < 123; letter++) {
      chunk.fill(letter);
      await writer.write(chunk);
    }
    void writer.close();
    expect(await text(theirs.readable)).toBe("abcdefghijklmnopqrstuvwxyz");
  });

  test("no more than 64 KiB are taken before the transport has them, and a transport that breaks errors the writer", async () => {
    const [left, right] = memoryPair();
    let broken: ((cause: Error) => void) | undefined;
    let stalls = false;
    const wire = new TransformStream<Bytes, Bytes>({
      transform(chunk, controller) {
        if (stalls)
          return new Promise((_, reject) => {
            broken = reject;
          });
        controller.enqueue(chunk);
        return undefined;
      },
    });
    void wire.readable.pipeTo(left.writable).catch(() => {});
    const ours = connectPair({ readable: left.readable, writable: wire.writable }, { config: client(), serverName: "localhost" });
    const theirs = acceptTls(right, () => server());
    theirs.catch(() => {});
    await ours.opened;
    stalls = true;
    const writer = ours.writable.getWriter();
    writer.closed.catch(() => {});
    let taken = 0;
    const writes = Array.from({ length: 200 }, () =>
      writer.write(new Uint8Array(1000)).then(() => {
        taken += 1000;
      }),
    );
    const settled = Promise.allSettled(writes);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(taken).toBeLessThanOrEqual(64 * 1024);
    broken?.(new Error("the cable is cut"));
    await expect(writer.closed).rejects.toThrow("the cable is cut");
    expect((await settled).filter(({ status }) => status === "rejected").length).toBeGreaterThan(100);
  });
});
