// Runs in Deno, on the sources: `deno run … deno-peer.ts <role> <port> <ca.pem> <chain.pem> <key.pem> <recipe.ts>`. Prints a line
// a result.
import { readFileSync } from "node:fs";
import process from "node:process";
import { clientConfig, type ServerConfig, type ServerOptions, serverConfig, TlsError } from "@sallyport/core";
import { node, signer } from "@sallyport/crypto-node";
import { type Conn, connectTls, type Listener, listenTls, passthrough, refuse, startTls } from "@sallyport/deno";
import { credential, serverVerifier } from "@sallyport/x509";

/** The slice of Deno that is used here. */
declare const Deno: {
  connect(options: { hostname: string; port: number }): Promise<Conn>;
  listen(options: { hostname: string; port: number }): Listener & { readonly addr: { readonly port: number } };
  createHttpClient(options: { readonly caCerts: readonly string[] }): object;
};
interface Recipe {
  serveHttps(
    listener: Listener,
    config: ServerConfig,
    path: string,
    handler: (request: Request) => Promise<Response>,
  ): Promise<void>;
}

const [role, port, ca = "", chain = "", key = "", recipe = ""] = process.argv.slice(2);
const text = (path: string): string => readFileSync(path, "utf8");
const client = (roots: string) =>
  clientConfig({
    provider: node,
    now: Date.now,
    verifier: serverVerifier({ provider: node, roots: text(roots) }),
  });
const server = (options: Partial<ServerOptions> = {}): ServerConfig =>
  serverConfig({
    provider: node,
    now: Date.now,
    credentials: [credential({ chain: text(chain), signer: signer(text(key)) })],
    ...options,
  });
const say = (...what: unknown[]): void => console.log(JSON.stringify(what));
const explain = (thrown: unknown): string => (thrown instanceof TlsError ? thrown.kind : String(thrown));

async function readAll(conn: Conn): Promise<number> {
  const target = new Uint8Array(10_000);
  let total = 0;
  for (let length = await conn.read(target); length !== null; length = await conn.read(target)) total += length;
  return total;
}

switch (role) {
  case "client": {
    const conn = connectTls(await Deno.connect({ hostname: "127.0.0.1", port: Number(port) }), client(ca), "localhost");
    const { version, suite } = await conn.handshake();
    const writing = (async () => {
      for (let chunk = 0; chunk < 100; chunk++) await conn.write(new Uint8Array(50_000).fill(chunk));
      await conn.closeWrite();
    })();
    const total = await readAll(conn);
    await writing;
    conn.close();
    say("done", version, suite, total);
    break;
  }
  case "suspicious-client": {
    const conn = connectTls(await Deno.connect({ hostname: "127.0.0.1", port: Number(port) }), client(ca), "localhost");
    await conn.handshake().then(
      () => say("trusted"),
      (thrown) => say("refused", explain(thrown)),
    );
    break;
  }
  case "server": {
    const config = server();
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const secure = listenTls(
      listener,
      async ({ serverName }) => {
        if (serverName === "pass.localhost") return passthrough;
        return serverName === "localhost" ? config : refuse("unrecognized_name");
      },
      // What is let pass is served behind the door after all: its first byte must still be there.
      { onPassthrough: (conn) => void echo(startTls(conn, () => config)) },
    );
    say("listening", listener.addr.port);
    const echo = async (conn: Conn): Promise<void> => {
      try {
        await conn.readable.pipeTo(conn.writable);
        say("echoed");
      } catch (thrown) {
        say("failed", explain(thrown));
      }
    };
    for await (const conn of secure) void echo(conn);
    break;
  }
  case "https": {
    const { serveHttps } = (await import(recipe)) as Recipe;
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port: own } = listener.addr;
    const answer = async (request: Request): Promise<Response> =>
      new Response(`${request.method} ${new URL(request.url).pathname} ${(await request.arrayBuffer()).byteLength}`);
    void serveHttps(listener, server({ alpn: ["h2", "http/1.1"] }), `${recipe}.sock`, answer);
    const options = { client: Deno.createHttpClient({ caCerts: [text(ca)] }), method: "POST", body: new Uint8Array(1_000_000) };
    const response = await fetch(`https://localhost:${own}/there`, options as RequestInit); // `client` is Deno's own
    say("fetched", response.status, await response.text());
    const stranger = { client: Deno.createHttpClient({ caCerts: [] }) };
    say(
      "refused",
      await fetch(`https://localhost:${own}/`, stranger as RequestInit).then(
        () => "no",
        ({ name }) => name,
      ),
    );
    say("listening", own);
    break;
  }
  case "starttls": {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    say("listening", listener.addr.port);
    const conn = await listener.accept();
    const target = new Uint8Array(4096);
    const length = (await conn.read(target)) ?? 0;
    await conn.write(new TextEncoder().encode("220 go\r\n"));
    const headLength = (await conn.read(target)) ?? 0;
    const tls = startTls(conn, () => server(), { head: target.slice(0, headLength) });
    await tls.write(new TextEncoder().encode("hello"));
    await tls.closeWrite();
    await readAll(tls);
    tls.close();
    listener.close();
    say("done", length);
    break;
  }
}
