import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as tls from "node:tls";
import type { NamedGroup, ProtocolVersion } from "@sallyport/core";
import { afterAll } from "vitest";
import type { Identity, KeyKind } from "../support/pki.ts";
import { newerNode } from "../support/newer-node.ts";
import type { Running } from "../support/processes.ts";
import { run, start, versionOf } from "../support/processes.ts";
import { root } from "../support/sources.ts";
import type { Cell } from "./cells.ts";
import { classicalGroups, offeredGroups } from "./cells.ts";

/** Other people's TLS. `version` is undefined where it isn't installed. */
export interface Peer {
  readonly name: string;
  readonly version: string | undefined;
  /** What this version of it can do; counts are expected of these alone. */
  readonly groups: readonly NamedGroup[];
  readonly client?: (ca: string) => Promise<PeerClient>;
  /** Default both. */
  readonly versions?: readonly ProtocolVersion[];
  /** Certificates that it can show and take; default all. */
  readonly keys?: readonly KeyKind[];
  /** One certificate each, and all suites. @param group the only one; undefined: all. */
  readonly server?: (identities: readonly Identity[], version: ProtocolVersion, group?: NamedGroup) => Promise<PeerServers>;
  /** Cells of its groups that it can't do as a client. */
  readonly cannot?: (cell: Cell) => boolean;
  /** The same as a server. */
  readonly cannotServe?: (cell: Cell) => boolean;
}

export interface PeerClient {
  /** Offers the cell's version and its groups. Gives the answer to `GET /`; rejects with the peer's words. */
  get(port: number, cell: Cell): Promise<string>;
  stop(): Promise<void>;
}

/** They answer `GET /` in HTTP/1.0 and close. */
export interface PeerServers {
  /** In the order of the identities. */
  readonly ports: readonly number[];
  stop(): Promise<void>;
}

export const request = "GET / HTTP/1.0\r\n\r\n";

