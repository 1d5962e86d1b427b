// Small writes share records, and writes of the socket below: those of one turn of the event loop by themselves, others by `cork`.
import { once } from "node:events";
import { type Duplex, duplexPair } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { connect as connectTls, TLSSocket } from "node:tls";
import { memoryClientSessions, ticketKeys } from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { connect, upgrade } from "@sallyport/node";
import { describe, expect, test, vi } from "vitest";
import { client, collect, server, tlsClient, tlsServer } from "../support/endpoints.ts";

/** What the server's socket was told to write since the last look: the records of each write, by their length. */
class Counted {
  readonly socket: Duplex;
  readonly peer: Duplex;
  #writes: number[][] = [];

  constructor() {
    const [socket, peer] = duplexPair();
    this.socket = socket;
    this.peer = peer;
    const write = socket._write.bind(socket);
    socket._write = (chunk: Buffer, encoding, done) => {
      this.#writes.push(recordsOf(chunk));
      write(chunk, encoding, done);
    };
  }

  look(): number[][] {
    return this.#writes.splice(0);
  }
}

/** Their plaintext's bytes, with the content type, if each write has whole ones. */
function recordsOf(bytes: Uint8Array): number[] {
  const lengths: number[] = [];
  for (let at = 0; at < bytes.length; at += 5 + ((bytes[at + 3] ?? 0) << 8) + (bytes[at + 4] ?? 0)) {
    lengths.push(((bytes[at + 3] ?? 0) << 8) + (bytes[at + 4] ?? 0) - 17);
  }
  return lengths;
}

async function ours(): Promise<{ readonly socket: Duplex; readonly received: Promise<Buffer>; readonly under: Counted }> {
  const under = new Counted();
  const socket = upgrade(under.socket, { isServer: true, accept: server({ versions: ["tls1.3"] }) });
  const peer = connect({ config: client(), servername: "localhost", socket: under.peer });
  await Promise.all([once(socket, "secure"), once(peer, "secureConnect")]);
  await turn();
  under.look();
  return { socket, received: collect(peer), under };
}
/** node:tls in the same place. */
async function theirs(): Promise<{ readonly socket: Duplex; readonly received: Promise<Buffer>; readonly under: Counted }> {
  const under = new Counted();
  const socket = new TLSSocket(under.socket, { ...tlsServer, isServer: true });
  const peer = connectTls({ ...tlsClient, socket: under.peer });
  await Promise.all([once(socket, "secure"), once(peer, "secureConnect")]);
  for (let turns = 0; turns < 10; turns++) await turn(); // its tickets
  under.look();
  return { socket, received: collect(peer), under };
}

const line = "0123456789".repeat(10);

describe("many small writes of one turn", () => {
  test("go in full records, and in one write of the socket", async () => {
    const { socket, received, under } = await ours();
    for (let count = 0; count < 1000; count++) socket.write(line);
    await turn();
    expect(under.look()).toEqual([[16_384, 16_384, 16_384, 16_384, 16_384, 16_384, 100_000 - 6 * 16_384]]);
    socket.end();
    expect((await received).toString()).toBe(line.repeat(1000));
  });

  test("over node:tls begin with a record and a write for the first one alone", async () => {
    const { socket, received, under } = await theirs();
    for (let count = 0; count < 1000; count++) socket.write(line);
    socket.end();
    expect((await received).toString()).toBe(line.repeat(1000));
    expect(under.look()[0]).toEqual([100]);
  });

  test("of a promise's turn too, and of many awaits that wait for nothing", async () => {
    const { socket, under } = await ours();
    for (let count = 0; count < 10; count++) {
      socket.write(line);
      await undefined;
    }
    await turn();
    expect(under.look()).toEqual([[1000]]);
    socket.destroy();
  });

  test("are called back once the socket has taken them, in their order", async () => {
    const { socket } = await ours();
    const done: number[] = [];
    const last = new Promise<void>((resolve) => {
      for (let count = 0; count < 5; count++) socket.write(line, () => done.push(count) === 5 && resolve());
    });
    expect(done).toEqual([]);
    await last;
    expect(done).toEqual([0, 1, 2, 3, 4]);
    socket.destroy();
  });

  test("and a large one behind them keep their order, and so does end()", async () => {
    const { socket, received } = await ours();
    const large = Buffer.alloc(100_000, "L");
    socket.write("a");
    socket.write(large);
    socket.write("b", "latin1");
    socket.end("c");
    expect((await received).toString()).toBe(`a${large}bc`);
  });

  test("two hundred thousand arrive, too many for one call and for an array that is taken from the front", async () => {
    const { socket, received } = await ours();
    for (let count = 0; count < 200_000; count++) socket.write("x");
    socket.end();
    expect((await received).length).toBe(200_000);
  });

  test("a request that is destroyed in its turn is still sent, as far as a record takes it", async () => {
    const under = new Counted();
    const socket = upgrade(under.socket, { isServer: true, accept: server() });
    const peer = connect({ config: client(), servername: "localhost", socket: under.peer });
    await Promise.all([once(socket, "secure"), once(peer, "secureConnect")]);
    const [data] = await Promise.all([
      once(peer, "data"),
      once(peer, "error"),
      new Promise<void>((resolve) => {
        socket.write("400 ");
        socket.write("Bad Request");
        socket.destroy();
        resolve();
      }),
    ]);
    expect(String(data)).toBe("400 Bad Request");
  });
});

