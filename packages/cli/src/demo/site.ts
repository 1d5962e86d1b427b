import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type ClientHello, type ServerConfig, type ServerOptions, serverConfig, TlsError } from "@sallyport/core";
import { certificateCompressors, node, signer } from "@sallyport/crypto-node";
import { createServer, type TlsSocket } from "@sallyport/node";
import { credential } from "@sallyport/x509";
import { alertInWords, codePoint, printable, refusalInWords, version } from "@sallyport/explain";
import type { Authority } from "./authority.ts";
import { pageHeaders, readPage } from "../commands/inspect.ts";
import { requestsOf } from "../serve/requests.ts";
import { renderNotFound, renderPage, stylePolicy } from "./page.ts";
import { type Visit, Witness } from "./visit.ts";

/** The HTTPS server of the demo. */
export interface Site {
  readonly port: number;
  readonly config: ServerConfig;
  close(): void;
}

/**
 * Serves on this machine's loopback alone.
 *
 * @param port 0: any free one
 * @param log gets a line a handshake
 * @throws what listening throws, such as EADDRINUSE
 */
export async function openSite(authority: Authority, port: number, log: (line: string) => void): Promise<Site> {
  const options: ServerOptions = {
    provider: node,
    now: Date.now,
    credentials: [credential({ chain: authority.leaf.chainPem, signer: signer(authority.leaf.keyPem) })],
    alpn: ["http/1.1"],
    certificateCompression: certificateCompressors,
    // The hellos from the field ask for the names of other people's servers.
    servesAnyName: true,
  };
  const config = serverConfig(options);
  const visits = new WeakMap<object, Visit>();
  /** By the bytes of the hello, which a socket can tell; until its handshake is over. */
  const witnesses = new Map<string, Witness>();
  const open = new Set<Socket>();
  const http = requestsOf((request, response) => answer(request, response, visits.get(request.socket), authority));

  const accept = (clientHello: ClientHello): ServerConfig => {
    const witness = new Witness(clientHello, (trace) => serverConfig({ ...options, trace }));
    witnesses.set(textOf(clientHello), witness);
    return witness.config;
  };
  const server = createServer({ accept }, (socket) => {
    const { info, clientHello } = socket;
    const visit = info && clientHello && witnesses.get(textOf(clientHello))?.visit(info);
    if (clientHello !== undefined) witnesses.delete(textOf(clientHello));
    if (visit !== undefined) visits.set(socket, visit);
    log(`${whoIs(socket)}  ${agreementInWords(socket)}`);
    http.emit("connection", socket);
  });
  server.on("tlsClientError", (error, socket) => {
    if (error.clientHello !== undefined) witnesses.delete(textOf(error.clientHello));
    log(`${whoIs(socket)}  ${failureInWords(error)}`);
  });
  server.on("connection", (socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  // A TCP server that listens has this kind of address.
  const address = server.address() as AddressInfo;
  return {
    port: address.port,
    config,
    close: () => {
      server.close();
      http.close();
      for (const socket of open) socket.destroy();
    },
  };
}

function textOf({ raw }: ClientHello): string {
  return Buffer.from(raw).toString("latin1");
}

function answer(request: IncomingMessage, response: ServerResponse, visit: Visit | undefined, authority: Authority): void {
  // Not by URL, which throws for `//`.
  const [path] = (request.url ?? "/").split(/[?#]/, 1);
  response.setHeader("cache-control", "no-store");
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("referrer-policy", "no-referrer");
  if (path === "/ca.pem") {
    response.writeHead(200, { "content-type": "application/x-x509-ca-cert" }).end(authority.pem);
    return;
  }
  if (path === "/inspect") {
    readPage().then(
      (html) => response.writeHead(200, pageHeaders).end(html),
      (error: Error) => response.writeHead(404, { "content-type": "text/plain" }).end(`${error.message}\n`),
    );
    return;
  }
  response.setHeader("content-type", "text/html; charset=utf-8");
  response.setHeader(
    "content-security-policy",
    `default-src 'none'; style-src ${stylePolicy}; img-src data:; base-uri 'none'; form-action 'none'`,
  );
  if (path === "/" && visit !== undefined) {
    response.end(renderPage(visit, authority, request.socket.localPort ?? 0));
  } else {
    response.writeHead(404).end(renderNotFound());
  }
}

function whoIs({ remoteAddress = "?", remotePort = 0 }: Socket): string {
  return `${remoteAddress}:${remotePort}`;
}

function agreementInWords({ info }: TlsSocket): string {
  if (info === undefined) return "gone before its handshake was complete";
  return [version(info.version), info.suite, info.group, info.handshakeKind === "full-after-retry" ? "after a retry" : undefined]
    .filter((part) => part !== undefined)
    .join(", ");
}

/** Why a visitor did not get in, without alarm: most of these are how clients behave. */
function failureInWords(error: Error): string {
  if (!(error instanceof TlsError)) return `gone: ${printable(error.message)}`;
  switch (error.kind) {
    case "alert-received": {
      const alert = codePoint(error.context.description);
      if (distrust.has(alert)) {
        return `said ${alert}: it doesn't trust the demo's CA yet, which is what a browser should do. Go on past its warning, or trust the CA.`;
      }
      return `said ${alert}${alertInWords(alert) === undefined ? "" : `: ${alertInWords(alert)}`}`;
    }
    case "no-agreement":
      return `refused with ${error.context.alert}. ${error.context.reasons.map(refusalInWords).join(" ")}`;
    case "not-tls":
      return error.context.looksLike === "http" ? "spoke plain HTTP: the address begins with https://" : "did not speak TLS";
    case "truncated":
    case "closed-early":
      return "left before the handshake was complete: browsers open connections in advance, and drop what they don't need";
    default:
      return printable(error.message);
  }
}

const distrust: ReadonlySet<string> = new Set(["certificate_unknown", "unknown_ca", "bad_certificate"]);
