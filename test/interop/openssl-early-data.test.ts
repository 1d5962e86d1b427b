import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer as createHttp } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import {
  clientConfig,
  memorySingleUse,
  type ServerOptions,
  type SingleUse,
  type StoredSession,
  type SyncClientSessionStore,
  serverConfig,
  ticketKeys,
} from "@sallyport/core";
import { createServer, type TlsSocket } from "@sallyport/node";
import { serverVerifier } from "@sallyport/x509";
import { afterEach, describe, expect, test } from "vitest";
import { makePki } from "../support/pki.ts";
import { start, versionOf } from "../support/processes.ts";
import { file, folder, identityFiles } from "./peers.ts";
import { connect, established, type Link, listen } from "./runner.ts";
import { shows } from "./shows.ts";
import { type Side, sides } from "./sides.ts";

// Early data with openssl, both roles, accepted and rejected. Go has none.

const absent = versionOf("openssl", "version") === undefined && process.env["SALLYPORT_REQUIRE_PEERS"] === undefined;
const pki = await makePki();
const ca = file("early-ca.pem", pki.ca.pem);
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
const request = "an early request\n";
const early = join(folder, "early-request");
writeFileSync(early, request);

/** Old enough to know of all that is fresh. */
function oldSingleUse(): SingleUse {
  let nowMs: () => number = () => Date.now() - 60_000;
  const store = memorySingleUse({ now: () => nowMs() });
  nowMs = Date.now;
  return store;
}

/** Servers that open each other's tickets. */
async function servers({ provider, credential }: Side) {
  const sessions = ticketKeys({ random: (length) => provider.random(length), now: Date.now });
  const credentials = [await credential(await pki.leaf())] as const;
  return async (options: Partial<ServerOptions>) => {
    const server = await listen(
      serverConfig({ provider, now: Date.now, versions: ["tls1.3"], credentials, sessions, ...options }),
    );
    cleanups.push(() => server.close());
    return server;
  };
}
const takes = (singleUse: SingleUse): Partial<ServerOptions> => ({ earlyData: { maxBytes: 16_384, singleUse } });

