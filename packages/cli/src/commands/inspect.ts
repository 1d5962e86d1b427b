import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { printable } from "@sallyport/explain";
import { page } from "@sallyport/inspect";
import { type Command, type ExitCode, type Given, type Io, Misuse, number, text } from "../command.ts";

export const inspectCommand: Command = {
  name: "inspect",
  takes: "",
  summary: "a page that opens a handshake: every field with its bytes, why it failed, and who would take the offer",
  options: {
    out: { type: "string", takes: "<dir>", help: "writes the page there instead of serving it: one file, which needs no server" },
    port: { type: "string", takes: "<n>", help: "serves there (default: any free port)" },
  },
  run,
};

async function run(given: Given, io: Io): Promise<ExitCode> {
  if (given.positionals.length > 0)
    throw new Misuse(`inspect takes options alone, not ${printable(given.positionals.join(" "))}: give the bytes to the page`);
  const html = await readPage();
  const out = text(given, "out");
  if (out !== undefined) {
    await mkdir(out, { recursive: true });
    const file = join(out, "index.html");
    await writeFile(file, html);
    io.print(`${printable(file)} is the page, ${html.length.toLocaleString("en")} bytes: open it in a browser.`);
    return 0;
  }
  return serve(html, number(given, "port", 0, 65_535) ?? 0, io);
}

/** @throws if it is not built, which only happens in a checkout */
export async function readPage(): Promise<Buffer> {
  try {
    return await readFile(page);
  } catch {
    throw new Error("the page is not built: node packages/inspect/build.mjs makes it");
  }
}

/** What a browser may not do with the page, where the page itself can't forbid it. */
export const pageHeaders: Readonly<Record<string, string>> = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": "frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
};

/** On this machine's loopback alone, until Ctrl-C. */
async function serve(html: Buffer, port: number, io: Io): Promise<ExitCode> {
  const server = createServer((request, response) => {
    const isPage = request.url === "/" && (request.method === "GET" || request.method === "HEAD");
    if (isPage) response.writeHead(200, pageHeaders).end(html);
    else response.writeHead(404, { "content-type": "text/plain" }).end("the page is at /\n");
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  // A TCP server that listens has this kind of address.
  const address = server.address() as AddressInfo;
  io.print(`Open http://localhost:${address.port}/ in a browser. Ctrl-C ends it.`);
  await new Promise((resolve) => process.once("SIGINT", resolve).once("SIGTERM", resolve));
  server.closeAllConnections();
  server.close();
  return 0;
}
