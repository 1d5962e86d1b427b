import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { AlertDescription, ClientOptions, ServerOptions } from "@sallyport/core";
import { clientConfig, serverConfig } from "@sallyport/core";
import { serverVerifier } from "@sallyport/x509";
import { afterEach, describe, expect, test } from "vitest";
import type { LeafOptions } from "../support/pki.ts";
import { makePki } from "../support/pki.ts";
import type { Running } from "../support/processes.ts";
import { start, versionOf } from "../support/processes.ts";
import { file, folder, identityFiles } from "./peers.ts";
import type { Outcome } from "./runner.ts";
import { connect, established, listen } from "./runner.ts";
import type { Side } from "./sides.ts";
import { shows } from "./shows.ts";
import { sides } from "./sides.ts";

// What openssl itself says it saw: its words are the assertion, not our own error objects.

const absent = versionOf("openssl", "version") === undefined && process.env["SALLYPORT_REQUIRE_PEERS"] === undefined;
const pki = await makePki();
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface AlertCase {
  readonly alert: AlertDescription;
  /** As openssl prints it: `SSL alert number …`. */
  readonly number: number;
  readonly why: string;
}

describe.skipIf(absent).each(sides.map((side) => [side.name, side] as const))("openssl with %s", (_, side) => {
  const serverAlerts: readonly (AlertCase & {
    readonly options?: Partial<ServerOptions>;
    readonly client?: readonly string[];
  })[] = [
    {
      alert: "protocol_version",
      number: 70,
      why: "TLS 1.2 alone is offered to a server of 1.3",
      options: { versions: ["tls1.3"] },
      client: ["-tls1_2"],
    },
    {
      alert: "handshake_failure",
      number: 40,
      why: "there is no common group",
      options: { groups: ["secp384r1"] },
      client: ["-groups", "X25519"],
    },
    {
      alert: "handshake_failure",
      number: 40,
      why: "there is no common suite",
      options: { suites: ["TLS_AES_256_GCM_SHA384"] },
      client: ["-ciphersuites", "TLS_AES_128_GCM_SHA256"],
    },
    { alert: "handshake_failure", number: 40, why: "no scheme fits the key", client: ["-sigalgs", "RSA-PSS+SHA256"] },
    {
      alert: "no_application_protocol",
      number: 120,
      why: "there is no common ALPN",
      options: { alpn: ["h2"] },
      client: ["-alpn", "http/1.1"],
    },
    {
      alert: "unrecognized_name",
      number: 112,
      why: "no certificate covers the name",
      client: ["-servername", "elsewhere.example"],
    },
    {
      alert: "missing_extension",
      number: 109,
      why: "a name is required",
      options: { requiresServerName: true },
      client: ["-noservername"],
    },
  ];
  for (const { alert, number, why, options, client = [] } of serverAlerts) {
    test(`s_client reports our ${alert} when ${why}`, async () => {
      const { port, next } = await serve(side, options);
      const running = sClient(port, client);
      expect(failureOf(await next())).toEqual({ kind: "alert", level: "fatal", description: alert });
      await running.saw(alertNumber(number));
    });
  }

  test("s_client reports our internal_error when the signer throws", async () => {
    const credential = await side.credential(await pki.leaf());
    const throwing = { ...credential.signer, sign: () => thrown("the key is gone") };
    const { port, next } = await serve(side, { credentials: [{ ...credential, signer: throwing }] });
    const running = sClient(port);
    expect(failureOf(await next())).toEqual({ kind: "alert", level: "fatal", description: "internal_error" });
    await running.saw(alertNumber(80));
  });

  test("s_client reports an alert that we send on the established connection", async () => {
    const { port, next } = await serve(side);
    const running = sClient(port);
    const link = established(await next());
    link.abort({ alert: "access_denied", reason: "a test" });
    await running.saw(alertNumber(49));
    await link.drained();
  });

  const clientAlerts: readonly (AlertCase & {
    readonly leaf?: LeafOptions;
    readonly options?: Partial<ClientOptions>;
    readonly name?: string;
  })[] = [
    { alert: "unknown_ca", number: 48, why: "a stranger signed the certificate", leaf: { issuer: "stranger" } },
    { alert: "certificate_expired", number: 45, why: "the certificate has expired", leaf: { validity: "expired" } },
    { alert: "bad_certificate", number: 42, why: "the certificate is for another name", name: "elsewhere.example" },
    {
      alert: "decrypt_error",
      number: 51,
      why: "the signature does not verify",
      options: {
        provider: {
          ...side.provider,
          verifications: side.provider.verifications.map(({ scheme }) => ({ scheme, verify: () => false })),
        },
      },
    },
    {
      alert: "certificate_unknown",
      number: 46,
      why: "a verifier refuses and gives no alert",
      options: {
        verifier: { schemes: ["ecdsa_secp256r1_sha256"], label: "nobody", verify: () => ({ reason: "nobody is trusted" }) },
      },
    },
  ];
  for (const { alert, number, why, leaf, options, name } of clientAlerts) {
    test(`s_server reports our ${alert} when ${why}`, async () => {
      const { port, running } = await sServer(leaf);
      const outcome = await connect(port, client(side, options), { serverName: name });
      expect(failureOf(outcome)).toEqual({ kind: "alert", level: "fatal", description: alert });
      await running.saw(alertNumber(number));
    });
  }

  test("its handshake_failure is reported by our client when there is no common group", async () => {
    const { port } = await sServer({}, ["-groups", "X448"]);
    const outcome = await connect(port, client(side));
    if (outcome.kind !== "failed" || outcome.failure.error.kind !== "alert-received") throw new Error("expected an alert");
    expect(outcome.failure.error.context.description.name).toBe("handshake_failure");
    expect(outcome.failure.alert).toMatchObject({ kind: "none" });
  });

  test("s_client's KeyUpdates are followed, with and without a request, and answered", async () => {
    const { port, next } = await serve(side);
    const running = sClient(port, ["-msg"]);
    const link = established(await next());
    const echo = async (text: string): Promise<void> => {
      running.write(`${text}\n`);
      link.write(`echo ${await link.readUntil(new RegExp(`${text}\n`))}`);
      await running.saw(new RegExp(`echo ${text}\n`));
    };
    await echo("first");
    for (const [at, command] of ["k", "K", "K", "k"].entries()) {
      running.write(`${command}\n`);
      await running.saw(times(at + 1, "KEYUPDATE"));
      await echo(`after ${command} ${at}`);
    }
    const updates = link.events.filter(({ kind }) => kind === "keys-updated");
    expect(updates.filter((event) => event.kind === "keys-updated" && event.direction === "read")).toHaveLength(4);
    expect(updates.filter((event) => event.kind === "keys-updated" && event.direction === "write")).toHaveLength(2);
  });

  test("our KeyUpdates are followed by s_client, which answers those that request it", async () => {
    const { port, next } = await serve(side);
    const running = sClient(port, ["-msg"]);
    const link = established(await next());
    link.updateKeys(false);
    link.write("under the second keys\n");
    await running.saw(/under the second keys/);
    link.updateKeys(true);
    link.write("under the third keys\n");
    await running.saw(/under the third keys/);
    running.write("its own second keys\n");
    await link.readUntil(/its own second keys/);
    expect(link.events.filter((event) => event.kind === "keys-updated" && event.direction === "read")).toHaveLength(1);
    shows({ peer: "openssl", role: "server", version: "tls1.3", feature: "update" });
  });

  test("s_server's KeyUpdates are followed, and ours by it", async () => {
    const { port, running } = await sServer({}, ["-msg"]);
    const link = established(await connect(port, client(side)));
    for (const [at, command] of ["k", "K"].entries()) {
      running.write(`${command}\n`);
      await running.saw(times(at + 1, ">>> TLS 1.3, Handshake [^\\n]*KeyUpdate"));
      running.write(`after ${command}\n`);
      await link.readUntil(new RegExp(`after ${command}`));
      link.updateKeys(true);
      link.write(`answer to ${command}\n`);
      await running.saw(new RegExp(`answer to ${command}`));
    }
    running.write("the end\n");
    await link.readUntil(/the end/);
    // OpenSSL answers a request with its next write: its K and the answer to our first request are one.
    expect(link.events.filter((event) => event.kind === "keys-updated" && event.direction === "read")).toHaveLength(3);
    shows({ peer: "openssl", role: "client", version: "tls1.3", feature: "update" });
  });

  test("close_notify goes to s_client and comes back from it", async () => {
    const { port, next } = await serve(side);
    const running = sClient(port, ["-msg", "-quiet"]);
    const link = established(await next());
    link.write("goodbye\n");
    link.close();
    await running.saw(/<<< TLS 1\.3, Alert \[length 0002\], warning close_notify/);
    expect(await link.read()).toBeUndefined();
    expect(await running.ended).toBe(0);
  });

  test("close_notify comes from s_client, and is no truncation", async () => {
    const { port, next } = await serve(side);
    const running = sClient(port);
    const link = established(await next());
    running.write("Q\n");
    expect(await link.read()).toBeUndefined();
    link.close();
    await running.ended;
  });

  test("close_notify goes to s_server, which may go on writing", async () => {
    const { port, running } = await sServer({}, ["-msg"]);
    const link = established(await connect(port, client(side)));
    link.close();
    await running.saw(/<<< TLS 1\.3, Alert \[length 0002\], warning close_notify/);
    expect(await link.read()).toBeUndefined();
  });

  test("a server that is killed is a truncation, and told apart from close_notify", async () => {
    const { port, running } = await sServer();
    const link = established(await connect(port, client(side)));
    running.write("half a sentence\n");
    await link.readUntil(/half a sentence/);
    await running.stop();
    await expect(link.read()).rejects.toMatchObject({ kind: "truncated" });
  });

  test("the key log has the very lines that s_client writes", async () => {
    const ours: string[] = [];
    const theirs = join(folder, `keylog-client-${side.name}`);
    const { port, next } = await serve(side, { dangerousKeyLog: (line) => void ours.push(line) });
    const running = sClient(port, ["-keylogfile", theirs]);
    const link = established(await next());
    running.write("hello\n");
    await link.readUntil(/hello/);
    expect(sorted(ours)).toEqual(keyLog(theirs));
  });

  test("the key log has the very lines that s_server writes", async () => {
    const ours: string[] = [];
    const theirs = join(folder, `keylog-server-${side.name}`);
    const { port, running } = await sServer({}, ["-keylogfile", theirs]);
    const link = established(await connect(port, client(side, { dangerousKeyLog: (line) => void ours.push(line) })));
    running.write("hello\n");
    await link.readUntil(/hello/);
    expect(sorted(ours)).toEqual(keyLog(theirs));
  });

  test.each(["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"] as const)(
    "the exporter of %s gives what openssl's gives",
    async (suite) => {
      const label = "EXPORTER-Sallyport-test";
      const options = ["-keymatexport", label, "-keymatexportlen", "77"];

      const { port, next } = await serve(side, { suites: [suite] });
      const running = sClient(port, options);
      const server = established(await next());
      expect(exported(server.connection.exportKeyingMaterial(label, undefined, 77))).toBe(await keyingMaterial(running));

      const { port: theirs, running: peer } = await sServer({}, options);
      const { connection } = established(await connect(theirs, client(side, { suites: [suite] })));
      expect(exported(connection.exportKeyingMaterial(label, undefined, 77))).toBe(await keyingMaterial(peer));
    },
  );

  test("ALPN and the server name are agreed, and the certificate of that name is shown", async () => {
    const credentials = await Promise.all(
      ["one.example", "two.example"].map(async (name) => side.credential(await pki.leaf({ dns: [name] }))),
    );
    const [first, ...others] = credentials;
    if (first === undefined) throw new Error("no credential");
    const { port, next } = await serve(side, { credentials: [first, ...others], alpn: ["h2", "http/1.1"] });
    const running = sClient(port, ["-servername", "two.example", "-verify_hostname", "two.example", "-alpn", "http/1.1,h2"]);
    expect(established(await next()).info).toMatchObject({ alpn: "h2", serverName: "two.example" });
    await running.saw(/ALPN protocol: h2[\s\S]*Verify return code: 0 \(ok\)/);
    shows({ peer: "openssl", role: "server", version: "tls1.3", feature: "alpn" });
  });

  test("a server that asks for a certificate gets none, and goes on", async () => {
    const { port, running } = await sServer({}, ["-verify", "1", "-CAfile", file("roots.pem", pki.ca.pem)]);
    const link = established(await connect(port, client(side)));
    running.write("welcome\n");
    await link.readUntil(/welcome/);
  });

  test("a hello without a compatible session id is answered without change_cipher_spec", async () => {
    const { port, next } = await serve(side);
    const running = sClient(port, ["-no_middlebox", "-msg"]);
    const link = established(await next());
    link.write("no middlebox\n");
    await running.saw(/no middlebox/);
    expect(running.output()).not.toContain("ChangeCipherSpec");
  });

  test("a server that lacks the group of our first share asks for another", async () => {
    const { port, running } = await sServer({}, ["-groups", "P-384:P-521"]);
    const link = established(await connect(port, client(side, { groups: ["x25519", "secp256r1", "secp384r1"] })));
    expect(link.info).toMatchObject({ group: "secp384r1", handshakeKind: "full-after-retry" });
    running.write("another group\n");
    await link.readUntil(/another group/);
  });

  test("a server that knows no hybrid finds a classical share in the first hello", async () => {
    const { port, running } = await sServer({}, ["-groups", "X25519:P-256"]);
    const link = established(await connect(port, client(side)));
    expect(link.info).toMatchObject({ group: "x25519", handshakeKind: "full" });
    running.write("no retry\n");
    await link.readUntil(/no retry/);
  });

  test("the proof of a key that is for RSA-PSS alone is verified", async () => {
    const { port } = await sServer({ key: "rsa-pss" });
    expect(established(await connect(port, client(side))).info.peerSignatureScheme).toBe("rsa_pss_pss_sha256");
  });

  // WebCrypto, which signs by RSA for crypto-noble, takes no such key.
  if (side.name === "crypto-node") {
    test("a key that is for RSA-PSS alone proves itself to s_client", async () => {
      const credential = await side.credential(await pki.leaf({ key: "rsa-pss" }));
      const { port, next } = await serve(side, { credentials: [credential] });
      const running = sClient(port, ["-verify_return_error"]);
      expect(established(await next()).info.ownSignatureScheme).toBe("rsa_pss_pss_sha256");
      await running.saw(/Verify return code: 0 \(ok\)/);
    });
  }

  test("the server's cookie is sent back: s_server -stateless", async () => {
    const { port, running } = await sServer({}, ["-stateless"]);
    // OpenSSL 3.0's stateless server takes no change_cipher_spec before the second ClientHello, not even its own client's.
    const alter = (output: Uint8Array): Uint8Array => (output[0] === 20 ? output.subarray(6) : output);
    const link = established(await connect(port, client(side), { alter }));
    expect(link.info.handshakeKind).toBe("full-after-retry");
    running.write("a cookie\n");
    await link.readUntil(/a cookie/);
  });

  test("a megabyte goes through s_server and comes back unchanged", async () => {
    const { port } = await sServer({}, ["-rev"]);
    const link = established(await connect(port, client(side)));
    const lines = Array.from({ length: 4096 }, (_, at) => `${String(at).padStart(8, "0")}${"x".repeat(247)}`);
    let back = "";
    for (const line of lines) {
      link.write(`${line}\n`);
      back += await link.readUntil(/\n$/);
    }
    expect(back).toBe(lines.map((line) => `${[...line].reverse().join("")}\n`).join(""));
  });
});

