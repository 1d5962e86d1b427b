// Runs Node.js, Go, Mbed TLS, wolfSSL and Chromium with configs that are broken on purpose, and prints what they said, as JSON:
//   node --import ./bench/register.mjs --conditions=sallyport-source test/explain/broken-programs.ts > test/explain/program-outputs.json
// Beside the words of a C library, which are few, stand the bytes that went by, as a user would have them from a capture.
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { connect as connectTcp, createServer as createTcpServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, createServer, type TlsOptions } from "node:tls";
import { listen } from "../support/endpoints.ts";
import { type Identity, type LeafOptions, makePki } from "../support/pki.ts";
import { run, start } from "../support/processes.ts";
import { root } from "../support/sources.ts";

interface Said {
  readonly id: string;
  readonly peer: "node" | "go" | "mbedtls" | "wolfssl" | "chromium";
  /** What is broken, as `explain` names it. */
  readonly cause: string;
  readonly output: string;
}

const folder = mkdtempSync(join(tmpdir(), "sallyport-broken-"));
const pki = await makePki();
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const ca = file("ca.pem", pki.ca.pem);
const stranger = file("stranger.pem", pki.strangerCa.pem);
const fine = await pki.leaf();
const rsa = await pki.leaf({ key: "rsa" });
const fineFiles = { cert: file("fine.pem", fine.chainPem), key: file("fine.key", fine.keyPem) };

const open: Server[] = [];
const said: Said[] = [];
const put = (id: string, peer: Said["peer"], cause: string, output: string): void => {
  // A temporary folder's name is nobody's.
  said.push({ id, peer, cause, output: output.replaceAll(folder, "case").trim() });
  console.error(`${id}: ${output.trim().split("\n").at(-1)?.slice(0, 120)}`);
};

async function serving(options: TlsOptions = {}, { chainPem, keyPem }: Identity = fine): Promise<number> {
  const server = createServer(
    { cert: chainPem, key: keyPem, ...options },
    (socket) => void socket.on("error", () => {}).end("HTTP/1.0 200 OK\r\n\r\nhello"),
  );
  open.push(server.on("tlsClientError", () => {}));
  return listen(server);
}
const servingLeaf = async (options: LeafOptions): Promise<number> => serving({}, await pki.leaf(options));
async function servingHttp(): Promise<number> {
  const server = createHttpServer((_, response) => response.end("plain"));
  open.push(server);
  return listen(server);
}
const demanding: TlsOptions = { requestCert: true, rejectUnauthorized: true, ca: pki.ca.pem };

/** All that a program says before it ends, or until time is up. */
async function words(command: string, args: readonly string[], timeoutMs = 20_000): Promise<string> {
  const running = start(command, args, { timeoutMs });
  await running.ended;
  return running.output();
}

// Node.js: errors that nobody caught.
const nodeClient = file(
  "client.cjs",
  `
const options = JSON.parse(process.argv[2]);
const socket = require("node:tls").connect({ host: "127.0.0.1", servername: "localhost", ...options }, () => socket.write("GET / HTTP/1.0\\r\\n\\r\\n"));
socket.resume();
`,
);
const nodeServer = file(
  "server.cjs",
  `
const { readFileSync } = require("node:fs");
const { cert, key, ...options } = JSON.parse(process.argv[2]);
const server = require("node:tls").createServer({ cert: readFileSync(cert), key: readFileSync(key), ...options });
server.on("tlsClientError", (error) => { console.error(error); process.exit(1); });
server.listen(0, "127.0.0.1", () => console.log("listening " + server.address().port));
`,
);
const node = (options: object): Promise<string> =>
  words(process.execPath, [nodeClient, JSON.stringify({ ca: pki.ca.pem, ...options })]);
put("node-unknown-issuer", "node", "unknown-issuer", await node({ port: await serving(), ca: pki.strangerCa.pem }));
put("node-self-signed", "node", "self-signed", await node({ port: await servingLeaf({ issuer: "self" }) }));
put("node-expired", "node", "expired", await node({ port: await servingLeaf({ validity: "expired" }) }));
put("node-not-yet-valid", "node", "not-yet-valid", await node({ port: await servingLeaf({ validity: "not-yet" }) }));
put("node-wrong-name", "node", "wrong-name", await node({ port: await servingLeaf({ dns: ["elsewhere.example"], ips: [] }) }));
put(
  "node-version",
  "node",
  "no-common-version",
  await node({ port: await serving({ minVersion: "TLSv1.3" }), maxVersion: "TLSv1.2" }),
);
put("node-http", "node", "not-a-tls-server", await node({ port: await servingHttp() }));
put(
  "node-client-certificate",
  "node",
  "certificate-required",
  await node({ port: await serving({ ...demanding, minVersion: "TLSv1.3" }) }),
);
put("node-alpn", "node", "no-common-alpn", await node({ port: await serving({ ALPNProtocols: ["h2"] }), ALPNProtocols: ["h9"] }));
put("node-refused", "node", "nothing-listens", await node({ port: 1 }));
put(
  "node-key-mismatch",
  "node",
  "key-does-not-match",
  await words(process.execPath, [
    nodeServer,
    JSON.stringify({ ...fineFiles, key: file("other.key", (await pki.leaf({ commonName: "other" })).keyPem) }),
  ]),
);

