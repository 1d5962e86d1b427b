// What the documents show runs, and what they name is there.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { connect } from "node:tls";
import { pathToFileURL } from "node:url";
import type { ServerConfig } from "@sallyport/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blockOf } from "../support/documents.ts";
import { collect, server, tlsClient } from "../support/endpoints.ts";
import { makePki } from "../support/pki.ts";
import { start } from "../support/processes.ts";
import { root } from "../support/sources.ts";

/** Beneath the repository, so that packages are found; not in git. */
const folder = `${root}.tmp/readme-${process.pid}/`;

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}by-hand.ts`, blockOf("README.md", "by-hand"));
  writeFileSync(`${folder}adapter.ts`, blockOf("README.md", "adapter"));
  for (const name of ["browser", "bridge"]) writeFileSync(`${folder}${name}.ts`, blockOf("packages/webstreams/README.md", name));
  writeFileSync(`${folder}your-server.ts`, blockOf("packages/arbitraries/README.md", "your-server"));
  writeFileSync(`${folder}package.json`, '{ "type": "module" }');
  const compilerOptions = { rootDir: "../..", noEmit: true, types: ["node"], lib: ["es2023", "dom"] };
  writeFileSync(
    `${folder}tsconfig.json`,
    JSON.stringify({ extends: "../../bench/tsconfig.json", compilerOptions, include: ["*.ts"] }),
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("README.md", () => {
  test("its programs compile as strictly as the packages", () => {
    const { stdout } = spawnSync(`${root}node_modules/.bin/tsc`, ["-p", folder], {
      encoding: "utf8",
      shell: process.platform === "win32",
    });
    expect(stdout).toBe("");
  });

  test.each(["by-hand", "adapter"])("%s has thirty lines, give or take", (name) => {
    const lines = blockOf("README.md", name)
      .split("\n")
      .filter((line) => /\w/.test(line) && !/^\s*(\/\/|\/\*\*)/.test(line));
    expect(lines.length).toBeGreaterThan(20);
    expect(lines.length).toBeLessThan(40);
  });

  test("core by hand serves a client of node:tls, to the end", async () => {
    const { port, stop } = await byHand(server());
    const socket = connect({ ...tlsClient, port });
    socket.end("hello");
    expect((await collect(socket)).toString()).toBe("HELLO");
    await stop();
  });

  test("core by hand tells a client why it is refused", async () => {
    const { port, stop } = await byHand(server({ alpn: ["h2"] }));
    const socket = connect({ ...tlsClient, port, ALPNProtocols: ["http/1.1"] });
    const [error] = await once(socket, "error");
    expect(error).toMatchObject({ code: "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL" });
    await stop();
  });

  test("the adapter's program serves the name it knows, and tells others who is not there", async () => {
    const pki = await makePki();
    const { chainPem, keyPem } = await pki.leaf();
    writeFileSync(`${folder}chain.pem`, chainPem);
    writeFileSync(`${folder}key.pem`, keyPem);
    const port = await freePort();
    const fromSources = ["--import", pathToFileURL(`${root}bench/register.mjs`).href, "--conditions=sallyport-source"];
    const program = start(process.execPath, [...fromSources, "adapter.ts"], {
      cwd: folder,
      env: { PORT: String(port) },
      timeoutMs: 30_000,
    });
    try {
      await reachable(port);
      const socket = connect({ ...tlsClient, port, ALPNProtocols: ["http/1.1"] });
      socket.end("GET /page HTTP/1.0\r\n\r\n");
      expect((await collect(socket)).toString()).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*hello, you asked for \/page\n$/);
      const stranger = connect({ ...tlsClient, port, servername: "elsewhere.example" });
      expect((await once(stranger, "error"))[0]).toMatchObject({ code: "ERR_SSL_TLSV1_UNRECOGNIZED_NAME" });
      await program.saw(/nobody called elsewhere\.example lives here; sent unrecognized_name, delivered: true/);
    } finally {
      await program.stop();
    }
  });
});

test.each([
  "README.md",
  "SECURITY.md",
  "CHANGELOG.md",
  "bench/README.md",
  "packages/core/README.md",
  "packages/cli/README.md",
  "packages/inspect/README.md",
  "packages/webstreams/README.md",
  "packages/deno/README.md",
])("every file that %s names is there", (document) => {
  const text = readFileSync(root + document, "utf8");
  const base = document.replace(/[^/]*$/, "");
  const linked = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path = ""]) => base + path);
  const named = [...text.matchAll(/`((?:packages|test|bench)\/[\w/.-]+\.\w+)`/g)].map(([, path = ""]) => path);
  for (const path of [...linked, ...named]) expect(existsSync(root + path), path).toBe(true);
});

/** The README's `serve` on TCP, answering in capitals. */
async function byHand(config: ServerConfig): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const { serve } = (await import(`${folder}by-hand.ts`)) as {
    serve(transport: object, config: ServerConfig, answer: (data: Uint8Array) => Uint8Array): Promise<void>;
  };
  const served: Promise<void>[] = [];
  const tcp = createServer({ allowHalfOpen: true }, (socket: Socket) => {
    const transport = { chunks: socket, write: (bytes: Uint8Array) => void socket.write(bytes), end: () => void socket.end() };
    served.push(serve(transport, config, (data) => Buffer.from(Buffer.from(data).toString().toUpperCase())));
  });
  tcp.listen(0, "127.0.0.1");
  await once(tcp, "listening");
  return {
    port: (tcp.address() as AddressInfo).port,
    stop: async () => {
      tcp.close();
      await Promise.all(served);
    },
  };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  return port;
}

async function reachable(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, servername: "localhost" });
    const isThere = await new Promise<boolean>((resolve) => {
      socket.once("secureConnect", () => resolve(true)).once("error", () => resolve(false));
    });
    socket.destroy();
    if (isThere) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
