import { join } from "node:path";
import {
  clientConfig,
  memoryClientSessions,
  type ProtocolVersion,
  serverConfig,
  type TicketKeys,
  ticketKeys,
} from "@sallyport/core";
import { clientVerifier, serverVerifier } from "@sallyport/x509";
import { afterEach, describe, expect, test } from "vitest";
import { makePki } from "../support/pki.ts";
import { start, versionOf } from "../support/processes.ts";
import { keptSessions } from "../support/seeded.ts";
import { cIdentityPeers } from "./c-peers.ts";
import { identityPeers as otherPeers } from "./identity-peers.ts";
import { file, folder, identityFiles, request } from "./peers.ts";
import { connect, established, type Link, listen, type Outcome } from "./runner.ts";
import { shows } from "./shows.ts";
import { type Side, sides } from "./sides.ts";

// Client certificates and sessions in both roles: with openssl in every detail, with the others that they come to pass.

const absent = versionOf("openssl", "version") === undefined && process.env["SALLYPORT_REQUIRE_PEERS"] === undefined;
const identityPeers = [...otherPeers, ...cIdentityPeers];
const pki = await makePki();
const ca = file("identity-ca.pem", pki.ca.pem);
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
const cases = sides.flatMap((side) => (["tls1.3", "tls1.2"] as const).map((version) => ({ name: side.name, side, version })));
const flag = (version: ProtocolVersion): string => (version === "tls1.3" ? "-tls1_3" : "-tls1_2");

async function serve({ provider, credential }: Side, version: ProtocolVersion, options: object = {}) {
  const credentials = [await credential(await pki.leaf())] as const;
  const server = await listen(serverConfig({ provider, now: Date.now, versions: [version], credentials, ...options }));
  cleanups.push(() => server.close());
  return server;
}
function client({ provider }: Side, version: ProtocolVersion, options: object = {}) {
  const verifier = serverVerifier({ provider, roots: pki.ca.pem });
  return clientConfig({ provider, now: Date.now, versions: [version], verifier, ...options });
}
function sClient(port: number, version: ProtocolVersion, ...more: readonly string[]) {
  const running = start("openssl", [
    "s_client",
    "-connect",
    `127.0.0.1:${port}`,
    "-servername",
    "localhost",
    "-CAfile",
    ca,
    flag(version),
    ...more,
  ]);
  cleanups.push(() => running.stop());
  return running;
}
async function sServer(version: ProtocolVersion, ...more: readonly string[]) {
  const { certificate, key } = identityFiles(await pki.leaf());
  const running = start("openssl", [
    "s_server",
    "-accept",
    "127.0.0.1:0",
    "-cert",
    certificate,
    "-key",
    key,
    flag(version),
    ...more,
  ]);
  cleanups.push(() => running.stop());
  const [, port] = await running.saw(/ACCEPT 127\.0\.0\.1:(\d+)/);
  return { port: Number(port), running };
}

describe.skipIf(absent).each(cases)("$name, $version", ({ side, version }) => {
  const authentication = { mode: "required", verifier: clientVerifier({ provider: side.provider, roots: pki.ca.pem }) } as const;

  test.each(["ecdsa-p256", "rsa"] as const)("s_client's %s certificate is asked for, proven and judged", async (key) => {
    const { port, next } = await serve(side, version, { clientAuthentication: authentication });
    const own = identityFiles(await pki.leaf({ key, usage: "client", dns: ["a.client"] }));
    sClient(port, version, "-cert", own.certificate, "-key", own.key);
    const link = established(await next());
    expect(link.info.peer?.names).toContain("a.client");
    shows({ peer: "openssl", role: "server", version, feature: "client" });
  });

  test("s_client without a certificate is refused, and says by which alert", async () => {
    const { port, next } = await serve(side, version, { clientAuthentication: authentication });
    const running = sClient(port, version);
    expect((await next()).kind).toBe("failed");
    await running.saw(version === "tls1.3" ? /SSL alert number 116/ : /SSL alert number 40/);
  });

  test("s_client's certificate by a stranger is refused with unknown_ca", async () => {
    const { port, next } = await serve(side, version, { clientAuthentication: authentication });
    const own = identityFiles(await pki.leaf({ usage: "client", issuer: "stranger" }));
    const running = sClient(port, version, "-cert", own.certificate, "-key", own.key);
    expect((await next()).kind).toBe("failed");
    await running.saw(/SSL alert number 48/);
  });

  test("our certificate satisfies s_server, which insists on one", async () => {
    const { port, running } = await sServer(version, "-Verify", "1", "-verify_return_error", "-CAfile", ca);
    const own = await side.credential(await pki.leaf({ usage: "client", commonName: "our client" }));
    const link = established(await connect(port, client(side, version, { credentials: [own] })));
    link.write("it is me\n");
    await running.saw(/CN\s?=\s?our client[\s\S]*it is me/);
    shows({ peer: "openssl", role: "client", version, feature: "client" });
  });

  test("without a certificate we are refused by s_server, and hear its alert", async () => {
    const { port } = await sServer(version, "-Verify", "1", "-CAfile", ca);
    const outcome = await connect(port, client(side, version));
    const error =
      outcome.kind === "failed"
        ? outcome.failure.error
        : await outcome.link.read().then(
            () => undefined,
            (thrown: unknown) => thrown,
          );
    expect(error).toMatchObject({
      kind: "alert-received",
      context: { description: { name: version === "tls1.3" ? "certificate_required" : "handshake_failure" } },
    });
  });
});

