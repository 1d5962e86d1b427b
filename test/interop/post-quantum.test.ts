// X25519MLKEM768 and ML-DSA as others speak them by default: nobody here tells them which to take.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClientOptions, Info, ServerOptions } from "@sallyport/core";
import { clientConfig, serverConfig } from "@sallyport/core";
import { serverVerifier } from "@sallyport/x509";
import { describe, expect, test } from "vitest";
import { mlDsaSchemes } from "../support/ml-dsa.ts";
import { newerNode } from "../support/newer-node.ts";
import { makePki } from "../support/pki.ts";
import type { Running } from "../support/processes.ts";
import { run, start, versionOf } from "../support/processes.ts";
import { root } from "../support/sources.ts";
import { file, identityFiles, request } from "./peers.ts";
import { connect, established, listen } from "./runner.ts";
import type { Side } from "./sides.ts";
import { shows } from "./shows.ts";
import { sides } from "./sides.ts";

const required = process.env["SALLYPORT_REQUIRE_PEERS"] !== undefined;
const bin = `${root}node_modules/.bin`;
const program = `${root}test/interop/runtime-peer.ts`;
const runtimes = {
  Bun: [`${bin}/bun`, program],
  Deno: [`${bin}/deno`, "run", "--quiet", "--no-lock", "--allow-read", "--allow-env", "--allow-net", program],
} as const;

const nodePeer = `${root}test/interop/node-peer.ts`;
const stripTypes = ["--disable-warning=ExperimentalWarning", "--experimental-strip-types"];

const pki = await makePki();
const identity = await pki.leaf();
const roots = file("post-quantum-roots.pem", pki.ca.pem);

describe.each(sides.map((side) => [side.name, side] as const))("%s", (_, side) => {
  test("Bun shows a share of X25519MLKEM768 at once, and our server takes it", async () => {
    const info = await serve(side, {}, (port) => fetchPage("Bun", port));
    expect(info).toMatchObject({ group: "X25519MLKEM768", handshakeKind: "full" });
    shows({ peer: "bun", role: "server", version: "tls1.3", feature: "hybrid" });
    shows({ peer: "bun", role: "server", version: "tls1.3", feature: "full" });
  });

  test("Deno lists X25519MLKEM768 without a share: our server is content with x25519", async () => {
    const info = await serve(side, {}, (port) => fetchPage("Deno", port));
    expect(info).toMatchObject({ group: "x25519", handshakeKind: "full" });
    shows({ peer: "deno", role: "server", version: "tls1.3", feature: "full" });
  });

  test("a server of nothing but hybrids asks Deno for one", async () => {
    const info = await serve(side, { groups: ["X25519MLKEM768"] }, (port) => fetchPage("Deno", port));
    expect(info).toMatchObject({ group: "X25519MLKEM768", handshakeKind: "full-after-retry" });
    shows({ peer: "deno", role: "server", version: "tls1.3", feature: "hybrid" });
    shows({ peer: "deno", role: "server", version: "tls1.3", feature: "retry" });
  });

  test.each(["Bun", "Deno"] as const)("%s's server takes the share of X25519MLKEM768", async (runtime) => {
    await withServer(runtime, async (port) => {
      const info = await getPage(side, port, { groups: ["X25519MLKEM768", "x25519"], keyShares: ["X25519MLKEM768"] });
      expect(info.group).toBe("X25519MLKEM768");
    });
    const peer = runtime.toLowerCase();
    for (const feature of ["full", "hybrid"] as const) shows({ peer, role: "client", version: "tls1.3", feature });
  });

  test("Chromium shows a share of X25519MLKEM768 at once, and our server takes it", async ({ skip }) => {
    const chromium = chromiumCommand();
    skip(chromium === undefined && !required, "chromium is not installed");
    const info = await serve(side, {}, (port) => browse(chromium ?? "chromium", port));
    expect(info).toMatchObject({ group: "X25519MLKEM768", handshakeKind: "full" });
    shows({ peer: "chromium", role: "server", version: "tls1.3", feature: "hybrid" });
    shows({ peer: "chromium", role: "server", version: "tls1.3", feature: "full" });
  });
});

