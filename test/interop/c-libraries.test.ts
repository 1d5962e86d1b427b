import { type ClientOptions, clientConfig, type ServerOptions, serverConfig, TlsError } from "@sallyport/core";
import { serverVerifier } from "@sallyport/x509";
import { afterEach, describe, expect, test } from "vitest";
import { makePki } from "../support/pki.ts";
import { type CPeer, mbedtls, wolfssl, wolfsslWithoutGroups } from "./c-peers.ts";
import { identityFiles, request } from "./peers.ts";
import { connect, established, type Link, listen, type Outcome } from "./runner.ts";
import { shows } from "./shows.ts";
import { type Side, sides } from "./sides.ts";

// What devices speak: builds with less in them than servers expect. Every suite, group and certificate of theirs is in the matrix,
// their client certificates are with the other peers'.

const pki = await makePki();
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const missing = ({ version }: CPeer): boolean => version === undefined && process.env["SALLYPORT_REQUIRE_PEERS"] === undefined;
const named = sides.map((side) => [side.name, side] as const);

async function serve({ provider, credential }: Side, options: Partial<ServerOptions> = {}): ReturnType<typeof listen> {
  const credentials = [await credential(await pki.leaf())] as const;
  const server = await listen(serverConfig({ provider, now: Date.now, credentials, ...options }));
  cleanups.push(server.close);
  return server;
}
function client({ provider }: Side, options: Partial<ClientOptions> = {}): ReturnType<typeof clientConfig> {
  return clientConfig({ provider, now: Date.now, verifier: serverVerifier({ provider, roots: pki.ca.pem }), ...options });
}
async function serving(peer: CPeer, ...options: readonly string[]): ReturnType<CPeer["server"]> {
  const { certificate, key } = identityFiles(await pki.leaf());
  const server = await peer.server("--cert", certificate, "--key", key, ...options);
  cleanups.push(server.running.stop);
  return server;
}
/** A page for who asks for one. */
async function answer(outcome: Outcome): Promise<Link> {
  const link = established(outcome);
  await link.readUntil(/\r\n\r\n/);
  link.write("HTTP/1.0 200 OK\r\n\r\nyour page\n");
  link.close();
  await link.drained();
  return link;
}
/** Our server's outcome, and what their client said. */
async function meet(
  peer: CPeer,
  side: Side,
  options: Partial<ServerOptions>,
  ...more: readonly string[]
): Promise<{ readonly outcome: Outcome; readonly said: string }> {
  const { port, next } = await serve(side, options);
  const asked = peer.client(port, pki.ca.pem, ...more).catch(String);
  const outcome = await next();
  if (outcome.kind === "established") await answer(outcome);
  return { outcome, said: await asked };
}
const failureOf = ({ outcome }: { readonly outcome: Outcome }): unknown => outcome.kind === "failed" && outcome.failure.error;

describe.skipIf(missing(mbedtls)).each(named)("Mbed TLS with %s", (_, side) => {
  // Debian's has TLS 1.2 alone; a build of 3.6 that offers 1.3 finishes it.
  const only12 = mbedtls.version?.includes(" 2.") === true;

  test("its default build gets a page from our default config, by the newest version that it has", async () => {
    const met = await meet(mbedtls, side, {});
    expect(met.said).toContain("your page");
    expect(established(met.outcome).info.version).toBe(only12 ? "tls1.2" : "tls1.3");
  });

  test("our default client finishes with its default build, and takes no downgrade for an attack", async () => {
    const { port } = await serving(mbedtls);
    const link = established(await connect(port, client(side)));
    link.write(request);
    expect(await link.readUntil(/from C/)).toContain("200 OK");
    expect(link.info.version).toBe(only12 ? "tls1.2" : "tls1.3");
  });

  test.skipIf(!only12)("where we speak TLS 1.3 alone it is refused, and hears protocol_version", async () => {
    const met = await meet(mbedtls, side, { versions: ["tls1.3"] });
    expect(met.said).toMatch(/received alert protocol_version/);
    expect(failureOf(met)).toMatchObject({ kind: "no-agreement" });
  });

  test.skipIf(!only12)("where it speaks TLS 1.2 alone our client of TLS 1.3 hears why", async () => {
    const { port, running } = await serving(mbedtls);
    const outcome = await connect(port, client(side, { versions: ["tls1.3"] }));
    expect(failureOf({ outcome })).toMatchObject({ kind: "alert-received" });
    await running.saw(/handshake failed/);
  });

  test("a client with secp224r1 alone hears handshake_failure, and our error tells the group", async () => {
    const met = await meet(mbedtls, side, {}, "--groups", "secp224r1", "--suites", "TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256");
    expect(met.said).toMatch(/received alert handshake_failure/);
    const reason = { kind: "no-common-group", theirs: [{ name: "secp224r1" }] };
    expect(failureOf(met)).toMatchObject({ kind: "no-agreement", context: { reasons: [reason] } });
  });
});

