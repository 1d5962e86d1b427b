// A browser loads the page of `npm start`.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { connect } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startDemo } from "../support/demo.ts";
import type { Running } from "../support/processes.ts";
import { run, start, versionOf } from "../support/processes.ts";
import { file } from "./peers.ts";

const chromium = ["chromium", "chromium-browser", "google-chrome"].find((name) => versionOf(name, "--version") !== undefined);
const absent = chromium === undefined && process.env["SALLYPORT_REQUIRE_PEERS"] === undefined;
const reason = "chromium is not installed";

let demo: Running;
let port = 0;
const home = mkdtempSync(join(tmpdir(), "sallyport-chromium-"));

beforeAll(async () => {
  if (absent) return;
  demo = startDemo(["demo", "--port", "0"], { timeoutMs: 110_000 });
  port = Number((await demo.saw(/Now open https:\/\/localhost:(\d+)\//, 60_000))[1]);
});
afterAll(async () => {
  await demo?.stop();
  rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});

test("a browser that doesn't trust the CA leaves with an alert, and the demo takes it as ordinary", async ({ skip }) => {
  skip(absent, reason);
  const browser = browse("stranger");
  await demo.saw(/said certificate_unknown: it doesn't trust the demo's CA yet/, 30_000);
  await browser.ended;
  expect(browser.output()).not.toContain("both doors");
});

test("a browser that trusts the CA loads the page, which shows it its own handshake", async ({ skip }) => {
  skip(absent, reason);
  const browser = browse("friend", await trust("friend"));
  await browser.ended;
  const page = browser.output();
  expect(page).toContain("You are in, through both doors");
  expect(page).toMatch(/GREASE \(0x[0-9a-f]a[0-9a-f]a\)/);
  for (const part of [
    "ClientHello",
    "EncryptedExtensions",
    "CompressedCertificate",
    "CertificateVerify",
    "TLS_AES_128_GCM_SHA256",
    "supported_versions",
  ]) {
    expect(page).toContain(part);
  }
  expect(page).not.toContain("<script");
});

function browse(profile: string, flags: readonly string[] = []): Running {
  if (chromium === undefined) throw new Error(reason);
  const quiet = [
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
  ];
  // Containers have no user namespaces for its sandbox; it sees nothing but our own page.
  const options = [...quiet, "--no-sandbox", "--disable-dev-shm-usage", `--user-data-dir=${join(home, profile, "data")}`];
  const environment = { HOME: join(home, profile), XDG_DATA_HOME: join(home, profile, ".local/share") };
  return start(chromium, [...options, ...flags, "--dump-dom", `https://localhost:${port}/`], {
    env: environment,
    timeoutMs: 40_000,
  });
}

/**
 * Puts the demo's CA into the profile's own trust store, as the page tells its reader to. Where there is no certutil the browser is
 * told to let this one key pass.
 *
 * @returns flags for the browser
 */
async function trust(profile: string): Promise<readonly string[]> {
  const { ca, keyHash } = await lookAtDemo();
  const folder = join(home, profile, ".pki/nssdb");
  mkdirSync(folder, { recursive: true });
  const made = await run("certutil", ["-d", `sql:${folder}`, "-N", "--empty-password"]).then(
    () => true,
    () => false,
  );
  if (!made) return [`--ignore-certificate-errors-spki-list=${keyHash}`];
  await run("certutil", ["-d", `sql:${folder}`, "-A", "-t", "C,,", "-n", "Sallyport demo CA", "-i", file("demo-ca.pem", ca)]);
  return [];
}

/** By node:tls, unverified: what it gives is what is to be trusted. */
async function lookAtDemo(): Promise<{ readonly ca: string; readonly keyHash: string }> {
  const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const key = socket.getPeerX509Certificate()?.publicKey.export({ type: "spki", format: "der" }) ?? "";
  socket.end("GET /ca.pem HTTP/1.0\r\n\r\n");
  const ca = /-----BEGIN[\s\S]*-----END CERTIFICATE-----\n/.exec(await text(socket))?.[0] ?? "";
  return { ca, keyHash: createHash("sha256").update(key).digest("base64") };
}
