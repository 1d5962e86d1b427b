// A client with all its manners on: other people's servers must not mind.
import { clientConfig, memoryClientSessions } from "@sallyport/core";
import { serverVerifier } from "@sallyport/x509";
import { describe, expect, test } from "vitest";
import { makePki } from "../support/pki.ts";
import { peers, request } from "./peers.ts";
import { connect, established } from "./runner.ts";
import { sides } from "./sides.ts";

const required = process.env["SALLYPORT_REQUIRE_PEERS"] !== undefined;
const pki = await makePki();
const ways = (["tls1.3", "tls1.2"] as const).flatMap((version) => [
  { version, groups: ["x25519", "secp256r1"] as const, keyShares: 1 }, // a small hello, which is padded
  { version, groups: ["secp384r1", "secp256r1"] as const, keyShares: 0 }, // a retry
]);

describe.each(peers.filter(({ server }) => server !== undefined).map((peer) => [peer.name, peer] as const))("%s", (_, peer) => {
  const spoken = ways.filter(({ version }) => peer.versions?.includes(version) !== false);
  test.for(spoken)("$version, $groups", async ({ version, ...way }, { skip }) => {
    skip(peer.version === undefined && !required, `${peer.name} is not installed`);
    const identity = await pki.leaf();
    const servers = await peer.server?.([identity], version, undefined);
    try {
      for (const { provider } of sides) {
        const config = clientConfig({
          provider,
          now: Date.now,
          verifier: serverVerifier({ provider, roots: pki.ca.pem }),
          ...way,
          alpn: ["http/1.0", "http/1.1", "x".repeat(60)],
          sessions: memoryClientSessions(),
          grease: true,
          padding: true,
          clientHelloRecordSize: 200,
        });
        const link = established(await connect(servers?.ports[0] ?? 0, config));
        expect(link.info.version).toBe(version);
        link.write(request);
        expect(await link.readUntil(/\r?\n\r?\n/)).toMatch(/^HTTP\/1\.[01] 200/i);
        link.close();
        await link.drained();
      }
    } finally {
      await servers?.stop();
    }
  });
});