const sealed = (side: Side): TicketKeys => ticketKeys({ random: (length) => side.provider.random(length), now: Date.now });
const ways = {
  "a ticket": { sessions: sealed, options: [] },
  // In TLS 1.3 it is a ticket to s_client all the same.
  "what a store keeps": { sessions: () => keptSessions(), options: ["-no_ticket"] },
} as const;

describe.skipIf(absent).each(cases)("sessions of $version with $name", ({ name, side, version }) => {
  test.each(["a ticket", "what a store keeps"] as const)("s_client resumes by %s of ours", async (way) => {
    const { sessions, options } = ways[way];
    const { port, next } = await serve(side, version, { sessions: sessions(side) });
    const session = join(folder, `session-${name}-${version}-${way.replaceAll(" ", "-")}`);
    const more = version === "tls1.2" ? options : [];
    const first = sClient(port, version, "-sess_out", session, ...more);
    const link = established(await next());
    expect(link.info.handshakeKind).toBe("full");
    link.write("a session came\n");
    await first.saw(/a session came/);
    first.write("Q\n");
    await first.ended;
    const second = sClient(port, version, "-sess_in", session, ...more);
    const again = established(await next());
    expect(again.info.handshakeKind).toBe("resumed");
    await second.saw(version === "tls1.3" ? /Reused, TLSv1\.3/ : /Reused, TLSv1\.2/);
    again.write("and data\n");
    await second.saw(/and data/);
    shows({ peer: "openssl", role: "server", version, feature: "resumption" });
  });

  test.each(["a ticket", "what a store keeps"] as const)("we resume by %s of s_server, each once", async (way) => {
    const { port } = await sServer(version, "-rev", ...(version === "tls1.2" ? ways[way].options : []));
    const config = client(side, version, { sessions: memoryClientSessions() });
    const kinds: string[] = [];
    for (let meeting = 0; meeting < 4; meeting++) {
      const link = established(await connect(port, config));
      link.write("abc\n");
      await link.readUntil(/cba/);
      kinds.push(link.info.handshakeKind);
      expect(link.info.peer?.names).toContain("localhost");
      link.close();
      await link.drained();
    }
    // TLS 1.2 gives none behind a resumption.
    expect(kinds).toEqual(
      version === "tls1.3" ? ["full", "resumed", "resumed", "resumed"] : ["full", "resumed", "full", "resumed"],
    );
    shows({ peer: "openssl", role: "client", version, feature: "resumption" });
  });
});

const page = "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nyour page\n";
/** A page for who asks for one, until the peer closes. */
async function answer(outcome: Outcome): Promise<Link> {
  const link = established(outcome);
  let asked = "";
  while (!asked.includes("\r\n\r\n")) {
    const next = await link.read();
    if (next === undefined) break;
    asked += Buffer.from(next).toString("latin1");
  }
  if (asked !== "") link.write(page);
  link.close();
  await link.drained();
  return link;
}
async function fetchPage(link: Link): Promise<void> {
  link.write(request);
  expect(await link.readUntil(/\r?\n\r?\n/)).toMatch(/^HTTP\/1\.[01] 200/i);
  while ((await link.read()) !== undefined); // to its close_notify
  link.close();
  await link.drained();
}

