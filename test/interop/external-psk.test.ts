import {
  clientConfig,
  type ClientOptions,
  dangerousRawPsk,
  memoryClientSessions,
  type ServerOptions,
  serverConfig,
  ticketKeys,
} from "@sallyport/core";
import { afterEach, describe, expect, test } from "vitest";
import { makePki } from "../support/pki.ts";
import { type Running, start, versionOf } from "../support/processes.ts";
import { file, freePort, identityFiles } from "./peers.ts";
import { connect, established, listen, type Outcome } from "./runner.ts";
import { shows } from "./shows.ts";
import { type Side, sides } from "./sides.ts";

// Keys that both have from elsewhere, raw: neither OpenSSL nor GnuTLS 3.7 imports any. Both hold them to SHA-256.

const pki = await makePki();
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const name = "a-key-from-elsewhere";
const key = Uint8Array.from({ length: 32 }, (_, at) => 3 * at + 1);
const hex = Buffer.from(key).toString("hex");
const psk = dangerousRawPsk({ identity: new TextEncoder().encode(name), key, hash: "sha256" });
const changed = dangerousRawPsk({ identity: psk.identity, key: key.toReversed(), hash: "sha256" });

const opensslIsAbsent = versionOf("openssl", "version") === undefined && process.env["SALLYPORT_REQUIRE_PEERS"] === undefined;
describe.skipIf(opensslIsAbsent).each(sides.map((side) => [side.name, side] as const))("openssl with %s", (_, side) => {
  test.each<[string, readonly string[]]>([
    ["psk", []],
    ["psk-after-retry", ["-groups", "P-384:X25519"]],
  ])("s_client is let in by the key alone: %s", async (kind, options) => {
    const { port, next } = await serve(side, kind === "psk" ? {} : { groups: ["x25519"] });
    const running = sClient(port, ["-psk", hex, "-psk_identity", name, ...options]);
    const link = established(await next());
    expect(link.info).toMatchObject({ handshakeKind: kind, peer: undefined });
    expect(link.info.suite).toMatch(/_SHA256$/);
    expect(Buffer.from(link.info.psk?.identity ?? []).toString()).toBe(name);
    running.write("from openssl\n");
    expect(await link.readUntil(/\n/)).toBe("from openssl\n");
    link.write("from us\n");
    await running.saw(/from us/);
    link.close();
    await link.drained();
    shows({ peer: "openssl", role: "server", version: "tls1.3", feature: "psk" });
  });

  test("s_client hears decrypt_error for a wrong key, and the same for a name that nobody knows", async () => {
    const { port, next } = await serve(side);
    for (const [said, as] of [
      [hex.replace(/^../, "ff"), name],
      [hex, "nobody"],
    ] as const) {
      const running = sClient(port, ["-psk", said, "-psk_identity", as]);
      expect(alertOf(await next())).toBe("decrypt_error");
      await running.saw(/SSL alert number 51\b/);
    }
  });

  test("s_client without the key is shown the certificate, with it none", async () => {
    const credentials: ServerOptions["credentials"] = [await side.credential(await pki.leaf())];
    const { port, next } = await serve(side, { credentials });
    for (const [options, kind] of [
      [[], "full"],
      [["-psk", hex, "-psk_identity", name], "psk"],
      [["-psk", hex, "-psk_identity", "nobody"], "full"],
    ] as const) {
      const running = sClient(port, options);
      const link = established(await next());
      expect(link.info.handshakeKind).toBe(kind);
      link.close();
      await link.drained();
      await running.ended;
      expect(/BEGIN CERTIFICATE/.test(running.output())).toBe(kind === "full");
    }
  });

  test("s_client resumes a session of such a handshake", async () => {
    const { port, next } = await serve(side, { sessions: ticketKeys({ random: side.provider.random, now: Date.now }) });
    const session = file("psk-session.pem", "");
    const first = sClient(port, ["-psk", hex, "-psk_identity", name, "-sess_out", session]);
    const link = established(await next());
    link.close();
    await link.drained();
    await first.ended;
    sClient(port, ["-sess_in", session]);
    const again = established(await next());
    expect(again.info.handshakeKind).toBe("resumed");
    expect(Buffer.from(again.info.psk?.identity ?? []).toString()).toBe(name);
    again.close();
    await again.drained();
  });

  test("s_server lets us in by the key alone, and again by a session", async () => {
    const { port, running } = await sServer(["-nocert", "-psk", hex, "-psk_identity", name]);
    const config = client(side, { sessions: memoryClientSessions() });
    for (const kind of ["psk", "resumed"]) {
      const link = established(await connect(port, config));
      expect(link.info).toMatchObject({ handshakeKind: kind, peer: undefined });
      expect(Buffer.from(link.info.psk?.identity ?? []).toString()).toBe(name);
      running.write("from openssl\n");
      expect(await link.readUntil(/\n/)).toContain("from openssl");
      link.write(`from us, ${kind}\n`);
      await running.saw(new RegExp(`from us, ${kind}`));
      link.close();
      await link.drained();
    }
    shows({ peer: "openssl", role: "client", version: "tls1.3", feature: "psk" });
  });

  test("s_server asks us for another share", async () => {
    const { port } = await sServer(["-nocert", "-psk", hex, "-psk_identity", name, "-groups", "P-384"]);
    const link = established(await connect(port, client(side, { groups: ["x25519", "secp384r1"] })));
    expect(link.info.handshakeKind).toBe("psk-after-retry");
    link.close();
    await link.drained();
  });

  test("s_server refuses a wrong key; one that doesn't know us shows its certificate, which is not taken", async () => {
    const { port } = await sServer(["-nocert", "-psk", hex, "-psk_identity", name]);
    const wrong = await connect(port, clientConfig({ provider: side.provider, now: Date.now, psks: [changed] }));
    expect(wrong.kind === "failed" && wrong.failure.error).toMatchObject({
      kind: "alert-received",
      context: { description: { name: "illegal_parameter" } },
    });
    const { certificate, key: keyFile } = identityFiles(await pki.leaf());
    const other = await sServer(["-cert", certificate, "-key", keyFile]);
    const outcome = await connect(other.port, client(side));
    // Without signature_algorithms it can't even choose one.
    expect(outcome.kind === "failed" && outcome.failure.error).toMatchObject({ kind: "alert-received" });
  });
});