async function serve(side: Side, options: Partial<ServerOptions> = {}): ReturnType<typeof listen> {
  const credential = await side.credential(await pki.leaf());
  const server = await listen(serverConfig({ provider: side.provider, now: Date.now, credentials: [credential], ...options }));
  cleanups.push(server.close);
  return server;
}

function client(side: Side, options: Partial<ClientOptions> = {}): ReturnType<typeof clientConfig> {
  const { provider } = side;
  return clientConfig({ provider, now: Date.now, verifier: serverVerifier({ provider, roots: pki.ca.pem }), ...options });
}

function sClient(port: number, options: readonly string[] = []): Running {
  const name = options.includes("-servername") || options.includes("-noservername") ? [] : ["-servername", "localhost"];
  const roots = file("roots.pem", pki.ca.pem);
  const running = start("openssl", ["s_client", "-connect", `127.0.0.1:${port}`, "-CAfile", roots, ...name, ...options], {
    timeoutMs: 30_000,
  });
  cleanups.push(running.stop);
  return running;
}

async function sServer(leaf: LeafOptions = {}, options: readonly string[] = []): Promise<{ port: number; running: Running }> {
  const { certificate, key } = identityFiles(await pki.leaf(leaf));
  const args = ["s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key, ...options];
  const running = start("openssl", args, { timeoutMs: 30_000 });
  cleanups.push(running.stop);
  const [, port] = await running.saw(/ACCEPT \S+:(\d+)/);
  return { port: Number(port), running };
}

function failureOf(outcome: Outcome): unknown {
  return outcome.kind === "failed" ? outcome.failure.alert : outcome.kind;
}

function alertNumber(number: number): RegExp {
  return new RegExp(`SSL alert number ${number}\\b`);
}

function times(count: number, pattern: string): RegExp {
  return new RegExp(`(${pattern}[\\s\\S]*){${count}}`);
}

function keyLog(path: string): string[] {
  return sorted(
    readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#")),
  );
}

function sorted(lines: readonly string[]): string[] {
  return [...lines].sort();
}

async function keyingMaterial(running: Running): Promise<string> {
  const [, hex = ""] = await running.saw(/Keying material: ([0-9A-F]+)/);
  return hex.toLowerCase();
}

function exported(result: { readonly kind: string; readonly keyingMaterial?: Uint8Array }): string {
  return Buffer.from(result.keyingMaterial ?? []).toString("hex");
}

function thrown(message: string): never {
  throw new Error(message);
}
