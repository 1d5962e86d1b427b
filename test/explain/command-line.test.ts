// The command line against real servers of openssl: what it finds out, and how it ends.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sallyport } from "../support/command-line.ts";
import { makePki, type KeyKind } from "../support/pki.ts";
import { type Running, start, versionOf } from "../support/processes.ts";
import { root } from "../support/sources.ts";

const stm32 =
  "160303006f0100006b0303e213bf6d61b6fba682a459f00befe90344bede3c493d395651603bb649c41750000004c02b00ff0100003e00000012001000000d" +
  "7777772e676f6f676c652e6465000d000a00080403040103030301000a000400020015000b00020100001600000017000000230000";

const folder = mkdtempSync(join(tmpdir(), "sallyport-command-"));
const running: Running[] = [];
const listening: Server[] = [];
const keys = ["rsa", "ecdsa-p256"] as const satisfies readonly KeyKind[];
beforeAll(async () => {
  const pki = await makePki();
  writeFileSync(join(folder, "ca.pem"), pki.ca.pem);
  for (const key of keys) {
    const { chainPem, keyPem } = await pki.leaf({ key });
    writeFileSync(join(folder, `${key}.pem`), chainPem);
    writeFileSync(join(folder, `${key}.key`), keyPem);
  }
  writeFileSync(join(folder, "stm32.hex"), stm32);
  writeFileSync(join(folder, "capture.pcap.gz"), gzipSync("what was captured"));
});
afterAll(async () => {
  for (const each of running) await each.stop();
  for (const each of listening) each.close();
  rmSync(folder, { recursive: true, force: true });
});

/** @returns its port */
async function openssl(key: (typeof keys)[number], ...more: readonly string[]): Promise<number> {
  const server = start("openssl", [
    "s_server",
    "-accept",
    "127.0.0.1:0",
    "-cert",
    join(folder, `${key}.pem`),
    "-key",
    join(folder, `${key}.key`),
    ...more,
  ]);
  running.push(server);
  const [, port] = await server.saw(/ACCEPT [^\n]*:(\d+)/, 60_000);
  return Number(port);
}

/** It does not end when its client does. */
function lasting(): Server {
  const read = (name: string): Buffer => readFileSync(join(folder, name));
  const options = { cert: read("ecdsa-p256.pem"), key: read("ecdsa-p256.key"), allowHalfOpen: true };
  return createTlsServer(options, (socket) => void socket.on("error", () => {}).resume());
}

const hasOpenssl = versionOf("openssl", "version") !== undefined;

describe.runIf(hasOpenssl)("replay --search against a server of openssl", () => {
  test("RSA and P-256 alone: both of the STM32's obstacles are found, together, since neither change alone is enough", async () => {
    const port = await openssl("rsa", "-groups", "P-256");
    const { code, output } = await sallyport(
      "replay",
      join(folder, "stm32.hex"),
      `127.0.0.1:${port}`,
      "--search",
      "--json",
      "--pause",
      "1",
    );
    const found = JSON.parse(output);
    expect(found).toMatchObject({
      taken: false,
      changes: [["offer the groups x25519 and secp256r1", "offer ECDHE suites for RSA certificates"]],
    });
    expect(found.connections).toBeLessThanOrEqual(20);
    expect(found.report.causes.map(({ id }: { id: string }) => id)).toEqual(["no-common-group", "suite-needs-other-key"]);
    expect(code).toBe(0);
  });

  test.each([
    ["the group alone, where the certificate fits", "ecdsa-p256", ["-groups", "P-256"], "offer the groups x25519 and secp256r1"],
    [
      "the suites alone, where the group fits",
      "rsa",
      ["-groups", "P-224", "-cipher", "ALL@SECLEVEL=0"],
      "offer ECDHE suites for RSA certificates",
    ],
  ] as const)("%s", async (_, key, options, change) => {
    const port = await openssl(key, ...options);
    const { output } = await sallyport("replay", stm32, `127.0.0.1:${port}`, "--search", "--json", "--pause", "1");
    expect(JSON.parse(output).changes).toEqual([[change]]);
  });
});

