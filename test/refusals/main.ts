// `npm run refusals`: prints packages/x509/REFUSALS.md, what four verifiers say of ten broken chains. Needs openssl and go.
import { spawnSync } from "node:child_process";
import { KeyObject } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer } from "node:tls";
import { fileURLToPath } from "node:url";
import { type BrokenChain, brokenChains, serverName } from "./chains.ts";
import { sallyport } from "./sallyport.ts";

const chains = await brokenChains();
const [openssl, go] = [spawnSync("openssl", ["version"]), spawnSync("go", ["version"])].map(({ stdout }) =>
  stdout.toString().trim(),
);
const goSays = goVerdicts(chains);

console.log(`# Ten broken chains, and what is said of them

Made and asked by \`npm run refusals\`: ${openssl?.split(" ").slice(0, 2).join(" ")} (\`openssl verify -x509_strict\`), ${go?.split(" ")[2]} (crypto/x509),
Node.js ${process.version} (node:tls), and \`serverVerifier\` of this package. Each is asked for ${serverName}. These are their own words; times are
those of the run.\n`);
for (const [at, chain] of chains.entries()) {
  console.log(`## ${at + 1}. ${chain.title}\n`);
  said("OpenSSL", opensslVerdict(chain));
  said("Go", goSays[at] ?? "");
  said("Node.js", await nodeVerdict(chain));
  said("Sallyport", sallyport(chain, Date.now()));
}

function said(who: string, what: string): void {
  console.log(
    `${who}:\n\n${what
      .split("\n")
      .map((line) => `    ${line}`)
      .join("\n")}\n`,
  );
}

function opensslVerdict({ roots, chain: [leaf, ...above], crls }: BrokenChain): string {
  const folder = mkdtempSync(join(tmpdir(), "refusals-"));
  const file = (name: string, pem: string): string => {
    writeFileSync(join(folder, name), pem);
    return join(folder, name);
  };
  const { stdout, stderr } = spawnSync("openssl", [
    "verify",
    "-x509_strict",
    "-purpose",
    "sslserver",
    "-verify_hostname",
    serverName,
    "-CAfile",
    file("roots.pem", pemOf(roots)),
    ...(above.length === 0 ? [] : ["-untrusted", file("above.pem", pemOf(above))]),
    ...(crls.length === 0 ? [] : ["-crl_check", "-CRLfile", file("crls.pem", pemOf(crls, "X509 CRL"))]),
    file("leaf.pem", pemOf([leaf])),
  ]);
  rmSync(folder, { recursive: true });
  return `${stdout}${stderr}`.replaceAll(`${folder}/`, "").trim();
}

function goVerdicts(all: readonly BrokenChain[]): readonly string[] {
  const input = all.map(({ roots, chain: [leaf, ...above] }) => ({
    roots: roots.map(base64),
    leaf: base64(leaf),
    above: above.map(base64),
    name: serverName,
  }));
  const { stdout, status, stderr } = spawnSync("go", ["run", "."], {
    cwd: fileURLToPath(new URL("go", import.meta.url)),
    input: JSON.stringify(input),
  });
  if (status !== 0) throw new Error(stderr.toString());
  return JSON.parse(stdout.toString());
}

async function nodeVerdict({ roots, chain, keys, crls }: BrokenChain): Promise<string> {
  const key = KeyObject.from(keys.privateKey).export({ type: "pkcs8", format: "pem" });
  const server = createServer({ cert: pemOf(chain), key });
  server.on("tlsClientError", () => undefined); // the client tells
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // it listens on a port
  const socket = connect({
    port,
    host: "127.0.0.1",
    servername: serverName,
    ca: pemOf(roots),
    ...(crls.length === 0 ? {} : { crl: crls.map((list) => pemOf([list], "X509 CRL")) }),
  });
  const result = await new Promise<string>((resolve) => {
    socket.once("secureConnect", () => resolve("(connects)"));
    socket.once("error", (error: Error & { readonly code?: string }) => resolve(`${error.code}: ${error.message}`));
  });
  socket.destroy();
  server.close();
  return result;
}

function pemOf(items: readonly Uint8Array[], label = "CERTIFICATE"): string {
  return items.map((der) => `-----BEGIN ${label}-----\n${base64(der)}\n-----END ${label}-----\n`).join("");
}
function base64(der: Uint8Array): string {
  return Buffer.from(der)
    .toString("base64")
    .replace(/(.{64})(?=.)/g, "$1\n");
}
