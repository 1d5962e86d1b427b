// `serve-node.ts node|webstreams|node:tls <ca.pem> <chain.pem> <key.pem>`: prints its ports, and serves until it is killed.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer as createTcp, type Server } from "node:net";
import { Duplex } from "node:stream";
import { createServer as createTls } from "node:tls";
import { type ServerConfig, serverConfig } from "@sallyport/core";
import { node, signer } from "@sallyport/crypto-node";
import { createServer } from "@sallyport/node";
import { acceptTls, type BytePair } from "@sallyport/webstreams";
import { clientVerifier, credential } from "@sallyport/x509";

const [kind = "", ...paths] = process.argv.slice(2);
const [ca = "", cert = "", key = ""] = paths.map((path) => readFileSync(path, "utf8"));

const credentials = [credential({ chain: cert, signer: signer(key) })] as const;
const common = { provider: node, now: Date.now, credentials };
const verifier = clientVerifier({ provider: node, roots: ca });
const configs = {
  open: serverConfig(common),
  asking: serverConfig({ ...common, clientAuthentication: { mode: "required", verifier } }),
};

const servers: { readonly [kind: string]: (asking: boolean) => Server } = {
  node: (asking) =>
    createServer({ accept: configOf(asking) }, (socket) => void socket.on("error", () => {}).pipe(socket)).on(
      "tlsClientError",
      () => {},
    ),
  webstreams: (asking) =>
    createTcp({ allowHalfOpen: true, noDelay: true }, (socket) => {
      socket.on("error", () => {});
      // Node's own types of the very same streams.
      acceptTls(Duplex.toWeb(socket) as unknown as BytePair, () => configOf(asking))
        .then(async (pair) => {
          if (pair.kind === "tls") await pair.readable.pipeTo(pair.writable);
        })
        .catch(() => {});
    }),
  "node:tls": (asking) =>
    createTls({ cert, key, ca, requestCert: asking, rejectUnauthorized: asking }, (socket) => {
      socket.on("error", () => {}).pipe(socket);
    }).on("tlsClientError", () => {}),
};
const make = servers[kind];
if (make === undefined) throw new Error(`no server is called ${kind}`);
console.log(`listening ${JSON.stringify({ open: await listen(make(false)), asking: await listen(make(true)) })}`);

function configOf(asking: boolean): ServerConfig {
  return asking ? configs.asking : configs.open;
}
async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}
