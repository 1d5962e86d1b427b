// In workerd, by connect() of cloudflare:sockets: to a server of ours, and to one of node:tls.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createRequire } from "node:module";
import type { Server, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTls } from "node:tls";
import { createServer, type TlsClientError } from "@sallyport/node";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { listen, server, tlsServer } from "../support/endpoints.ts";
import { makePki } from "../support/pki.ts";
import { type Running, start } from "../support/processes.ts";

const pki = await makePki();
const workerd = find();
const absent = workerd === undefined && process.env["SALLYPORT_REQUIRE_PEERS"] === undefined;
const reason = "there is no workerd for this platform";
const folder = mkdtempSync(join(tmpdir(), "sallyport-workerd-"));

let running: Running | undefined;
let address: string;
beforeAll(async () => {
  if (absent) return;
  if (workerd === undefined) throw new Error(reason);
  const entryPoints = [new URL("./workerd-worker.ts", import.meta.url).pathname];
  await build({
    entryPoints,
    bundle: true,
    format: "esm",
    target: "es2023",
    platform: "browser",
    external: ["cloudflare:sockets"],
    outfile: join(folder, "worker.js"),
    conditions: ["sallyport-source"],
  });
  writeFileSync(join(folder, "ca.pem"), pki.ca.pem);
  writeFileSync(join(folder, "config.capnp"), config);
  running = start(workerd, ["serve", join(folder, "config.capnp"), "--control-fd=1"], { timeoutMs: 170_000 });
  const [, port] = await running.saw(/"port":(\d+)/, 60_000);
  address = `http://127.0.0.1:${port}`;
}, 90_000);
afterAll(async () => {
  await running?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const servers: Server[] = [];
afterEach(() => {
  for (const one of servers.splice(0)) one.close();
});
async function listening(one: Server): Promise<number> {
  servers.push(one);
  return listen(one);
}
async function run(scenario: string, provider: string, port: number, name = "localhost"): Promise<unknown> {
  return (await fetch(`${address}/${scenario}?provider=${provider}&port=${port}&name=${name}`)).json();
}

describe.each(["noble", "web"])("with crypto-%s", (provider) => {
  test("a page of ours and of node:tls's", async ({ skip }) => {
    skip(absent, reason);
    const http = createHttpServer((request, response) => response.end(`you asked for ${request.url}`));
    const serve = (socket: unknown): void => void http.emit("connection", socket);
    for (const [one, group] of [
      [createServer({ accept: server() }, serve), "X25519MLKEM768"],
      [createTls(tlsServer, serve), expect.any(String)],
    ] as const) {
      const page = { version: "tls1.3", group, scheme: "ecdsa_secp256r1_sha256", body: "you asked for /here" };
      expect(await run("page", provider, await listening(one))).toEqual(page);
    }
  });

  test("1 MiB there and back, half-closed on the way, of ours and of node:tls's", async ({ skip }) => {
    skip(absent, reason);
    const echo = (socket: Socket): void => void socket.pipe(socket);
    const ours = createServer({ accept: server(), allowHalfOpen: true }, echo);
    for (const one of [ours, createTls({ ...tlsServer, allowHalfOpen: true }, echo)]) {
      expect(await run("echo", provider, await listening(one))).toEqual({ length: 1024 * 1024, same: true });
    }
  });

  test("a certificate for another name is refused, and the alert arrives", async ({ skip }) => {
    skip(absent, reason);
    const ours = createServer({ accept: server({ servesAnyName: true }) });
    const left = new Promise<TlsClientError>((resolve) => ours.on("tlsClientError", resolve));
    const seen = await run("refused", provider, await listening(ours), "elsewhere.example");
    expect(seen).toEqual({ opened: "identity-distrusted", closed: "identity-distrusted" });
    expect(await left).toMatchObject({ kind: "alert-received", context: { description: { name: "bad_certificate" } } });
  });

  test("an end of TCP without close_notify is a truncation, behind the data", async ({ skip }) => {
    skip(absent, reason);
    const sockets: Socket[] = [];
    const ours = createServer({ accept: server() }, (socket) => void socket.write("half", () => sockets[0]?.end()));
    ours.on("connection", (socket: Socket) => void sockets.push(socket));
    const seen = await run("cut", provider, await listening(ours));
    expect(seen).toEqual({ data: "half", end: "truncated", closed: "truncated" });
  });

  test("abort() of the writer is a fatal alert to the server", async ({ skip }) => {
    skip(absent, reason);
    const ours = createServer({ accept: server() });
    const failed = new Promise<Error>((resolve) => {
      ours.on("secureConnection", (socket) => void socket.on("error", resolve).resume());
    });
    expect(await run("aborted", provider, await listening(ours))).toEqual({ closed: "aborted" });
    expect(await failed).toMatchObject({ kind: "alert-received", context: { description: { name: "internal_error" } } });
  });
});

/** The package of this platform holds nothing but the program. */
function find(): string | undefined {
  const arch = process.arch === "arm64" ? "arm64" : "64";
  try {
    return createRequire(import.meta.url).resolve(`@cloudflare/workerd-${process.platform}-${arch}/bin/workerd`);
  } catch {
    return undefined;
  }
}

const config = `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "worker", esModule = embed "worker.js")],
      bindings = [(name = "CA", text = embed "ca.pem")],
      compatibilityDate = "2026-11-01",
    )),
    (name = "internet", network = (allow = ["public", "private", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`;
