import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as tls from "node:tls";
import {
  type CipherSuiteName,
  type ClientOptions,
  clientConfig,
  type Connection,
  serverConfig,
  type ServerOptions,
} from "@sallyport/core";
import { serverVerifier } from "@sallyport/x509";
import { afterEach, describe, expect, test } from "vitest";
import { type LeafOptions, makePki } from "../support/pki.ts";
import { type Running, start, versionOf } from "../support/processes.ts";
import { file, folder, identityFiles } from "./peers.ts";
import { connect, established, listen } from "./runner.ts";
import { type Side, sides } from "./sides.ts";

// TLS 1.2 in openssl's words, and in node:tls's.

const absent = versionOf("openssl", "version") === undefined && process.env["SALLYPORT_REQUIRE_PEERS"] === undefined;
const pki = await makePki();
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
const suites: readonly CipherSuiteName[] = [
  "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
];
const label = "EXPORTER-Sallyport-test";

describe.skipIf(absent).each(sides.map((side) => [side.name, side] as const))("openssl with %s", (_, side) => {
  test.each(suites)("the exporter of %s gives what openssl's gives", async (suite) => {
    const options = ["-keymatexport", label, "-keymatexportlen", "77"];
    const { port, next } = await serve(side, { suites: [suite], versions: ["tls1.2"] });
    const peer = sClient(port, options);
    const { connection } = established(await next());
    expect(connection.info).toMatchObject({ version: "tls1.2", suite, extendedMasterSecret: true });
    expect(exported(connection, undefined, 77)).toBe(await keyingMaterial(peer));

    const theirs = await sServer({}, options);
    const link = established(await connect(theirs.port, client(side, { suites: [suite], versions: ["tls1.2"] })));
    expect(exported(link.connection, undefined, 77)).toBe(await keyingMaterial(theirs.running));
  });

  test("the key log has the very lines that openssl writes, in both roles", async () => {
    const ours: string[] = [];
    const dangerousKeyLog = (line: string): void => void ours.push(line);
    const logs = ["client", "server"].map((role) => join(folder, `keylog-tls12-${role}-${side.name}`));
    const [ofClient = "", ofServer = ""] = logs;
    const { port, next } = await serve(side, { dangerousKeyLog });
    sClient(port, ["-keylogfile", ofClient]);
    established(await next()).write("hello\n");
    const theirs = await sServer({}, ["-keylogfile", ofServer]);
    const link = established(await connect(theirs.port, client(side, { dangerousKeyLog })));
    theirs.running.write("hello\n");
    await link.readUntil(/hello/);
    const lines = logs.flatMap((path) =>
      readFileSync(path, "utf8")
        .split("\n")
        .filter((line) => line.startsWith("CLIENT_RANDOM ")),
    );
    expect(ours).toEqual(lines);
  });

  test("our close_notify is answered by s_client, and its own by us", async () => {
    const first = await serve(side);
    const closed = sClient(first.port, ["-msg", "-quiet"]);
    const link = established(await first.next());
    link.close();
    await closed.saw(/<<< TLS 1\.2, Alert \[length 0002\], warning close_notify/);
    expect(await link.read()).toBeUndefined();

    const second = await serve(side);
    const closing = sClient(second.port, ["-msg"]);
    const other = established(await second.next());
    closing.write("Q\n");
    expect(await other.read()).toBeUndefined();
    expect(other.connection.send(Uint8Array.of(1)).kind).toBe("ended");
    other.close();
    await closing.ended;
  });

  test("s_client's wish to renegotiate is refused by a warning, which it takes for the end", async () => {
    const { port, next } = await serve(side);
    const running = sClient(port, ["-msg"]);
    const link = established(await next());
    link.write("hello\n");
    await running.saw(/hello/);
    running.write("R\n");
    const end = link.read().catch(() => undefined);
    await running.saw(/<<< TLS 1\.2, Alert \[length 0002\], warning no_renegotiation/);
    await end;
    expect(link.events).toContainEqual({ kind: "renegotiation-refused" });
  });

  test("s_server's wish to renegotiate is refused by a warning", async () => {
    const { port, running } = await sServer({}, ["-msg"]);
    const link = established(await connect(port, client(side)));
    running.write("hello\n");
    await link.readUntil(/hello/);
    running.write("r\n");
    const end = link.read().catch(() => undefined);
    await running.saw(/<<< TLS 1\.2, Alert \[length 0002\], warning no_renegotiation/);
    await end;
    expect(link.events).toContainEqual({ kind: "renegotiation-refused" });
  });

  test("a server that asks for a certificate gets an empty one, and goes on", async () => {
    const { port, running } = await sServer({}, ["-verify", "1", "-CAfile", file("roots.pem", pki.ca.pem), "-msg"]);
    const link = established(await connect(port, client(side)));
    running.write("welcome\n");
    await link.readUntil(/welcome/);
    expect(running.output()).toMatch(/<<< TLS 1\.2, Handshake \[length 0007\], Certificate\n/);
  });

  test("s_client's fallback that could have had more is refused by inappropriate_fallback, at our newest it is not", async () => {
    const both = await serve(side);
    const running = sClient(both.port, ["-fallback_scsv"]);
    expect((await both.next()).kind).toBe("failed");
    await running.saw(/SSL alert number 86\b/);
    const older = await serve(side, { versions: ["tls1.2"] });
    sClient(older.port, ["-fallback_scsv"]);
    expect((await older.next()).kind).toBe("established");
  });

  test("alerts are read by openssl in clear before there are keys, and under them behind", async () => {
    const refusing = await serve(side, { groups: ["secp384r1"] });
    const refused = sClient(refusing.port, ["-groups", "X25519"]);
    expect((await refusing.next()).kind).toBe("failed");
    await refused.saw(/SSL alert number 40\b/);

    const { port, next } = await serve(side);
    const running = sClient(port);
    const link = established(await next());
    link.abort({ alert: "access_denied", reason: "a test" });
    await running.saw(/SSL alert number 49\b/);
    await link.drained();

    const verifier = {
      schemes: ["ecdsa_secp256r1_sha256"],
      label: "nobody",
      verify: () => ({ reason: "nobody is trusted" }),
    } as const;
    const theirs = await sServer();
    expect((await connect(theirs.port, client(side, { verifier }))).kind).toBe("failed");
    await theirs.running.saw(/SSL alert number 46\b/);
  });

  test("a megabyte goes through s_server and comes back unchanged", async () => {
    const { port } = await sServer({}, ["-rev"]);
    const link = established(await connect(port, client(side)));
    const lines = Array.from({ length: 4096 }, (_, at) => `${String(at).padStart(8, "0")}${"x".repeat(247)}`);
    let back = "";
    for (const line of lines) {
      link.write(`${line}\n`);
      back += await link.readUntil(/\n$/);
    }
    expect(back).toBe(lines.map((line) => `${[...line].reverse().join("")}\n`).join(""));
  });

  test("a server that is killed is a truncation, and told apart from close_notify", async () => {
    const { port, running } = await sServer();
    const link = established(await connect(port, client(side)));
    running.write("half a sentence\n");
    await link.readUntil(/half a sentence/);
    await running.stop();
    await expect(link.read()).rejects.toMatchObject({ kind: "truncated" });
  });
});

