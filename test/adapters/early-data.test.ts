// Early data through the adapters: taken by who asks for it, kept back from all others, and told about.
import { once } from "node:events";
import type { Conn } from "@sallyport/deno";
import * as deno from "@sallyport/deno";
import {
  type ClientOptions,
  memoryClientSessions,
  memorySingleUse,
  type ServerOptions,
  type SingleUse,
  ticketKeys,
} from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { connect, createServer, type TlsSocket, upgrade } from "@sallyport/node";
import { acceptTls, connectTls } from "@sallyport/webstreams";
import { afterEach, describe, expect, test } from "vitest";
import { client, listen, server } from "../support/endpoints.ts";

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const thing of open.splice(0)) thing.close();
});
const bytes = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text));

/** Old enough to know of all that is fresh. */
function oldSingleUse(): SingleUse {
  let now = (): number => Date.now() - 60_000;
  const store = memorySingleUse({ now: () => now() });
  now = Date.now;
  return store;
}
/** Of two who may meet again. */
function both(): { readonly server: Partial<ServerOptions>; readonly client: Partial<ClientOptions> } {
  const sessions = ticketKeys({ random: node.random, now: Date.now });
  return {
    server: { sessions, earlyData: { maxBytes: 1000, singleUse: oldSingleUse() }, halfRtt: true },
    client: { sessions: memoryClientSessions(), earlyData: true },
  };
}

describe("node", () => {
  const handler = {
    earlyData: async (
      { replayable }: { readonly replayable: Uint8Array },
      { write }: { readonly write?: (data: Uint8Array) => Promise<void> },
    ) => write?.(bytes(`early: ${Buffer.from(replayable)};`)),
  };

  test.each([
    ["a handler takes it", handler, "early: ask;later"],
    ["nobody asks for it", {}, "asklater"],
  ] as const)("if %s", async (_, more, expected) => {
    const options = both();
    const ours = createServer({ accept: server(options.server), ...more }, (socket) => socket.pipe(socket));
    open.push(ours);
    const port = await listen(ours);
    const config = client(options.client);
    const accepted: TlsSocket[] = [];
    ours.on("secureConnection", (socket) => accepted.push(socket));
    const meet = async (): Promise<[string, TlsSocket]> => {
      const socket = connect({ config, host: "127.0.0.1", servername: "localhost", port, earlyData: () => bytes("ask") });
      socket.write("later");
      let said = "";
      for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
        said += chunk;
        if (said.endsWith("later")) break;
      }
      socket.end();
      return [said, socket];
    };
    const [first, socket] = await meet();
    expect([first, socket.earlyData, accepted[0]?.earlyData]).toEqual(["later", undefined, undefined]);
    const [again, other] = await meet();
    expect([again, other.earlyData, accepted[1]?.earlyData]).toEqual([expected, "accepted", "accepted"]);
  });

  test("upgrade has both options too", async () => {
    const options = both();
    const { createServer: createTcp, connect: connectTcp } = await import("node:net");
    const came: string[] = [];
    const tcp = createTcp({ allowHalfOpen: true }, (raw) => {
      const socket = upgrade(raw, {
        isServer: true,
        accept: server(options.server),
        earlyData: ({ replayable }) => void came.push(`${Buffer.from(replayable)}`),
      });
      socket.pipe(socket);
    });
    open.push(tcp);
    const port = await listen(tcp);
    const config = client(options.client);
    for (const outcome of [undefined, "accepted"]) {
      const raw = connectTcp({ port, host: "127.0.0.1", allowHalfOpen: true });
      const socket = upgrade(raw, { isServer: false, config, servername: "localhost", earlyData: () => bytes("ask") });
      socket.write("x");
      await once(socket, "data");
      expect(socket.earlyData).toBe(outcome);
      socket.end();
    }
    expect(came).toEqual(["ask"]);
  });
});

