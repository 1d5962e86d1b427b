// A capture with the key log of its connection: what came sealed is read, and no secret is told.
import { fc, test } from "@fast-check/vitest";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectTcp, createServer as createTcpServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConnectionOptions, connect as connectTls, createServer as createTlsServer, type TlsOptions } from "node:tls";
import { explain, type Input, inspect, type Step, toText } from "@sallyport/explain";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { sallyport } from "../support/command-line.ts";
import { client as ownClient, listen, server as ownServer, strangerCa, tlsClient, tlsServer } from "../support/endpoints.ts";
import { makePki } from "../support/pki.ts";
import type { ClientOptions } from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { serverVerifier } from "@sallyport/x509";
import { connect as connectOwn, createServer } from "@sallyport/node";
import { frameOf, pcap, pcapng, segmentsOf } from "../support/pcap.ts";

interface Recorded {
  readonly chunks: readonly { readonly from: "client" | "server"; readonly bytes: Uint8Array }[];
  /** A client's, as it wrote it. */
  readonly keyLog: string;
}

const open: Server[] = [];
afterAll(() => {
  for (const each of open) each.close();
});

/** What went by between a client and that server, and how the client's keys were logged. */
async function record(server: Server, client: (port: number, log: (line: string) => void) => Promise<void>): Promise<Recorded> {
  open.push(server);
  const target = await listen(server);
  // What a client still delivers behind its own end has gone by as well.
  let passed = (): void => {};
  const over = new Promise<void>((resolve) => {
    passed = resolve;
  });
  const chunks: { from: "client" | "server"; bytes: Uint8Array }[] = [];
  const tap = createTcpServer({ allowHalfOpen: true }, (near) => {
    const far = connectTcp({ port: target, host: "127.0.0.1", allowHalfOpen: true });
    const pass = (from: "client" | "server", one: typeof near, other: typeof near): void => {
      one.on("data", (bytes: Buffer) => {
        chunks.push({ from, bytes: Uint8Array.from(bytes) });
        other.write(bytes);
      });
      one.on("end", () => other.end()).on("error", () => other.destroy());
    };
    near.once("close", passed);
    pass("client", near, far);
    pass("server", far, near);
  });
  open.push(tap);
  const port = await listen(tap);
  const lines: string[] = [];
  await client(port, (line) => void lines.push(line.trim()));
  await over;
  return { chunks, keyLog: `${lines.join("\n")}\n` };
}

const nodeClient =
  (options: ConnectionOptions) =>
  async (port: number, log: (line: string) => void): Promise<void> => {
    const socket = connectTls({ ...tlsClient, port, ...options });
    socket
      .on("keylog", (line: Buffer) => log(line.toString()))
      .on("error", () => {})
      .on("data", () => {});
    await new Promise((resolve) => socket.once("close", resolve));
  };
const ownClientOf =
  (options: Partial<ClientOptions>) =>
  async (port: number, log: (line: string) => void): Promise<void> => {
    const socket = connectOwn({
      config: ownClient({ dangerousKeyLog: log, ...options }),
      servername: "localhost",
      port,
      host: "127.0.0.1",
    });
    socket.on("error", () => {}).resume();
    await new Promise((resolve) => socket.once("close", resolve));
  };
const nodeServer = (options: TlsOptions = {}): Server =>
  createTlsServer({ ...tlsServer, minVersion: "TLSv1.2", ...options }, (socket) => {
    socket.on("error", () => {});
    socket.end("hello");
  }).on("tlsClientError", () => {});

const captureOf = ({ chunks }: Recorded): Buffer => pcap(segmentsOf(chunks).map((segment) => frameOf(segment)));
const names = (steps: readonly Step[]): readonly string[] => steps.map(({ name }) => name);

