// Runs in workerd, bundled: `/<scenario>?provider=noble|web&port=<TCP>` does one thing over connect() of cloudflare:sockets, and
// answers what it saw. `CA` is the binding with the root to trust.
import { connect } from "cloudflare:sockets";
import { clientConfig, TlsError } from "@sallyport/core";
import { noble } from "@sallyport/crypto-noble";
import { webCrypto } from "@sallyport/crypto-web";
import { connectTls, type TlsPair } from "@sallyport/webstreams";
import { serverVerifier } from "@sallyport/x509";

const scenarios: Readonly<Record<string, (tls: TlsPair) => Promise<unknown>>> = {
  async page(tls) {
    const writer = tls.writable.getWriter();
    await writer.write(new TextEncoder().encode("GET /here HTTP/1.0\r\n\r\n"));
    const answer = await new Response(tls.readable).text();
    await writer.close();
    await tls.closed;
    const { version, group, peerSignatureScheme } = await tls.opened;
    return { version, group, scheme: peerSignatureScheme, body: answer.split("\r\n\r\n")[1] };
  },

  async echo(tls) {
    const sent = new Uint8Array(1024 * 1024).map((_, at) => (at * 31) >> 3);
    const writer = tls.writable.getWriter();
    const writing = writer.write(sent).then(() => writer.close());
    const back = new Uint8Array(await new Response(tls.readable).arrayBuffer());
    await Promise.all([writing, tls.closed]);
    return { length: back.length, same: back.every((byte, at) => byte === sent[at]) };
  },

  async refused(tls) {
    return { opened: await tls.opened.then(() => "yes", kindOf), closed: await tls.closed.then(() => "yes", kindOf) };
  },

  async cut(tls) {
    const reader = tls.readable.getReader();
    const { value } = await reader.read();
    const end = await reader.read().then(() => "an end", kindOf);
    return { data: new TextDecoder().decode(value), end, closed: await tls.closed.then(() => "yes", kindOf) };
  },

  async aborted(tls) {
    const writer = tls.writable.getWriter();
    await writer.write(new TextEncoder().encode("half"));
    await writer.abort("no more");
    return { closed: await tls.closed.then(() => "yes", kindOf) };
  },
};

export default {
  async fetch(request: Request, { CA }: { readonly CA: string }): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    // Here, and not above: outside of a request workerd gives no randomness.
    const javascript = noble({ random: (length) => crypto.getRandomValues(new Uint8Array(length)) });
    const provider = searchParams.get("provider") === "web" ? webCrypto(javascript) : javascript;
    const config = clientConfig({ provider, now: Date.now, verifier: serverVerifier({ provider: javascript, roots: CA }) });
    const socket = connect({ hostname: "127.0.0.1", port: Number(searchParams.get("port")) }, { allowHalfOpen: true });
    const tls = connectTls(socket, { config, serverName: searchParams.get("name") ?? "localhost" });
    try {
      return Response.json((await scenarios[pathname.slice(1)]?.(tls)) ?? "no such scenario");
    } catch (thrown) {
      return Response.json(thrown instanceof Error ? `${thrown.message}\n${thrown.stack}` : String(thrown));
    }
  },
};

function kindOf(thrown: unknown): string {
  return thrown instanceof TlsError ? thrown.kind : String(thrown);
}
