// What GnuTLS speaks and few others do: raw public keys (RFC 7250) and record_size_limit (RFC 8449), in both roles and versions.
import { createPublicKey } from "node:crypto";
import {
  clientConfig,
  type Credential,
  dangerousAssertVerified,
  type ProtocolVersion,
  rawPublicKeys,
  serverConfig,
  type SyncVerifier,
} from "@sallyport/core";
import { afterEach, describe, expect, test } from "vitest";
import { makePki } from "../support/pki.ts";
import { type Running, start, versionOf } from "../support/processes.ts";
import { file, freePort, gnutlsVersion, identityFiles } from "./peers.ts";
import { connect, established, type Link, listen } from "./runner.ts";
import { sides } from "./sides.ts";

const absent = versionOf("gnutls-cli", "--version") === undefined && process.env["SALLYPORT_REQUIRE_PEERS"] === undefined;
const reason = "gnutls-cli is not installed";
const pki = await makePki();
const [ours, theirs] = [await pki.leaf(), await pki.leaf()];
const publicKeyOf = ({ keyPem }: { readonly keyPem: string }): Uint8Array =>
  Uint8Array.from(createPublicKey(keyPem).export({ type: "spki", format: "der" }));
const raw = [
  "--rawpkkeyfile",
  file("raw.key.pem", theirs.keyPem),
  "--rawpkfile",
  file("raw.pub.pem", createPublicKey(theirs.keyPem).export({ type: "spki", format: "pem" }).toString()),
];
const { certificate, key } = identityFiles(theirs);
const trusting: SyncVerifier = { schemes: ["ecdsa_secp256r1_sha256"], label: "interop", verify: dangerousAssertVerified };
const trustsTheirs = rawPublicKeys({ allowed: [publicKeyOf(theirs)] });

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function gnutlsClient(port: number, priority: string, options: readonly string[]): Running {
  const base = ["--port", String(port), "--insecure", "--sni-hostname", "localhost", "--priority", priority];
  const client = start("gnutls-cli", [...base, ...options, "127.0.0.1"], { timeoutMs: 20_000 });
  cleanups.push(() => client.stop());
  return client;
}
async function gnutlsServer(priority: string, options: readonly string[]): Promise<number> {
  const port = await freePort();
  const server = start("gnutls-serv", ["--port", String(port), "--echo", "--priority", priority, ...options]);
  cleanups.push(() => server.stop());
  await server.saw(/listening on IPv4[\s\S]*\n/);
  return port;
}
/** Both ways; ours needs several records. Of what gnutls-cli reads at once it sends one record. @returns what it printed */
async function exchange(link: Link, peer: Running): Promise<string> {
  for (let line = 0; line < 3; line++) {
    peer.write(`${"u".repeat(400)}\n`);
    expect(await link.readUntil(/\n/)).toContain("u".repeat(400));
  }
  link.write("d".repeat(3000));
  link.close();
  await peer.ended;
  expect(peer.output()).toContain("d".repeat(3000));
  return peer.output();
}

const cases = sides.flatMap((side) => (["tls1.3", "tls1.2"] as const).map((version) => ({ name: side.name, side, version })));

