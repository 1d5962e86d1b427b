// CRLs and OCSP responses that OpenSSL makes, judged by our verifier: read, and stapled by node:tls in both versions.
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:tls";
import { clientConfig } from "@sallyport/core";
import { parsePem, type RevocationOptions, serverVerifier } from "@sallyport/x509";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { presented, verdict } from "../support/chains.ts";
import { versionOf } from "../support/processes.ts";
import { connect } from "./runner.ts";
import { sides } from "./sides.ts";

const isHere = versionOf("openssl", "version") !== undefined;
if (!isHere && process.env["SALLYPORT_REQUIRE_PEERS"] === "1") throw new Error("openssl is not installed");

const folder = mkdtempSync(join(tmpdir(), "sallyport-revocation-"));
afterAll(() => rmSync(folder, { recursive: true }));
const openssl = (...options: readonly string[]): void => {
  const { status, stderr } = spawnSync("openssl", options, { cwd: folder });
  if (status !== 0) throw new Error(`openssl ${options.join(" ")}: ${stderr}`);
};
const file = (name: string): Buffer => readFileSync(join(folder, name));
const der = (name: string): Uint8Array<ArrayBuffer> => parsePem(file(name).toString())[0]?.der ?? new Uint8Array(0);
const bytes = (name: string): Uint8Array<ArrayBuffer> => Uint8Array.from(file(name));

const config = `
[ca]
default_ca = it
[it]
database = index.txt
serial = serial
crlnumber = crlnumber
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
default_md = sha256
default_days = 30
default_crl_days = 7
policy = any
crl_extensions = list
[any]
commonName = supplied
[list]
authorityKeyIdentifier = keyid:always
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[leaf]
subjectAltName = DNS:localhost
extendedKeyUsage = serverAuth
keyUsage = critical,digitalSignature
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
[muststaple]
subjectAltName = DNS:localhost
extendedKeyUsage = serverAuth
keyUsage = critical,digitalSignature
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
tlsfeature = status_request
[responder]
extendedKeyUsage = OCSPSigning
keyUsage = critical,digitalSignature
noCheck = ignored
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
`;

describe.skipIf(!isHere)("what OpenSSL makes", () => {
  beforeAll(() => {
    for (const [name, content] of [
      ["index.txt", ""],
      ["serial", "1000\n"],
      ["crlnumber", "01\n"],
    ] as const)
      writeFileSync(join(folder, name), content);
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config", "openssl.cnf"];
    writeFileSync(join(folder, "openssl.cnf"), `${config}[req]\ndistinguished_name = name\n[name]\n`);
    openssl(
      "req",
      "-x509",
      ...curve,
      "-keyout",
      "ca.key",
      "-out",
      "ca.pem",
      "-subj",
      "/CN=CA",
      "-days",
      "30",
      "-extensions",
      "root",
    );
    for (const [name, extensions] of [
      ["good", "leaf"],
      ["revoked", "leaf"],
      ["promising", "muststaple"],
      ["responder", "responder"],
    ] as const) {
      openssl("req", ...curve, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
      openssl(
        "ca",
        "-batch",
        "-config",
        "openssl.cnf",
        "-in",
        `${name}.csr`,
        "-out",
        `${name}.pem`,
        "-extensions",
        extensions,
        "-notext",
      );
    }
    openssl("ca", "-config", "openssl.cnf", "-revoke", "revoked.pem", "-crl_reason", "keyCompromise");
    openssl("ca", "-config", "openssl.cnf", "-gencrl", "-out", "crl.pem");
    for (const name of ["good", "revoked", "promising"]) {
      openssl("ocsp", "-issuer", "ca.pem", "-cert", `${name}.pem`, "-reqout", `${name}.req`, "-no_nonce");
      for (const signer of ["ca", "responder"]) {
        openssl(
          "ocsp",
          "-index",
          "index.txt",
          "-CA",
          "ca.pem",
          "-rsigner",
          `${signer}.pem`,
          "-rkey",
          `${signer}.key`,
          "-reqin",
          `${name}.req`,
          "-respout",
          `${name}-${signer}.ocsp`,
          "-ndays",
          "2",
        );
      }
    }
  });

  const verifier = (revocation: RevocationOptions) =>
    serverVerifier({ provider: side.provider, roots: [der("ca.pem")], revocation });
  const [side] = sides as [(typeof sides)[number]]; // there are two
  const shown = (name: string) => presented([der(`${name}.pem`)], { serverName: "localhost", nowMs: Date.now() });

  test("a CRL tells who is revoked and who is not", () => {
    const lists = file("crl.pem").toString();
    expect(verdict(verifier({ lists }), shown("good"))).toBe("trusted");
    expect(verdict(verifier({ lists }), shown("revoked"))).toBe("certificate_revoked: revoked");
  });

  test.each(["ca", "responder"])("a response signed by the %s tells it too", (signer) => {
    const judge = (name: string, response = name) =>
      verdict(verifier({ policy: "hard" }), { ...shown(name), ocspResponse: bytes(`${response}-${signer}.ocsp`) });
    expect(judge("good")).toBe("trusted");
    expect(judge("promising")).toBe("trusted");
    expect(judge("revoked")).toBe("certificate_revoked: revoked");
    expect(judge("revoked", "good")).toBe("bad_certificate_status_response: bad-staple");
  });

  const servers: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of servers.splice(0).reverse()) await close();
  });
  const stapler = async (version: "TLSv1.3" | "TLSv1.2", name: string, response: Buffer | null): Promise<number> => {
    const server = createServer(
      { cert: file(`${name}.pem`), key: file(`${name}.key`), minVersion: version, maxVersion: version },
      (socket) => socket.resume(),
    );
    server.on("tlsClientError", () => undefined); // what the client says is looked at
    server.on("OCSPRequest", (_certificate, _issuer, callback: (error: Error | null, response: Buffer | null) => void) =>
      callback(null, response),
    );
    await once(server.listen(0, "127.0.0.1"), "listening");
    servers.push(() => new Promise((resolve) => server.close(resolve)));
    server.on("connection", (socket) => servers.push(async () => socket.destroy()));
    return (server.address() as AddressInfo).port; // it listens on one
  };

  describe.each(["tls1.3", "tls1.2"] as const)("stapled by node:tls in %s", (version) => {
    const node = { "tls1.3": "TLSv1.3", "tls1.2": "TLSv1.2" } as const;
    test.each([
      ["good", "good-ca.ocsp", "established"],
      ["good", "good-responder.ocsp", "established"],
      ["revoked", "revoked-responder.ocsp", "certificate_revoked"],
      ["revoked", "good-ca.ocsp", "bad_certificate_status_response"],
      ["promising", "promising-ca.ocsp", "established"],
      ["promising", undefined, "bad_certificate_status_response"],
      ["good", undefined, "established"],
    ] as const)("%s with %s: %s", async (name, response, expected) => {
      const port = await stapler(node[version], name, response === undefined ? null : file(response));
      for (const { provider } of sides) {
        const own = serverVerifier({ provider, roots: [der("ca.pem")] });
        const outcome = await connect(port, clientConfig({ provider, now: Date.now, versions: [version], verifier: own }));
        if (outcome.kind === "failed") expect(outcome.failure.alert).toMatchObject({ description: expected });
        else expect(outcome.kind).toBe(expected);
      }
    });
  });
});
