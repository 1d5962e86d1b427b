// KeyUpdate and early data with GnuTLS, both roles.
import { clientConfig, memoryClientSessions, serverConfig, ticketKeys } from "@sallyport/core";
import { serverVerifier } from "@sallyport/x509";
import { afterEach, describe, expect, test } from "vitest";
import { makePki } from "../support/pki.ts";
import { type Running, start, versionOf } from "../support/processes.ts";
import { file, freePort, gnutlsVersion, identityFiles } from "./peers.ts";
import { connect, established, type Link, listen } from "./runner.ts";
import { shows } from "./shows.ts";
import { type Side, sides } from "./sides.ts";

const absent = versionOf("gnutls-cli", "--version") === undefined && process.env["SALLYPORT_REQUIRE_PEERS"] === undefined;
const pki = await makePki();
const leaf = await pki.leaf();
const ca = file("gnutls-tls13-ca.pem", pki.ca.pem);
const request = "an early request\n";
const early = file("gnutls-early-request", request);
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve({ provider, credential }: Side) {
  const server = await listen(
    serverConfig({
      provider,
      now: Date.now,
      versions: ["tls1.3"],
      credentials: [await credential(leaf)],
      sessions: ticketKeys({ random: (length) => provider.random(length), now: Date.now }),
      earlyData: { maxBytes: 16_384, singleUse: { use: () => "fresh" } },
    }),
  );
  cleanups.push(() => server.close());
  return server;
}
function gnutlsClient(port: number, ...more: readonly string[]): Running {
  const options = ["--port", String(port), "--x509cafile", ca, "--priority", gnutlsVersion["tls1.3"], ...more];
  const running = start("gnutls-cli", [...options, "localhost"], { timeoutMs: 20_000 });
  cleanups.push(() => running.stop());
  return running;
}
async function gnutlsServer(...more: readonly string[]): Promise<{ readonly port: number; readonly running: Running }> {
  const { certificate, key } = identityFiles(leaf);
  const port = await freePort();
  const shown = ["--disable-client-cert", "--x509certfile", certificate, "--x509keyfile", key];
  const running = start("gnutls-serv", [
    "--port",
    String(port),
    "--echo",
    "--priority",
    gnutlsVersion["tls1.3"],
    ...shown,
    ...more,
  ]);
  cleanups.push(() => running.stop());
  await running.saw(/listening on IPv4[\s\S]*\n/);
  return { port, running };
}
const updates = ({ events }: Link): number =>
  events.filter((event) => event.kind === "keys-updated" && event.direction === "read").length;

describe.skipIf(absent).each(sides.map((side) => [side.name, side] as const))("%s", (_, side) => {
  test("gnutls-cli's KeyUpdate is followed, and ours by it", async () => {
    const { port, next } = await serve(side);
    const running = gnutlsClient(port, "--inline-commands");
    const link = established(await next());
    running.write("^rekey^\n");
    running.write("under its second keys\n");
    await link.readUntil(/its second keys/);
    expect(updates(link)).toBe(1);
    link.updateKeys(true);
    link.write("under our second keys\n");
    await running.saw(/under our second keys/);
    running.write("and its third\n");
    await link.readUntil(/its third/);
    expect(updates(link)).toBe(2);
    shows({ peer: "gnutls", role: "server", version: "tls1.3", feature: "update" });
  });

  test("gnutls-serv follows our KeyUpdates, and answers the one that asks for it", async () => {
    const { port } = await gnutlsServer();
    const verifier = serverVerifier({ provider: side.provider, roots: pki.ca.pem });
    const link = established(
      await connect(port, clientConfig({ provider: side.provider, now: Date.now, versions: ["tls1.3"], verifier })),
    );
    for (const asks of [false, true]) {
      link.updateKeys(asks);
      link.write(`asked: ${asks}\n`);
      expect(await link.readUntil(/\n/)).toBe(`asked: ${asks}\n`);
    }
    expect(updates(link)).toBe(1);
    shows({ peer: "gnutls", role: "client", version: "tls1.3", feature: "update" });
  });

  test("gnutls-cli's early data is accepted", async () => {
    const { port, next } = await serve(side);
    const running = gnutlsClient(port, "--resume", "--waitresumption", "--earlydata", early);
    const first = established(await next());
    expect(await first.read()).toBeUndefined();
    first.close();
    const link = established(await next());
    expect([link.info.handshakeKind, link.early, link.outcome]).toEqual(["resumed", request, "accepted"]);
    running.write("later\n");
    expect(await link.readUntil(/later/)).toBe("later\n");
    shows({ peer: "gnutls", role: "server", version: "tls1.3", feature: "early" });
  });

  test("ours is accepted by gnutls-serv", async () => {
    const { port } = await gnutlsServer("--earlydata", "--maxearlydata", "16384");
    const verifier = serverVerifier({ provider: side.provider, roots: pki.ca.pem });
    const config = clientConfig({
      provider: side.provider,
      now: Date.now,
      versions: ["tls1.3"],
      verifier,
      sessions: memoryClientSessions(),
      earlyData: true,
    });
    const meetings: unknown[] = [];
    for (let meeting = 0; meeting < 2; meeting++) {
      const link = established(await connect(port, config, { early: request }));
      link.write("later\n");
      await link.readUntil(/later\n/);
      meetings.push([link.info.handshakeKind, link.outcome]);
      link.close();
      await link.drained();
    }
    expect(meetings).toEqual([
      ["full", "none"],
      ["resumed", "accepted"],
    ]);
    shows({ peer: "gnutls", role: "client", version: "tls1.3", feature: "early" });
  });
});
