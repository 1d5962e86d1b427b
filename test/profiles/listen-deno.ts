// A TLS server of Deno's own: `listen-deno.ts CERT KEY` prints `port N`.
declare const Deno: {
  readonly args: readonly string[];
  readTextFileSync(path: string): string;
  listenTls(options: { port: number; hostname: string; cert: string; key: string }): AsyncIterable<{
    handshake(): Promise<unknown>;
    close(): void;
  }> & {
    readonly addr: { readonly port: number };
  };
};

const [cert = "", key = ""] = Deno.args.map((path) => Deno.readTextFileSync(path));
const listener = Deno.listenTls({ port: 0, hostname: "127.0.0.1", cert, key });
console.log(`port ${listener.addr.port}`);
for await (const connection of listener) {
  connection.handshake().then(
    () => connection.close(),
    () => {},
  );
}
export {};
