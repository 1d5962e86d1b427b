// Records in memory: two connections of core, no socket, beside the bare AEAD calls that they can't do without.
import { Acceptor, type ClientStage, type Connection, Connector, type ServerStage } from "@sallyport/core";
import type { Authority } from "../packages/cli/src/demo/authority.ts";
import { digits, inTurns, ratios, ratioText, spread, table } from "./rounds.ts";
import { client, type ProviderName, providerNames, server, sides } from "./sides.ts";

export const recordSizes: readonly number[] = [64, 1024, 16_384];

export interface MemoryOptions {
  readonly rounds: number;
  /** So long each measurement goes on. */
  readonly milliseconds: number;
}

/** Plaintext bytes a second, and what becomes of the AEAD's own rate. */
export async function measureMemory(authority: Authority, options: MemoryOptions): Promise<string> {
  const rows = [["records in memory", "seal MB/s", "of the AEAD", "open MB/s", "of the AEAD"]];
  for (const name of providerNames) {
    const pair = shakeHands(name, authority);
    for (const size of recordSizes) {
      const results = await inTurns(options.rounds, {
        records: () => throughRecords(pair, size, options.milliseconds),
        aead: () => throughAead(name, size, options.milliseconds),
      });
      const seal = results.records.map(({ seal }) => seal);
      const open = results.records.map(({ open }) => open);
      rows.push([
        `${name} ${sizeText(size)}`,
        digits(spread(seal).median), ratioText(ratios(seal, results.aead.map(({ seal }) => seal))),
        digits(spread(open).median), ratioText(ratios(open, results.aead.map(({ open }) => open))),
      ]);
    }
  }
  return table(rows);
}

export function sizeText(size: number): string {
  return size < 1024 ? `${size} B` : `${size / 1024} KiB`;
}

/** MB/s. */
interface Rates {
  readonly seal: number;
  readonly open: number;
}
interface Pair {
  readonly sender: Connection;
  readonly receiver: Connection;
}

const windowLength = 64 * 1024 + 1024;

function throughRecords({ sender, receiver }: Pair, size: number, milliseconds: number): Rates {
  const data = new Uint8Array(size).fill(7);
  const window = new Uint8Array(windowLength);
  return rates(milliseconds, windowLength, size + 22, (batch) => {
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
  }, size);
}

function throughAead(name: ProviderName, size: number, milliseconds: number): Rates {
  const { provider, suites } = sides[name];
  const suite = provider.suites.find((candidate) => candidate.name === suites["tls1.3"]);
  if (suite === undefined) throw new Error(`${name} lacks ${suites["tls1.3"]}`);
  const key = new Uint8Array(suite.keyLength).fill(1);
  const sealer = suite.seal(key);
  const opener = suite.open(key);
  const nonce = new Uint8Array(12);
  const additional = new Uint8Array(5);
  const data = new Uint8Array(size + 1).fill(7); // the content type is sealed with the content
  const window = new Uint8Array(windowLength);
  const stride = size + 17;
  return rates(milliseconds, windowLength, stride, (batch) => {
    for (let record = 0; record < batch; record++) sealer.seal(nonce, additional, data, window, record * stride);
    return () => {
      for (let record = 0; record < batch; record++) {
        if (opener.open(nonce, additional, window.subarray(record * stride, (record + 1) * stride)) === undefined) {
          throw new Error("not authentic");
        }
      }
    };
  }, size);
}

/** Batches that fill the window: sealed, then opened. Each side's time is its own. */
function rates(
  milliseconds: number, room: number, stride: number, sealBatch: (batch: number) => () => void, size: number,
): Rates {
  const batch = Math.floor(room / stride);
  let sealing = 0;
  let opening = 0;
  let bytes = 0;
  while (sealing + opening < milliseconds) {
    const begun = performance.now();
    const openBatch = sealBatch(batch);
    const sealed = performance.now();
    openBatch();
    opening += performance.now() - sealed;
    sealing += sealed - begun;
    bytes += batch * size;
  }
  return { seal: bytes / sealing / 1000, open: bytes / opening / 1000 };
}

function shakeHands(name: ProviderName, authority: Authority): Pair {
  const config = server(name, authority);
  let theirs: ServerStage = new Acceptor().start();
  let ours: ClientStage = new Connector(client(name, authority), "localhost").start();
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
