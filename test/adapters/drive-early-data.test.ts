// Early data and half-RTT through the loop, with the real machine at both ends.
import { setTimeout as sleep } from "node:timers/promises";
import {
  Acceptor,
  type ClientConfig,
  clientConfig,
  Connector,
  memoryClientSessions,
  memorySingleUse,
  type ServerConfig,
  type ServerOptions,
  type SingleUse,
  serverConfig,
  ticketKeys,
} from "@sallyport/core";
import { node, signer } from "@sallyport/crypto-node";
import { type ClientAnswerers, drive, type Driven, type ServerAnswerers, type TlsStream } from "@sallyport/drive";
import { credential, serverVerifier } from "@sallyport/x509";
import { describe, expect, test } from "vitest";
import { VirtualClock } from "../support/clock.ts";
import { makePki } from "../support/pki.ts";
import { simulatedPair } from "../support/simulated-transport.ts";

const pki = await makePki();
const leaf = await pki.leaf();
const text = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString();
const bytes = (said: string): Uint8Array => new Uint8Array(Buffer.from(said));
const nowMs = Date.now();
const now = (): number => nowMs;
/** Old enough to know of all that is fresh. */
function oldSingleUse(): SingleUse {
  let clock: () => number = () => nowMs - 60_000;
  const store = memorySingleUse({ now: () => clock() });
  clock = now;
  return store;
}

/** Two who have met, so that the client has sessions that allow early data. */
async function acquainted(options: Partial<ServerOptions> = {}) {
  const sessions = ticketKeys({ random: node.random, now });
  const credentials = [credential({ chain: leaf.chainPem, signer: signer(leaf.keyPem) })] as const;
  const server = serverConfig({
    provider: node,
    now,
    credentials,
    sessions,
    earlyData: { maxBytes: 100_000, singleUse: oldSingleUse() },
    versions: ["tls1.3"],
    ...options,
  });
  const verifier = serverVerifier({ provider: node, roots: pki.ca.pem });
  const client = clientConfig({ provider: node, now, verifier, sessions: memoryClientSessions(), earlyData: true });
  const [asking, serving] = await both(meet({ server, client }, {}, {}));
  await serving.stream.write(bytes("hello"));
  expect(text(await asking.stream.read())).toBe("hello");
  return { server, client };
}
interface Configs {
  readonly server: ServerConfig;
  readonly client: ClientConfig;
}
function meet({ server, client }: Configs, asks: ClientAnswerers, answers: Partial<ServerAnswerers>) {
  const clock = new VirtualClock();
  const ends = simulatedPair();
  const serving = drive(ends.server, new Acceptor().start(), { accept: () => server, ...answers }, { clock });
  const asking = drive(ends.client, new Connector(client, "localhost").start(), asks, { clock });
  return { clock, ends, asking, serving };
}
async function both({ asking, serving, clock }: ReturnType<typeof meet>): Promise<[Driven, Driven]> {
  let done = false;
  const all = Promise.all([asking, serving]).finally(() => {
    done = true;
  });
  while (!done) {
    await clock.turn();
    await sleep(0);
  }
  return (await all).map((driven) => {
    if (driven.kind !== "established") throw new Error(driven.kind === "failed" ? String(driven.failure.error) : driven.kind);
    return driven;
  }) as [Driven, Driven];
}
async function readAll(stream: TlsStream, length: number): Promise<string> {
  let said = "";
  while (said.length < length) said += text(await stream.read()) ?? "";
  return said;
}

