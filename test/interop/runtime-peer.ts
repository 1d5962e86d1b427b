// Runs in Bun and in Deno, with the TLS that is theirs: `… runtime-peer.ts client <port> <ca.pem>` prints the page,
// `… runtime-peer.ts server <chain.pem> <key.pem>` serves one, and prints where.
import { readFileSync } from "node:fs";
import process from "node:process";

/** The slices of the two that are used here. */
declare const Bun: {
  serve(options: { port: number; tls: { cert: string; key: string }; fetch(): Response }): { readonly port: number };
};
declare const Deno: {
  createHttpClient(options: { caCerts: readonly string[] }): object;
  serve(
    options: { port: number; hostname: string; cert: string; key: string; onListen(address: { port: number }): void },
    handler: () => Response,
  ): object;
};

const isBun = "bun" in process.versions;
const [role, ...rest] = process.argv.slice(2);
if (role === "client") await client(rest[0] ?? "", read(rest[1]));
else server(read(rest[0]), read(rest[1]));

async function client(port: string, ca: string): Promise<void> {
  const ours = isBun ? { tls: { ca } } : { client: Deno.createHttpClient({ caCerts: [ca] }) };
  const response = await fetch(`https://localhost:${port}/`, ours as RequestInit); // each takes options of its own
  console.log(await response.text());
  process.exit();
}

function server(cert: string, key: string): void {
  const page = (): Response => new Response("here you are\n");
  const listening = (port: number): void => console.log(`listening on ${port}`);
  if (isBun) listening(Bun.serve({ port: 0, tls: { cert, key }, fetch: page }).port);
  else Deno.serve({ port: 0, hostname: "127.0.0.1", cert, key, onListen: ({ port }) => listening(port) }, page);
}

function read(path = ""): string {
  return readFileSync(path, "utf8");
}
