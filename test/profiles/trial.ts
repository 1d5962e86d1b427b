// A client that is installed against what is written down of its kind: its hello, and for which flaws it refuses.
import { once } from "node:events";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { createServer } from "node:tls";
import { type ClientHello, readClientHello, type Registered } from "@sallyport/core";
import { node, signer } from "@sallyport/crypto-node";
import { clientProfiles, isGrease, lint } from "@sallyport/explain";
import { credential } from "@sallyport/x509";
import type { InstalledClient } from "./clients.ts";
import type { Flawed } from "./flaws.ts";

/** A server for each certificate, which would take anybody. */
export async function serveAll(shown: readonly Flawed[]): Promise<{ readonly ports: readonly number[]; close(): void }> {
  const servers = await Promise.all(
    shown.map(async ({ chainPem, keyPem }) => {
      const server = createServer({ cert: chainPem, key: keyPem, ciphers: "DEFAULT:@SECLEVEL=0" }, (socket) => {
        socket
          .on("error", () => {})
          .once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"));
      });
      // The client tells.
      server.on("tlsClientError", () => {}).listen(0, "127.0.0.1");
      await once(server, "listening");
      return server;
    }),
  );
  return {
    ports: servers.map((server) => (server.address() as AddressInfo).port), // they listen on ports
    close: () => {
      for (const server of servers) server.close();
    },
  };
}

export interface Differs {
  readonly title: string;
  readonly predicted: "works" | "fails";
  readonly said: string | undefined;
}

/** Where the client does another thing than `lint` says. */
export async function tryFlaws(
  client: InstalledClient,
  shown: readonly Flawed[],
  ports: readonly number[],
  rootPem: string,
  caFile: string,
): Promise<readonly Differs[]> {
  const answers = await client.visit(ports, caFile);
  return shown.flatMap(({ title, chainPem, keyPem }, at) => {
    const said = answers.get(ports[at] ?? 0);
    const predicted = predict(client.id, chainPem, keyPem, rootPem);
    return (said === undefined) === (predicted === "works") ? [] : [{ title, predicted, said }];
  });
}

export function predict(profile: string, chainPem: string, keyPem: string, rootPem: string): "works" | "fails" {
  const options = {
    provider: node,
    now: Date.now,
    credentials: [credential({ chain: chainPem, signer: signer(keyPem) })] as const,
    servesAnyName: true,
  };
  const [outcome] = lint(
    { server: options },
    { privateRoots: rootPem, profiles: [profile], serverNames: ["localhost"] },
  ).outcomes;
  if (outcome === undefined) throw new Error(`lint says nothing of ${profile}`);
  return outcome.result;
}

/** The record of the first ClientHello. */
export async function recordHello(client: InstalledClient, caFile: string): Promise<Buffer> {
  let take: (hello: Buffer) => void = () => {};
  const taken = new Promise<Buffer>((resolve) => {
    take = resolve;
  });
  const server = createTcpServer((socket) => {
    let heard = Buffer.alloc(0);
    socket
      .on("error", () => {})
      .on("data", (chunk: Buffer) => {
        heard = Buffer.concat([heard, chunk]);
        if (heard.length < 5 || heard.length < 5 + heard.readUInt16BE(3)) return;
        take(heard.subarray(0, 5 + heard.readUInt16BE(3)));
        socket.destroy();
      });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const visit = client.visit([(server.address() as AddressInfo).port], caFile);
  try {
    const hello = await Promise.race([taken, visit.then(() => Buffer.alloc(0))]);
    await visit;
    return hello;
  } finally {
    server.close();
  }
}

/** What of the hello is no longer as the profile has it. */
export function changesOf(id: string, record: Uint8Array): readonly string[] {
  const profile = clientProfiles.find((each) => each.id === id);
  const read = readClientHello(record.subarray(5));
  if (profile === undefined) return ["there is no such profile"];
  if (read.kind === "malformed") return [`it can't be decoded: ${read.error.message}`];
  const known = readClientHello(profile.hello());
  if (known.kind === "malformed") return [`the profile can't be decoded: ${known.error.message}`];
  const [now, before] = [facts(read.clientHello), facts(known.clientHello)];
  return Object.entries(now).flatMap(([what, value]) => {
    const was = new Map(Object.entries(before)).get(what);
    return was === value ? [] : [`${what}: ${was} -> ${value}`];
  });
}

/** Padding, tickets, and what is asked of one server only are no property of the client. */
function facts({
  versions,
  cipherSuites,
  groups,
  signatureSchemes,
  alpn,
  extensions,
}: ClientHello): Readonly<Record<string, string>> {
  const names = (values: readonly Registered[] = []): string =>
    values
      .filter((value) => !isGrease(value))
      .map(({ id, name }) => name ?? id.toString(16))
      .join(" ");
  const types = extensions
    .map(({ type }) => type)
    .filter(({ id }) => id !== 21 && id !== 0 && id !== 16 && id !== 35 && id !== 65037);
  return {
    versions: names(versions),
    "cipher suites": names(cipherSuites),
    groups: names(groups),
    "signature schemes": names(signatureSchemes),
    extensions: names(types).split(" ").sort().join(" "),
    "application protocols": alpn.join(" "),
  };
}
