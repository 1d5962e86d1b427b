// Runs in Deno: `serve-deno.ts sallyport|deno <ca.pem> <chain.pem> <key.pem>`. Deno's own listener can't ask for certificates.
import { readFileSync } from "node:fs";
import process from "node:process";
import { type ServerConfig, serverConfig } from "@sallyport/core";
import { node, signer } from "@sallyport/crypto-node";
import { type Conn, type Listener, listenTls } from "@sallyport/deno";
import { clientVerifier, credential } from "@sallyport/x509";

interface Bound {
  readonly addr: { readonly port: number };
}
/** The slice of Deno that is used here. */
declare const Deno: {
  listen(options: { hostname: string; port: number }): Listener & Bound;
  listenTls(options: { hostname: string; port: number; cert: string; key: string }): Listener & Bound;
};

const [kind = "", ...paths] = process.argv.slice(2);
const [ca = "", cert = "", key = ""] = paths.map((path) => readFileSync(path, "utf8"));
const where = { hostname: "127.0.0.1", port: 0 };

if (kind === "deno") {
  const listener = Deno.listenTls({ ...where, cert, key });
  void serve(listener);
  console.log(`listening ${JSON.stringify({ open: listener.addr.port })}`);
} else {
  const common = { provider: node, now: Date.now, credentials: [credential({ chain: cert, signer: signer(key) })] as const };
  const verifier = clientVerifier({ provider: node, roots: ca });
  const open = listen(serverConfig(common));
  const asking = listen(serverConfig({ ...common, clientAuthentication: { mode: "required", verifier } }));
  console.log(`listening ${JSON.stringify({ open, asking })}`);
}

function listen(config: ServerConfig): number {
  const listener = Deno.listen(where);
  void serve(listenTls(listener, () => config));
  return listener.addr.port;
}
async function serve(listener: AsyncIterable<Conn>): Promise<void> {
  for await (const conn of listener) {
    void conn.readable.pipeTo(conn.writable).catch(() => {
      try {
        conn.close();
      } catch {} // it is closed already
    });
  }
}
