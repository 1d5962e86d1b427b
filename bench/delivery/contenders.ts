// The servers that are compared, each a process of its own with two ports: `open` serves everybody, `asking` wants a client
// certificate of the test's CA.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Pki } from "../../test/support/pki.ts";
import { type Running, start } from "../../test/support/processes.ts";

export interface Contender {
  readonly name: string;
  readonly ports: Ports;
}
export interface Ports {
  readonly open: number;
  /** undefined: it can't ask for client certificates. */
  readonly asking?: number;
}
export interface Contenders extends AsyncDisposable {
  readonly all: readonly Contender[];
}

const root = fileURLToPath(new URL("../../", import.meta.url));
const bin = (name: string): string => join(root, "node_modules/.bin", name);
const nodeArgs = ["--import", "./bench/register.mjs", "--conditions=sallyport-source", "bench/delivery/serve-node.ts"];
const denoArgs = [
  "run",
  "--no-config",
  "--no-lock",
  "--node-modules-dir=manual",
  "--no-check",
  "--conditions=sallyport-source",
  "--allow-net",
  "--allow-read",
  "--allow-env",
  "bench/delivery/serve-deno.ts",
];
const commands: readonly (readonly [name: string, command: string, args: readonly string[]])[] = [
  ["sallyport node", process.execPath, [...nodeArgs, "node"]],
  ["sallyport webstreams", process.execPath, [...nodeArgs, "webstreams"]],
  ["sallyport deno", bin("deno"), [...denoArgs, "sallyport"]],
  ["node:tls", process.execPath, [...nodeArgs, "node:tls"]],
  ["Deno.listenTls", bin("deno"), [...denoArgs, "deno"]],
  ["Bun.serve", bin("bun"), ["bench/delivery/serve-bun.ts"]],
];

/** Starts them all, or those whose name has `filter` in it. */
export async function startContenders(pki: Pki, filter = ""): Promise<Contenders> {
  const files = mkdtempSync(join(tmpdir(), "sallyport-delivery-"));
  const leaf = await pki.leaf();
  const paths = Object.entries({ "ca.pem": pki.ca.pem, "chain.pem": leaf.chainPem, "key.pem": leaf.keyPem }).map(
    ([name, pem]) => {
      writeFileSync(join(files, name), pem);
      return join(files, name);
    },
  );
  const running: Running[] = [];
  const dispose = async (): Promise<void> => {
    await Promise.all(running.map((child) => child.stop()));
    rmSync(files, { recursive: true });
  };
  try {
    const all = await Promise.all(
      commands
        .filter(([name]) => name.includes(filter))
        .map(async ([name, command, args]) => {
          const child = start(command, [...args, ...paths], { cwd: root });
          running.push(child);
          const [, ports = "{}"] = await child.saw(/^listening (\{.*\})$/m, 60_000);
          return { name, ports: JSON.parse(ports) as Ports };
        }),
    );
    return { all, [Symbol.asyncDispose]: dispose };
  } catch (cause) {
    await dispose();
    throw cause;
  }
}