describe("webstreams", () => {
  test.each([
    ["a handler takes it", true, "later"],
    ["nobody asks for it", false, "asklater"],
  ] as const)("if %s", async (_, takes, expected) => {
    const options = both();
    const [serverSide, clientSide] = [server(options.server), client(options.client)];
    const came: string[] = [];
    const earlyData = ({ replayable }: { readonly replayable: Uint8Array }): void => void came.push(`${Buffer.from(replayable)}`);
    const meet = async (length: number) => {
      const there = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
      const back = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
      const ours = connectTls(
        { readable: back.readable, writable: there.writable },
        { config: clientSide, serverName: "localhost", earlyData: () => bytes("ask") },
      );
      const theirs = await acceptTls(
        { readable: there.readable, writable: back.writable },
        () => serverSide,
        takes ? { earlyData } : {},
      );
      if (theirs.kind !== "tls") throw new Error(theirs.kind);
      const [writer, reader] = [ours.writable.getWriter(), theirs.readable.getReader()];
      await writer.write(bytes("later"));
      let said = "";
      while (said.length < length) said += Buffer.from((await reader.read()).value ?? []).toString();
      // The ticket is in front of it.
      const answer = theirs.writable.getWriter();
      await answer.write(bytes("answer"));
      await ours.readable.getReader().read();
      return [said, await ours.earlyData, await theirs.earlyData];
    };
    expect(await meet(5)).toEqual(["later", undefined, undefined]);
    expect(await meet(expected.length)).toEqual([expected, "accepted", "accepted"]);
    expect(came).toEqual(takes ? ["ask"] : []);
  });
});

/** One end of a connection in memory, in Deno's shape. */
class MemoryConn implements Conn {
  readonly #arrived: Uint8Array[] = [];
  #ended = false;
  #wake: () => void = () => {};
  peer: MemoryConn | undefined;
  readonly readable = new ReadableStream<Uint8Array<ArrayBuffer>>();
  readonly writable = new WritableStream<Uint8Array<ArrayBufferLike>>();

  async read(target: Uint8Array): Promise<number | null> {
    while (this.#arrived.length === 0 && !this.#ended)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    const [head] = this.#arrived;
    if (head === undefined) return null;
    const piece = head.subarray(0, target.length);
    target.set(piece);
    if (piece.length === head.length) this.#arrived.shift();
    else this.#arrived[0] = head.subarray(piece.length);
    return piece.length;
  }
  async write(data: Uint8Array): Promise<number> {
    this.peer?.take(data.slice());
    return data.length;
  }
  async closeWrite(): Promise<void> {
    this.peer?.take(undefined);
  }
  close(): void {
    this.peer?.take(undefined);
    this.take(undefined);
  }
  take(data: Uint8Array | undefined): void {
    if (data === undefined) this.#ended = true;
    else this.#arrived.push(data);
    this.#wake();
  }
}

describe("deno", () => {
  test.each([
    ["a handler takes it", true, "later"],
    ["nobody asks for it", false, "asklater"],
  ] as const)("if %s", async (_, takes, expected) => {
    const options = both();
    const [serverSide, clientSide] = [server(options.server), client(options.client)];
    const came: string[] = [];
    const earlyData = ({ replayable }: { readonly replayable: Uint8Array }): void => void came.push(`${Buffer.from(replayable)}`);
    const meet = async (length: number) => {
      const [one, other] = [new MemoryConn(), new MemoryConn()];
      one.peer = other;
      other.peer = one;
      const theirs = deno.startTls(other, () => serverSide, takes ? { earlyData } : {});
      const ours = deno.connectTls(one, clientSide, "localhost", { earlyData: () => bytes("ask") });
      await ours.write(bytes("later"));
      let said = "";
      for (const target = new Uint8Array(100); said.length < length; ) {
        const read = (await theirs.read(target)) ?? 0;
        said += Buffer.from(target.subarray(0, read)).toString();
      }
      await theirs.write(bytes("answer"));
      await ours.read(new Uint8Array(100));
      return [said, await ours.earlyData(), await theirs.earlyData()];
    };
    expect(await meet(5)).toEqual(["later", undefined, undefined]);
    expect(await meet(expected.length)).toEqual([expected, "accepted", "accepted"]);
    expect(came).toEqual(takes ? ["ask"] : []);
  });
});