describe.runIf(hasOpenssl)("probe", () => {
  test("finds versions, suites and groups of a server as it was started", async () => {
    const port = await openssl(
      "rsa",
      "-tls1_2",
      "-cipher",
      "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384",
      "-groups",
      "P-384:P-256",
    );
    const { code, output } = await sallyport("probe", `127.0.0.1:${port}`, "--json");
    expect(JSON.parse(output)).toMatchObject({
      versions: ["tls1.2"],
      suites: {
        "tls1.3": [],
        "tls1.2": expect.arrayContaining(["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"]),
      },
      groups: { "tls1.3": [], "tls1.2": expect.arrayContaining(["secp256r1", "secp384r1"]) },
    });
    expect(JSON.parse(output).suites["tls1.2"]).toHaveLength(2);
    expect(code).toBe(0);
  });
});

describe.runIf(hasOpenssl)("connect", () => {
  test("shows flights, certificate and agreement, and ends with 0", async () => {
    const port = await openssl("ecdsa-p256");
    const { code, output } = await sallyport(
      "connect",
      `127.0.0.1:${port}`,
      "--servername",
      "localhost",
      "--cafile",
      join(folder, "ca.pem"),
    );
    expect(output).toMatch(
      /-->\s+client_hello, \d+ bytes\n[\s\S]*<--\s+server_hello[\s\S]*certificate 0: [\s\S]*version: tls1\.3/,
    );
    expect(code).toBe(0);
  });

  test("a chain that nobody vouches for is shown and explained, and ends with 1", async () => {
    const port = await openssl("ecdsa-p256");
    const { code, output } = await sallyport("connect", `127.0.0.1:${port}`, "--servername", "localhost");
    expect(output).toMatch(/-->\s+alert unknown_ca\n[\s\S]*certificate 0: [\s\S]*nobody vouches for/i);
    expect(code).toBe(1);
  });

  // In a process of its own, which ends when nothing is left to wait for.
  test.each([
    ["nobody listens", undefined, 1, []],
    [
      "the server refuses STARTTLS, and stays",
      () => createServer((socket) => void socket.on("error", () => {}).write("554 no\r\n")),
      1,
      ["--starttls", "smtp"],
    ],
    ["the server never ends, once the handshake is done", lasting, 0, ["--cafile", join(folder, "ca.pem")]],
  ] as const)("has ended soon after its last line where %s", async (_, server, expected, more) => {
    let port = 1;
    if (server !== undefined) {
      const listener = server();
      listening.push(listener.listen(0, "127.0.0.1"));
      await once(listener, "listening");
      ({ port } = listener.address() as AddressInfo);
    }
    const fromSources = ["--import", "./bench/register.mjs", "--conditions=sallyport-source"];
    const command = start(
      process.execPath,
      [
        ...fromSources,
        "packages/cli/src/main.ts",
        "connect",
        `127.0.0.1:${port}`,
        "--servername",
        "localhost",
        "--timeout",
        "50000",
        ...more,
      ],
      { cwd: root, timeoutMs: 55_000 },
    );
    running.push(command);
    await command.saw(/version: tls1\.3|Nobody listens|does not begin TLS/, 40_000);
    const since = performance.now();
    expect(await command.ended).toBe(expected);
    expect(performance.now() - since).toBeLessThan(8_000);
  });

  test("STARTTLS of postgres: a server that refuses is quoted, its control characters as numbers", async () => {
    const server = createServer((socket) => void socket.once("data", () => socket.end("N\u001b[2J")).on("error", () => {}));
    listening.push(server.listen(0, "127.0.0.1"));
    await once(server, "listening");
    const { code, output } = await sallyport(
      "connect",
      `127.0.0.1:${(server.address() as AddressInfo).port}`,
      "--starttls",
      "postgres",
      "--json",
    );
    expect(code).toBe(1);
    expect(output).toMatch(/^[\n -~]*$/);
  });

  test("STARTTLS of smtp, to the end of the handshake", async () => {
    const target = await openssl("ecdsa-p256");
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.write("220 mail ESMTP\r\n");
      let said = "";
      const talk = (chunk: Buffer): void => {
        said += chunk.toString();
        if (/EHLO .*\r\n$/.test(said)) socket.write("250-mail\r\n250 STARTTLS\r\n");
        if (!/STARTTLS\r\n$/.test(said)) return;
        socket.off("data", talk);
        socket.write("220 go on\r\n");
        const behind = connect(target, "127.0.0.1").on("error", () => {});
        socket.pipe(behind).pipe(socket);
      };
      socket.on("data", talk);
    });
    listening.push(server.listen(0, "127.0.0.1"));
    await once(server, "listening");
    const { code, output } = await sallyport(
      "connect",
      `127.0.0.1:${(server.address() as AddressInfo).port}`,
      "--starttls",
      "smtp",
      "--servername",
      "localhost",
      "--cafile",
      join(folder, "ca.pem"),
      "--json",
    );
    expect(JSON.parse(output).agreed).toMatchObject({ version: "tls1.3" });
    expect(code).toBe(0);
  });
});

