// Clients that are installed here, each as somebody would use it who changes nothing.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { newerNode } from "../support/newer-node.ts";
import { start, versionOf } from "../support/processes.ts";

export interface InstalledClient {
  /** Of its profile. */
  readonly id: string;
  readonly version: string;
  /** Connects to localhost at each port, with one more root; what it says where it refuses, undefined where it doesn't. */
  visit(ports: readonly number[], caFile: string): Promise<ReadonlyMap<number, string | undefined>>;
}

const here = fileURLToPath(new URL(".", import.meta.url));
const deno = fileURLToPath(new URL("../../node_modules/.bin/deno", import.meta.url));

export function installedClients(folder: string): readonly InstalledClient[] {
  return [
    browser("chromium", ["chromium", "chromium-browser", "google-chrome"]),
    browser("firefox", ["firefox-esr", "firefox"]),
    eachPort("curl", "curl", ["--version"], (port, ca) => [
      "curl",
      "-sS",
      "-o",
      "/dev/null",
      "--cacert",
      ca,
      `https://localhost:${port}/`,
    ]),
    script("node20", process.execPath, (ca) => [join(here, "visit.mjs"), ca], /^v20\./),
    script("node24", newerNode?.command ?? "", (ca) => [join(here, "visit.mjs"), ca], /^v24\./),
    script("python", "python3", (ca) => [join(here, "visit.py"), ca]),
    script("go126", "go", (ca) => ["run", ".", ca], /./, join(here, "go"), ["version"]),
    java(folder),
    script("deno-connectTls", deno, (ca) => ["run", "-A", join(here, "visit.mjs"), ca]),
    ofLibrary("mbedtls", folder, ["-lmbedtls", "-lmbedx509", "-lmbedcrypto"]),
    ofLibrary("wolfssl", folder, ["-lwolfssl"]),
  ].flatMap((client) => client ?? []);
}

/** One process for all ports, which prints a line for each. */
function script(
  id: string,
  command: string,
  argsWith: (caFile: string) => readonly string[],
  isVersion = /./,
  cwd = here,
  asks: readonly string[] = ["--version"],
): InstalledClient | undefined {
  const version = command === "" ? undefined : versionOf(command, ...asks);
  if (version === undefined || !isVersion.test(version)) return undefined;
  return {
    id,
    version,
    visit: async (ports, caFile) => {
      const running = start(command, [...argsWith(caFile), ...ports.map(String)], { cwd, timeoutMs: 120_000 });
      await running.ended;
      return answersIn(running.output(), ports);
    },
  };
}

function answersIn(output: string, ports: readonly number[]): ReadonlyMap<number, string | undefined> {
  const lines = new Map(
    output.split("\n").flatMap((line) => {
      const [, port, words] = /^(\d+) (?:yes|no (.*))$/.exec(line) ?? [];
      return port === undefined ? [] : [[Number(port), words] as const];
    }),
  );
  return new Map(ports.map((port) => [port, lines.has(port) ? lines.get(port) : `no answer: ${output.slice(-300)}`]));
}

function eachPort(
  id: string,
  command: string,
  asks: readonly string[],
  lineFor: (port: number, caFile: string) => readonly [string, ...string[]],
): InstalledClient | undefined {
  const version = versionOf(command, ...asks);
  if (version === undefined) return undefined;
  return {
    id,
    version,
    visit: async (ports, caFile) => {
      const answers = new Map<number, string | undefined>();
      for (const port of ports) {
        const [program, ...args] = lineFor(port, caFile);
        const running = start(program, args, { timeoutMs: 15_000 });
        const code = await running.ended;
        answers.set(port, code === 0 ? undefined : running.output().trim().split("\n")[0]);
      }
      return answers;
    },
  };
}