describe("a handshake of node:tls is opened:", () => {
  test.each([
    ["TLS 1.3, TLS_AES_128_GCM_SHA256", { minVersion: "TLSv1.3", ciphers: "TLS_AES_128_GCM_SHA256" }],
    ["TLS 1.3, TLS_AES_256_GCM_SHA384", { minVersion: "TLSv1.3", ciphers: "TLS_AES_256_GCM_SHA384" }],
    ["TLS 1.3, TLS_CHACHA20_POLY1305_SHA256", { minVersion: "TLSv1.3", ciphers: "TLS_CHACHA20_POLY1305_SHA256" }],
  ] as const)("%s", async (_, options) => {
    const recorded = await record(nodeServer(), nodeClient(options));
    const { steps } = inspect([captureOf(recorded), recorded.keyLog]);
    expect(names(steps)).toEqual(
      expect.arrayContaining(["encrypted_extensions", "certificate", "certificate_verify", "finished", "new_session_ticket"]),
    );
    expect(names(steps).filter((name) => name === "finished")).toHaveLength(2);
    expect(steps.filter(({ kind }) => kind === "sealed")).toEqual([]);
    expect(steps.some(({ isBroken }) => isBroken)).toBe(false);
    expect(Buffer.from(steps.find(({ kind }) => kind === "data")?.bytes ?? []).toString()).toBe("hello");
  });

  test.each(["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"])(
    "TLS 1.2, %s",
    async (ciphers) => {
      const recorded = await record(nodeServer(), nodeClient({ maxVersion: "TLSv1.2", ciphers }));
      const { steps } = inspect([captureOf(recorded), recorded.keyLog]);
      expect(names(steps).filter((name) => name === "finished")).toHaveLength(2);
      expect(steps.filter(({ kind }) => kind === "sealed")).toEqual([]);
      expect(steps.find(({ name }) => name === "close_notify")?.unsealed).toBe(true);
    },
  );

  test("what is sealed by a suite that is not opened stays sealed, and that is said", async () => {
    const recorded = await record(
      nodeServer({ ciphers: "ECDHE-ECDSA-AES128-SHA" }),
      nodeClient({ maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-SHA" }),
    );
    const { steps, report } = inspect([captureOf(recorded), recorded.keyLog]);
    expect(steps.filter(({ kind }) => kind === "sealed").length).toBeGreaterThan(0);
    expect(report.findings.map(({ what }) => what).join()).toContain(
      "what TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA sealed is not opened here",
    );
  });
});

test("after HelloRetryRequest the second hello is read too, and all behind it is opened", async () => {
  const recorded = await record(
    nodeServer({ minVersion: "TLSv1.3", ecdhCurve: "P-384" }),
    nodeClient({ ecdhCurve: "X25519:P-384" }),
  );
  const { steps } = inspect([captureOf(recorded), recorded.keyLog]);
  expect(names(steps).slice(0, 2)).toEqual(["client_hello", "hello_retry_request"]);
  expect(names(steps).filter((name) => name === "client_hello")).toHaveLength(2);
  expect(names(steps).filter((name) => name === "finished")).toHaveLength(2);
  expect(names(inspect(captureOf(recorded)).steps).filter((name) => name === "client_hello")).toHaveLength(2);
});

describe("an alert that was sealed gives the reason away", () => {
  let recorded: Recorded;
  beforeAll(async () => {
    const server = createServer({ accept: ownServer({ versions: ["tls1.3"] }) }).on("tlsClientError", () => {});
    recorded = await record(server, ownClientOf({ verifier: serverVerifier({ provider: node, roots: strangerCa }) }));
  });

  test("with the key log the cause is found, and it is the client that gave up; without it nothing is", () => {
    const alone = explain(captureOf(recorded));
    const opened = explain([captureOf(recorded), recorded.keyLog]);
    expect(alone.alert).toBeUndefined();
    expect(opened.alert).toMatchObject({ name: "unknown_ca", from: "client" });
    expect(opened.causes[0]?.id).toBe("unknown-issuer");
  });

  test.each<[string, () => Input | readonly Input[]]>([
    ["the key log first", () => [recorded.keyLog, captureOf(recorded)]],
    [
      "the key log as bytes, with other lines in it",
      () => [
        captureOf(recorded),
        Buffer.from(`# SSL/TLS secrets log file\r\n${recorded.keyLog.replaceAll("\n", "\r\n")}GARBAGE 12\r\n`),
      ],
    ],
    [
      "the key log in capitals",
      () => [captureOf(recorded), recorded.keyLog.replaceAll(/[0-9a-f]{64,}/g, (hex) => hex.toUpperCase())],
    ],
    [
      "a pcapng with the secrets inside",
      () =>
        pcapng(
          segmentsOf(recorded.chunks).map((segment) => frameOf(segment)),
          recorded.keyLog,
        ),
    ],
    [
      "hex of both directions in one text, with the key log below",
      () => `client: ${joined("client")}\n\nserver: ${joined("server")}\n\n${recorded.keyLog}`,
    ],
    [
      "both directions as inputs of their own",
      () => [
        { from: "client", input: Buffer.from(joined("client"), "hex") },
        { from: "server", input: Buffer.from(joined("server"), "hex") },
        recorded.keyLog,
      ],
    ],
  ])("%s", (_, input) => {
    expect(explain(input()).causes[0]?.id).toBe("unknown-issuer");
  });
  const joined = (from: "client" | "server"): string =>
    Buffer.concat(recorded.chunks.filter((chunk) => chunk.from === from).map(({ bytes }) => bytes)).toString("hex");

  test("keys of other connections open nothing, and nothing is claimed", () => {
    const others = recorded.keyLog.replaceAll(/ [0-9a-f]{64} /g, ` ${"ab".repeat(32)} `);
    expect(explain([captureOf(recorded), others]).alert).toBeUndefined();
  });

  test("keys that are not the connection's open nothing, and that is said", () => {
    const wrong = recorded.keyLog.replaceAll(/[0-9a-f]{8}$/gm, "00000000");
    const report = explain([captureOf(recorded), wrong]);
    expect(report.alert).toBeUndefined();
    expect(report.findings.map(({ what }) => what).join()).toContain("don't open");
  });

  test.prop([fc.array(fc.tuple(fc.nat(), fc.nat({ max: 127 })), { maxLength: 8 }), fc.option(fc.nat())], { numRuns: 100 })(
    "whatever is done to the key log, no secret is told",
    (changes, cut) => {
      const text = Buffer.from(recorded.keyLog);
      for (const [at, value] of changes) text[at % text.length] = value;
      const changed = text.toString("latin1").slice(0, cut === null ? undefined : cut % text.length);
      const secrets = recorded.keyLog.split("\n").flatMap((line) => line.split(" ")[2] ?? []);
      for (const input of [[captureOf(recorded), changed], [changed], [`wolfSSL error -313\n${changed}`]]) {
        const inspection = inspect(input);
        const told = `${JSON.stringify(inspection.report)}${toText(inspection.report)}`.toLowerCase();
        // A third of a secret would be too much.
        for (const secret of secrets) expect(told).not.toContain(secret.slice(16, 40));
      }
    },
  );
});

test("the command line takes the key log as an option, and as one of its files", async () => {
  const server = createServer({ accept: ownServer({ versions: ["tls1.3"] }) }).on("tlsClientError", () => {});
  const recorded = await record(server, ownClientOf({ verifier: serverVerifier({ provider: node, roots: strangerCa }) }));
  const folder = mkdtempSync(join(tmpdir(), "sallyport-keys-"));
  const [capture, keys] = [join(folder, "failed.pcap"), join(folder, "keys.log")];
  writeFileSync(capture, captureOf(recorded));
  writeFileSync(keys, recorded.keyLog);
  for (const args of [
    [capture, "--keylog", keys],
    [capture, keys],
  ]) {
    const { code, output } = await sallyport("explain", ...args, "--json");
    expect(code).toBe(0);
    expect(JSON.parse(output)).toMatchObject({
      alert: { name: "unknown_ca" },
      causes: expect.arrayContaining([expect.objectContaining({ id: "unknown-issuer" })]),
    });
  }
  rmSync(folder, { recursive: true });
});

test("a client without the certificate that TLS 1.3 wants reads certificate_required behind its own Finished", async () => {
  const pki = await makePki();
  const recorded = await record(
    nodeServer({ requestCert: true, rejectUnauthorized: true, ca: pki.ca.pem }),
    nodeClient({ minVersion: "TLSv1.3" }),
  );
  const report = explain([captureOf(recorded), recorded.keyLog]);
  expect(report.alert).toMatchObject({ number: 116, from: "server" });
  expect(report.causes[0]?.id).toBe("certificate-required");
});

test("a client of ours logs keys that open its connection, key updates too", async () => {
  const recorded = await record(nodeServer(), async (port, log) => {
    const socket = connectOwn({ config: ownClient({ dangerousKeyLog: log }), servername: "localhost", port, host: "127.0.0.1" });
    await once(socket, "secureConnect");
    socket.on("error", () => {}).resume();
    socket.updateKeys();
    socket.write("behind the update");
    socket.end();
    await new Promise((resolve) => socket.once("close", resolve));
  });
  const { steps } = inspect([captureOf(recorded), recorded.keyLog]);
  expect(names(steps)).toContain("key_update");
  expect(
    steps.filter(({ kind, from }) => kind === "data" && from === "client").map(({ bytes }) => Buffer.from(bytes).toString()),
  ).toEqual(["behind the update"]);
  expect(steps.filter(({ kind }) => kind === "sealed")).toEqual([]);
});

test("a key log alone is recognised, and nothing is explained by it", () => {
  const report = explain(`CLIENT_RANDOM ${"ab".repeat(32)} ${"cd".repeat(48)}\n`);
  expect(report.seen).toEqual(["a key log of 1 connection"]);
  expect(report.causes).toEqual([]);
});

test("a key log of a hundred thousand lines is read to a bound, in time", () => {
  const line = (at: number): string => `CLIENT_RANDOM ${at.toString(16).padStart(64, "0")} ${"cd".repeat(48)}\n`;
  const since = performance.now();
  expect(explain(Array.from({ length: 25_000 }, (_, at) => line(at)).join("")).seen).toEqual(["a key log of 20,000 connections"]);
  explain(`CLIENT_RANDOM ${"ab".repeat(1 << 19)}\n`);
  explain("CLIENT_RANDOM ".repeat(1 << 17));
  explain(`${" ".repeat(1 << 19)}CLIENT_RANDOM`);
  expect(performance.now() - since).toBeLessThan(60_000);
});
