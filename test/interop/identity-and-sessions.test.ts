import { join } from "node:path";
import { clientConfig, memoryClientSessions, type ProtocolVersion, serverConfig, ticketKeys } from "@sallyport/core";
import { clientVerifier, serverVerifier } from "@sallyport/x509";
import { afterEach, describe, expect, test } from "vitest";
import { makePki } from "../support/pki.ts";
import { start, versionOf } from "../support/processes.ts";
import { file, folder, identityFiles } from "./peers.ts";
import { connect, established, listen } from "./runner.ts";
import { type Side, sides } from "./sides.ts";

// Client certificates and sessions with openssl, in both roles.

const absent = versionOf("openssl", "version") === undefined && process.env["SALLYPORT_REQUIRE_PEERS"] === undefined;
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
  const running = start("openssl", ["s_client", "-connect", `127.0.0.1:${port}`, "-servername", "localhost", "-CAfile", ca, flag(version), ...more]);
  cleanups.push(() => running.stop());
  return running;
}
async function sServer(version: ProtocolVersion, ...more: readonly string[]) {
  const { certificate, key } = identityFiles(await pki.leaf());
  const running = start("openssl", ["s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key, flag(version), ...more]);
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
  });

  test("without a certificate we are refused by s_server, and hear its alert", async () => {
    const { port } = await sServer(version, "-Verify", "1", "-CAfile", ca);
    const outcome = await connect(port, client(side, version));
    const error = outcome.kind === "failed" ? outcome.failure.error : await outcome.link.read().then(() => undefined, (thrown: unknown) => thrown);
    expect(error).toMatchObject({
      kind: "alert-received",
      context: { description: { name: version === "tls1.3" ? "certificate_required" : "handshake_failure" } },
    });
  });
});

describe.skipIf(absent).each(sides.map((side) => ({ name: side.name, side })))("sessions with $name", ({ name, side }) => {
  test("s_client resumes by our ticket", async () => {
    const sessions = ticketKeys({ random: (length) => side.provider.random(length), now: Date.now });
    const { port, next } = await serve(side, "tls1.3", { sessions });
    const session = join(folder, `session-${name}`);
    const first = sClient(port, "tls1.3", "-sess_out", session);
    const link = established(await next());
    expect(link.info.handshakeKind).toBe("full");
    link.write("a ticket came\n");
    await first.saw(/a ticket came/);
    first.write("Q\n");
    await first.ended;
    const second = sClient(port, "tls1.3", "-sess_in", session);
    expect(established(await next()).info.handshakeKind).toBe("resumed");
    await second.saw(/Reused, TLSv1\.3/);
  });

  test("we resume by s_server's ticket, each once", async () => {
    const { port } = await sServer("tls1.3", "-rev");
    const config = client(side, "tls1.3", { sessions: memoryClientSessions() });
    const kinds: string[] = [];
    for (let meeting = 0; meeting < 3; meeting++) {
      const link = established(await connect(port, config));
      link.write("abc\n");
      await link.readUntil(/cba/);
      kinds.push(link.info.handshakeKind);
      expect(link.info.peer?.names).toContain("localhost");
      link.close();
      await link.drained();
    }
    expect(kinds).toEqual(["full", "resumed", "resumed"]);
  });
});