describe.skipIf(missing(wolfsslWithoutGroups)).each(named)("wolfSSL whose hello names no group, with %s", (_, side) => {
  test("is refused by default, hears handshake_failure, and our error says what is missing", async () => {
    const met = await meet(wolfsslWithoutGroups, side, {}, "--version", "tls1.2");
    expect(met.said).toMatch(/received alert handshake_failure/);
    expect(failureOf(met)).toMatchObject({ kind: "no-agreement", context: { reasons: [{ kind: "no-supported-groups" }] } });
  });

  test("gets a page where the config assumes a group", async () => {
    const met = await meet(wolfsslWithoutGroups, side, { assumeGroups: ["secp256r1"] }, "--version", "tls1.2");
    expect(met.said).toContain("your page");
    expect(established(met.outcome).info).toMatchObject({ version: "tls1.2", group: "secp256r1" });
  });
});

describe.skipIf(missing(wolfssl)).each(named)("wolfSSL with %s", (_, side) => {
  test("its KeyUpdate is followed and answered", async () => {
    const met = await meet(wolfssl, side, {}, "--version", "tls1.3", "--update");
    expect(met.said).toContain("your page");
    const { events } = established(met.outcome);
    expect(events.map(({ kind }) => kind)).toContain("keys-updated");
    shows({ peer: "wolfssl", role: "server", version: "tls1.3", feature: "update" });
  });

  test("our KeyUpdates are followed by its server, which answers those that ask for it", async () => {
    const { port } = await serving(wolfssl, "--version", "tls1.3");
    const link = established(await connect(port, client(side)));
    link.updateKeys(false);
    link.updateKeys(true);
    link.write(request);
    expect(await link.readUntil(/from C/)).toContain("200 OK");
    expect(link.events.map(({ kind }) => kind)).toContain("keys-updated");
    shows({ peer: "wolfssl", role: "client", version: "tls1.3", feature: "update" });
  });
});

const each = [mbedtls, wolfssl].flatMap((peer, at) =>
  sides.flatMap((side) =>
    (["tls1.2", "tls1.3"] as const)
      .filter((version) => version === "tls1.2" || at === 1)
      .map((version) => ({ name: at === 0 ? "Mbed TLS" : "wolfSSL", on: side.name, version, peer, side })),
  ),
);
describe.each(each)("$name, $on, $version", ({ peer, side, version }) => {
  test.skipIf(missing(peer)).each([
    ["unknown_ca", 48, { roots: pki.strangerCa.pem }, undefined],
    ["bad_certificate", 42, { roots: pki.ca.pem }, "another.name"],
  ] as const)("its server hears our %s", async (alert, id, { roots }, serverName) => {
    const { port, running } = await serving(peer, "--version", version);
    const { provider } = side;
    const verifier = serverVerifier({ provider, roots });
    const outcome = await connect(port, client(side, { versions: [version], verifier }), { serverName });
    expect(outcome).toMatchObject({ kind: "failed", failure: { alert: { kind: "alert", description: alert } } });
    await running.saw(new RegExp(`received alert ${id}\\b`));
  });

  test.skipIf(missing(peer))("its client hears the internal_error of a signer that throws", async () => {
    const credential = await side.credential(await pki.leaf());
    const sign = (): never => {
      throw new Error("no key today");
    };
    const { schemes, publicKey } = credential.signer;
    const credentials = [{ ...credential, signer: { schemes, publicKey, sign } }] as const;
    const met = await meet(peer, side, { credentials }, "--version", version);
    expect(met.said).toMatch(/received alert internal_error/);
    expect(failureOf(met)).toMatchObject({ kind: "local-fault" });
  });

  test.skipIf(missing(peer))("a server of it that is killed is a truncation, or a reset where something was unread", async () => {
    const { port, running } = await serving(peer, "--version", version);
    const link = established(await connect(port, client(side)));
    await running.stop();
    const failure = await link.read().then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!(failure instanceof TlsError)) throw new Error("the connection lives on");
    expect(failure.kind === "aborted" ? failure.context.by : failure.kind).toMatch(/^(truncated|reset)$/);
  });
});
