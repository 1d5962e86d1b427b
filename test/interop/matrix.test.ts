import { readFileSync, writeFileSync } from "node:fs";
import type { Credential, Info, NamedGroup, ProtocolVersion, SignatureScheme } from "@sallyport/core";
import { clientConfig, serverConfig } from "@sallyport/core";
import { serverVerifier } from "@sallyport/x509";
import { afterAll, describe, expect, test } from "vitest";
import type { KeyKind } from "../support/pki.ts";
import { makePki } from "../support/pki.ts";
import { cPeers } from "./c-peers.ts";
import type { Cell, Counts } from "./cells.ts";
import { allCells, classicalGroups, count, countsOf, keys, nameOf, offeredGroups, schemesOf, table } from "./cells.ts";
import type { Feature, OurRole } from "./features.ts";
import type { Peer, PeerServers } from "./peers.ts";
import { peers as otherPeers, request } from "./peers.ts";
import type { Outcome } from "./runner.ts";
import { connect, established, listen } from "./runner.ts";
import { shows } from "./shows.ts";
import type { Side } from "./sides.ts";
import { sides } from "./sides.ts";

// The counts that are committed: a cell that vanishes is found by them. SALLYPORT_UPDATE_EXPECTED writes them anew.
const expectedFile = new URL("./expected.json", import.meta.url);
const expected: Record<string, Counts> = JSON.parse(readFileSync(expectedFile, "utf8"));
const update = process.env["SALLYPORT_UPDATE_EXPECTED"] !== undefined;
const required = process.env["SALLYPORT_REQUIRE_PEERS"] !== undefined;

const pki = await makePki();
const identities = await Promise.all(keys.map((key) => pki.leaf({ key })));
const peers: readonly Peer[] = [...otherPeers, ...cPeers];
const ways = sides.flatMap((side) => (["tls1.3", "tls1.2"] as const).map((version) => ({ side, version })));
const tables: string[] = [];
const met: Record<string, Counts> = {};

afterAll(() => {
  const versions = peers.map(({ name, version }) => `${name}: ${version ?? "not installed"}`);
  console.log([versions.join("\n"), ...tables].join("\n\n"));
  if (update) writeFileSync(expectedFile, rowByRow({ ...expected, ...met }));
});

describe.each(peers.map((peer) => [peer.name, peer] as const))("%s", (_, peer) => {
  const absent = peer.version === undefined && !required;

  describe.each(ways.filter(({ version }) => peer.versions?.includes(version) !== false))(
    "$version with $side.name",
    ({ side, version }) => {
      const suffix = version === "tls1.3" ? "" : ", TLS 1.2";
      if (peer.client !== undefined) {
        test("its client gets a page from a Sallyport server in every cell", async ({ skip }) => {
          skip(absent, `${peer.name} is not installed`);
          const met = await everyCell(
            `${peer.name} client, Sallyport server on ${side.name}${suffix}`,
            peer,
            await againstClient(peer, side, version),
          );
          show(peer, "server", version, met);
        });
      }

      if (peer.server !== undefined) {
        test("a Sallyport client gets a page from its server in every cell", async ({ skip }) => {
          skip(absent, `${peer.name} is not installed`);
          const met = await everyCell(
            `Sallyport client on ${side.name}, ${peer.name} server${suffix}`,
            peer,
            await againstServer(peer, side, version),
          );
          show(peer, "client", version, met);
        });
      }
    },
  );
});

interface Attempts {
  readonly cells: readonly Cell[];
  /** Rejects with what went wrong. */
  attempt(cell: Cell): Promise<void>;
  stop(): Promise<void>;
}

