// What must not grow: the time of a byte with how many came before it, the memory of a connection with how many there are, and the
// work of a handshake with the number of pieces that it comes in.
import { Acceptor, type ClientStage, Connector, type ServerStage } from "@sallyport/core";
import type { Authority } from "../packages/cli/src/demo/authority.ts";
import { idle } from "./idle.ts";
import { type Pair, shakeHands } from "./memory.ts";
import type { Effort, Measured } from "./report.ts";
import { inTurns, ratios, ratioText, type Spread, spread, table } from "./rounds.ts";
import { client, server } from "./sides.ts";

const mebibyte = 1024 * 1024;

export async function measureGrowth(authority: Authority, { rounds, quick }: Effort): Promise<Measured> {
  const byTime = timeOfBytes(authority, quick);
  const byCount = memoryOfMany(authority, quick);
  const byPieces = await workOfPieces(authority, rounds, quick);
  const constant = { better: "less", unit: "x" } as const;
  return {
    figures: [
      {
        what: `time of a byte, the last 256 MiB of ${quick ? 1 : 4} GiB to the first`,
        value: byTime,
        goal: { ...constant, mustReach: 1.15 },
      },
      {
        what: `memory of a connection, ${quick ? "1,000" : "10,000"} to 100`,
        value: byCount,
        goal: { ...constant, mustReach: 1.1 },
      },
      { what: "handshake byte by byte to one in one piece, CPU of both", value: byPieces, goal: { ...constant, mustReach: 3 } },
    ],
    tables: [
      table([
        ["growth", "ratio"],
        [`time of a byte: the last 256 MiB of ${quick ? 1 : 4} GiB on one connection, to the first`, ratioText(byTime)],
        [`memory of a connection: of ${quick ? "1,000" : "10,000"} to of 100`, ratioText(byCount)],
        ["a handshake byte by byte, to one in one piece", ratioText(byPieces)],
      ]),
    ],
  };
}

/** One connection in memory, 16 KiB records, by the processor's time. A key lasts for 2^23 records: no update falls into it. */
function timeOfBytes(authority: Authority, quick: boolean): Spread {
  const pair = shakeHands("crypto-node", authority);
  pass(pair, 64 * mebibyte); // warm
  const parts = Array.from({ length: quick ? 4 : 16 }, () => pass(pair, 256 * mebibyte));
  const first = parts[0] ?? Number.NaN;
  // The neighbours' noise is in each part: the second half says which way it goes.
  return spread(parts.slice(parts.length / 2).map((part) => part / first));
}

/** @returns seconds of the processor */
function pass({ sender, receiver }: Pair, bytes: number): number {
  const data = new Uint8Array(65_536).fill(7);
  const window = new Uint8Array(4 * (16_384 + 256));
  const before = process.cpuUsage();
  for (let left = bytes; left > 0; left -= data.length) {
    const sent = sender.sendInto(data, window);
    if (sent.kind !== "sent" || sent.taken !== data.length) throw new Error(sent.kind, { cause: sent });
    const received = receiver.receive(window.subarray(0, sent.written));
    if (received.kind !== "open") throw new Error(received.kind, { cause: received });
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

function memoryOfMany(authority: Authority, quick: boolean): Spread {
  const weigh = (count: number): number => {
    const { client, server } = idle({ provider: "crypto-node", version: "tls1.3", count, authority });
    return client.heap + client.external + server.heap + server.external;
  };
  const few = weigh(100);
  return spread([weigh(quick ? 1_000 : 10_000) / few]);
}

async function workOfPieces(authority: Authority, rounds: number, quick: boolean): Promise<Spread> {
  const configs = { server: server("crypto-node", authority), client: client("crypto-node", authority) };
  const count = quick ? 50 : 200;
  const run = (length: number) => (): number => {
    const before = process.cpuUsage();
    for (let made = 0; made < count; made++) shake(configs, length);
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  for (let warm = 0; warm < 5; warm++) run(1)();
  const results = await inTurns(rounds, { bytes: run(1), whole: run(Number.POSITIVE_INFINITY) });
  return ratios(results.bytes, results.whole);
}

function shake(
  {
    server,
    client,
  }: {
    readonly server: ReturnType<typeof import("./sides.ts").server>;
    readonly client: ReturnType<typeof import("./sides.ts").client>;
  },
  length: number,
): void {
  let theirs: ServerStage = new Acceptor().start();
  let ours: ClientStage = new Connector(client, "localhost").start();
  let toServer: Uint8Array = ours.output;
  while (theirs.kind !== "established") {
    let toClient: Uint8Array = new Uint8Array(0);
    for (const piece of pieces(toServer, length)) {
      if (theirs.kind !== "needs-input") throw new Error(theirs.kind, { cause: theirs });
      theirs = theirs.receive(piece);
      toClient = joined(toClient, theirs.output);
      if (theirs.kind === "accepted") {
        theirs = theirs.choose(server);
        toClient = joined(toClient, theirs.output);
      }
    }
    toServer = new Uint8Array(0);
    for (const piece of pieces(toClient, length)) {
      if (ours.kind !== "needs-input") throw new Error(ours.kind, { cause: ours });
      ours = ours.receive(piece);
      toServer = joined(toServer, ours.output);
    }
  }
}

function* pieces(bytes: Uint8Array, length: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, Math.min(bytes.length, at + length));
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  if (one.length === 0) return other;
  return other.length === 0 ? one : Buffer.concat([one, other]);
}
