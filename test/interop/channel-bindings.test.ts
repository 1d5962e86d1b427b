import { type ProtocolVersion, serverConfig } from "@sallyport/core";
import { serverEndPoint } from "@sallyport/x509";
import { afterEach, describe, expect, test } from "vitest";
import { makePki } from "../support/pki.ts";
import { start, versionOf } from "../support/processes.ts";
import { file, gnutlsVersion } from "./peers.ts";
import { established, listen } from "./runner.ts";
import { sides } from "./sides.ts";

// GnuTLS says which channel bindings it sees.

const absent = versionOf("gnutls-cli", "--version") === undefined && process.env["SALLYPORT_REQUIRE_PEERS"] === undefined;
const pki = await makePki();
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

describe.skipIf(absent).each(sides.map((side) => [side.name, side] as const))("gnutls-cli with %s", (_, side) => {
  test.each<ProtocolVersion>(["tls1.3", "tls1.2"])("%s: has the same", async (version) => {
    const credential = await side.credential(await pki.leaf());
    const { port, next, close } = await listen(
      serverConfig({ provider: side.provider, now: Date.now, credentials: [credential], versions: [version] }),
    );
    cleanups.push(close);
    const names = [
      "--sni-hostname",
      "localhost",
      "--verify-hostname",
      "localhost",
      "--x509cafile",
      file("bindings-ca.pem", pki.ca.pem),
    ];
    const running = start(
      "gnutls-cli",
      ["--verbose", "--port", String(port), "--priority", gnutlsVersion[version], ...names, "127.0.0.1"],
      { timeoutMs: 20_000 },
    );
    cleanups.push(running.stop);
    const { connection } = established(await next());
    const binding = connection.channelBinding();
    const ours = binding.kind === "exported" ? Buffer.from(binding.keyingMaterial).toString("hex") : binding.kind;
    expect((await running.saw(/'tls-exporter': ([0-9a-f]+)/))[1]).toBe(ours);
    const endPoint = Buffer.from(serverEndPoint(credential.chain[0], side.provider) ?? []).toString("hex");
    expect((await running.saw(/'tls-server-end-point': ([0-9a-f]+)/))[1]).toBe(endPoint);
  });
});
