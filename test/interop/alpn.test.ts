// ALPN with other people's TLS, both roles: ours in the order of the server, theirs as they choose.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect as connectTls, createServer as createTls } from "node:tls";
import { clientConfig, type ProtocolVersion, serverConfig } from "@sallyport/core";
import { serverVerifier } from "@sallyport/x509";
import { afterEach, describe, expect, test } from "vitest";
import { makePki } from "../support/pki.ts";
import { start, versionOf } from "../support/processes.ts";
import { file, freePort, gnutlsVersion, goProgram, goVersion, identityFiles, nodeVersion } from "./peers.ts";
import { connect, established, listen } from "./runner.ts";
import { shows } from "./shows.ts";
import { sides } from "./sides.ts";

const required = process.env["SALLYPORT_REQUIRE_PEERS"] !== undefined;
const pki = await makePki();
const ca = file("alpn-ca.pem", pki.ca.pem);
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
const openssl = { "tls1.3": "-tls1_3", "tls1.2": "-tls1_2" } as const;
const curl = { "tls1.3": ["--tlsv1.3"], "tls1.2": ["--tlsv1.2", "--tls-max", "1.2"] } as const;

interface Peer {
  readonly name: string;
  readonly installed: boolean;
  /** Offers these, and connects. Default: it can't be told. */
  readonly client?: (port: number, version: ProtocolVersion, offered: readonly string[]) => void;
  /** Takes `http/1.1`. @returns its port */
  readonly server?: (version: ProtocolVersion) => Promise<number>;
}
function begin(command: string, ...args: readonly string[]): ReturnType<typeof start> {
  const running = start(command, args, { timeoutMs: 20_000 });
  cleanups.push(() => running.stop());
  return running;
}
const peers: readonly Peer[] = [
  {
    name: "openssl",
    installed: versionOf("openssl", "version") !== undefined,
    client: (port, version, offered) =>
      void begin(
        "openssl",
        "s_client",
        "-connect",
        `127.0.0.1:${port}`,
        "-servername",
        "localhost",
        openssl[version],
        "-CAfile",
        ca,
        "-alpn",
        offered.join(),
      ),
    async server(version) {
      const { certificate, key } = identityFiles(await pki.leaf());
      const [, port] = await begin(
        "openssl",
        "s_server",
        "-accept",
        "127.0.0.1:0",
        "-cert",
        certificate,
        "-key",
        key,
        openssl[version],
        "-alpn",
        "http/1.1",
      ).saw(/ACCEPT 127\.0\.0\.1:(\d+)/);
      return Number(port);
    },
  },
  {
    name: "gnutls",
    installed: versionOf("gnutls-cli", "--version") !== undefined,
    client: (port, version, offered) =>
      void begin(
        "gnutls-cli",
        "--port",
        String(port),
        "--priority",
        gnutlsVersion[version],
        "--x509cafile",
        ca,
        ...offered.flatMap((name) => ["--alpn", name]),
        "localhost",
      ),
    async server(version) {
      const { certificate, key } = identityFiles(await pki.leaf());
      const port = await freePort();
      await begin(
        "gnutls-serv",
        "--port",
        String(port),
        "--echo",
        "--disable-client-cert",
        "--priority",
        gnutlsVersion[version],
        "--alpn",
        "http/1.1",
        "--x509certfile",
        certificate,
        "--x509keyfile",
        key,
      ).saw(/listening on IPv4.*done/);
      return port;
    },
  },
  {
    // It offers http/1.1 alone where HTTP/2 is switched off.
    name: "curl",
    installed: versionOf("curl", "--version") !== undefined,
    client: (port, version) =>
      void begin(
        "curl",
        "--silent",
        "--http1.1",
        ...curl[version],
        "--cacert",
        ca,
        "--resolve",
        `localhost:${port}:127.0.0.1`,
        `https://localhost:${port}/`,
      ),
  },
  {
    name: "go",
    installed: versionOf("go", "version") !== undefined,
    client(port, version, protocols) {
      void goProgram().then((program) => {
        begin(program, "client").write(
          `${JSON.stringify({ port, version: goVersion[version], groups: [], ca: pki.ca.pem, protocols })}\n`,
        );
      });
    },
    async server(version) {
      const { certificate, key } = identityFiles(await pki.leaf());
      const options = { version: goVersion[version], groups: [], protocols: ["http/1.1"] };
      const [, port] = await begin(await goProgram(), "server", JSON.stringify(options), certificate, key).saw(/\[(\d+)\]/);
      return Number(port);
    },
  },
  {
    name: "node:tls",
    installed: true,
    client(port, version, offered) {
      const socket = connectTls({
        port,
        host: "127.0.0.1",
        servername: "localhost",
        ca: pki.ca.pem,
        ...nodeVersion[version],
        ALPNProtocols: [...offered],
      });
      socket.on("error", () => {});
      cleanups.push(() => socket.destroy());
    },
    async server(version) {
      const { chainPem, keyPem } = await pki.leaf();
      const server = createTls({ cert: chainPem, key: keyPem, ...nodeVersion[version], ALPNProtocols: ["http/1.1"] }, (socket) =>
        socket.on("error", () => {}),
      );
      cleanups.push(() => server.close());
      await once(server.listen(0, "127.0.0.1"), "listening");
      return (server.address() as AddressInfo).port;
    },
  },
];

const ways = sides.flatMap((side) => (["tls1.3", "tls1.2"] as const).map((version) => ({ name: side.name, side, version })));
describe.each(ways)("$name, $version", ({ side: { provider, credential }, version }) => {
  test.for(peers.flatMap(({ name, installed, client }) => (client === undefined ? [] : [{ name, installed, client }])))(
    "our server takes its first that $name has",
    async ({ name, installed, client }, { skip }) => {
      skip(!installed && !required, `${name} is not installed`);
      const alpn = ["sally/1", "http/1.1", "h2"];
      const server = await listen(
        serverConfig({ provider, now: Date.now, versions: [version], credentials: [await credential(await pki.leaf())], alpn }),
      );
      cleanups.push(() => server.close());
      client(server.port, version, ["h2", "http/1.1"]);
      expect(established(await server.next()).info.alpn).toBe("http/1.1");
      shows({ peer: name, role: "server", version, feature: "alpn" });
    },
  );

  test.for(peers.flatMap(({ name, installed, server }) => (server === undefined ? [] : [{ name, installed, server }])))(
    "the server of $name takes one of our client's",
    async ({ name, installed, server }, { skip }) => {
      skip(!installed && !required, `${name} is not installed`);
      const verifier = serverVerifier({ provider, roots: pki.ca.pem });
      const config = clientConfig({ provider, now: Date.now, verifier, versions: [version], alpn: ["sally/1", "http/1.1"] });
      const link = established(await connect(await server(version), config));
      expect(link.info.alpn).toBe("http/1.1");
      shows({ peer: name, role: "client", version, feature: "alpn" });
      link.close();
    },
  );
});