describe.each(cases)("$name, $version", ({ side, version }) => {
  const credentialOf = async (type: "x509" | "raw-public-key"): Promise<Credential> => {
    const made = await side.credential(ours);
    return type === "x509"
      ? made
      : { type, chain: [made.publicKey], publicKey: made.publicKey, names: ["localhost"], signer: made.signer };
  };
  const common = { provider: side.provider, now: Date.now, versions: [version] as readonly ProtocolVersion[] };
  const types = (server: "X509" | "RAWPK", client: "X509" | "RAWPK"): string =>
    `${gnutlsVersion[version]}:-CTYPE-ALL:+CTYPE-SRV-${server}:+CTYPE-CLI-${client}`;

  test.for([
    { server: "RAWPK", client: undefined },
    { server: "RAWPK", client: "RAWPK" },
    { server: "X509", client: "RAWPK" },
    { server: "RAWPK", client: "X509" },
  ] as const)("gnutls-cli takes our $server, and shows $client", async ({ server, client }, { skip }) => {
    skip(absent, reason);
    const verifier = client === "RAWPK" ? trustsTheirs : trusting;
    const port = await listen(
      serverConfig({
        ...common,
        credentials: [await credentialOf(server === "X509" ? "x509" : "raw-public-key")],
        ...(client && { clientAuthentication: { mode: "required", verifier } }),
      }),
    );
    cleanups.push(() => port.close());
    const shown = client === undefined ? [] : client === "RAWPK" ? raw : ["--x509certfile", certificate, "--x509keyfile", key];
    const peer = gnutlsClient(port.port, types(server, client ?? "X509"), shown);
    const link = established(await port.next());
    expect(link.info.peer?.presented.type).toBe(client && (client === "RAWPK" ? "raw-public-key" : "x509"));
    expect(await exchange(link, peer)).toMatch(server === "RAWPK" ? /Got 1 Raw public-key/ : /Certificate type: X.509/);
  });

  test.for([
    { server: "RAWPK", client: undefined },
    { server: "RAWPK", client: "RAWPK" },
    { server: "X509", client: "RAWPK" },
  ] as const)("gnutls-serv shows its $server, and takes our $client", async ({ server, client }, { skip }) => {
    skip(absent, reason);
    const shown = [...(server === "RAWPK" ? raw : []), "--x509certfile", certificate, "--x509keyfile", key];
    const port = await gnutlsServer(types(server, client ?? "X509"), [
      ...shown,
      client === undefined ? "--disable-client-cert" : "--require-client-cert",
    ]);
    const link = established(
      await connect(
        port,
        clientConfig({
          ...common,
          verifier: server === "RAWPK" ? trustsTheirs : trusting,
          ...(client && { credentials: [await credentialOf("raw-public-key")] }),
        }),
      ),
    );
    expect(link.info.peer?.presented).toMatchObject(
      server === "RAWPK" ? { type: "raw-public-key", chain: [publicKeyOf(theirs)] } : { type: "x509" },
    );
    link.write("known to each other\n");
    expect(await link.readUntil(/other/)).toBe("known to each other\n");
    link.close();
  });

  test("nothing in common: gnutls-cli takes raw keys alone, and hears unsupported_certificate", async ({ skip }) => {
    skip(absent, reason);
    const port = await listen(serverConfig({ ...common, credentials: [await credentialOf("x509")] }));
    cleanups.push(() => port.close());
    const peer = gnutlsClient(port.port, types("RAWPK", "X509"), []);
    expect(await port.next()).toMatchObject({ kind: "failed", failure: { error: { kind: "no-agreement" } } });
    await peer.saw(/Received alert \[43\]/);
  });

  test.for([512, 1000, 4096])("gnutls-cli and we keep to one another's record size of %i", async (size, { skip }) => {
    skip(absent, reason);
    const port = await listen(serverConfig({ ...common, maxRecordSize: 600, credentials: [await credentialOf("x509")] }));
    cleanups.push(() => port.close());
    const peer = gnutlsClient(port.port, gnutlsVersion[version], ["--recordsize", String(size)]);
    const link = established(await port.next());
    expect(link.info.maxRecordSize).toEqual({ send: Math.min(size, 600), receive: 600 });
    await exchange(link, peer);
  });

  test.for([512, 1000, 16384])("gnutls-serv and we keep to one another's record size of %i", async (size, { skip }) => {
    skip(absent, reason);
    const shown = ["--x509certfile", certificate, "--x509keyfile", key, "--disable-client-cert", "--recordsize", String(size)];
    const port = await gnutlsServer(gnutlsVersion[version], shown);
    const link = established(await connect(port, clientConfig({ ...common, maxRecordSize: 600, verifier: trusting })));
    expect(link.info.maxRecordSize).toEqual({ send: Math.min(size, 600), receive: 600 });
    for (let line = 0; line < 5; line++) link.write(`${"e".repeat(400)}\n`);
    link.write(".\n");
    expect((await link.readUntil(/\./)).replaceAll(/[^e]/g, "")).toHaveLength(2000);
    link.close();
  });
});