/** What a server says of a client that comes. */
async function saidByServer(command: string, args: readonly string[], visit: (port: number) => Promise<void>): Promise<string> {
  const server = start(command, args, { timeoutMs: 30_000 });
  const port = Number((await server.saw(/listening (\d+)/, 20_000))[1]);
  await visit(port);
  await new Promise((resolve) => setTimeout(resolve, 500));
  await server.stop();
  return server.output().replace(/^listening \d+\n/, "");
}
const visitWith =
  (options: object) =>
  async (port: number): Promise<void> => {
    const socket = connectTls({ port, host: "127.0.0.1", servername: "localhost", ca: pki.ca.pem, ...options });
    socket.on("error", () => {});
    await new Promise((resolve) => socket.once("close", resolve).once("secureConnect", () => socket.destroy()));
  };
const visitPlainly = async (port: number): Promise<void> => {
  const socket = connectTcp(port, "127.0.0.1");
  socket
    .on("error", () => {})
    .resume()
    .end("GET / HTTP/1.0\r\n\r\n");
  await once(socket, "close");
};
const nodeServes = (options: object): readonly string[] => [nodeServer, JSON.stringify({ ...fineFiles, ...options })];
put(
  "node-server-suite",
  "node",
  "no-common-suite",
  await saidByServer(
    process.execPath,
    nodeServes({ maxVersion: "TLSv1.2" }),
    visitWith({ maxVersion: "TLSv1.2", ciphers: "ECDHE-RSA-AES128-GCM-SHA256" }),
  ),
);
put("node-server-http", "node", "plain-http", await saidByServer(process.execPath, nodeServes({}), visitPlainly));

// Go: its errors as they print.
const goProgram = join(folder, "broken-go");
await run("go", ["build", "-o", goProgram, "."], "", { cwd: `${root}test/explain/go`, timeoutMs: 240_000 });
const go = async (port: number, ...more: readonly string[]): Promise<string> =>
  words(goProgram, ["client", "-port", String(port), "-ca", ca, ...more]);
put("go-unknown-issuer", "go", "unknown-issuer", await go(await serving(), "-ca", stranger));
put("go-expired", "go", "expired", await go(await servingLeaf({ validity: "expired" })));
put("go-wrong-name", "go", "wrong-name", await go(await servingLeaf({ dns: ["elsewhere.example"], ips: [] })));
put("go-wrong-purpose", "go", "wrong-purpose", await go(await servingLeaf({ usage: "client" })));
put("go-version", "go", "no-common-version", await go(await serving({ minVersion: "TLSv1.3" }), "-max", String(0x0303)));
put("go-http", "go", "not-a-tls-server", await go(await servingHttp()));
put("go-client-certificate", "go", "certificate-required", await go(await serving({ ...demanding, minVersion: "TLSv1.3" })));
put("go-alpn", "go", "no-common-alpn", await go(await serving({ ALPNProtocols: ["h2"] }), "-alpn", "h9"));
const goServes = (...more: readonly string[]): readonly string[] => [
  "server",
  "-cert",
  fineFiles.cert,
  "-key",
  fineFiles.key,
  ...more,
];
put(
  "go-server-version",
  "go",
  "no-common-version",
  await saidByServer(goProgram, goServes("-min", String(0x0304)), visitWith({ maxVersion: "TLSv1.2" })),
);
put(
  "go-server-suite",
  "go",
  "no-common-suite",
  await saidByServer(goProgram, goServes(), visitWith({ maxVersion: "TLSv1.2", ciphers: "ECDHE-RSA-AES128-GCM-SHA256" })),
);
put("go-server-http", "go", "plain-http", await saidByServer(goProgram, goServes(), visitPlainly));

// The C libraries: words, and beside them the bytes.
async function cProgram(name: string, source: string, ...build: readonly string[]): Promise<string> {
  const program = join(folder, name);
  await run("cc", ["-O1", "-o", program, source, ...build], "", { cwd: `${root}test/interop/c`, timeoutMs: 120_000 });
  return program;
}
async function withBytes(program: string, target: number, ...more: readonly string[]): Promise<string> {
  const bytes = { client: [] as Buffer[], server: [] as Buffer[] };
  const tap = createTcpServer({ allowHalfOpen: true }, (near) => {
    const far = connectTcp({ port: target, host: "127.0.0.1", allowHalfOpen: true });
    near
      .on("data", (chunk: Buffer) => bytes.client.push(chunk))
      .on("error", () => far.destroy())
      .pipe(far);
    far
      .on("data", (chunk: Buffer) => bytes.server.push(chunk))
      .on("error", () => near.destroy())
      .pipe(near);
  });
  open.push(tap);
  const output = await words(program, ["client", "--port", String(await listen(tap)), "--ca", ca, ...more]);
  const shown = (from: "client" | "server"): string => `${from}: ${Buffer.concat(bytes[from]).toString("hex")}`;
  return `${output.trim()}\n\n${shown("client")}\n\n${shown("server")}\n`;
}

