// The programs of packages/node/RECIPES.md, as they stand there.
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect as connectTcp, createServer as createTcp, type Socket } from "node:net";
import { connect as connectTls, createServer as createTls } from "node:tls";
import { pathToFileURL } from "node:url";
import { memoryClientSessions } from "@sallyport/core";
import { connect } from "@sallyport/node";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { client, collect, listen, tlsClient, tlsServer } from "../support/endpoints.ts";
import { makePki } from "../support/pki.ts";
import { type Running, start } from "../support/processes.ts";
import { root } from "../support/sources.ts";

const folder = `${root}.tmp/recipes-${process.pid}/`;
const names = ["front-door", "kms", "cluster"] as const;

/** What the recipes leave to their users: answers from files that each test writes. */
const yours = `
import { createPrivateKey, createPublicKey, sign } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";

const folder = new URL("./", import.meta.url).pathname;
export function backendOf(name: string): number | undefined {
  return name === "through.localhost" ? Number(process.env["BACKEND"]) : undefined;
}
export async function certificateOf(
  name: string, use: string, _signal: AbortSignal,
): Promise<{ readonly chain: string; readonly key: string } | undefined> {
  const file = folder + (use === "acme-tls/1" ? "acme-" : "") + name;
  if (!existsSync(file + ".chain")) return undefined;
  return { chain: readFileSync(file + ".chain", "utf8"), key: readFileSync(file + ".key", "utf8") };
}
export const kms = {
  async publicKey(): Promise<Uint8Array> {
    return createPublicKey(readFileSync(folder + "key.pem", "utf8")).export({ type: "spki", format: "der" });
  },
  async sign(message: Uint8Array, _signal: AbortSignal): Promise<Uint8Array> {
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (process.env["KMS"] === "down") throw new Error("the KMS is down");
    return new Uint8Array(sign("sha256", message, createPrivateKey(readFileSync(folder + "key.pem", "utf8"))));
  },
};
`;

const pki = await makePki();
const running: Running[] = [];
afterEach(() => Promise.all(running.splice(0).map((program) => program.stop())));

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  const recipes = readFileSync(`${root}packages/node/RECIPES.md`, "utf8");
  for (const name of names) {
    const [, program] = new RegExp(`\`\`\`ts ${name}\\n([^]*?)\`\`\``).exec(recipes) ?? [];
    if (program === undefined) throw new Error(`no recipe is called ${name}`);
    writeFileSync(`${folder}${name}.ts`, program);
  }
  const leaf = await pki.leaf();
  const [tenant, challenge] = [
    await pki.leaf({ dns: ["tenant.localhost"] }),
    await pki.leaf({ dns: ["tenant.localhost"], issuer: "self" }),
  ];
  const files = {
    "yours.ts": yours,
    "package.json": '{ "type": "module" }',
    "tsconfig.json": JSON.stringify({
      extends: "../../bench/tsconfig.json",
      compilerOptions: { rootDir: "../..", noEmit: true, types: ["node"] },
      include: ["*.ts"],
    }),
    "chain.pem": leaf.chainPem,
    "key.pem": leaf.keyPem,
    "tenant.localhost.chain": tenant.chainPem,
    "tenant.localhost.key": tenant.keyPem,
    "acme-tenant.localhost.chain": challenge.chainPem,
    "acme-tenant.localhost.key": challenge.keyPem,
  };
  for (const [file, content] of Object.entries(files)) writeFileSync(folder + file, content);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("they compile as strictly as the packages, and the front door has about forty lines", () => {
  const { stdout } = spawnSync(`${root}node_modules/.bin/tsc`, ["-p", folder], { encoding: "utf8" });
  expect(stdout).toBe("");
  const lines = readFileSync(`${folder}front-door.ts`, "utf8")
    .split("\n")
    .filter((line) => /\w/.test(line) && !/^(import|\s*\/)/.test(line));
  expect(lines.length).toBeLessThan(45);
});

const header = "PROXY TCP4 192.0.2.7 192.0.2.1 50000 443\r\n";
/** As the balancer hands it over. */
async function through(port: number): Promise<Socket> {
  const socket = connectTcp({ port, host: "127.0.0.1" });
  await once(socket, "connect");
  socket.write(header);
  return socket;
}

