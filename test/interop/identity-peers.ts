// Other people's TLS that shows certificates, asks for them, and knows sessions. openssl has tests of its own.
import { createInterface } from "node:readline";
import type { AddressInfo } from "node:net";
import * as tls from "node:tls";
import type { ProtocolVersion } from "@sallyport/core";
import type { Identity, KeyKind, Pki } from "../support/pki.ts";
import { start, versionOf } from "../support/processes.ts";
import { file, freePort, gnutlsVersion, goProgram, goVersion, identityFiles, nodeVersion, request } from "./peers.ts";

export interface IdentityPeer {
  readonly name: string;
  readonly installed: boolean;
  /** Default both. */
  readonly versions?: readonly ProtocolVersion[];
  /** Where it ends without an alert if a certificate that it insists on doesn't come; default nowhere. */
  readonly silent?: readonly ProtocolVersion[];
  /** Whether its server, with an ECDSA certificate of its own, asks for certificates of such keys; default always. */
  readonly asksFor?: (key: KeyKind, version: ProtocolVersion) => boolean;
  /** The answer to `GET /`. Rejects with the peer's words for the alert. */
  get(port: number, version: ProtocolVersion, pki: Pki, own: Identity | undefined): Promise<string>;
  /** Twice, the second time by a session of the first. @returns what says that it was resumed */
  getTwice(port: number, pki: Pki, version: ProtocolVersion): Promise<string>;
  /** Answers `GET /` in HTTP/1.0 and closes. @param pki insists on a certificate of it. */
  serve(own: Identity, version: ProtocolVersion, pki?: Pki): Promise<{ readonly port: number; stop(): Promise<void> }>;
}

const nodeTls: IdentityPeer = {
  name: "node:tls",
  installed: true,
  get: (port, version, { ca }, own) =>
    getByNode(port, { ca: ca.pem, ...nodeVersion[version], ...(own && { cert: own.chainPem, key: own.keyPem }) }).then(
      ({ body }) => body,
    ),
  async getTwice(port, { ca }, version) {
    const options = { ca: ca.pem, ...nodeVersion[version] };
    const { session } = await getByNode(port, options);
    const { body, reused } = await getByNode(port, { ...options, session });
    return `${body}${reused ? "resumed" : ""}`;
  },
  async serve({ chainPem, keyPem }, version, pki) {
    const clients = pki && { requestCert: true, rejectUnauthorized: true, ca: pki.ca.pem };
    const server = tls.createServer({ cert: chainPem, key: keyPem, ...nodeVersion[version], ...clients }, (socket) => {
      socket.on("error", () => {}).once("data", () => socket.end("HTTP/1.0 200 OK\r\n\r\nfrom node\n"));
    });
    server.on("tlsClientError", () => {});
    server.listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo; // listening on TCP
    return { port, stop: async () => void server.close() };
  },
};

function getByNode(
  port: number,
  options: tls.ConnectionOptions,
): Promise<{ readonly body: string; readonly session?: Buffer; readonly reused: boolean }> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ port, host: "127.0.0.1", servername: "localhost", ...options });
    let body = "";
    let session: Buffer | undefined;
    socket.setEncoding("utf8").on("data", (text) => {
      body += text;
    });
    socket.setTimeout(15_000, () => socket.destroy(new Error("time is over")));
    socket
      .on("secureConnect", () => socket.write(request))
      .on("session", (given) => {
        session = given;
      })
      .on("error", reject)
      .on("end", () => resolve({ body, reused: socket.isSessionReused(), ...(session && { session }) }));
  });
}

const gnutls: IdentityPeer = {
  name: "gnutls",
  installed: versionOf("gnutls-cli", "--version") !== undefined,
  get: (port, version, pki, own) => getByGnutls(port, version, pki, own === undefined ? [] : gnutlsIdentity(own)),
  getTwice: (port, pki, version) => {
    const more = version === "tls1.3" ? ["--resume", "--waitresumption"] : ["--resume"];
    return getByGnutls(port, version, pki, more).then((said) => said.replace("This is a resumed session", "resumed"));
  },
  async serve(own, version, pki) {
    const port = await freePort();
    const clients =
      pki === undefined
        ? ["--disable-client-cert"]
        : ["--require-client-cert", "--verify-client-cert", "--x509cafile", file("gnutls-clients.pem", pki.ca.pem)];
    const server = start("gnutls-serv", [
      "--port",
      String(port),
      "--http",
      "--priority",
      gnutlsVersion[version],
      ...clients,
      ...gnutlsIdentity(own),
    ]);
    await server.saw(/listening on IPv4[\s\S]*\n/);
    return { port, stop: server.stop };
  },
};

function gnutlsIdentity(own: Identity): string[] {
  const { certificate, key } = identityFiles(own);
  return ["--x509certfile", certificate, "--x509keyfile", key];
}

async function getByGnutls(port: number, version: ProtocolVersion, { ca }: Pki, more: readonly string[]): Promise<string> {
  const names = ["--sni-hostname", "localhost", "--verify-hostname", "localhost", "--x509cafile", file("gnutls-ca.pem", ca.pem)];
  const client = start(
    "gnutls-cli",
    ["--port", String(port), "--priority", gnutlsVersion[version], ...names, ...more, "127.0.0.1"],
    { timeoutMs: 20_000 },
  );
  client.write(request); // the end of its standard input would end it before the answer
  const code = await client.ended;
  if (code !== 0) throw new Error(`gnutls-cli: ${code}\n${client.output()}`);
  return client.output();
}

const go: IdentityPeer = {
  name: "go",
  installed: versionOf("go", "env", "GOVERSION") !== undefined,
  get: (port, version, pki, own) =>
    getByGo({ port, version: goVersion[version], ...(own && { certificate: own.chainPem, key: own.keyPem }) }, pki),
  getTwice: (port, pki, version) => getByGo({ port, version: goVersion[version], again: true }, pki),
  async serve(own, version, pki) {
    const { certificate, key } = identityFiles(own);
    const options = { version: goVersion[version], groups: [], clientCA: pki?.ca.pem ?? "" };
    const server = start(await goProgram(), ["server", JSON.stringify(options), certificate, key]);
    const [line] = await server.saw(/\[.*\]/);
    const [port = 0]: number[] = JSON.parse(line);
    return { port, stop: server.stop };
  },
};

async function getByGo(asked: object, { ca }: Pki): Promise<string> {
  const client = start(await goProgram(), ["client"]);
  const lines = createInterface({ input: client.child.stdout ?? process.stdin })[Symbol.asyncIterator]();
  client.write(`${JSON.stringify({ groups: [], ca: ca.pem, ...asked })}\n`);
  const { value } = await lines.next();
  await client.stop();
  const { body, error }: { body: string; error: string } = JSON.parse(String(value));
  if (error !== "") throw new Error(`go: ${error}`);
  return body;
}

export const identityPeers: readonly IdentityPeer[] = [nodeTls, gnutls, go];
