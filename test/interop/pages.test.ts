// A page in Chromium and in Firefox speaks TLS itself, to servers whose CA the browser doesn't know: over a WebSocket and a bridge.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { json } from "node:stream/consumers";
import type { ServerConfig } from "@sallyport/core";
import { signer } from "@sallyport/crypto-node";
import { createServer, type TlsClientError } from "@sallyport/node";
import { credential } from "@sallyport/x509";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { WebSocketServer } from "ws";
import { browsers } from "../support/browsers.ts";
import { blockOf } from "../support/documents.ts";
import { listen, server } from "../support/endpoints.ts";
import { type KeyKind, makePki } from "../support/pki.ts";
import { root } from "../support/sources.ts";
import type { Results, Setting } from "./browser/page.ts";

const readme = "packages/webstreams/README.md";
const folder = `${root}.tmp/pages-${process.pid}/`;
const pki = await makePki();

const open: { close(): unknown }[] = [];
function closing<T extends { close(): unknown }>(thing: T): T {
  open.push(thing);
  return thing;
}

/** What the server of `page` reported of clients that left it. */
const left: TlsClientError[] = [];
let origin: string;
/** Settles with what the page posts. */
let nextResults: (results: Results) => void = () => {};

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}bridge.ts`, blockOf(readme, "bridge"));
  const web = closing(createHttpServer());
  const port = await listen(web);
  origin = `http://localhost:${port}`;
  const [script, setting] = await Promise.all([bundled(), startServers()]);
  web.on("request", async (request, response) => {
    if (request.method === "POST") {
      nextResults((await json(request)) as Results);
      response.end();
      return;
    }
    const isScript = request.url === "/script.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    const run = `pages.runAll(${JSON.stringify(setting)}).then((all) => fetch("/", { method: "POST", body: JSON.stringify(all) }))`;
    response.end(
      isScript ? script : `<!doctype html><title>Sallyport</title><script src=script.js></script><script>${run}</script>`,
    );
  });
}, 60_000);
afterAll(() => {
  for (const thing of open.splice(0)) thing.close();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(browsers.map((browser) => [browser.name, browser] as const))("a page in %s", (name, browser) => {
  const absent = browser.command === undefined && process.env["SALLYPORT_REQUIRE_PEERS"] === undefined;
  let results: Results;

  beforeAll(async () => {
    if (absent) return;
    left.length = 0;
    const posted = new Promise<Results>((resolve) => {
      nextResults = resolve;
    });
    const opened = browser.open(`${origin}/`, 160_000);
    const ended = opened.running.ended.then(() => Promise.reject(new Error(`${name} ended:\n${opened.running.output()}`)));
    try {
      results = await Promise.race([posted, ended]);
    } finally {
      await opened.close();
    }
  }, 170_000);

  test("has WebCrypto, since localhost is a secure context", ({ skip }) => {
    skip(absent, `${name} is not installed`);
    expect(results["isSecureContext"]).toBe(true);
  });

  describe.each(["noble", "web"])("with crypto-%s", (provider) => {
    test("gets a page of a server with a private CA, by TLS 1.3 and X25519MLKEM768", ({ skip }) => {
      skip(absent, `${name} is not installed`);
      expect(results[`${provider}: page`]).toEqual({
        version: "tls1.3",
        group: "X25519MLKEM768",
        scheme: "ecdsa_secp256r1_sha256",
        status: "HTTP/1.1 200 OK",
        body: "you asked for /here",
      });
    });

    test("sends 1 MiB to a server with an RSA key, and gets it back", ({ skip }) => {
      skip(absent, `${name} is not installed`);
      const expected = {
        version: "tls1.3",
        group: "X25519MLKEM768",
        scheme: "rsa_pss_rsae_sha256",
        length: 1024 * 1024,
        same: true,
      };
      expect(results[`${provider}: echo`]).toEqual(expected);
    });

    test("refuses a server of another CA, which reads why", ({ skip }) => {
      skip(absent, `${name} is not installed`);
      expect(results[`${provider}: refused`]).toEqual(new Array(4).fill("identity-distrusted"));
      expect(left.map(({ kind, alert }) => [kind, alert])).toEqual(new Array(2).fill(["alert-received", undefined]));
      expect(left.map(({ context }) => context)).toMatchObject(new Array(2).fill({ description: { name: "unknown_ca" } }));
    });

    test("is told of a truncation, behind the data that came before", ({ skip }) => {
      skip(absent, `${name} is not installed`);
      expect(results[`${provider}: cut`]).toEqual({ data: "half", end: "truncated", closed: "truncated" });
    });
  });

  test("gets its page by the README's own program", ({ skip }) => {
    skip(absent, `${name} is not installed`);
    expect(results["recipe"]).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*you asked for \/$/);
  });
});

/** The README's program and the scenarios, from the packages as they are. */
async function bundled(): Promise<string> {
  writeFileSync(`${folder}recipe.ts`, blockOf(readme, "browser"));
  const contents = `
    import { getPage } from "./recipe.ts";
    import { runAll as others } from "../../test/interop/browser/page.ts";
    export async function runAll(setting) {
      const recipe = await getPage(setting.bridges.page, "localhost", setting.ca).catch(String);
      return { recipe, ...(await others(setting)) };
    }`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: folder, loader: "ts" },
    bundle: true,
    write: false,
    platform: "browser",
    format: "iife",
    globalName: "pages",
    target: "es2023",
    conditions: ["sallyport-source"],
  });
  return outputFiles[0]?.text ?? "";
}

async function startServers(): Promise<Setting> {
  const shown = async (key: KeyKind): Promise<ServerConfig> => {
    const { chainPem, keyPem } = await pki.leaf({ key });
    return server({ credentials: [credential({ chain: chainPem, signer: signer(keyPem) })] });
  };
  const [ecdsa, rsa] = await Promise.all([shown("ecdsa-p256"), shown("rsa")]);

  const http = createHttpServer((request, response) => response.end(`you asked for ${request.url}`));
  const page = createServer({ accept: ecdsa }, (socket) => void http.emit("connection", socket));
  page.on("tlsClientError", (error) => void left.push(error));

  const echo = createServer({ accept: rsa, allowHalfOpen: true }, (socket) => void socket.pipe(socket));

  const cut = createServer({ accept: ecdsa }, (socket) => {
    const raw = beneath.get(`${socket.remotePort}`);
    socket.write("half", () => raw?.end()); // the end of TCP, and no word of it in TLS
  });
  const beneath = new Map<string, Socket>();
  cut.on("connection", (socket: Socket) => void beneath.set(`${socket.remotePort}`, socket));

  const { bridge } = (await import(`${folder}bridge.ts`)) as {
    bridge(target: { host: string; port: number }, allowedOrigin: string, port: number): WebSocketServer;
  };
  const addresses = await Promise.all(
    [page, echo, cut].map(async (tls) => {
      const target = { host: "127.0.0.1", port: await listen(closing(tls)) };
      const sockets = closing(bridge(target, origin, 0));
      return `ws://localhost:${(sockets.address() as AddressInfo).port}/`;
    }),
  );
  const [toPage = "", toEcho = "", toCut = ""] = addresses;
  return { ca: pki.ca.pem, strangerCa: pki.strangerCa.pem, bridges: { page: toPage, echo: toEcho, cut: toCut } };
}
