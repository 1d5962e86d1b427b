import { realpath, stat } from "node:fs/promises";
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { serverConfig, TlsError } from "@sallyport/core";
import { certificateCompressors, node, signer } from "@sallyport/crypto-node";
import { printable, refusalInWords } from "@sallyport/explain";
import { createServer } from "@sallyport/node";
import { credential } from "@sallyport/x509";
import send from "send";
import type { Identity } from "../ca/issue.ts";
import { fileFor } from "./folder.ts";

export interface Site {
  readonly port: number;
  close(): void;
}

export interface SiteOptions {
  readonly folder: string;
  readonly identity: Identity;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Gets a line a request, and one a failed handshake. */
  readonly log: (line: string) => void;
}

/**
 * Serves the files of a folder over HTTPS, to nobody who asks for another name than the certificate's.
 * @throws what listening throws, such as EADDRINUSE; an Error if there is no such folder
 */
export async function openSite({ folder, identity, host, port, log }: SiteOptions): Promise<Site> {
  const root = await realpath(folder);
  if (!(await stat(root)).isDirectory()) throw new Error(`${printable(folder)} is no folder`);
  const config = serverConfig({
    provider: node,
    now: Date.now,
    credentials: [credential({ chain: identity.chainPem, signer: signer(identity.keyPem) })],
    alpn: ["http/1.1"],
    certificateCompression: certificateCompressors,
  });
  const http = createHttpServer((request, response) => {
    response.once("close", () =>
      log(`${whoIs(request.socket)}  ${response.statusCode}  ${request.method} ${printable(request.url ?? "")}`),
    );
    answer(root, request, response).catch(() => fail(response, 500));
  });
  const open = new Set<Socket>();
  const server = createServer({ accept: config, plainHttp: true }, (socket) => http.emit("connection", socket));
  server.on("tlsClientError", (error, socket) => log(`${whoIs(socket)}  no handshake: ${inWords(error)}`));
  server.maxConnections = mostConnections;
  server.on("connection", (socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, host, resolve));
  // A TCP server that listens has this kind of address.
  const address = server.address() as AddressInfo;
  return {
    port: address.port,
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

const mostConnections = 250;

async function answer(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader("x-content-type-options", "nosniff");
  // It is for looking at what one has just changed.
  response.setHeader("cache-control", "no-cache");
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD");
    return fail(response, 405);
  }
  const found = await fileFor(root, request.url ?? "");
  if (found.kind === "nothing") return fail(response, found.status);
  if (found.kind === "elsewhere") {
    response.writeHead(301, { location: found.location }).end();
    return;
  }
  // Its own index, its own dot files and its own redirect are switched off: fileFor has decided.
  send(request, found.path.split("/").map(encodeURIComponent).join("/"), {
    root,
    index: false,
    dotfiles: "allow",
    cacheControl: false,
  })
    .on("error", (error: { readonly status?: number }) =>
      fail(response, error.status === 416 ? 416 : error.status === 412 ? 412 : 404),
    )
    .on("directory", () => fail(response, 404))
    .pipe(response);
}

function fail(response: ServerResponse, status: number): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${status}\n`);
}

function whoIs({ remoteAddress = "?", remotePort = 0 }: Socket): string {
  return `${remoteAddress}:${remotePort}`;
}

function inWords(error: Error): string {
  if (error instanceof TlsError && error.kind === "alert-received") {
    const { name, id } = error.context.description;
    return `it said ${name ?? id}, as one does who does not trust the CA yet`;
  }
  if (error instanceof TlsError && error.kind === "no-agreement") return error.context.reasons.map(refusalInWords).join(" ");
  return printable(error.message);
}