describe("the front door", () => {
  test("serves a tenant, answers ACME's challenge, lets pass, and refuses others with the right alert", async () => {
    const backend = createTls({ ...tlsServer }, (socket) => socket.end("behind the door"));
    const port = await run("front-door", { BACKEND: String(await listen(backend)) });

    const tenant = connectTls({ ...tlsClient, socket: await through(port), servername: "tenant.localhost" });
    expect((await collect(tenant)).toString()).toBe("hello 192.0.2.7, this is tenant.localhost\n");

    const acme = connectTls({
      socket: await through(port),
      servername: "tenant.localhost",
      ALPNProtocols: ["acme-tls/1"],
      rejectUnauthorized: false,
    });
    await once(acme, "secureConnect");
    expect(acme.alpnProtocol).toBe("acme-tls/1");
    expect(acme.getPeerCertificate().issuer).toEqual(acme.getPeerCertificate().subject);
    acme.destroy();

    const passed = connectTls({
      ...tlsClient,
      socket: await through(port),
      servername: "through.localhost",
      checkServerIdentity: () => undefined,
    });
    expect((await collect(passed)).toString()).toBe("behind the door");

    const stranger = connectTls({ ...tlsClient, socket: await through(port), servername: "stranger.localhost" });
    expect((await once(stranger, "error"))[0]).toMatchObject({ code: "ERR_SSL_TLSV1_UNRECOGNIZED_NAME" });
    backend.close();
  });

  test("takes the header and the hello in one piece, and in pieces of a byte", async () => {
    const port = await run("front-door", { BACKEND: "0" });
    const socket = connectTcp({ port, host: "127.0.0.1", noDelay: true });
    for (const byte of header) {
      socket.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const slow = connectTls({ ...tlsClient, socket, servername: "tenant.localhost" });
    expect((await collect(slow)).toString()).toContain("hello 192.0.2.7");
  });
});

describe("the front door, before a header that is none", () => {
  const long = `PROXY TCP4 192.0.2.7 192.0.2.1 50000 ${"4".repeat(200)}\r\n`;
  const hello = Buffer.from("16030100050100000100", "hex");
  test("hangs up without a word of TLS, lives on, and serves the next", async () => {
    const port = await run("front-door", { BACKEND: "0" });
    const malformed: readonly (string | Buffer)[] = [
      `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(100)}\r\n\r\n`,
      long,
      long.slice(0, 110),
      `${"\r\n".repeat(60)}${header}`,
      header.replace("TCP4", "TCP5").padEnd(120),
      header.replace("192.0.2.7", "<script>").padEnd(120),
      header.replace("\r\n", "\n").padEnd(120),
      `x${header}`.padEnd(120),
      Buffer.concat([hello, Buffer.alloc(120)]),
      `PROXY UNKNOWN${"u".repeat(120)}\r\n`,
    ];
    for (const bytes of malformed) {
      const socket = connectTcp({ port, host: "127.0.0.1" });
      let heard = 0;
      socket
        .on("error", () => {})
        .on("data", ({ length }) => {
          heard += length;
        })
        .write(bytes);
      await once(socket, "close");
      expect([bytes.toString("latin1"), heard]).toEqual([bytes.toString("latin1"), 0]);
    }
    // In the middle of it, and before it, by an end and by a reset.
    for (const [bytes, leave] of [
      ["", "end"],
      ["PROXY TCP4 ", "end"],
      ["", "resetAndDestroy"],
      ["PROXY TCP4 ", "resetAndDestroy"],
    ] as const) {
      const socket = connectTcp({ port, host: "127.0.0.1" });
      await once(socket, "connect");
      socket.on("error", () => {}).write(bytes);
      await new Promise((resolve) => setTimeout(resolve, 30));
      socket[leave]();
    }
    const tenant = connectTls({ ...tlsClient, socket: await through(port), servername: "tenant.localhost" });
    expect((await collect(tenant)).toString()).toBe("hello 192.0.2.7, this is tenant.localhost\n");
  });

  test("takes the header of a balancer that does not know its client", async () => {
    const port = await run("front-door", { BACKEND: "0" });
    const socket = connectTcp({ port, host: "127.0.0.1" });
    socket.write("PROXY UNKNOWN\r\n");
    const tenant = connectTls({ ...tlsClient, socket, servername: "tenant.localhost" });
    expect((await collect(tenant)).toString()).toBe("hello unknown, this is tenant.localhost\n");
  });
});

describe("the key in a KMS", () => {
  test("signs for each handshake, and no private key is in the process that asks", async () => {
    const port = await run("kms");
    for (let round = 0; round < 3; round++) {
      expect((await collect(connectTls({ ...tlsClient, port }))).toString()).toBe("signed elsewhere\n");
    }
  });

  test("that is down is internal_error for the client, and the cause for whoever runs it", async () => {
    const port = await run("kms", { KMS: "down" });
    const socket = connectTls({ ...tlsClient, port });
    expect((await once(socket, "error"))[0]).toMatchObject({ code: "ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR" });
    await running[0]?.saw(/the KMS is down/);
  });
});

test("a session that one process of a cluster gave is resumed by another", async () => {
  const port = await run("cluster");
  const config = client({ sessions: memoryClientSessions() });
  const met = new Map<string, boolean[]>();
  for (let round = 0; round < 30 && !(met.size === 2 && round > 5); round++) {
    const socket = connect({ config, host: "127.0.0.1", servername: "localhost", port });
    const pid = (await collect(socket)).toString();
    met.set(pid, [...(met.get(pid) ?? []), socket.isSessionReused()]);
  }
  // The first meeting alone was a full handshake, whoever it was with.
  expect(met.size).toBe(2);
  expect([...met.values()].flat().filter((resumed) => !resumed)).toHaveLength(1);
});

/** @returns the port that it listens on, when it does */
async function run(name: (typeof names)[number], env: Readonly<Record<string, string>> = {}): Promise<number> {
  const port = await freePort();
  const fromSources = ["--import", pathToFileURL(`${root}bench/register.mjs`).href, "--conditions=sallyport-source"];
  running.push(
    start(process.execPath, [...fromSources, `${name}.ts`], {
      cwd: folder,
      env: { ...env, PORT: String(port) },
      timeoutMs: 120_000,
    }),
  );
  await expect.poll(() => reachable(port), { timeout: 60_000, interval: 200 }).toBe(true);
  return port;
}
async function freePort(): Promise<number> {
  const server = createTcp().listen(0);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
async function reachable(port: number): Promise<boolean> {
  const socket = connectTcp({ port, host: "127.0.0.1" });
  const connected = await once(socket, "connect").then(
    () => true,
    () => false,
  );
  socket.destroy();
  return connected;
}
