// What an established connection weighs that was used and is idle: many of them for each provider and version, in a process of its own.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Authority } from "../packages/cli/src/demo/authority.ts";
import type { IdleAnswer, IdleQuestion } from "./idle-connections.ts";
import type { Effort, Measured } from "./report.ts";
import { digits, table } from "./rounds.ts";
import { type ProviderName, providerNames } from "./sides.ts";

/** KiB a connection in core, by role: on the heap, and in ArrayBuffers beside it. */
export function measureIdle(authority: Authority, { quick }: Effort): Measured {
  // In pure JavaScript the handshakes take long, and fewer tell the same.
  const few = quick ? 300 : 2_000;
  const counts: Readonly<Record<ProviderName, number>> = {
    "crypto-node": quick ? 1_000 : 10_000,
    "crypto-noble": few,
    "crypto-wasm": few,
  };
  const rows = [["idle connections, KiB each", "how many", "client heap", "external", "server heap", "external"]];
  for (const provider of providerNames) {
    const count = counts[provider];
    for (const version of ["tls1.3", "tls1.2"] as const) {
      const { client, server } = idle({ provider, version, count, authority });
      const weights = [client.heap, client.external, server.heap, server.external];
      rows.push([`${provider} ${version}`, digits(count), ...weights.map((bytes) => digits(bytes / 1024))]);
    }
  }
  return { figures: [], tables: [table(rows)] };
}

const hook = new URL("./register.mjs", import.meta.url).href;
const program = fileURLToPath(new URL("./idle-connections.ts", import.meta.url));

export function idle(question: IdleQuestion): IdleAnswer {
  const flags = ["--expose-gc", "--import", hook, "--conditions=sallyport-source"];
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [...flags, program], {
    input: JSON.stringify(question),
    encoding: "utf8",
    timeout: 150_000,
  });
  if (status !== 0) throw new Error(`idle connections: ${status ?? signal}\n${stderr}`);
  return JSON.parse(stdout);
}