describe("what is written when the handshake is done", () => {
  const finished = [1 - 17, 36]; // behind change_cipher_spec

  test("goes with a client's last flight, in one write", async () => {
    const under = new Counted();
    upgrade(under.peer, { isServer: true, accept: server({ versions: ["tls1.3"] }) });
    const peer = connect({ config: client(), servername: "localhost", socket: under.socket });
    const secure = once(peer, "secureConnect");
    under.look();
    await secure;
    peer.write(line);
    await turn();
    expect(under.look().at(-1)).toEqual([...finished, 100]);
    peer.destroy();
  });

  test("before it is done, too", async () => {
    const under = new Counted();
    upgrade(under.peer, { isServer: true, accept: server({ versions: ["tls1.3"] }) });
    const peer = connect({ config: client(), servername: "localhost", socket: under.socket });
    peer.write(line);
    await once(peer, "secureConnect");
    await turn();
    expect(under.look().at(-1)).toEqual([...finished, 100]);
    peer.destroy();
  });

  test("goes with a server's tickets, and so does its close_notify", async () => {
    const under = new Counted();
    const sessions = ticketKeys({ random: (length) => node.random(length), now: Date.now });
    const socket = upgrade(under.socket, { isServer: true, accept: server({ versions: ["tls1.3"], sessions }) });
    const peer = connect({ config: client({ sessions: memoryClientSessions() }), servername: "localhost", socket: under.peer });
    const received = collect(peer);
    await once(socket, "secure");
    under.look();
    socket.end(line);
    expect(String(await received)).toBe(line);
    expect(under.look()).toEqual([[expect.any(Number), 100, 2]]); // both tickets in one record
  });

  test("is not waited for: a peer that hears nothing else has the last flight in the same turn", secureWithoutWords);
  test("under a test's own timers too", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "setImmediate"] });
    try {
      await secureWithoutWords();
    } finally {
      vi.useRealTimers();
    }
  });
  async function secureWithoutWords(): Promise<void> {
    const under = new Counted();
    const socket = upgrade(under.peer, { isServer: true, accept: server({ versions: ["tls1.3"] }) });
    const peer = connect({ config: client(), servername: "localhost", socket: under.socket });
    await Promise.all([once(peer, "secureConnect"), once(socket, "secure")]);
    expect(under.look().at(-1)).toEqual(finished);
    peer.destroy();
  }
});

describe("end()", () => {
  test("sends its close_notify with the last data, in one write", async () => {
    const { socket, received, under } = await ours();
    socket.write(line);
    socket.end(line);
    await received;
    expect(under.look()).toEqual([[200, 2]]);
  });

  test("behind what is not yet written waits for it", async () => {
    const { socket, received, under } = await ours();
    for (let count = 0; count < 4; count++) socket.write(Buffer.alloc(200_000, "L"));
    socket.end(line);
    expect((await received).length).toBe(800_100);
    expect(under.look().flat().at(-1)).toBe(2);
  });

  test("that is called twice, or behind destroy(), ends as before", async () => {
    const { socket, received } = await ours();
    socket.end("one");
    socket.end();
    expect(String(await received)).toBe("one");
    const other = await ours();
    other.socket.destroy();
    other.socket.end();
    expect(String(await other.received)).toBe("");
  });
});

test("what a Duplex that is no socket is given is its own: nothing is written into it again", async () => {
  const { socket, received, under } = await ours();
  const given: { readonly chunk: Buffer; readonly copy: Buffer }[] = [];
  const write = under.socket._write;
  under.socket._write = (chunk: Buffer, encoding, done) => {
    given.push({ chunk, copy: Buffer.from(chunk) });
    write.call(under.socket, chunk, encoding, done);
  };
  for (let count = 0; count < 20; count++) socket.write(Buffer.alloc(200_000, count));
  socket.end();
  expect((await received).length).toBe(4_000_000);
  expect(given.length).toBeGreaterThan(10);
  for (const { chunk, copy } of given) expect(Buffer.compare(chunk, copy)).toBe(0);
});

describe("cork", () => {
  test("holds what is written, over many turns, until uncork: then it goes in one write", async () => {
    const { socket, under } = await ours();
    socket.cork();
    for (let count = 0; count < 20; count++) {
      socket.write(line);
      await turn();
    }
    expect(under.look()).toEqual([]);
    socket.uncork();
    await turn();
    expect(under.look()).toEqual([[2000]]);
    socket.destroy();
  });

  test("uncork lets go at once what was written before it in the same turn", async () => {
    const { socket, under } = await ours();
    socket.write("one");
    socket.cork();
    socket.write("two");
    socket.uncork();
    socket.write("three");
    for (let turns = 0; turns < 5; turns++) await turn();
    expect(under.look()).toEqual([[6], [5]]);
    socket.destroy();
  });

  test("counts: the last uncork lets go", async () => {
    const { socket, under } = await ours();
    socket.write("one");
    socket.cork();
    socket.cork();
    socket.write("two");
    socket.uncork();
    await turn();
    expect(under.look()).toEqual([]);
    socket.uncork();
    await turn();
    expect(under.look()).toEqual([[6]]);
    socket.destroy();
  });

  test("behind end() nothing stays", async () => {
    const { socket, received } = await ours();
    socket.cork();
    socket.write("a");
    socket.end("b");
    expect((await received).toString()).toBe("ab");
  });
});
