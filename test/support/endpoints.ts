// Both ends of real connections: configs of ours, and options of node:tls, on the test's own PKI.
import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";
import type { Readable } from "node:stream";
import type { SecureContextOptions } from "node:tls";
import {
  type ClientConfig,
  type ClientOptions,
  clientConfig,
  type ServerConfig,
  type ServerOptions,
  serverConfig,
} from "@sallyport/core";
import { node, signer } from "@sallyport/crypto-node";
import { credential, serverVerifier } from "@sallyport/x509";
import { makePki } from "./pki.ts";

const pki = await makePki();
const leaf = await pki.leaf();

export const tlsServer: SecureContextOptions = { cert: leaf.chainPem, key: leaf.keyPem, minVersion: "TLSv1.3" };
export const tlsClient = { ca: pki.ca.pem, servername: "localhost", host: "127.0.0.1" };
/** Knows none of our roots. */
export const strangerCa: string = pki.strangerCa.pem;

export const credentials = [credential({ chain: leaf.chainPem, signer: signer(leaf.keyPem) })] as const;

export function server(options: Partial<ServerOptions> = {}): ServerConfig {
  return serverConfig({ provider: node, now: Date.now, credentials, ...options });
}
export function client(options: Partial<ClientOptions> = {}): ClientConfig {
  const verifier = serverVerifier({ provider: node, roots: pki.ca.pem });
  return clientConfig({ provider: node, now: Date.now, verifier, ...options });
}
/** Trusts another CA than the server's. */
export function suspiciousClient(): ClientConfig {
  return client({ verifier: serverVerifier({ provider: node, roots: strangerCa }) });
}

/** On a free port of the loopback. */
export async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** To the end; unlike a plain `for await` it does not destroy the stream then. */
export async function collect(stream: Readable): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) chunks.push(chunk);
  return Buffer.concat(chunks);
}
