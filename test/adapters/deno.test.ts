import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, createServer as createTls } from "node:tls";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { blockOf } from "../support/documents.ts";
import { collect, listen, tlsClient, tlsServer } from "../support/endpoints.ts";
import { makePki } from "../support/pki.ts";
import { type Running, run, start } from "../support/processes.ts";
import { root } from "../support/sources.ts";

const pki = await makePki();
const leaf = await pki.leaf();
const files = mkdtempSync(join(tmpdir(), "sallyport-deno-"));
/** Beneath the repository, so that packages are found; not in git. */
const recipes = join(root, `.tmp/deno-${process.pid}`);
const [ca, stranger, chain, key] = [
  ["ca.pem", pki.ca.pem],
  ["stranger.pem", pki.strangerCa.pem],
  ["chain.pem", leaf.chainPem],
  ["key.pem", leaf.keyPem],
].map(([name, pem]) => {
  const path = join(files, name ?? "");
  writeFileSync(path, pem ?? "");
  return path;
}) as [string, string, string, string];
afterAll(() => {
  for (const folder of [files, recipes]) rmSync(folder, { recursive: true, force: true });
});

const running: Running[] = [];
afterEach(() => Promise.all(running.splice(0).map((process) => process.stop())));

function deno(role: string, port = 0, trusted = ca): Running {
  const process = start(
    join(root, "node_modules/.bin/deno"),
    [
      "run",
      "--no-config",
      "--no-lock",
      "--node-modules-dir=manual",
      "--no-check",
      "--conditions=sallyport-source",
      "--allow-net",
      "--allow-read",
      "--allow-write",
      "--allow-env",
      "test/adapters/deno-peer.ts",
      role,
      `${port}`,
      trusted,
      chain,
      key,
      join(recipes, "http.ts"),
    ],
    { cwd: root, timeoutMs: 60_000 },
  );
  running.push(process);
  return process;
}
async function listening(role: string): Promise<readonly [Running, number]> {
  const process = deno(role);
  const [, port] = await process.saw(/\["listening",(\d+)\]/, 30_000);
  return [process, Number(port)];
}

describe("in Deno, on the sources", () => {
  test("a client of ours speaks to node:tls: 5 MB there and back", async () => {
    const theirs = createTls({ ...tlsServer, allowHalfOpen: true }, (socket) => void socket.pipe(socket));
    const client = deno("client", await listen(theirs));
    await client.saw(/\["done","tls1.3","TLS_\w+",5000000\]/, 30_000);
    expect(await client.ended).toBe(0);
    theirs.close();
  });

  test("a client of ours refuses whom it does not know, and node:tls reads why", async () => {
    const theirs = createTls({ ...tlsServer });
    const port = await listen(theirs);
    const told = once(theirs, "tlsClientError") as Promise<[NodeJS.ErrnoException]>;
    const client = deno("suspicious-client", port, stranger);
    await client.saw(/\["refused","identity-distrusted"\]/, 30_000);
    expect((await told)[0].code).toContain("UNKNOWN_CA");
    expect(await client.ended).toBe(0);
    theirs.close();
  });

  test("a listener of ours serves node:tls, refuses with the right alert, lets pass, and tells a truncation", async () => {
    const [server, port] = await listening("server");
    const good = connectTls({ ...tlsClient, port });
    good.end(Buffer.alloc(300_000, 9));
    expect((await collect(good)).length).toBe(300_000);
    await server.saw(/\["echoed"\]/);

    const wrong = connectTls({ ...tlsClient, port, servername: "other.localhost" });
    const [error] = (await once(wrong, "error")) as [NodeJS.ErrnoException];
    expect(error.code).toBe("ERR_SSL_TLSV1_UNRECOGNIZED_NAME");

    const passed = connectTls({ ...tlsClient, port, servername: "pass.localhost", checkServerIdentity: () => undefined });
    passed.on("error", () => {});
    // The door behind the door has no certificate for that name, and says so: it has read the hello from its first byte.
    const [behind] = (await once(passed, "error")) as [NodeJS.ErrnoException];
    expect(behind.code).toBe("ERR_SSL_TLSV1_UNRECOGNIZED_NAME");

    const raw = connectTcp({ port, host: "127.0.0.1" });
    const cut = connectTls({ ...tlsClient, socket: raw });
    cut.on("error", () => {});
    cut.write("half");
    await once(cut, "data");
    raw.end();
    await server.saw(/\["failed","truncated"\]/);
  });

  test("HTTP on it, by the README's own program: Deno's fetch with caCerts, curl by HTTP/2 and 1.1, and openssl", async ({
    skip,
  }) => {
    mkdirSync(recipes, { recursive: true });
    writeFileSync(join(recipes, "http.ts"), blockOf("packages/deno/README.md", "http"));
    const [server, port] = await listening("https");
    await server.saw(/\["fetched",200,"POST \/there 1000000"\]/);
    await server.saw(/\["refused","TypeError"\]/);
    await server.saw(/the peer says unknown_ca/);
    const others = ["curl", "openssl"].filter((name) => spawnSync(name, ["--version"]).error !== undefined);
    skip(others.length > 0 && process.env["SALLYPORT_REQUIRE_PEERS"] === undefined, `${others.join(" and ")} are not installed`);
    for (const [flag, version] of [
      ["--http2", "HTTP/2"],
      ["--http1.1", "HTTP/1.1"],
    ] as const) {
      const answer = await run("curl", ["--silent", "--include", flag, "--cacert", ca, `https://localhost:${port}/by/curl`]);
      expect(answer).toMatch(new RegExp(`^${version} 200[\\s\\S]*GET /by/curl 0$`));
    }
    const trusting = ["-servername", "localhost", "-CAfile", ca, "-verify_return_error"];
    const flags = ["-connect", `127.0.0.1:${port}`, ...trusting, "-quiet", "-alpn", "http/1.1"];
    expect(await run("openssl", ["s_client", ...flags], "GET /by/openssl HTTP/1.0\r\n\r\n")).toContain("GET /by/openssl 0");
  });

  test("STARTTLS on the server's side, which Deno itself lacks", async () => {
    const [server, port] = await listening("starttls");
    const raw = connectTcp({ port, host: "127.0.0.1" });
    raw.write("STARTTLS\r\n");
    await once(raw, "data");
    const theirs = connectTls({ ...tlsClient, socket: raw });
    expect((await collect(theirs)).toString()).toBe("hello");
    theirs.end();
    await server.saw(/\["done",10\]/);
    expect(await server.ended).toBe(0);
  });
});
