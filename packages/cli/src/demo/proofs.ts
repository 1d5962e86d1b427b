// What the demo proves on the spot. Each proof is lines to be printed, or an exception.
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type CryptoProvider, clientConfig, negotiate, readClientHello, type ServerConfig, serverConfig } from "@sallyport/core";
import { noble } from "@sallyport/crypto-noble";
import { node, signer } from "@sallyport/crypto-node";
import { connect } from "@sallyport/node";
import { credential, serverVerifier } from "@sallyport/x509";
import { alertInWords, refusalInWords, version } from "@sallyport/explain";
import type { Authority, Identity } from "./authority.ts";
import { measureBulk } from "./bulk.ts";
import { type FieldHello, fieldHellos } from "./field-hellos.ts";
import type { Site } from "./site.ts";

export interface Proof {
  /** What is proven, ahead of its outcome. */
  readonly title: string;
  /** The outcome: a line for the title's end, and lines below it. Rejects if it is not so. */
  run(): Promise<Outcome>;
}
export interface Outcome {
  readonly kind: "proven" | "skipped";
  readonly summary: string;
  readonly details: readonly string[];
}

export function proofsOf(site: Site, authority: Authority): readonly Proof[] {
  const noblePlatform = noble({ random: (length) => crypto.getRandomValues(new Uint8Array(length)) });
  return [
    { title: "a Sallyport client on node:crypto gets the page", run: () => ownClient(site, authority, node) },
    { title: "a Sallyport client in pure JavaScript gets the page", run: () => ownClient(site, authority, noblePlatform) },
    { title: "somebody else's client gets the page", run: () => systemClient(site, authority) },
    ...fieldHellos.map((field) => ({
      title: `${field.client} is refused, and told why`,
      run: () => fieldHello(site, authority, field),
    })),
    { title: "256 MiB go through, to another process", run: () => bulk(authority) },
  ];
}

/** Stands in the page: its reader got it whole. */
const landmark = "through both doors";

async function ownClient({ port }: Site, { pem }: Authority, provider: CryptoProvider): Promise<Outcome> {
  const config = clientConfig({
    provider,
    now: Date.now,
    verifier: serverVerifier({ provider, roots: pem }),
    alpn: ["http/1.1"],
  });
  const since = performance.now();
  const socket = connect({ config, host: "localhost", port });
  const page = await new Promise<string>((resolve, reject) => {
    const request = get(
      { host: "localhost", port, createConnection: () => socket },
      (response) => void text(response).then(resolve, reject),
    );
    request.once("error", reject);
  });
  const took = performance.now() - since;
  const { info } = socket;
  if (info === undefined || !page.includes(landmark)) throw new Error("what came back is not the page");
  return proven(`${version(info.version)}, ${info.suite}, ${info.group}, ${took.toFixed(0)} ms`);
}

