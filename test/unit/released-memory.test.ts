// What is asked of memory outside of the heap, by which the runtime decides when to mark all of it: a cipher's, and a socket's, is given
// back as soon as it was copied.
import { createServer as createTcpServer, Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { markAsUntransferable } from "node:worker_threads";
import { node } from "@sallyport/crypto-node";
import { upgrade } from "@sallyport/node";
import { afterEach, describe, expect, test } from "vitest";
import { byClosedPort, release } from "../../packages/crypto-node/src/release.ts";
import { canRelease, release as releaseChunk } from "../../packages/node/src/release.ts";
import { collect, listen, server, tlsClient } from "../support/endpoints.ts";

describe("memory that nobody reads any more", () => {
  test.each<[string, (bytes: Uint8Array<ArrayBuffer>) => void]>([
    ["a cipher's", release],
    ["a socket's", releaseChunk],
    ["that goes to a closed port", ({ buffer }) => byClosedPort()(buffer)],
  ])("is gone at once: %s", (_, giveBack) => {
    const bytes = new Uint8Array(16_384);
    giveBack(bytes);
    expect([bytes.length, bytes.buffer.byteLength]).toEqual([0, 0]);
  });

  test.each([
    ["a cipher's", release],
    ["a socket's", releaseChunk],
  ])("stays where the runtime holds on to it, and nothing is thrown: %s", (_, giveBack) => {
    const memory = new ArrayBuffer(16_384);
    // Node.js 20 refuses to post such memory; `transfer` does not ask.
    markAsUntransferable(memory);
    const bytes = new Uint8Array(memory);
    expect(() => giveBack(bytes)).not.toThrow();
    expect(bytes.length).toBe("transfer" in ArrayBuffer.prototype ? 0 : 16_384);
  });

  test("stays where it is part of something larger, or too small to be worth it", () => {
    const part = new Uint8Array(32_768).subarray(0, 16_384);
    const small = new Uint8Array(4095);
    for (const bytes of [part, small]) release(bytes);
    expect([part.length, small.length]).toEqual([16_384, 4095]);
    expect([part, small, new Uint8Array(16_384)].map(canRelease)).toEqual([false, false, true]);
  });
});

test.each(node.suites.map(({ name }) => name))("sealing in bulk leaves the collector nothing to do: %s", (name) => {
  const suite = node.suites.find((each) => each.name === name);
  const sealer = suite?.seal(new Uint8Array(suite.keyLength));
  const plaintext = new Uint8Array(16_385);
  const target = new Uint8Array(16_401);
  const before = process.memoryUsage().arrayBuffers;
  for (let records = 0; records < 512; records++) sealer?.seal(new Uint8Array(12), new Uint8Array(5), plaintext, target, 0);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20); // of 8 MiB
});

describe("a server's chunks", () => {
  const open: { close(): unknown }[] = [];
  afterEach(() => {
    for (const thing of open.splice(0)) thing.close();
  });

  test("are given back once they are read", async () => {
    const { chunks, received } = await upload((_, secure) => secure());
    expect(received.equals(sent)).toBe(true);
    const large = chunks.filter(({ size }) => size >= 4096);
    expect(large.length).toBeGreaterThan(10);
    expect(large.filter(({ chunk }) => chunk.length > 0)).toEqual([]);
  });

  test("stay as they came where somebody else listens to the socket", async () => {
    const heard: Buffer[] = [];
    const { chunks, received } = await upload((socket, secure) => {
      secure();
      socket.on("data", (data) => heard.push(data));
    });
    expect(received.equals(sent)).toBe(true);
    expect(chunks.map(({ chunk }) => chunk.length)).toEqual(chunks.map(({ size }) => size));
    expect(Buffer.concat(heard).length).toBeGreaterThan(sent.length);
  });

  test("stay with whoever has looked at them first, and put them back", async () => {
    const looked: { readonly head: Buffer; readonly copy: Buffer }[] = [];
    const { received } = await upload((socket, secure) => {
      socket.once("data", (head) => {
        looked.push({ head, copy: Buffer.from(head) });
        socket.pause();
        socket.unshift(head);
        secure();
      });
    });
    expect(received.equals(sent)).toBe(true);
    expect(looked.map(({ head, copy }) => head.length >= 4096 && head.equals(copy))).toEqual([true]);
  });

  test("stay with whoever gives them to a socket of a class of its own", async () => {
    const own = Buffer.alloc(8192, 0x20);
    const socket = new (class extends Socket {})();
    const failed = new Promise((resolve) => upgrade(socket, { isServer: true, accept: server() }).once("error", resolve));
    socket.push(own);
    await failed;
    expect(own).toHaveLength(8192);
  });

  /** Says what a socket gave, and what was left of it afterwards. */
  async function upload(meet: (socket: Socket, secure: () => void) => void): Promise<Uploaded> {
    const chunks: { readonly chunk: Buffer; readonly size: number }[] = [];
    const uploaded = new Promise<Buffer>((resolve, reject) => {
      const tcp = createTcpServer((socket) => {
        const { push } = socket;
        socket.push = (chunk: Buffer | null) => {
          if (chunk !== null) chunks.push({ chunk, size: chunk.length });
          return push.call(socket, chunk);
        };
        meet(socket, () => {
          const tls = upgrade(socket, { isServer: true, accept: server() });
          collect(tls).then(resolve, reject);
          tls.once("end", () => tls.end());
        });
      });
      open.push(tcp);
      void listen(tcp).then((port) =>
        connectTls({ ...tlsClient, port, ALPNProtocols: longNames })
          .end(sent)
          .resume(),
      );
    });
    return { chunks, received: await uploaded };
  }
  interface Uploaded {
    readonly chunks: readonly { readonly chunk: Buffer; readonly size: number }[];
    readonly received: Buffer;
  }
});

const sent = Buffer.from(Uint8Array.from({ length: 4 * 2 ** 20 }, (_, at) => (at * 7 + (at >> 8)) & 255));
/** They make a ClientHello that is worth being given back. */
const longNames = Array.from({ length: 30 }, (_, at) => String(at).padStart(200, "x"));
