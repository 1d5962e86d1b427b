import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { connect as connectTls } from "node:tls";
import { describe, expect, test } from "vitest";
import { startDemo } from "../support/demo.ts";
import { versionOf } from "../support/processes.ts";
import { root } from "../support/sources.ts";

test("npm start runs the demo that is tested here", () => {
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { scripts: Record<string, string> };
  expect(scripts["start"]).toMatch(
    /--import \.\/bench\/register\.mjs --conditions=sallyport-source .*packages\/cli\/src\/main\.ts demo$/,
  );
});

test("demo --once proves everything and ends with 0", async () => {
  const demo = startDemo(["demo", "--once"], { timeoutMs: 55_000 });
  const code = await demo.ended;
  const output = demo.output();
  expect(code, output).toBe(0);
  expect(output).toContain("All of it proven.");
  expect(output).not.toMatch(/✗|warning|Error/i);

  const [client, pure, system, stm32, wolfssl, bulk] = output.split(/\n {2}[✓–] /).slice(1);
  expect(client).toMatch(
    /^a Sallyport client on node:crypto gets the page\n +TLS 1\.3, TLS_AES_128_GCM_SHA256, X25519MLKEM768, \d+ ms/,
  );
  expect(pure).toMatch(/^a Sallyport client in pure JavaScript gets the page\n +TLS 1\.3,/);
  const others = versionOf("curl", "--version") ?? versionOf("openssl", "version");
  expect(system).toMatch(
    others === undefined ? /there is neither curl nor openssl/ : /gets the page\n +(curl|OpenSSL|LibreSSL) \d/,
  );
  expect(stm32).toMatch(/alert 15 03 03 00 02 02 28: handshake_failure/);
  expect(stm32).toMatch(/For the key exchange the client can do nothing but secp224r1; this server can do .*secp256r1/);
  expect(stm32).toMatch(/With an RSA certificate[\s\S]*TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 calls for an ECDSA/);
  expect(wolfssl).toMatch(/alert 15 03 03 00 02 02 28: handshake_failure/);
  expect(wolfssl).toContain("10 cipher suites, none of which is spoken here: what it has is out of date (RC4, 3DES, CBC).");
  expect(wolfssl).toContain("doesn't say which curves it can do (supported_groups)");
  expect(bulk).toMatch(
    /^256 MiB go through, to another process\n +\d+ MB\/s; node:tls in the same run \d+ MB\/s; ratio \d\.\d\d\n/,
  );
});

test("the demo goes on serving, and tells of each visitor in one friendly line", async () => {
  const demo = startDemo(["demo", "--port", "0"], { timeoutMs: 55_000 });
  try {
    const [, port] = await demo.saw(/Now open https:\/\/localhost:(\d+)\//, 50_000);
    connect({ host: "127.0.0.1", port: Number(port) }).end("GET / HTTP/1.1\r\n\r\n");
    await demo.saw(/127\.0\.0\.1:\d+ {2}spoke plain HTTP: the address begins with https:\/\/\n/);
    connect({ host: "127.0.0.1", port: Number(port) }).end();
    await demo.saw(/127\.0\.0\.1:\d+ {2}left before the handshake was complete[^\n]*\n/);
    for (const path of ["//", "//[", "/%", "*"]) expect(await statusOf(path, Number(port)), path).toBe(404);
    demo.child.kill("SIGINT");
    expect(await demo.ended).toBe(0);
  } finally {
    await demo.stop();
  }
});

/** Of a request whose target is nothing that a browser would make. */
async function statusOf(target: string, port: number): Promise<number> {
  const socket = connectTls({ host: "127.0.0.1", servername: "localhost", port, rejectUnauthorized: false });
  socket.end(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  return Number((await text(socket)).slice(9, 12));
}

describe("what can't be understood is explained", () => {
  test.each([
    [["dmo"], /^sallyport: there is no command dmo here\n\nUsage: sallyport <command>/],
    [["demo", "--onec"], /^sallyport: Unknown option '--onec'/],
    [["demo", "--port", "http"], /^sallyport: --port takes a number from 0 to 65535\n/],
    [["demo", "once"], /^sallyport: demo takes options alone, not once\n/],
    [[], /^Usage: sallyport <command>/],
  ])("sallyport %j ends with 2", async (args, expected) => {
    const demo = startDemo(args);
    expect(await demo.ended).toBe(2);
    expect(demo.output()).toMatch(expected);
  });

  test("--help ends with 0", async () => {
    const demo = startDemo(["--help"]);
    expect(await demo.ended).toBe(0);
    expect(demo.output()).toMatch(/^Usage: sallyport <command>/);
  });
});