describe("early data", () => {
  test("is given to a handler that asks for it, a record each, while the loop waits for its answer", async () => {
    const configs = await acquainted();
    const came: unknown[] = [];
    const [asking, serving] = await both(
      meet(
        configs,
        { earlyData: () => bytes("GET /") },
        {
          async earlyData({ replayable }, { agreed, write }, signal) {
            came.push([text(replayable), agreed.serverName, write, signal.aborted]);
            await sleep(5);
            came.push("handled");
          },
        },
      ),
    );
    expect(came).toEqual([["GET /", "localhost", undefined, false], "handled"]);
    expect([asking.earlyData, serving.earlyData]).toEqual(["accepted", "accepted"]);
    await asking.stream.write(bytes("later"));
    expect(text(await serving.stream.read())).toBe("later");
  });

  test("is kept back from whoever did not ask for it, until the handshake is complete, and is read first then", async () => {
    const configs = await acquainted();
    const long = "x".repeat(70_000);
    const [asking, serving] = await both(meet(configs, { earlyData: (remaining) => bytes(long.slice(0, remaining)) }, {}));
    expect(serving.earlyData).toBe("accepted");
    await asking.stream.write(bytes("later"));
    expect(await readAll(serving.stream, long.length + 5)).toBe(`${long}later`);
  });

  test("that is replayed to whoever did not ask for it is never read: its handshake does not end", async () => {
    const configs = await acquainted({ earlyData: { maxBytes: 1000, singleUse: { use: () => "fresh" } } });
    const flight: Uint8Array[] = [];
    const first = new Connector(configs.client, "localhost").start();
    if (first.kind !== "needs-input" || first.early === undefined) throw new Error(first.kind);
    flight.push(first.output, first.early.send(bytes("pay")).output);
    const clock = new VirtualClock();
    const ends = simulatedPair();
    const serving = drive(ends.server, new Acceptor().start(), { accept: () => configs.server }, { clock });
    for (const piece of flight) await ends.client.write(piece);
    await ends.client.closeWrite();
    await turns(clock, 20);
    expect(await Promise.race([serving, sleep(3000)])).toMatchObject({
      kind: "failed",
      failure: { error: { kind: "truncated" } },
    });
  });

  test("is answered before the client has finished, where the config allows it", async () => {
    const configs = await acquainted({ halfRtt: true });
    const [asking, serving] = await both(
      meet(
        configs,
        { earlyData: () => bytes("ask") },
        {
          earlyData: async ({ replayable }, { write }) => write?.(bytes(`${text(replayable)}: answered`)),
        },
      ),
    );
    expect(text(await asking.stream.read())).toBe("ask: answered");
    await serving.stream.write(bytes("later"));
    expect(text(await asking.stream.read())).toBe("later");
  });

  test("that is answered when the connection has failed meanwhile ends no process, whoever doesn't look at the write", async () => {
    const configs = await acquainted({ halfRtt: true });
    let late: ((data: Uint8Array) => Promise<void>) | undefined;
    const { serving, clock, ends } = meet(
      configs,
      { earlyData: () => bytes("ask") },
      {
        earlyData: (_, { write }) => {
          late = write;
          ends.server.reset();
        },
      },
    );
    await turns(clock, 20);
    expect(await serving).toMatchObject({ kind: "failed", failure: { error: { context: { by: "reset" } } } });
    const unseen: unknown[] = [];
    const see = (reason: unknown): void => void unseen.push(reason);
    process.on("unhandledRejection", see);
    const written = late?.(bytes("answer"));
    await sleep(10);
    process.off("unhandledRejection", see);
    expect(unseen).toEqual([]);
    await expect(written).rejects.toMatchObject({ kind: "aborted" });
  });

  test("that is rejected is told to both, and is the caller's to send again", async () => {
    const configs = await acquainted({ earlyData: { maxBytes: 1000, singleUse: { use: () => "seen" } } });
    const [asking, serving] = await both(
      meet(
        configs,
        { earlyData: () => bytes("ask") },
        {
          earlyData: () => {
            throw new Error("never");
          },
        },
      ),
    );
    expect([asking.earlyData, serving.earlyData]).toEqual([{ rejected: "declined" }, { rejected: "seen" }]);
    await asking.stream.write(bytes("ask"));
    expect(text(await serving.stream.read())).toBe("ask");
  });

  test("is not asked for where none may be sent, and nothing is sent where there is nothing to say", async () => {
    const { server, client } = await acquainted({ earlyData: { maxBytes: 1000, singleUse: { useAsync: async () => "fresh" } } });
    let asked = 0;
    const stranger = clientConfig({ provider: node, now, verifier: serverVerifier({ provider: node, roots: pki.ca.pem }) });
    const earlyData = (): Uint8Array => {
      asked++;
      return new Uint8Array(0);
    };
    const [first] = await both(meet({ server, client: stranger }, { earlyData }, {}));
    expect([asked, first.earlyData]).toEqual([0, undefined]);
    const [second, serving] = await both(meet({ server, client }, { earlyData }, {}));
    expect([asked, second.earlyData, serving.earlyData]).toEqual([1, "accepted", "accepted"]);
  });

  test.each([
    ["fails", () => Promise.reject(new Error("away"))],
    ["says nothing", () => Promise.resolve(undefined as unknown as "fresh")],
    ["says what nobody understands", () => Promise.resolve("OK" as unknown as "fresh")],
  ] as const)("costs no connection when its single use %s: it is rejected", async (_, useAsync) => {
    const configs = await acquainted({ earlyData: { maxBytes: 1000, singleUse: { useAsync } } });
    const [, serving] = await both(meet(configs, { earlyData: () => bytes("ask") }, {}));
    expect(serving.earlyData).toEqual({ rejected: "single-use-unavailable" });
  });

  test("whose handler throws ends the connection with internal_error, and so does a source that gives too much", async () => {
    const configs = await acquainted();
    const ends = async (asks: ClientAnswerers, answers: Partial<ServerAnswerers>) => {
      const { asking, serving, clock } = meet(configs, asks, answers);
      await turns(clock, 40);
      return [await asking, await serving].map((driven) => (driven.kind === "failed" ? driven.failure.error.kind : driven.kind));
    };
    const failing = { earlyData: () => Promise.reject(new Error("the handler failed")) };
    expect(await ends({ earlyData: () => bytes("ask") }, failing)).toEqual(["established", "aborted"]);
    // The server's flight was complete, and its alert came behind it.
    const again = await acquainted();
    const { asking, clock } = meet(again, { earlyData: (remaining) => new Uint8Array(remaining + 1) }, {});
    await turns(clock, 40);
    expect(await asking).toMatchObject({
      kind: "failed",
      failure: { error: { kind: "aborted", context: { by: { alert: "internal_error" } } } },
    });
  });

  test("in a flood, while single use is asked, is held up to 64 KiB, and then not read", async () => {
    let answer: (freshness: "fresh") => void = () => {};
    const waiting = new Promise<"fresh">((resolve) => {
      answer = resolve;
    });
    const { server, client } = await acquainted({ earlyData: { maxBytes: 10_000_000, singleUse: { useAsync: () => waiting } } });
    const stage = new Connector(client, "localhost").start();
    if (stage.kind !== "needs-input" || stage.early === undefined) throw new Error(stage.kind);
    const clock = new VirtualClock();
    const ends = simulatedPair();
    void drive(ends.server, new Acceptor().start(), { accept: () => server }, { clock });
    await ends.client.write(stage.output);
    let sent = stage.output.length;
    for (let record = 0; record < 100; record++) {
      const { output } = stage.early.send(new Uint8Array(16_000));
      sent += output.length;
      await ends.client.write(output);
    }
    await turns(clock, 50);
    const read = sent - ends.server.unread;
    expect(read).toBeGreaterThan(64 * 1024);
    // The hello was read before, and the piece that reaches the limit is read whole.
    expect(read).toBeLessThan(64 * 1024 + 16_022 + stage.output.length);
    answer("fresh");
    await turns(clock, 200);
    expect(ends.server.unread).toBe(0);
  });
});

async function turns(clock: VirtualClock, count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) {
    await clock.turn();
    await sleep(0);
  }
}