/** For what peers read from files; it goes with the test file that uses it. */
export const folder: string = mkdtempSync(join(tmpdir(), "sallyport-interop-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a file for a peer to read; gives its path. */
export function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

export function identityFiles(identity: Identity): { readonly certificate: string; readonly key: string } {
  const name = `${identity.key}-${++written}`;
  return { certificate: file(`${name}.pem`, identity.chainPem), key: file(`${name}.key`, identity.keyPem) };
}
let written = 0;

// OpenSSL's names.
export const opensslGroups: Partial<Record<NamedGroup, string>> = {
  x25519: "X25519",
  secp256r1: "P-256",
  secp384r1: "P-384",
  secp521r1: "P-521",
};

function offered(cell: Cell, names: Partial<Record<NamedGroup, string>>): string {
  return offeredGroups(cell)
    .map((name) => names[name] ?? name)
    .join(":");
}
const opensslVersion = { "tls1.3": "-tls1_3", "tls1.2": "-tls1_2" } as const;

const openssl: Peer = {
  name: "openssl",
  version: versionOf("openssl", "version"),
  groups: classicalGroups,
  async client(ca) {
    const roots = file("openssl-roots.pem", ca);
    return {
      get(port, cell) {
        const verify = ["-CAfile", roots, "-verify_return_error", "-verify_hostname", "localhost", "-servername", "localhost"];
        const options = [
          "-connect",
          `127.0.0.1:${port}`,
          opensslVersion[cell.version],
          "-groups",
          offered(cell, opensslGroups),
          "-quiet",
        ];
        return run("openssl", ["s_client", ...options, ...verify], request);
      },
      async stop() {},
    };
  },
  async server(identities, version, group) {
    const servers = await Promise.all(
      identities.map(async (identity) => {
        const { certificate, key } = identityFiles(identity);
        const server = start("openssl", [
          "s_server",
          "-accept",
          "127.0.0.1:0",
          "-cert",
          certificate,
          "-key",
          key,
          opensslVersion[version],
          ...(group === undefined ? [] : ["-groups", opensslGroups[group] ?? group]),
          "-www",
        ]);
        const [, port] = await server.saw(/ACCEPT \S+:(\d+)/);
        return { port: Number(port), stop: server.stop };
      }),
    );
    return {
      ports: servers.map(({ port }) => port),
      stop: async () => void (await Promise.all(servers.map(({ stop }) => stop()))),
    };
  },
};

const curl: Peer = {
  name: "curl",
  version: versionOf("curl", "--version")?.split(" ").slice(0, 2).join(" "),
  groups: classicalGroups,
  async client(ca) {
    const roots = file("curl-roots.pem", ca);
    return {
      get(port, cell) {
        const verify = ["--cacert", roots, "--resolve", `localhost:${port}:127.0.0.1`];
        const options = ["--silent", "--show-error", "--http1.0", "--curves", offered(cell, opensslGroups)];
        const versions = cell.version === "tls1.3" ? ["--tlsv1.3"] : ["--tlsv1.2", "--tls-max", "1.2"];
        return run("curl", [...options, ...versions, ...verify, "--max-time", "15", `https://localhost:${port}/`]);
      },
      async stop() {},
    };
  },
};

export const gnutlsVersion = { "tls1.3": "NORMAL:-VERS-ALL:+VERS-TLS1.3", "tls1.2": "NORMAL:-VERS-ALL:+VERS-TLS1.2" } as const;
const gnutlsGroups: Partial<Record<NamedGroup, string>> = {
  x25519: "+GROUP-X25519",
  secp256r1: "+GROUP-SECP256R1",
  secp384r1: "+GROUP-SECP384R1",
  secp521r1: "+GROUP-SECP521R1",
};

const gnutls: Peer = {
  name: "gnutls",
  version: versionOf("gnutls-cli", "--version"),
  groups: classicalGroups,
  async client(ca) {
    const roots = file("gnutls-roots.pem", ca);
    return {
      async get(port, cell) {
        const only = `${gnutlsVersion[cell.version]}:-GROUP-ALL:${offered(cell, gnutlsGroups)}`;
        const verify = ["--x509cafile", roots, "--sni-hostname", "localhost", "--verify-hostname", "localhost"];
        const options = [
          "--port",
          String(port),
          "--single-key-share",
          "--priority",
          only,
          "--logfile",
          join(folder, `gnutls-${port}.log`),
        ];
        const client = start("gnutls-cli", [...options, ...verify, "127.0.0.1"], { timeoutMs: 20_000 });
        client.write(request); // the end of its standard input would end it before the answer
        const code = await client.ended;
        if (code !== 0) throw new Error(`gnutls-cli: ${code}\n${client.output()}`);
        return client.output();
      },
      async stop() {},
    };
  },
  async server(identities, version, group) {
    const servers = await Promise.all(
      identities.map(async (identity) => {
        const { certificate, key } = identityFiles(identity);
        const port = await freePort();
        const options = [
          "--port",
          String(port),
          "--http",
          "--disable-client-cert",
          "--priority",
          group === undefined ? gnutlsVersion[version] : `${gnutlsVersion[version]}:-GROUP-ALL:${gnutlsGroups[group]}`,
        ];
        const server = start("gnutls-serv", [...options, "--x509certfile", certificate, "--x509keyfile", key]);
        await server.saw(/listening on IPv4[\s\S]*\n/);
        return { port, stop: server.stop };
      }),
    );
    return {
      ports: servers.map(({ port }) => port),
      stop: async () => void (await Promise.all(servers.map(({ stop }) => stop()))),
    };
  },
};

/** gnutls-serv can't be asked which port it was given. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo; // listening on TCP
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export const nodeVersion = {
  "tls1.3": { minVersion: "TLSv1.3", maxVersion: "TLSv1.3" },
  "tls1.2": { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" },
} as const;

const nodeTls: Peer = {
  name: "node:tls",
  version: `Node.js ${process.versions.node}, OpenSSL ${process.versions.openssl}`,
  groups: classicalGroups,
  async client(ca) {
    return {
      get(port, cell) {
        return new Promise((resolve, reject) => {
          const ecdhCurve = offered(cell, opensslGroups);
          const socket = tls.connect({
            port,
            host: "127.0.0.1",
            servername: "localhost",
            ca,
            ecdhCurve,
            ...nodeVersion[cell.version],
          });
          let body = "";
          socket.setEncoding("utf8").on("data", (text) => {
            body += text;
          });
          socket.setTimeout(15_000, () => socket.destroy(new Error("time is over")));
          socket
            .on("secureConnect", () => socket.write(request))
            .on("error", reject)
            .on("end", () => resolve(body));
        });
      },
      async stop() {},
    };
  },
  async server(identities, version, group) {
    const ecdhCurve = group === undefined ? "auto" : (opensslGroups[group] ?? group);
    const servers = await Promise.all(
      identities.map(async ({ chainPem, keyPem }) => {
        const server = tls.createServer({ cert: chainPem, key: keyPem, ...nodeVersion[version], ecdhCurve }, (socket) => {
          socket.on("error", () => {}).once("data", () => socket.end("HTTP/1.0 200 OK\r\n\r\nfrom node\n"));
        });
        server.listen(0, "127.0.0.1");
        await new Promise((resolve) => server.once("listening", resolve));
        return server;
      }),
    );
    return {
      ports: servers.map((server) => (server.address() as AddressInfo).port), // listening on TCP
      stop: async () => void (await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))),
    };
  },
};

const goGroups: Partial<Record<NamedGroup, number>> = {
  x25519: 29,
  secp256r1: 23,
  secp384r1: 24,
  secp521r1: 25,
  X25519MLKEM768: 4588,
  SecP256r1MLKEM768: 4587,
};
export const goVersion = { "tls1.3": 0x0304, "tls1.2": 0x0303 } as const;
const goRelease = versionOf("go", "env", "GOVERSION");
const goMinor = Number(/^go1\.(\d+)/.exec(goRelease ?? "")?.[1] ?? 0);
const goSince = { X25519MLKEM768: 24, SecP256r1MLKEM768: 26 };
// What go.mod's old version, which any Go can build, would leave off.
const withMlKem = { GODEBUG: "tlsmlkem=1,tlssecpmlkem=1" };
const goHybrids = (["X25519MLKEM768", "SecP256r1MLKEM768"] as const).filter((name) => goMinor >= goSince[name]);

const go: Peer = {
  name: "go",
  version: goRelease,
  groups: [...classicalGroups, ...goHybrids],
  // Go has an order of its own, with hybrids and X25519 before the others: no other group can come before these.
  cannot: ({ group, retry }) => retry && (group === "x25519" || group.endsWith("MLKEM768")),
  async client(ca) {
    const client = start(await goProgram(), ["client"], { env: withMlKem });
    const ask = linesOf(client);
    return {
      get: (port, cell) =>
        ask({ port, version: goVersion[cell.version], groups: offeredGroups(cell).map((name) => goGroups[name]), ca }),
      stop: client.stop,
    };
  },
  async server(identities, version, group) {
    const options = { version: goVersion[version], groups: group === undefined ? [] : [goGroups[group]] };
    return listening(start(await goProgram(), ["server", JSON.stringify(options), ...filesOf(identities)], { env: withMlKem }));
  },
};

export function goProgram(): Promise<string> {
  built ??= (async () => {
    const program = join(folder, "go-peer");
    // No toolchain is fetched: the peer is the Go that is here.
    await run("go", ["build", "-o", program, "."], "", {
      cwd: `${root}test/interop/go`,
      env: { GOTOOLCHAIN: "local" },
      timeoutMs: 300_000,
    });
    return program;
  })();
  return built;
}
let built: Promise<string> | undefined;

const newerNodePeer: Peer = {
  name: "node:tls with ML-KEM",
  version: newerNode?.version,
  groups: [...classicalGroups, "X25519MLKEM768", "SecP256r1MLKEM768"],
  versions: ["tls1.3"],
  async client(ca) {
    const client = start(newerNode?.command ?? "node24", [nodeProgram, "client"]);
    const ask = linesOf(client);
    return { get: (port, cell) => ask({ port, groups: offered(cell, opensslGroups), ca }), stop: client.stop };
  },
  server: async (identities) => listening(start(newerNode?.command ?? "node24", [nodeProgram, "server", ...filesOf(identities)])),
};
const nodeProgram = `${root}test/interop/node-peer.ts`;

/** One question at a time: a line of JSON there, a line of JSON back. */
function linesOf(client: Running): (question: object) => Promise<string> {
  const lines = createInterface({ input: client.child.stdout ?? process.stdin })[Symbol.asyncIterator]();
  let turn: Promise<unknown> = Promise.resolve();
  return (question) => {
    const answer = turn.then(async () => {
      client.write(`${JSON.stringify(question)}\n`);
      const { value } = await lines.next();
      const { body, error }: { body: string; error: string } = JSON.parse(String(value));
      if (error !== "") throw new Error(error);
      return body;
    });
    turn = answer.catch(() => {});
    return answer;
  };
}

function filesOf(identities: readonly Identity[]): readonly string[] {
  return identities.map(identityFiles).flatMap(({ certificate, key }) => [certificate, key]);
}

async function listening(server: Running): Promise<PeerServers> {
  const [line] = await server.saw(/\[.*\]/);
  return { ports: JSON.parse(line), stop: server.stop };
}

export const peers: readonly Peer[] = [openssl, curl, gnutls, nodeTls, newerNodePeer, go];
