// Records in memory: two connections of core, no socket, beside the bare cipher that they can't do without.
import { Acceptor, type CipherSuiteName, type ClientStage, type Connection, Connector, type ServerStage } from "@sallyport/core";
import type { Authority } from "../packages/cli/src/demo/authority.ts";
import { bareCipher } from "./bare.ts";
import type { Effort, Figure, Measured } from "./report.ts";
import { digits, inTurns, ratios, ratioText, type Spread, spread, table } from "./rounds.ts";
import { client, type ProviderName, providerNames, server } from "./sides.ts";

export const recordSizes: readonly number[] = [64, 1024, 16_384];

/** Plaintext bytes a CPU second, and what becomes of the bare cipher's own rate. */
export function measureRecords(authority: Authority, { rounds, quick }: Effort): Promise<Measured> {
  return measureSizes(authority, rounds, quick ? 30 : 100);
}

async function measureSizes(authority: Authority, rounds: number, milliseconds: number): Promise<Measured> {
  const rows = [["records in memory", "seal MB/s", "of the bare cipher", "open MB/s", "of the bare cipher"]];
  const figures: Figure[] = [];
  for (const name of providerNames) {
    const pair = shakeHands(name, authority);
    for (const size of recordSizes) {
      const results = await inTurns(rounds, {
        records: () => throughRecords(pair, size, milliseconds),
        bare: () => rates(milliseconds, size, bareCipher(name, size)),
      });
      const of = (who: "records" | "bare", side: keyof Rates): number[] => results[who].map((rate) => rate[side]);
      const [seal, open] = [ratios(of("records", "seal"), of("bare", "seal")), ratios(of("records", "open"), of("bare", "open"))];
      rows.push([
        `${name} ${sizeText(size)}`,
        digits(spread(of("records", "seal")).median),
        ratioText(seal),
        digits(spread(of("records", "open")).median),
        ratioText(open),
      ]);
      if (size === 16_384) figures.push(...figuresOf(name, seal, open));
    }
  }
  return { figures, tables: [table(rows)] };
}

function figuresOf(name: ProviderName, seal: Spread, open: Spread): Figure[] {
  if (name === "crypto-wasm") return [];
  if (name === "crypto-noble") {
    const goal = { better: "more", mustReach: 0.9, aim: 0.97, unit: "" } as const;
    return [{ what: "crypto-noble, records of 16 KiB: of noble's own ChaCha20-Poly1305", value: seal, goal }];
  }
  const goal = { better: "less", mustReach: 10, aim: 5, unit: " %" } as const;
  return [
    { what: "own overhead over a bare createCipheriv loop, 16 KiB, sealing", value: overhead(seal), goal },
    { what: "own overhead over a bare createDecipheriv loop, 16 KiB, opening", value: overhead(open), goal },
  ];
}

/** What a rate of so much of another one costs more, in percent. */
function overhead({ median, least, most }: Spread): Spread {
  const percent = (ratio: number): number => (1 / ratio - 1) * 100;
  return { median: percent(median), least: percent(most), most: percent(least) };
}

export function sizeText(size: number): string {
  return size < 1024 ? `${size} B` : `${size / 1024} KiB`;
}

/** MB a CPU second. */
export interface Rates {
  readonly seal: number;
  readonly open: number;
}
export interface Pair {
  readonly sender: Connection;
  readonly receiver: Connection;
}

const windowLength = 64 * 1024 + 1024;

export function throughRecords({ sender, receiver }: Pair, size: number, milliseconds: number): Rates {
  const data = new Uint8Array(size).fill(7);
  const window = new Uint8Array(windowLength);
  return rates(milliseconds, size, (batch) => {
    let written = 0;
    for (let record = 0; record < batch; record++) {
      const sent = sender.sendInto(data, window.subarray(written));
      if (sent.kind !== "sent") throw new Error(`sendInto gave ${sent.kind}`, { cause: sent });
      written += sent.written;
    }
    return () => {
      const received = receiver.receive(window.subarray(0, written));
      if (received.kind !== "open" || received.data.length !== batch) {
        throw new Error(`${received.kind}, ${received.data.length} records`);
      }
    };
  });
}

/** Batches that fill a window: sealed, then opened. Each side's time is its own, and the processor's. */
export function rates(milliseconds: number, size: number, sealBatch: (batch: number) => () => void): Rates {
  const batch = Math.floor(windowLength / (size + 22));
  let [sealing, opening, bytes] = [0, 0, 0];
  while (sealing + opening < milliseconds) {
    const begun = process.cpuUsage();
    const openBatch = sealBatch(batch);
    const sealed = process.cpuUsage();
    openBatch();
    const opened = process.cpuUsage();
    sealing += (sealed.user + sealed.system - begun.user - begun.system) / 1000;
    opening += (opened.user + opened.system - sealed.user - sealed.system) / 1000;
    bytes += batch * size;
  }
  return { seal: bytes / sealing / 1000, open: bytes / opening / 1000 };
}

export function shakeHands(name: ProviderName, authority: Authority, suite?: CipherSuiteName): Pair {
  const config = server(name, authority, "tls1.3", suite);
  let theirs: ServerStage = new Acceptor().start();
  let ours: ClientStage = new Connector(client(name, authority, "tls1.3", suite), "localhost").start();
  for (;;) {
    const toServer = ours.output;
    if (theirs.kind === "needs-input") theirs = theirs.receive(toServer);
    if (theirs.kind === "accepted") theirs = theirs.choose(config);
    if (theirs.kind === "established" && ours.kind === "established") {
      return { sender: theirs.connection, receiver: ours.connection };
    }
    if (ours.kind !== "needs-input") throw ours.kind === "failed" ? ours.error : new Error(ours.kind);
    ours = ours.receive(theirs.output);
  }
}
