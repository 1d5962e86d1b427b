// Runs in Bun: `serve-bun.ts <ca.pem> <chain.pem> <key.pem>`.
import { readFileSync } from "node:fs";

interface Tls {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
  readonly requestCert?: boolean;
  readonly rejectUnauthorized?: boolean;
}
/** The slice of Bun that is used here. */
declare const Bun: {
  serve(options: { hostname: string; port: number; tls: Tls; fetch(): Response }): { readonly port: number };
};

const [ca = "", cert = "", key = ""] = process.argv.slice(2).map((path) => readFileSync(path, "utf8"));
const serve = (tls: Tls): number => Bun.serve({ hostname: "127.0.0.1", port: 0, tls, fetch: () => new Response("hello") }).port;
const open = serve({ cert, key });
const asking = serve({ cert, key, ca, requestCert: true, rejectUnauthorized: true });
console.log(`listening ${JSON.stringify({ open, asking })}`);
