// Mbed TLS and wolfSSL, by programs of ours on their libraries, which are built here with the headers that are installed.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { ProtocolVersion } from "@sallyport/core";
import { alertNames } from "../../packages/core/src/wire/iana.ts";
import { run, type Running, start } from "../support/processes.ts";
import { root } from "../support/sources.ts";
import { classicalGroups, offeredGroups } from "./cells.ts";
import type { IdentityPeer } from "./identity-peers.ts";
import { file, folder, identityFiles, type Peer, type PeerServers } from "./peers.ts";

interface Library {
  readonly name: string;
  /** Of the headers; undefined: they are not installed. */
  readonly version: string | undefined;
  readonly build: readonly string[];
  readonly source: string;
}
const mbedtlsLibrary: Library = {
  name: "mbedtls",
  version: headerVersion("mbedtls/version.h", "MBEDTLS_VERSION_STRING_FULL"),
  source: "mbedtls.c",
  build: ["-lmbedtls", "-lmbedx509", "-lmbedcrypto"],
};
const wolfsslLibrary: Library = {
  name: "wolfssl",
  version: headerVersion("wolfssl/version.h", '"wolfSSL" LIBWOLFSSL_VERSION_STRING'),
  source: "wolfssl.c",
  build: ["-lwolfssl"],
};
const withoutGroups: Library = {
  ...wolfsslLibrary,
  name: "wolfssl-without-groups",
  build: [
    "-DWITHOUT_SUPPORTED_GROUPS",
    "-Wl,--wrap=TLSX_WriteRequest,--wrap=TLSX_GetRequestSize",
    "-l:libwolfssl.a",
    "-lm",
    "-lpthread",
  ],
};

/** What the compiler makes of a macro, which is a text. */
function headerVersion(header: string, macro: string): string | undefined {
  const { status, stdout } = spawnSync("cc", ["-E", "-P", "-"], { input: `#include <${header}>\n${macro}\n`, encoding: "utf8" });
  const texts =
    stdout
      ?.trim()
      .split("\n")
      .at(-1)
      ?.match(/"[^"]*"/g) ?? [];
  return status === 0 && texts.length > 0 ? texts.map((text) => text.slice(1, -1)).join(" ") : undefined;
}

const programs = new Map<Library, Promise<string>>();
/** Its path. @throws the compiler's words */
function programOf(library: Library): Promise<string> {
  const known = programs.get(library);
  if (known !== undefined) return known;
  const program = join(folder, library.name);
  const made = run("cc", ["-O1", "-o", program, library.source, ...library.build], "", {
    cwd: `${root}test/interop/c`,
    timeoutMs: 120_000,
  }).then(() => program);
  programs.set(library, made);
  return made;
}

/** Written once: programs that run at the same time read it. */
export function rootsFile(pem: string): string {
  const path = rootsFiles.get(pem) ?? file(`c-roots-${rootsFiles.size}.pem`, pem);
  rootsFiles.set(pem, path);
  return path;
}
const rootsFiles = new Map<string, string>();

/** What the client's program prints. Rejects with it, the received alert by its name, unless all went well. */
async function ask(library: Library, port: number, ca: string, more: readonly string[]): Promise<string> {
  const args = ["client", "--port", String(port), "--ca", rootsFile(ca), ...more];
  const client = start(await programOf(library), args, { timeoutMs: 20_000 });
  const code = await client.ended;
  const said = client.output().replace(/received alert (\d+)/, (_, id) => `received alert ${alertNames.get(Number(id))}`);
  if (code !== 0) throw new Error(`${library.name}: ${code}\n${said}`);
  return said;
}

interface Serving {
  readonly port: number;
  readonly running: Running;
}
async function serve(library: Library, options: readonly string[]): Promise<Serving> {
  const running = start(await programOf(library), ["server", ...options]);
  const [, port] = await running.saw(/listening (\d+)/);
  return { port: Number(port), running };
}

function peerOf(library: Library, what: Pick<Peer, "versions" | "keys" | "cannotServe">): Peer {
  return {
    ...what,
    name: library.name,
    version: library.version,
    groups: classicalGroups,
    async client(ca) {
      return {
        get: (port, cell) => ask(library, port, ca, ["--version", cell.version, "--groups", offeredGroups(cell).join()]),
        async stop() {},
      };
    },
    async server(identities, version, group): Promise<PeerServers> {
      const servers = await Promise.all(
        identities.map((identity) => {
          const { certificate, key } = identityFiles(identity);
          const groups = group === undefined ? [] : ["--groups", group];
          return serve(library, ["--version", version, "--cert", certificate, "--key", key, ...groups]);
        }),
      );
      return {
        ports: servers.map(({ port }) => port),
        stop: async () => void (await Promise.all(servers.map(({ running }) => running.stop()))),
      };
    },
  };
}

function identityPeerOf(library: Library, what: Pick<IdentityPeer, "versions" | "silent" | "asksFor">): IdentityPeer {
  return {
    ...what,
    name: library.name,
    installed: library.version !== undefined,
    get(port, version, { ca }, own) {
      const files = own && identityFiles(own);
      const shown = files === undefined ? [] : ["--cert", files.certificate, "--key", files.key];
      return ask(library, port, ca.pem, ["--version", version, ...shown]);
    },
    getTwice: (port, { ca }, version) => ask(library, port, ca.pem, ["--twice", "--version", version]),
    async serve(own, version, pki) {
      const { certificate, key } = identityFiles(own);
      const roots = pki === undefined ? [] : ["--ca", rootsFile(pki.ca.pem)];
      const { port, running } = await serve(library, ["--version", version, "--cert", certificate, "--key", key, ...roots]);
      return { port, stop: running.stop };
    },
  };
}

/** A library and the programs of it, for what no other peer does. */
export interface CPeer {
  readonly version: string | undefined;
  /** @param more options of the client's program. Rejects with what it said. */
  client(port: number, ca: string, ...more: readonly string[]): Promise<string>;
  /** @param options of the server's program */
  server(...options: readonly string[]): Promise<Serving>;
}
const cPeerOf = (library: Library): CPeer => ({
  version: library.version,
  client: (port, ca, ...more) => ask(library, port, ca, more),
  server: (...options) => serve(library, options),
});

export const mbedtls: CPeer = cPeerOf(mbedtlsLibrary);
export const wolfssl: CPeer = cPeerOf(wolfsslLibrary);
/** As a build of it without HAVE_SUPPORTED_CURVES speaks. */
export const wolfsslWithoutGroups: CPeer = cPeerOf(withoutGroups);

const isMbedtls2 = mbedtlsLibrary.version?.includes(" 2.") === true;
const mbedtlsVersions: readonly ProtocolVersion[] = isMbedtls2 ? ["tls1.2"] : ["tls1.3", "tls1.2"];
export const cPeers: readonly Peer[] = [
  peerOf(mbedtlsLibrary, { versions: mbedtlsVersions, keys: ["ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "rsa"] }),
  peerOf(wolfsslLibrary, {
    // Its server of TLS 1.2 takes the certificate's curve, where the client has it, before one that is stronger.
    cannotServe: ({ version, key, group }) =>
      version === "tls1.2" && key === "ecdsa-p256" && ["secp384r1", "secp521r1"].includes(group),
  }),
];
export const cIdentityPeers: readonly IdentityPeer[] = [
  identityPeerOf(mbedtlsLibrary, { versions: mbedtlsVersions, silent: ["tls1.2"] }),
  identityPeerOf(wolfsslLibrary, { silent: ["tls1.2"], asksFor: (key, version) => version === "tls1.3" || key !== "rsa" }),
];