function sClient(port: number, ...more: readonly string[]) {
  const running = start("openssl", [
    "s_client",
    "-connect",
    `127.0.0.1:${port}`,
    "-servername",
    "localhost",
    "-CAfile",
    ca,
    "-tls1_3",
    ...more,
  ]);
  cleanups.push(() => running.stop());
  return running;
}
async function sServer(...more: readonly string[]) {
  const { certificate, key } = identityFiles(await pki.leaf());
  const running = start("openssl", ["s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key, "-tls1_3", ...more]);
  cleanups.push(() => running.stop());
  const [, port] = await running.saw(/ACCEPT 127\.0\.0\.1:(\d+)/);
  return { port: Number(port), running };
}

describe.skipIf(absent).each(sides.map((side) => ({ name: side.name, side })))("early data with $name", ({ name, side }) => {
  /** s_client has met this server, and kept its session in a file. */
  async function acquainted({ port, next }: Awaited<ReturnType<typeof listen>>): Promise<string> {
    const session = join(folder, `early-session-${name}`);
    const first = sClient(port, "-sess_out", session);
    const link = established(await next());
    link.write("a ticket came\n");
    await first.saw(/a ticket came/);
    first.write("Q\n");
    await first.ended;
    return session;
  }

  test("s_client's is accepted, and answered before it has finished", async () => {
    const serve = await servers(side);
    const server = await serve({ ...takes(oldSingleUse()), halfRtt: true });
    const second = sClient(server.port, "-sess_in", await acquainted(server), "-early_data", early);
    // The first link was taken by the meeting before.
    const link = established(await server.next());
    expect([link.info.handshakeKind, link.early, link.outcome]).toEqual(["resumed", request, "accepted"]);
    await second.saw(/Early data was accepted/);
    await second.saw(/half a round trip ahead/);
    second.write("later\n");
    expect(await link.readUntil(/later/)).toBe("later\n");
    shows({ peer: "openssl", role: "server", version: "tls1.3", feature: "early" });
  });

  test.each<[string, Partial<ServerOptions>, readonly string[], string]>([
    ["if it was seen before", takes({ use: () => "seen" }), [], "seen"],
    ["by a server that takes none any more", {}, [], "disabled"],
    [
      "behind a HelloRetryRequest",
      { ...takes({ use: () => "fresh" }), groups: ["secp256r1"] },
      ["-groups", "X25519:P-256"],
      "retried",
    ],
  ])("s_client's is rejected %s, skipped, and the connection goes on", async (_, changed, more, rejected) => {
    const serve = await servers(side);
    const session = await acquainted(await serve(takes(oldSingleUse())));
    const server = await serve(changed);
    const second = sClient(server.port, "-sess_in", session, "-early_data", early, ...more);
    const link = established(await server.next());
    expect([link.early, link.outcome]).toEqual(["", { rejected }]);
    await second.saw(/Early data was rejected/);
    second.write("later\n");
    expect(await link.readUntil(/later/)).toBe("later\n");
  });

  /** Speaks to s_server, which answers; a new session is put into the list. */
  async function meet({ port, running }: Awaited<ReturnType<typeof sServer>>, kept: StoredSession[]): Promise<Link> {
    // The first that came is used, again and again.
    const sessions: SyncClientSessionStore = { take: () => kept[0], put: (_, session) => void kept.push(session) };
    const verifier = serverVerifier({ provider: side.provider, roots: pki.ca.pem });
    const config = clientConfig({
      provider: side.provider,
      now: Date.now,
      versions: ["tls1.3"],
      verifier,
      sessions,
      earlyData: true,
    });
    const link = established(await connect(port, config, { early: request }));
    running.write("an answer\n");
    await link.readUntil(/an answer/);
    link.close();
    await link.drained();
    return link;
  }
  const about = ({ info, outcome }: Link): unknown[] => [info.handshakeKind, outcome];

  test("ours is accepted by s_server, whose anti-replay takes a session once", async () => {
    const server = await sServer("-early_data");
    const kept: StoredSession[] = [];
    expect(about(await meet(server, kept))).toEqual(["full", "none"]);
    expect(kept[0]?.maxEarlyData).toBe(16_384);
    expect(about(await meet(server, kept))).toEqual(["resumed", "accepted"]);
    await server.running.saw(/an early request/);
    expect(about(await meet(server, kept))).toEqual(["full", { rejected: "not-resumed" }]);
    shows({ peer: "openssl", role: "client", version: "tls1.3", feature: "early" });
  });

  test("ours is rejected by s_server behind a HelloRetryRequest", async () => {
    const server = await sServer("-early_data", "-no_anti_replay", "-groups", "P-384");
    const kept: StoredSession[] = [];
    expect(about(await meet(server, kept))).toEqual(["full-after-retry", "none"]);
    expect(about(await meet(server, kept))).toEqual(["resumed-after-retry", { rejected: "retried" }]);
  });

  test("ours is rejected, and skipped, by an s_server that can not open the ticket", async () => {
    const allowing = await sServer("-early_data", "-no_anti_replay");
    const kept: StoredSession[] = [];
    await meet(allowing, kept);
    const other = await sServer("-max_early_data", "0");
    expect(about(await meet(other, kept))).toEqual(["full", { rejected: "not-resumed" }]);
  });

  test("s_client's early request reaches an http handler that asked for such, marked, and is answered by half-RTT data", async () => {
    const { provider, credential } = side;
    const sessions = ticketKeys({ random: (length) => provider.random(length), now: Date.now });
    const credentials = [await credential(await pki.leaf())] as const;
    const accept = serverConfig({
      provider,
      now: Date.now,
      versions: ["tls1.3"],
      credentials,
      sessions,
      halfRtt: true,
      ...takes(oldSingleUse()),
    });
    const http = createHttp((request, response) => {
      response.end(
        `early-data: ${request.headers["early-data"]}, secure: ${!(request.socket as unknown as TlsSocket).secureConnecting}.`,
      );
    });
    const ours = createServer({ accept, earlyRequests: { server: http } }, (socket) => void http.emit("connection", socket));
    ours.listen(0, "127.0.0.1");
    await once(ours, "listening");
    cleanups.push(async () => void ours.close());
    const { port } = ours.address() as AddressInfo;
    const session = join(folder, `early-http-session-${name}`);
    const get = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const first = sClient(port, "-sess_out", session);
    first.write(get);
    await first.saw(/early-data: undefined, secure: true\./);
    first.write("Q\n");
    await first.ended;
    const file = join(folder, `early-http-${name}`);
    writeFileSync(file, get);
    const second = sClient(port, "-sess_in", session, "-early_data", file);
    await second.saw(/early-data: 1, secure: false\./);
    await second.saw(/Early data was accepted/);
  });
});