const mbedtls = await cProgram("mbedtls", "mbedtls.c", "-lmbedtls", "-lmbedx509", "-lmbedcrypto");
const mbed = (port: number, ...more: readonly string[]): Promise<string> => withBytes(mbedtls, port, ...more);
put(
  "mbedtls-group",
  "mbedtls",
  "no-common-group",
  await mbed(await serving(), "--groups", "secp224r1", "--suites", "TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256"),
);
put(
  "mbedtls-suite-rsa",
  "mbedtls",
  "suite-needs-other-key",
  await mbed(await serving({}, rsa), "--suites", "TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256"),
);
put("mbedtls-suite", "mbedtls", "no-common-suite", await mbed(await serving(), "--suites", "TLS-RSA-WITH-CAMELLIA-128-CBC-SHA"));
put("mbedtls-version", "mbedtls", "no-common-version", await mbed(await serving({ minVersion: "TLSv1.3" })));
put("mbedtls-unknown-issuer", "mbedtls", "unknown-issuer", await mbed(await serving(), "--ca", stranger));
put("mbedtls-expired", "mbedtls", "expired", await mbed(await servingLeaf({ validity: "expired" })));
put("mbedtls-http", "mbedtls", "not-a-tls-server", await mbed(await servingHttp()));
put("mbedtls-client-certificate", "mbedtls", "certificate-required", await mbed(await serving(demanding)));

const wolfssl = await cProgram("wolfssl", "wolfssl.c", "-lwolfssl");
const wolf = (port: number, ...more: readonly string[]): Promise<string> => withBytes(wolfssl, port, ...more);
const withoutGroups = await cProgram(
  "wolfssl-without-groups",
  "wolfssl.c",
  "-DWITHOUT_SUPPORTED_GROUPS",
  "-Wl,--wrap=TLSX_WriteRequest,--wrap=TLSX_GetRequestSize",
  "-l:libwolfssl.a",
  "-lm",
  "-lpthread",
);
put(
  "wolfssl-no-groups",
  "wolfssl",
  "no-supported-groups",
  await withBytes(withoutGroups, await serving(), "--version", "tls1.2"),
);
put(
  "wolfssl-version",
  "wolfssl",
  "no-common-version",
  await wolf(await serving({ minVersion: "TLSv1.3" }), "--version", "tls1.2"),
);
put(
  "wolfssl-suite-rsa",
  "wolfssl",
  "suite-needs-other-key",
  await wolf(await serving({}, rsa), "--version", "tls1.2", "--suites", "ECDHE-ECDSA-AES128-GCM-SHA256"),
);
put("wolfssl-unknown-issuer", "wolfssl", "unknown-issuer", await wolf(await serving(), "--version", "tls1.2", "--ca", stranger));
put("wolfssl-expired", "wolfssl", "expired", await wolf(await servingLeaf({ validity: "expired" })));
put("wolfssl-wrong-name", "wolfssl", "wrong-name", await wolf(await servingLeaf({ dns: ["elsewhere.example"], ips: [] })));
put("wolfssl-http", "wolfssl", "not-a-tls-server", await wolf(await servingHttp()));

// Chromium: its log, and the code that its page of errors shows.
async function chromium(port: number, ...more: readonly string[]): Promise<string> {
  const quiet = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--enable-logging=stderr",
  ];
  const output = await words(
    "chromium",
    [...quiet, `--user-data-dir=${join(folder, `chromium-${port}`)}`, ...more, "--dump-dom", `https://localhost:${port}/`],
    60_000,
  );
  const lines = output
    .split("\n")
    .flatMap((line) => line.match(/^.*handshake failed;.*net_error.*$|\b(?:net::)?ERR_[A-Z_]+\b/g) ?? []);
  return [...new Set(lines)].slice(0, 8).join("\n");
}
put("chromium-self-signed", "chromium", "self-signed", await chromium(await servingLeaf({ issuer: "self" })));
put("chromium-http", "chromium", "not-a-tls-server", await chromium(await servingHttp()));
put("chromium-refused", "chromium", "nothing-listens", await chromium(await closedPort()));

async function closedPort(): Promise<number> {
  const server = createTcpServer();
  const port = await listen(server);
  server.close();
  await once(server, "close");
  return port;
}

for (const each of open) each.close();
rmSync(folder, { recursive: true, force: true });
console.log(JSON.stringify(said, null, 1));
process.exit(0);
