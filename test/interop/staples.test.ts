import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect as connectTls, createServer, type Server } from "node:tls";
import {
  clientConfig,
  type Credential,
  dangerousAssertVerified,
  type PresentedIdentity,
  serverConfig,
  type StapleKind,
} from "@sallyport/core";
import { afterEach, describe, expect, test } from "vitest";
import { makePki } from "../support/pki.ts";
import { connect, established, listen } from "./runner.ts";
import { shows } from "./shows.ts";
import { sides } from "./sides.ts";

// OCSP responses with node:tls, in both roles: bytes that are carried, and that only who asked for them judges.

const pki = await makePki();
const response = Buffer.from("30030a0100", "hex");
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
const cases = sides.flatMap((side) => (["tls1.3", "tls1.2"] as const).map((version) => ({ name: side.name, side, version })));
const node = { "tls1.3": "TLSv1.3", "tls1.2": "TLSv1.2" } as const;

async function stapler(version: "tls1.3" | "tls1.2", answer: Buffer | null): Promise<number> {
  const { chainPem, keyPem } = await pki.leaf();
  const only = node[version];
  const server: Server = createServer({ cert: chainPem, key: keyPem, minVersion: only, maxVersion: only }, (socket) =>
    socket.resume(),
  );
  server.on("connection", (socket) => cleanups.push(async () => socket.destroy()));
  server.on("OCSPRequest", (_certificate, _issuer, callback: (error: Error | null, response: Buffer | null) => void) =>
    callback(null, answer),
  );
  await once(server.listen(0, "127.0.0.1"), "listening");
  cleanups.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

describe.each(cases)("$name, $version", ({ side, version }) => {
  test.each([
    { staple: response, asks: true, heard: response },
    { staple: undefined, asks: true, heard: null },
    { staple: response, asks: false, heard: undefined },
  ])("node:tls is given our staple if it asks, and there is one (%#)", async ({ staple, asks, heard }) => {
    const plain: Credential = await side.credential(await pki.leaf());
    const credentials = [staple === undefined ? plain : { ...plain, ocspResponse: staple }] as const;
    const server = await listen(serverConfig({ provider: side.provider, now: Date.now, versions: [version], credentials }));
    cleanups.push(() => server.close());
    // Node.js has the option for clients; its types don't.
    const ocsp = { requestOCSP: asks };
    const socket = connectTls({ port: server.port, host: "127.0.0.1", servername: "localhost", ca: pki.ca.pem, ...ocsp });
    cleanups.push(async () => socket.destroy());
    let came: Buffer | null | undefined;
    socket.on("OCSPResponse", (bytes: Buffer | null) => {
      came = bytes;
    });
    await once(socket, "secureConnect");
    established(await server.next());
    expect(came).toEqual(heard);
    if (heard === response) shows({ peer: "node:tls", role: "server", version, feature: "staples" });
  });

  test.each([
    { staple: response, asksFor: ["ocsp"] as const },
    { staple: null, asksFor: ["ocsp"] as const },
    { staple: response, asksFor: [] as readonly StapleKind[] },
  ])("our verifier is given node:tls's staple if it asks, and there is one (%#)", async ({ staple, asksFor }) => {
    const seen: PresentedIdentity[] = [];
    const verify = (presented: PresentedIdentity) => {
      seen.push(presented);
      return dangerousAssertVerified(presented);
    };
    const verifier = { label: "watching", schemes: ["ecdsa_secp256r1_sha256"] as const, verify, asksFor };
    const config = clientConfig({ provider: side.provider, now: Date.now, versions: [version], verifier });
    established(await connect(await stapler(version, staple), config));
    const expected = staple === null || asksFor.length === 0 ? undefined : Uint8Array.from(staple);
    expect(seen.map(({ ocspResponse }) => ocspResponse)).toEqual([expected]);
    if (expected !== undefined) shows({ peer: "node:tls", role: "client", version, feature: "staples" });
  });
});