// ML-DSA: crypto-node has it in Node.js 24 alone, where its contract is tested.
describe.each(mlDsaSchemes)("%s", (key) => {
  const absent = newerNode === undefined && !required;
  const [ours] = sides.filter(({ name }) => name === "crypto-noble");
  if (ours === undefined) throw new Error("there is a side in JavaScript");

  test("Node.js 24's server proves itself by it", async ({ skip }) => {
    skip(absent, "Node.js 24 is not installed");
    const { certificate, key: privateKey } = identityFiles(await pki.leaf({ key }));
    const peer = start(newerNode?.command ?? "node24", [...stripTypes, nodePeer, "server", certificate, privateKey]);
    try {
      const [, port] = await peer.saw(/\[(\d+)\]/);
      expect((await getPage(ours, Number(port), {})).peerSignatureScheme).toBe(key);
    } finally {
      await peer.stop();
    }
  });

  test("Node.js 24's client takes our proof by it", async ({ skip }) => {
    skip(absent, "Node.js 24 is not installed");
    const info = await serve(ours, { credentials: [await ours.credential(await pki.leaf({ key }))] }, async (port) => {
      const asked = JSON.stringify({ port, groups: "X25519", ca: pki.ca.pem });
      const answer: unknown = JSON.parse(
        await run(newerNode?.command ?? "node24", [...stripTypes, nodePeer, "client"], `${asked}\n`),
      );
      return JSON.stringify(answer);
    });
    expect(info?.ownSignatureScheme).toBe(key);
  });

  test("Chromium, which shows certificate errors to its user alone, takes our proof by it", async ({ skip }) => {
    const chromium = chromiumCommand();
    skip(chromium === undefined && !required, "chromium is not installed");
    const options = { credentials: [await ours.credential(await pki.leaf({ key }))] as const };
    const info = await serve(ours, options, (port) => browse(chromium ?? "chromium", port));
    expect(info?.ownSignatureScheme).toBe(key);
  });
});

/** @returns what the first handshake agreed on; a browser may make more. Each gets a page that says its group. */
async function serve(
  side: Side,
  options: Partial<ServerOptions>,
  get: (port: number) => Promise<string>,
): Promise<Info | undefined> {
  const { provider } = side;
  const credential = await side.credential(identity);
  const server = await listen(serverConfig({ provider, now: Date.now, credentials: [credential], ...options }));
  const agreed: Info[] = [];
  const answerNext = async (): Promise<void> => {
    const outcome = await server.next();
    answerAll();
    const link = established(outcome);
    agreed.push(link.info);
    await link.readUntil(/\r\n\r\n/);
    link.write(`HTTP/1.0 200 OK\r\nConnection: close\r\nContent-Type: text/html\r\n\r\n<p>${link.info.group}</p>\n`);
    link.close();
    await link.drained();
  };
  const answerAll = (): void => void answerNext().catch(() => {}); // what went wrong the client says, or its page lacks the group
  answerAll();
  try {
    const page = await get(server.port);
    expect(page).toContain(`<p>${agreed[0]?.group}</p>`);
    return agreed[0];
  } finally {
    await server.close();
  }
}

function fetchPage(runtime: keyof typeof runtimes, port: number): Promise<string> {
  const [command, ...args] = runtimes[runtime];
  return run(command, [...args, "client", String(port), roots]);
}

async function withServer(runtime: keyof typeof runtimes, use: (port: number) => Promise<void>): Promise<void> {
  const [command, ...args] = runtimes[runtime];
  const { certificate, key } = identityFiles(identity);
  const server: Running = start(command, [...args, "server", certificate, key]);
  try {
    const [, port] = await server.saw(/listening on (\d+)/);
    await use(Number(port));
  } finally {
    await server.stop();
  }
}

async function getPage(side: Side, port: number, options: Partial<ClientOptions>): Promise<Info> {
  const { provider } = side;
  const verifier = serverVerifier({ provider, roots: pki.ca.pem });
  const link = established(await connect(port, clientConfig({ provider, now: Date.now, verifier, ...options })));
  link.write(request);
  expect(await link.readUntil(/\r?\n\r?\n/)).toMatch(/^HTTP\/1\.[01] 200/i);
  link.close();
  await link.drained();
  return link.info;
}

function chromiumCommand(): string | undefined {
  return ["chromium", "chromium-browser", "google-chrome"].find((name) => versionOf(name, "--version") !== undefined);
}

async function browse(chromium: string, port: number): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), "sallyport-chromium-"));
  try {
    const quiet = [
      "--headless",
      "--disable-gpu",
      "--no-first-run",
      "--no-default-browser-check",
      "--disable-background-networking",
    ];
    // Containers have no user namespaces for its sandbox; who the server is doesn't matter here.
    const options = [
      ...quiet,
      "--no-sandbox",
      "--disable-dev-shm-usage",
      "--ignore-certificate-errors",
      `--user-data-dir=${home}`,
    ];
    return await run(chromium, [...options, "--dump-dom", `https://localhost:${port}/`], "", {
      env: { HOME: home },
      timeoutMs: 40_000,
    });
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}
