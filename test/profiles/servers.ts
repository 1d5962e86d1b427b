// Servers that are installed against their profiles: `sallyport probe` finds out what they take.
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createServer } from "node:tls";
import { fileURLToPath } from "node:url";
import { registered } from "@sallyport/core";
import { type ServerProfile, serverProfiles } from "@sallyport/explain";
import { sallyport } from "../support/command-line.ts";
import { makePki } from "../support/pki.ts";
import { start, versionOf } from "../support/processes.ts";

export interface Tried {
  readonly id: string;
  readonly title: string;
  /** Where it takes more or less than its profile. */
  readonly problems: readonly string[];
}

interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

export async function tryServers(folder: string, isWanted: (id: string) => boolean): Promise<readonly Tried[]> {
  const pki = await makePki();
  const files = async (
    key: "rsa" | "ecdsa-p256",
  ): Promise<{ readonly cert: string; readonly key: string; readonly pem: { readonly cert: string; readonly key: string } }> => {
    const { chainPem, keyPem } = await pki.leaf({ key });
    const [cert, keyFile] = [join(folder, `${key}.pem`), join(folder, `${key}.key`)];
    writeFileSync(cert, chainPem);
    writeFileSync(keyFile, keyPem);
    return { cert, key: keyFile, pem: { cert: chainPem, key: keyPem } };
  };
  const [rsa, ecdsa] = [await files("rsa"), await files("ecdsa-p256")];
  const deno = fileURLToPath(new URL("../../node_modules/.bin/deno", import.meta.url));
  const ways: readonly { readonly id: string; readonly isHere: boolean; open(): Promise<Listening> }[] = [
    {
      id: "openssl",
      isHere: versionOf("openssl", "version") !== undefined,
      open: () =>
        program("openssl", ["s_server", "-accept", "127.0.0.1:0", "-cert", rsa.cert, "-key", rsa.key], /ACCEPT [^\n]*:(\d+)/),
    },
    { id: "node", isHere: true, open: () => nodeServer(rsa.pem) },
    {
      id: "rustls",
      isHere: versionOf(deno, "--version") !== undefined,
      open: () =>
        program(
          deno,
          ["run", "-A", fileURLToPath(new URL("listen-deno.ts", import.meta.url)), ecdsa.cert, ecdsa.key],
          /port (\d+)/,
        ),
    },
  ];
  const tried: Tried[] = [];
  for (const { id, isHere, open } of ways) {
    const profile = serverProfiles.find((each) => each.id === id);
    if (!isHere || !isWanted(id) || profile === undefined) continue;
    const server = await open();
    tried.push({ id, title: profile.title, problems: compare(profile, await probe(server.port)) });
    await server.close();
  }
  return tried;
}

async function program(command: string, args: readonly string[], listening: RegExp): Promise<Listening> {
  const running = start(command, args, { timeoutMs: 120_000 });
  const [, port] = await running.saw(listening, 60_000);
  return { port: Number(port), close: () => running.stop() };
}

async function nodeServer(pem: { readonly cert: string; readonly key: string }): Promise<Listening> {
  const server = createServer(pem)
    .on("tlsClientError", () => {})
    .listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // it listens on a port
  return { port, close: async () => void server.close() };
}

interface Found {
  readonly versions: readonly string[];
  readonly suites: Readonly<Record<"tls1.3" | "tls1.2", readonly string[]>>;
  readonly groups: Readonly<Record<"tls1.3" | "tls1.2", readonly string[]>>;
}

async function probe(port: number): Promise<Found> {
  const { code, output } = await sallyport("probe", `localhost:${port}`, "--json");
  if (code !== 0) throw new Error(output);
  return JSON.parse(output);
}

/** Finite-field DHE, CCM and the like are in no profile: nobody depends on them alone. */
function compare({ versions, suites, groups, keys, olderSuites, olderGroups }: ServerProfile, found: Found): readonly string[] {
  const older = olderSuites.map((id) => registered("suite", id).name ?? String(id));
  const kind = keys.includes("RSA") ? "_RSA_" : "_ECDSA_";
  const expected = [...suites, ...older].filter(
    (name) => !name.includes("_WITH_") || name.includes(kind) || name.startsWith(`TLS${kind}`),
  );
  const modelled = /^TLS_(AES|CHACHA20|ECDHE_(RSA|ECDSA)_WITH_(AES|CHACHA20)|RSA_WITH_AES)/;
  const taken = [...found.suites["tls1.3"], ...found.suites["tls1.2"]].filter(
    (name) => modelled.test(name) && !name.includes("CCM"),
  );
  const points = [...groups, ...olderGroups.map((id) => registered("group", id).name ?? String(id))];
  const curves = [...new Set([...found.groups["tls1.3"], ...found.groups["tls1.2"]])].filter((name) => !name.startsWith("ffdhe"));
  return [
    ...differences(
      "versions",
      versions,
      found.versions.filter((name) => name === "tls1.3" || name === "tls1.2"),
    ),
    ...differences("suites", expected, taken),
    ...differences("groups", points, curves),
  ];
}

function differences(what: string, expected: readonly string[], found: readonly string[]): readonly string[] {
  const missing = expected.filter((name) => !found.includes(name));
  const more = found.filter((name) => !expected.includes(name));
  return [
    ...(missing.length === 0 ? [] : [`${what} that it doesn't take: ${missing.join(" ")}`]),
    ...(more.length === 0 ? [] : [`${what} that it takes beyond: ${more.join(" ")}`]),
  ];
}