const met = identityPeers.flatMap((peer) =>
  cases.filter(({ version }) => peer.versions?.includes(version) !== false).map((each) => ({ ...each, peer, other: peer.name })),
);
describe.each(met)("$other, $name, $version", ({ peer, side, version }) => {
  const missing = !peer.installed && process.env["SALLYPORT_REQUIRE_PEERS"] === undefined;
  const authentication = { mode: "required", verifier: clientVerifier({ provider: side.provider, roots: pki.ca.pem }) } as const;
  const insisting = async (): Promise<number> => {
    const { port, stop } = await peer.serve(await pki.leaf(), version, pki);
    cleanups.push(stop);
    return port;
  };

  test.skipIf(missing).each(["ecdsa-p256", "ecdsa-p384", "rsa"] as const)(
    "its %s certificate is asked for, proven and judged",
    async (key) => {
      const { port, next } = await serve(side, version, { clientAuthentication: authentication });
      const own = await pki.leaf({ key, usage: "client", dns: ["a.client"] });
      const [said, link] = await Promise.all([peer.get(port, version, pki, own), next().then(answer)]);
      expect(said).toContain("your page");
      expect(link.info.peer?.names).toContain("a.client");
      shows({ peer: peer.name, role: "server", version, feature: "client" });
    },
  );

  test.skipIf(missing)("without a certificate it is refused, and says by which alert", async () => {
    const { port, next } = await serve(side, version, { clientAuthentication: authentication });
    const [said, outcome] = await Promise.all([peer.get(port, version, pki, undefined).then(() => "a page", String), next()]);
    expect(outcome.kind).toBe("failed");
    expect(said).toMatch(version === "tls1.3" ? /certificate[ _](is )?required/i : /handshake[ _]fail/i);
  });

  test.skipIf(missing).each(["ecdsa-p256", "ecdsa-p384", "rsa"] as const)(
    "our %s certificate satisfies it where it insists on one",
    async (key) => {
      if (peer.asksFor?.(key, version) === false) {
        const own = await side.credential(await pki.leaf({ key, usage: "client" }));
        expect(await connect(await insisting(), client(side, version, { credentials: [own] }))).toMatchObject({ kind: "failed" });
        return;
      }
      const own = await side.credential(await pki.leaf({ key, usage: "client", commonName: "our client" }));
      await fetchPage(established(await connect(await insisting(), client(side, version, { credentials: [own] }))));
      shows({ peer: peer.name, role: "client", version, feature: "client" });
    },
  );

  test.skipIf(missing)("without a certificate we are refused where it insists on one, and hear its alert", async () => {
    const outcome = await connect(await insisting(), client(side, version));
    const error =
      outcome.kind === "failed"
        ? outcome.failure.error
        : await outcome.link.read().then(
            () => undefined,
            (thrown: unknown) => thrown,
          );
    expect(error).toMatchObject({ kind: peer.silent?.includes(version) === true ? "truncated" : "alert-received" });
  });
});

const resuming = identityPeers.flatMap((peer) =>
  cases.filter(({ version }) => peer.versions?.includes(version) !== false).map((each) => ({ ...each, peer, other: peer.name })),
);
describe.each(resuming)("sessions of $other with $name, $version", ({ peer, side, version }) => {
  const missing = !peer.installed && process.env["SALLYPORT_REQUIRE_PEERS"] === undefined;

  test.skipIf(missing).each(["a ticket", "what a store keeps"] as const)("it resumes by %s of ours", async (way) => {
    // Go's client knows no session ids.
    const resumes = !(peer.name === "go" && version === "tls1.2" && way === "what a store keeps");
    const { port, next } = await serve(side, version, { sessions: ways[way].sessions(side) });
    const meetings = Promise.all([next().then(answer), next().then(answer)]);
    const said = await peer.getTwice(port, pki, version);
    expect((await meetings).map(({ info }) => info.handshakeKind)).toEqual(["full", resumes ? "resumed" : "full"]);
    expect(said).toContain("your page");
    if (!resumes) return;
    expect(said).toContain("resumed");
    shows({ peer: peer.name, role: "server", version, feature: "resumption" });
  });

  test.skipIf(missing)("we resume by its sessions, each once", async () => {
    const { port, stop } = await peer.serve(await pki.leaf(), version);
    cleanups.push(stop);
    const config = client(side, version, { sessions: memoryClientSessions() });
    const kinds: string[] = [];
    for (let meeting = 0; meeting < 3; meeting++) {
      const link = established(await connect(port, config));
      kinds.push(link.info.handshakeKind);
      expect(link.info.peer?.names).toContain("localhost");
      await fetchPage(link);
    }
    expect(kinds.slice(0, 2)).toEqual(["full", "resumed"]);
    // Some give another ticket of TLS 1.2 behind a resumption.
    if (version === "tls1.3") expect(kinds[2]).toBe("resumed");
    shows({ peer: peer.name, role: "client", version, feature: "resumption" });
  });
});