async function systemClient({ port }: Site, { pem }: Authority): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), "sallyport-demo-"));
  try {
    const ca = join(folder, "ca.pem");
    await writeFile(ca, pem);
    const windows = process.platform === "win32" ? ["--ssl-no-revoke"] : [];
    const url = `https://localhost:${port}/`;
    const clients = [
      {
        name: "curl",
        args: ["--silent", "--show-error", "--noproxy", "*", "--max-time", "10", ...windows, "--cacert", ca, url],
        version: "--version",
      },
      {
        name: "openssl",
        args: [
          "s_client",
          "-connect",
          `localhost:${port}`,
          "-servername",
          "localhost",
          "-CAfile",
          ca,
          "-verify_return_error",
          "-quiet",
        ],
        version: "version",
      },
    ];
    const failures: string[] = [];
    for (const { name, args, version: flag } of clients) {
      const known = await runProgram(name, [flag], "");
      if (known === undefined) continue;
      const [title = name] = known.output.split("\n");
      const answer = await runProgram(name, args, "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n");
      if (answer?.output.includes(landmark)) return proven(title.split(" ").slice(0, 2).join(" "), failures);
      // A curl that was built without TLS 1.3 says nothing about us if openssl does better.
      failures.push(`${title}: ${answer?.output.trim().split("\n").at(-1) ?? ""}`);
    }
    if (failures.length > 0) throw new Error(failures.join("; "));
    return { kind: "skipped", summary: "there is neither curl nor openssl on this machine", details: [] };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function fieldHello({ port, config }: Site, authority: Authority, { story, hex }: FieldHello): Promise<Outcome> {
  const answer = await replay(port, Buffer.from(hex, "hex"));
  const refusal = refusalOf(hex, config);
  // Fatal handshake_failure, in clear: both speak TLS 1.2, and nothing else that is spoken here.
  if (answer.toString("hex") !== "15030300020228") throw new Error(`the answer is ${answer.toString("hex") || "empty"}`);
  const expected = refusal.alert;
  if (expected !== "handshake_failure") throw new Error(`negotiate says ${expected}`);

  const details = [story, ...refusal.sentences.map((sentence) => `- ${sentence}`)];
  const { alert, sentences } = refusalOf(hex, withRsa(authority.rsaLeaf));
  details.push(`With an RSA certificate it would be ${alert} too:`, ...sentences.map((sentence) => `- ${sentence}`));
  return proven(`alert ${answer.toString("hex").replaceAll(/..(?=.)/g, "$& ")}: ${expected}, ${alertInWords(expected)}`, details);
}

/** For every name, as the demo's own. */
function withRsa({ chainPem, keyPem }: Identity): ServerConfig {
  return serverConfig({
    provider: node,
    now: Date.now,
    credentials: [credential({ chain: chainPem, signer: signer(keyPem) })],
    servesAnyName: true,
  });
}

function refusalOf(hex: string, config: ServerConfig): { readonly alert: string; readonly sentences: readonly string[] } {
  const read = readClientHello(Buffer.from(hex, "hex").subarray(5)); // behind the record header
  if (read.kind === "malformed") throw read.error;
  const negotiation = negotiate(read.clientHello, config);
  if (negotiation.kind === "agreed") throw new Error("there would have been an agreement");
  return { alert: negotiation.alert, sentences: negotiation.reasons.map(refusalInWords) };
}

/** All that comes back. */
function replay(port: number, bytes: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host: "localhost", port }, () => socket.write(bytes));
    const chunks: Buffer[] = [];
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.once("end", () => resolve(Buffer.concat(chunks)));
    socket.once("error", reject);
    socket.setTimeout(10_000, () => socket.destroy(new Error("no answer for 10 s")));
  });
}

async function bulk(authority: Authority): Promise<Outcome> {
  const { mebibytes, sallyport, nodeTls, ratios } = await measureBulk(authority);
  const [least = 0] = ratios;
  const middle = ratios[Math.floor(ratios.length / 2)] ?? 0;
  const spread = `${least.toFixed(2)} to ${ratios.at(-1)?.toFixed(2)}`;
  return proven(`${sallyport.toFixed(0)} MB/s; node:tls in the same run ${nodeTls.toFixed(0)} MB/s; ratio ${middle.toFixed(2)}`, [
    `${ratios.length} rounds of ${mebibytes} MiB in turns, AES-128-GCM on node:crypto; ratios from ${spread}.`,
  ]);
}

function proven(summary: string, details: readonly string[] = []): Outcome {
  return { kind: "proven", summary, details };
}

/** undefined: there is no such program. Both of its outputs. */
function runProgram(command: string, args: readonly string[], input: string): Promise<{ readonly output: string } | undefined> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: "pipe", timeout: 15_000 });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (part: string) => (output += part));
    child.once("error", () => resolve(undefined));
    child.once("close", () => resolve({ output }));
    child.stdin.on("error", () => {}); // a program that doesn't read its input
    child.stdin.end(input);
  });
}