test.each(sides)("node:tls exports what $name exports: without a context, with an empty one, and with any", async (side) => {
  const { port, next } = await serve(side);
  const socket = tls.connect({ port, host: "127.0.0.1", servername: "localhost", ca: pki.ca.pem, maxVersion: "TLSv1.2" });
  cleanups.push(async () => void socket.destroy());
  const [outcome] = await Promise.all([next(), new Promise((resolve) => socket.once("secureConnect", resolve))]);
  const { connection } = established(outcome);
  for (const context of [undefined, new Uint8Array(0), Uint8Array.of(1, 2, 3)]) {
    const theirs =
      context === undefined ? exportWithout(socket, 40) : socket.exportKeyingMaterial(40, label, Buffer.from(context));
    expect(exported(connection, context, 40)).toBe(theirs.toString("hex"));
  }
});
/** node's types ask for a context; without one none is used. */
function exportWithout(socket: tls.TLSSocket, length: number): Buffer {
  return (socket.exportKeyingMaterial as (length: number, label: string) => Buffer).call(socket, length, label);
}

async function serve(side: Side, options: Partial<ServerOptions> = {}): ReturnType<typeof listen> {
  const credential = await side.credential(await pki.leaf());
  const server = await listen(serverConfig({ provider: side.provider, now: Date.now, credentials: [credential], ...options }));
  cleanups.push(server.close);
  return server;
}

function client({ provider }: Side, options: Partial<ClientOptions> = {}): ReturnType<typeof clientConfig> {
  return clientConfig({ provider, now: Date.now, verifier: serverVerifier({ provider, roots: pki.ca.pem }), ...options });
}

function sClient(port: number, options: readonly string[] = []): Running {
  const roots = file("roots.pem", pki.ca.pem);
  const usual = ["-connect", `127.0.0.1:${port}`, "-tls1_2", "-CAfile", roots, "-servername", "localhost"];
  const running = start("openssl", ["s_client", ...usual, ...options], { timeoutMs: 30_000 });
  cleanups.push(running.stop);
  return running;
}

async function sServer(leaf: LeafOptions = {}, options: readonly string[] = []): Promise<{ port: number; running: Running }> {
  const { certificate, key } = identityFiles(await pki.leaf(leaf));
  const args = ["s_server", "-accept", "127.0.0.1:0", "-tls1_2", "-cert", certificate, "-key", key, ...options];
  const running = start("openssl", args, { timeoutMs: 30_000 });
  cleanups.push(running.stop);
  const [, port] = await running.saw(/ACCEPT \S+:(\d+)/);
  return { port: Number(port), running };
}

async function keyingMaterial(running: Running): Promise<string> {
  const [, hex = ""] = await running.saw(/Keying material: ([0-9A-F]+)/);
  return hex.toLowerCase();
}

function exported(connection: Connection, context: Uint8Array | undefined, length: number): string {
  const result = connection.exportKeyingMaterial(label, context, length);
  if (result.kind !== "exported") throw new Error(result.kind);
  return Buffer.from(result.keyingMaterial).toString("hex");
}