const gnutlsIsAbsent = versionOf("gnutls-cli", "--version") === undefined && process.env["SALLYPORT_REQUIRE_PEERS"] === undefined;
const priority = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+ECDHE-PSK:+PSK";
describe.skipIf(gnutlsIsAbsent).each(sides.map((side) => [side.name, side] as const))("gnutls with %s", (_, side) => {
  test("gnutls-cli is let in by the key alone", async () => {
    const { port, next } = await serve(side);
    const running = start(
      "gnutls-cli",
      ["--port", String(port), "--priority", priority, "--pskusername", name, "--pskkey", hex, "localhost"],
      { timeoutMs: 30_000 },
    );
    cleanups.push(running.stop);
    const link = established(await next());
    expect(link.info).toMatchObject({ handshakeKind: "psk", peer: undefined });
    running.write("from gnutls\n");
    expect(await link.readUntil(/\n/)).toBe("from gnutls\n");
    link.close();
    await link.drained();
    shows({ peer: "gnutls", role: "server", version: "tls1.3", feature: "psk" });
  });

  test("gnutls-serv lets us in by the key alone", async () => {
    const port = await freePort();
    const keys = file("gnutls-psk.txt", `${name}:${hex}\n`);
    const running = start("gnutls-serv", ["--port", String(port), "--echo", "--priority", priority, "--pskpasswd", keys], {
      timeoutMs: 30_000,
    });
    cleanups.push(running.stop);
    await running.saw(/listening on IPv4.*done/);
    const link = established(await connect(port, client(side)));
    expect(link.info).toMatchObject({ handshakeKind: "psk", peer: undefined });
    link.write("echo\n");
    expect(await link.readUntil(/\n/)).toBe("echo\n");
    link.close();
    await link.drained();
    shows({ peer: "gnutls", role: "client", version: "tls1.3", feature: "psk" });
  });
});

async function serve(side: Side, options: Partial<ServerOptions> = {}): ReturnType<typeof listen> {
  const { credentials, psks: _, clientAuthentication: __, ...rest } = options;
  const common = { provider: side.provider, now: Date.now, ...rest };
  const server = await listen(
    serverConfig(credentials === undefined ? { ...common, psks: [psk] } : { ...common, credentials, psks: [psk] }),
  );
  cleanups.push(server.close);
  return server;
}
function client({ provider }: Side, options: Partial<Pick<ClientOptions, "sessions" | "groups">> = {}) {
  return clientConfig({ provider, now: Date.now, psks: [psk], ...options });
}
function sClient(port: number, options: readonly string[]): Running {
  const running = start(
    "openssl",
    ["s_client", "-connect", `127.0.0.1:${port}`, "-tls1_3", "-servername", "localhost", ...options],
    { timeoutMs: 30_000 },
  );
  cleanups.push(running.stop);
  return running;
}
async function sServer(options: readonly string[]): Promise<{ readonly port: number; readonly running: Running }> {
  const running = start("openssl", ["s_server", "-accept", "127.0.0.1:0", "-tls1_3", ...options], { timeoutMs: 30_000 });
  cleanups.push(running.stop);
  const [, port] = await running.saw(/ACCEPT \S+:(\d+)/);
  return { port: Number(port), running };
}
function alertOf(outcome: Outcome): unknown {
  return outcome.kind === "failed" && outcome.failure.alert.kind === "alert" ? outcome.failure.alert.description : outcome.kind;
}