function java(folder: string): InstalledClient | undefined {
  const store = join(folder, "roots.p12");
  const found = script(
    "java17",
    "java",
    () => [`-Djavax.net.ssl.trustStore=${store}`, "-Djavax.net.ssl.trustStorePassword=changeit", join(here, "Visit.java")],
    /\b17\./,
  );
  return (
    found && {
      ...found,
      visit: (ports, caFile) => {
        rmSync(store, { force: true });
        spawnSync("keytool", [
          "-importcert",
          "-noprompt",
          "-alias",
          "ca",
          "-file",
          caFile,
          "-keystore",
          store,
          "-storepass",
          "changeit",
        ]);
        return found.visit(ports, caFile);
      },
    }
  );
}

/** The programs of the interop tests, built here. */
function ofLibrary(name: "mbedtls" | "wolfssl", folder: string, libraries: readonly string[]): InstalledClient | undefined {
  const program = join(folder, name);
  const source = fileURLToPath(new URL(`../interop/c/${name}.c`, import.meta.url));
  if (spawnSync("cc", ["-O1", "-o", program, source, ...libraries]).status !== 0) return undefined;
  const lineFor = (port: number, ca: string): readonly [string, ...string[]] => [
    program,
    "client",
    "--port",
    String(port),
    "--ca",
    ca,
  ];
  const client = eachPort(name, "cc", ["--version"], lineFor);
  return client && { ...client, version: "as installed" };
}

/** A page of ours has it fetch from every port, and tells what came of it. Its roots are those of NSS. */
function browser(id: "chromium" | "firefox", commands: readonly string[]): InstalledClient | undefined {
  const command = commands.find((candidate) => versionOf(candidate, "--version") !== undefined);
  if (command === undefined || spawnSync("certutil", ["-H"]).error !== undefined) return undefined;
  return { id, version: versionOf(command, "--version") ?? "", visit: (ports, caFile) => visitBy(id, command, ports, caFile) };
}

async function visitBy(
  id: "chromium" | "firefox",
  command: string,
  ports: readonly number[],
  caFile: string,
): Promise<ReadonlyMap<number, string | undefined>> {
  const home = mkdtempSync(join(tmpdir(), `sallyport-${id}-`));
  const database = join(home, id === "chromium" ? ".pki/nssdb" : "profile");
  mkdirSync(database, { recursive: true });
  spawnSync("certutil", ["-d", `sql:${database}`, "-N", "--empty-password"]);
  spawnSync("certutil", ["-d", `sql:${database}`, "-A", "-t", "C,,", "-n", "tried", "-i", caFile]);
  const answers = deferred<string>();
  const server = createServer((request, response) => {
    if (request.url?.startsWith("/answers?") === true) answers.resolve(decodeURIComponent(request.url.slice(9)));
    response.setHeader("content-type", "text/html").end(pageFor(ports));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`; // it listens on a port
  const args =
    id === "chromium"
      ? [
          "--headless",
          "--no-sandbox",
          "--disable-gpu",
          "--disable-dev-shm-usage",
          "--no-first-run",
          `--user-data-dir=${join(home, "data")}`,
          url,
        ]
      : ["--headless", "--no-remote", "--profile", database, url];
  const env = { ...process.env, HOME: home, XDG_DATA_HOME: join(home, ".local/share"), MOZ_DISABLE_CONTENT_SANDBOX: "1" };
  const child = spawn(command, args, { env, stdio: "ignore" });
  const timer = setTimeout(() => answers.resolve("null"), patienceMs);
  const taken: unknown = JSON.parse(await answers.promise);
  clearTimeout(timer);
  child.kill();
  await once(child, "close");
  server.close();
  server.closeAllConnections();
  rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  // Silence is no refusal: it says nothing of any certificate.
  if (!Array.isArray(taken)) throw new Error(`the page did not answer in ${patienceMs / 1000} s`);
  return new Map(ports.map((port) => [port, taken.includes(port) ? undefined : "the page could not fetch"]));
}

const patienceMs = 180_000;

function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

const pageFor = (ports: readonly number[]): string => `<!doctype html><title>visits</title><script>
(async () => {
  const taken = [];
  await Promise.all(${JSON.stringify(ports)}.map((port) =>
    fetch("https://localhost:" + port + "/", { mode: "no-cors" }).then(() => taken.push(port), () => {})));
  await fetch("/answers?" + encodeURIComponent(JSON.stringify(taken)));
})();
</script>`;
