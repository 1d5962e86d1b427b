// Bundled for a browser: what is done there with the packages as they are. Each entry is one scenario, and gives what it saw.
import { type CryptoProvider, clientConfig, type Info, TlsError } from "@sallyport/core";
import { noble } from "@sallyport/crypto-noble";
import { webCrypto } from "@sallyport/crypto-web";
import { connectTls, type TlsPair, webSocketPair } from "@sallyport/webstreams";
import { serverVerifier } from "@sallyport/x509";

/** What the test's own server tells the page. */
export interface Setting {
  readonly ca: string;
  readonly strangerCa: string;
  /** Addresses of WebSockets, each leading to one TLS server. */
  readonly bridges: { readonly page: string; readonly echo: string; readonly cut: string };
}

/** By name: `noble: page` and so on. */
export type Results = Record<string, unknown>;

const javascript = noble({ random: (length) => crypto.getRandomValues(new Uint8Array(length)) });
const providers = { noble: javascript, web: webCrypto(javascript) };

export async function runAll({ ca, strangerCa, bridges }: Setting): Promise<Results> {
  const results: Results = { isSecureContext };
  for (const [name, provider] of Object.entries(providers)) {
    const connect = (bridge: string, roots = ca): TlsPair => open(provider, bridge, roots);
    results[`${name}: page`] = await told(() => page(connect(bridges.page)));
    results[`${name}: echo`] = await told(() => echo(connect(bridges.echo)));
    results[`${name}: refused`] = await told(() => refused(connect(bridges.page, strangerCa)));
    results[`${name}: cut`] = await told(() => cut(connect(bridges.cut)));
  }
  return results;
}

function open(provider: CryptoProvider, bridge: string, roots: string): TlsPair {
  const verifier = serverVerifier({ provider: javascript, roots });
  const config = clientConfig({ provider, now: Date.now, verifier, versions: ["tls1.3"] });
  return connectTls(webSocketPair(new WebSocket(bridge)), { config, serverName: "localhost" });
}

async function page(tls: TlsPair): Promise<unknown> {
  const writer = tls.writable.getWriter();
  await writer.write(new TextEncoder().encode("GET /here HTTP/1.0\r\n\r\n"));
  const answer = await new Response(tls.readable).text();
  await writer.close();
  await tls.closed;
  return { ...facts(await tls.opened), status: answer.split("\r\n")[0], body: answer.split("\r\n\r\n")[1] };
}

async function echo(tls: TlsPair): Promise<unknown> {
  const sent = new Uint8Array(1024 * 1024).map((_, at) => (at * 31) >> 3);
  const writing = new Blob([sent]).stream().pipeTo(tls.writable);
  const back = new Uint8Array(await new Response(tls.readable).arrayBuffer());
  await Promise.all([writing, tls.closed]);
  return { ...facts(await tls.opened), length: back.length, same: back.every((byte, at) => byte === sent[at]) };
}

async function refused(tls: TlsPair): Promise<unknown> {
  const rejected = [tls.opened, tls.closed, tls.readable.getReader().read(), tls.writable.getWriter().write(new Uint8Array(1))];
  return Promise.all(rejected.map((promise) => promise.then(() => "no", kindOf)));
}

async function cut(tls: TlsPair): Promise<unknown> {
  const reader = tls.readable.getReader();
  const { value } = await reader.read();
  const end = await reader.read().then(() => "no", kindOf);
  return { data: new TextDecoder().decode(value), end, closed: await tls.closed.then(() => "no", kindOf) };
}

function facts({ version, group, peerSignatureScheme }: Info): object {
  return { version, group, scheme: peerSignatureScheme };
}

function kindOf(thrown: unknown): string {
  return thrown instanceof TlsError ? thrown.kind : String(thrown);
}

async function told(scenario: () => Promise<unknown>): Promise<unknown> {
  try {
    return await scenario();
  } catch (thrown) {
    return thrown instanceof Error ? `${thrown.message}\n${thrown.stack}` : String(thrown);
  }
}