describe("explain", () => {
  test("from a pasted log of wolfSSL to the sentence that names the missing option, in one command", async () => {
    const log = `wolfSSL Entering SSL_connect()\nsending client hello\n${"160303004f0100004b03032e2aec857f15dd095f22d1538260d7806728aa6748cef071ab63d0b23e553a05000014c027c023c00ac009c007c008c014c013c0"}11c0120100000e000d000a00080403020304010201\nreceived alert fatal error: handshake_failure\nwolfSSL error = -313\n`;
    writeFileSync(join(folder, "wolfssl.log"), log);
    const { code, output } = await sallyport("explain", join(folder, "wolfssl.log"));
    expect(output).toContain("HAVE_SUPPORTED_CURVES");
    expect(output).toContain("supported_groups");
    expect(code).toBe(0);
  });

  test.each([
    [["explain", "--", "-0x7280"], 0, /closed|ended the connection/],
    [["explain", "ERR_CERT_AUTHORITY_INVALID", "--json"], 0, /"id": "self-signed"/],
    [["explain", "nothing that is known"], 1, /Nothing was recognised/],
    [["explain", stm32.repeat(8)], 0, /client_hello/],
    [["explain", `x/${"wolfSSL error: unknown host ".repeat(40)}/ERR_CERT_AUTHORITY_INVALID`], 0, /authority/i],
    [["explain", join(folder, "capture.pcap.gz")], 2, /is compressed: gunzip it first/],
    [["explain", "there-is-none.log"], 2, /can't be read: ENOENT/],
    [["explain"], 2, /say what to explain/],
    [["explain", "x", "--stack", "nobody"], 2, /--stack takes one of/],
    [["replay", "00", "localhost:1"], 2, /no ClientHello/],
    [["connect", "localhost:99999"], 2, /HOST:PORT/],
    [["connect", "127.0.0.1:1"], 1, /Nobody listens/],
    [["probe", "127.0.0.1:1"], 1, /^sallyport: connect ECONNREFUSED 127\.0\.0\.1:1\. Nobody listens/],
    [["probe", "127.0.0.1:1", "--json"], 1, /^\{\n {2}"failure": "connect ECONNREFUSED 127\.0\.0\.1:1\. Nobody listens/],
    [["replay", stm32, "127.0.0.1:1"], 1, /Nobody listens/],
    [["probe", "--help"], 0, /^Usage: sallyport probe HOST:PORT/],
  ] as const)("%j ends with %i", async (args, code, expected) => {
    const ended = await sallyport(...args);
    expect(ended.output).toMatch(expected);
    expect(ended.code).toBe(code);
  });
});