async function everyCell(title: string, peer: Peer, { cells, attempt, stop }: Attempts): Promise<readonly Cell[]> {
  const passed = new Set<Cell>();
  const failures: string[] = [];
  const left = [...cells];
  const worker = async (): Promise<void> => {
    for (let cell = left.shift(); cell !== undefined; cell = left.shift()) {
      try {
        await attempt(cell);
        passed.add(cell);
      } catch (error) {
        failures.push(`${nameOf(cell)}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  };
  await Promise.all([worker(), worker(), worker()]);
  await stop();

  const counts = count(cells.filter((cell) => passed.has(cell)));
  tables.push(table(title, counts));
  met[title] = counts;
  expect(failures).toEqual([]);
  if (!update) expect(counts).toEqual(countsOf(expected[title], peer.groups));
  return [...passed];
}

/** Each cell's page ends by close_notify alone. */
function show(peer: Peer, role: OurRole, version: ProtocolVersion, met: readonly Cell[]): void {
  const shown: readonly (readonly [Feature, boolean])[] = [
    ["full", met.some(({ retry }) => !retry)],
    ["close", met.length > 0],
    ["retry", met.some(({ retry }) => retry)],
    ["hybrid", met.some(({ group }) => group.endsWith("MLKEM768"))],
  ];
  for (const [feature, isShown] of shown) if (isShown) shows({ peer: peer.name, role, version, feature });
}

/** A listener a cell, so that the cell's suite, group and certificate are all that the client can get. */
async function againstClient(peer: Peer, side: Side, version: ProtocolVersion): Promise<Attempts> {
  const client = await started(peer, peer.client?.(pki.ca.pem));
  const credentials = await credentialsOf(side);
  return {
    cells: cellsOf(peer, version).filter((cell) => peer.cannot?.(cell) !== true),
    async attempt(cell) {
      const credential = credentials.get(cell.key) ?? never(cell);
      const { provider } = side;
      const config = serverConfig({
        provider,
        now: Date.now,
        versions: [version],
        suites: [cell.suite],
        groups: [cell.group],
        credentials: [credential],
      });
      const server = await listen(config);
      try {
        const [page, outcome] = await Promise.all([client.get(server.port, cell), server.next().then(answerPage)]);
        checkInfo(outcome, cell, outcome.ownSignatureScheme);
        expect(page).toContain(pageOf(outcome));
      } finally {
        await server.close();
      }
    },
    stop: client.stop,
  };
}

/** The client offers the cell's suite and group alone; for a retry no key share at all. In TLS 1.2 the server has one group. */
async function againstServer(peer: Peer, side: Side, version: ProtocolVersion): Promise<Attempts> {
  const shown = identities.filter(({ key }) => peer.keys?.includes(key) !== false);
  const start = (group?: NamedGroup): Promise<PeerServers> => started(peer, peer.server?.(shown, version, group));
  const servers = new Map<NamedGroup, PeerServers>();
  const all = version === "tls1.3" ? await start() : undefined;
  for (const group of version === "tls1.3" ? peer.groups : classicalGroups) servers.set(group, all ?? (await start(group)));
  const { provider } = side;
  const verifier = serverVerifier({ provider, roots: pki.ca.pem });
  return {
    cells: cellsOf(peer, version).filter((cell) => peer.cannotServe?.(cell) !== true),
    async attempt(cell) {
      const { suite, group, retry } = cell;
      const port = servers.get(group)?.ports[shown.findIndex(({ key }) => key === cell.key)] ?? never(cell);
      const config = clientConfig({
        provider,
        now: Date.now,
        verifier,
        versions: [version],
        suites: [suite],
        groups: version === "tls1.3" ? [group] : offeredGroups(cell),
        keyShares: retry ? 0 : 1,
      });
      const link = established(await connect(port, config));
      link.write(request);
      expect(await link.readUntil(/\r?\n\r?\n/)).toMatch(/^HTTP\/1\.[01] 200/i);
      while ((await link.read()) !== undefined); // to its close_notify
      link.close();
      await link.drained();
      checkInfo(link.info, cell, link.info.peerSignatureScheme);
    },
    stop: async () => void (await Promise.all([...new Set(servers.values())].map(({ stop }) => stop()))),
  };
}

function cellsOf(peer: Peer, version: ProtocolVersion): readonly Cell[] {
  return allCells[version].filter(({ group, key }) => peer.groups.includes(group) && peer.keys?.includes(key) !== false);
}

function checkInfo(info: Info, cell: Cell, scheme: SignatureScheme | undefined): void {
  const { version, suite, group, handshakeKind } = info;
  expect({ version, suite, group, handshakeKind }).toEqual({
    version: cell.version,
    suite: cell.suite,
    group: cell.group,
    handshakeKind: cell.retry ? "full-after-retry" : "full",
  });
  expect(schemesOf(cell)).toContain(scheme);
}

async function answerPage(outcome: Outcome): Promise<Info> {
  const link = established(outcome);
  await link.readUntil(/\r\n\r\n/);
  link.write(`HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n${pageOf(link.info)}\n`);
  link.close();
  await link.drained();
  return link.info;
}

function pageOf({ suite, group, handshakeKind }: Info): string {
  return `${suite} ${group} ${handshakeKind}`;
}

async function credentialsOf(side: Side): Promise<Map<KeyKind, Credential>> {
  return new Map(await Promise.all(identities.map(async (identity) => [identity.key, await side.credential(identity)] as const)));
}

/** JSON with a line a certificate. */
function rowByRow(matrix: Record<string, Counts>): string {
  const parts = Object.entries(matrix).map(([title, counts]) => {
    const rows = Object.entries(counts).map(([key, row]) => `    ${JSON.stringify(key)}: ${JSON.stringify(row)}`);
    return `  ${JSON.stringify(title)}: {\n${rows.join(",\n")}\n  }`;
  });
  return `{\n${parts.join(",\n")}\n}\n`;
}

/** With SALLYPORT_REQUIRE_PEERS an absent peer is a failure, and says so. */
async function started<T>(peer: Peer, starting: Promise<T> | undefined): Promise<T> {
  expect(peer.version, `${peer.name} must be installed`).toBeDefined();
  return (await starting) ?? never(peer);
}

function never(value: unknown): never {
  throw new Error(`unexpected: ${JSON.stringify(value)}`);
}
