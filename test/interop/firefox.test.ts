// Firefox, trusting our CA, loads a page: by which messages, the server's trace tells.
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serverConfig, type TraceEvent } from "@sallyport/core";
import { certificateCompressors, node, signer } from "@sallyport/crypto-node";
import { createServer } from "@sallyport/node";
import { credential } from "@sallyport/x509";
import { afterAll, expect, test } from "vitest";
import { makeAuthority } from "../../packages/cli/src/demo/authority.ts";
import { run, start, versionOf } from "../support/processes.ts";
import { shows } from "./shows.ts";

const firefox = ["firefox-esr", "firefox"].find((name) => versionOf(name, "--version") !== undefined);
const hasCertutil = spawnSync("certutil", ["-H"]).error === undefined;
const absent = (firefox === undefined || !hasCertutil) && process.env["SALLYPORT_REQUIRE_PEERS"] === undefined;
const home = mkdtempSync(join(tmpdir(), "sallyport-firefox-"));
afterAll(() => rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));

test("Firefox takes a compressed certificate and the post-quantum key exchange, and gets its page", { timeout: 120_000 }, async ({
  skip,
}) => {
  skip(absent, "firefox and certutil are not installed");
  if (firefox === undefined) throw new Error("firefox is not installed");
  const authority = await makeAuthority();
  const own = credential({ chain: authority.leaf.chainPem, signer: signer(authority.leaf.keyPem) });
  const seen: TraceEvent[] = [];
  const config = serverConfig({
    provider: node,
    now: Date.now,
    credentials: [own],
    alpn: ["http/1.1"],
    certificateCompression: certificateCompressors,
    trace: (event) => void seen.push(event),
  });
  const http = createHttpServer((_, response) => response.end("<p>through both doors</p>"));
  const server = createServer({ accept: () => config }, (socket) => void http.emit("connection", socket));
  server.listen(0, "localhost");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // a TCP server's

  const profile = join(home, "profile");
  mkdirSync(profile);
  writeFileSync(join(home, "ca.pem"), authority.pem);
  await run("certutil", ["-d", `sql:${profile}`, "-N", "--empty-password"]);
  await run("certutil", ["-d", `sql:${profile}`, "-A", "-t", "C,,", "-n", "CA", "-i", join(home, "ca.pem")]);
  const flags = [
    "--headless",
    "--no-remote",
    "--profile",
    profile,
    "--screenshot",
    join(home, "page.png"),
    `https://localhost:${port}/`,
  ];
  const browser = start(firefox, flags, { env: { HOME: home, MOZ_DISABLE_CONTENT_SANDBOX: "1" }, timeoutMs: 90_000 });
  const [[request], [socket]] = await Promise.all([once(http, "request"), once(server, "secureConnection")]);
  await browser.stop();
  server.close();

  expect(request.headers["user-agent"]).toMatch(/Firefox\//);
  expect(socket.info).toMatchObject({ version: "tls1.3", group: "X25519MLKEM768", alpn: "http/1.1" });
  const sent = seen.flatMap((event) => (event.kind === "message" && event.direction === "out" ? [event.type] : []));
  expect(sent).toContain("compressed_certificate");
  for (const feature of ["full", "hybrid", "alpn"] as const)
    shows({ peer: "firefox", role: "server", version: "tls1.3", feature });
});
